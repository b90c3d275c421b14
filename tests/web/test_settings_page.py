"""Settings: people, users, tokens, passwords."""

from __future__ import annotations

import re
from dataclasses import replace

from app.core import house, keeping, sessions, users
from tests.web.conftest import PASSWORD, Site


def test_people_are_kept_in_order_and_once(site: Site) -> None:
    visitor = site.visitor("builder")
    assert visitor.post("/settings/people", people=" Ana  Silva\n\nBen\nAna Silva\n", role="owner").status_code == 303
    with site.hub.db.read() as conn:
        assert house.get(conn, "people") == ["Ana Silva", "Ben"]


def test_a_token_is_shown_once_and_works_until_removed(site: Site) -> None:
    visitor = site.visitor("viewer")
    shown = visitor.post("/settings/tokens", name="Report")
    token = re.search(r'value="(pb_[\w-]+)"', shown.text)
    assert token
    assert token[1] not in visitor.get("/settings").text
    assert sessions.token_user(site.hub, token[1]) == site.people["viewer"]
    made = sessions.token_listing(site.hub, site.people["viewer"])[0]["id"]
    other = site.visitor("owner")
    other.post(f"/settings/tokens/{made}/remove")
    assert sessions.token_user(site.hub, token[1])
    visitor.post(f"/settings/tokens/{made}/remove")
    assert sessions.token_user(site.hub, token[1]) is None


def test_the_owner_adds_and_removes(site: Site) -> None:
    visitor = site.visitor("owner")
    form = {"name": "Ben", "email": "ben@example.com", "role": "approver", "password": PASSWORD}
    assert visitor.post("/settings/users", **form).status_code == 303
    again = visitor.post("/settings/users", **form)
    assert (again.status_code, "has an account here already" in again.text) == (422, True)
    assert "must be one of" in visitor.post("/settings/users", **{**form, "role": "king"}).text
    ben = next(user for user in users.listing(site.hub) if user.name == "Ben")
    visitor.post(f"/settings/users/{ben.id}/remove")
    assert ben not in users.listing(site.hub)
    assert "only owner" in visitor.post(f"/settings/users/{site.people['owner'].id}/remove").text


def test_markup_in_names_stays_text(site: Site) -> None:
    visitor = site.visitor("owner")
    visitor.post("/settings/people", people="<script>alert(1)</script>")
    text = visitor.get("/settings").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_owner_chooses_how_long_things_are_kept(site: Site) -> None:
    owner = site.visitor("owner")
    shown = {name: str(days) for name, days in keeping.days(site.hub).items()}
    assert all(f'name="{name}"' in owner.get("/settings").text for name in shown)
    assert owner.post("/settings/keep", **{**shown, "contents": "30"}).status_code == 303
    assert keeping.days(site.hub) == keeping.days(site.hub) | {"contents": 30, "history": 730}
    wrong = owner.post("/settings/keep", **{**shown, "contents": "900"})
    assert (wrong.status_code, 'value="900"' in wrong.text) == (422, True)
    assert "cannot be kept longer than the runs and events themselves (730 days)" in wrong.text
    assert keeping.days(site.hub)["contents"] == 30


def test_others_see_how_long_and_what_was_removed(site: Site) -> None:
    site.hub.db.write(lambda conn: keeping.note(conn, "contents", 1234))
    viewer = site.visitor("viewer")
    page = viewer.get("/settings").text
    assert "730 days" in page
    assert "<td>contents of runs</td>" in page
    assert "1,234" in page
    assert viewer.post("/settings/keep", contents="1").status_code == 404
    assert keeping.days(site.hub)["contents"] == 90


def test_what_the_environment_decides_is_not_asked(site: Site) -> None:
    site.hub.settings = replace(site.hub.settings, keep={"contents": 14})
    owner = site.visitor("owner")
    assert "Set where Patchbay starts (PATCHBAY_KEEP)" in owner.get("/settings").text
    assert owner.post("/settings/keep", deliveries="20", contents="99").status_code == 303
    assert (keeping.days(site.hub)["deliveries"], keeping.days(site.hub)["contents"]) == (20, 14)
