"""What people see of a hub on hold, and who may end it."""

from __future__ import annotations

from app.core import hold, house
from app.core.hub import Hub
from tests.web.conftest import Site


def held(hub: Hub) -> None:
    hub.db.write(lambda conn: house.put(conn, "hold", {"why": "restored", "since": hub.now()}))
    hold.look(hub)


def test_every_page_says_why_nothing_goes_out_and_what_resume_does(site: Site) -> None:
    owner = site.visitor("owner")
    assert "On hold" not in owner.get("/").text
    held(site.hub)
    for path in ("/", "/recipes", "/runs", "/settings", "/inbox", "/connections"):
        said = owner.get(path).text
        assert "On hold: nothing is sent, fetched or asked" in said
        assert "Waiting: 0 events and 0 runs" in said
        assert "/hold/resume" in said


def test_only_an_owner_may_resume(site: Site) -> None:
    held(site.hub)
    for role in ("viewer", "approver", "builder"):
        other = site.visitor(role)
        assert "An owner can press Resume" in other.get("/").text
        assert other.post("/hold/resume").status_code == 404
    assert hold.find(site.hub)
    owner = site.visitor("owner")
    assert owner.post("/hold/resume").status_code == 303
    assert hold.find(site.hub) is None
    assert "On hold" not in owner.get("/").text
    assert owner.post("/hold/resume").status_code == 303  # pressed twice


def test_scripts_can_ask(site: Site) -> None:
    owner = site.visitor("owner")
    asked = {"Accept": "application/json"}
    assert owner.get("/hold", headers=asked).json == {"held": None}
    held(site.hub)
    found = owner.get("/hold", headers=asked).get_json()
    assert found["held"]["why"] == "restored"
    assert found["held"]["waiting"] == {"events": 0, "runs": 0, "reviews": 0}
