"""From "Try it" to the run page, with the real practice vendors in between; then approving, trying again, taking back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from app.core import connections, practice, recipes, reviews
from app.core.handover import open_review
from app.core.trimming import Trimmer
from app.db import models
from tests.web.conftest import Site, Visitor

RECIPE = "/recipes/zoom-recap-to-notion"


def tried(site: Site, visitor: Visitor, sample: str = "weekly-planning") -> str:
    """Fires a sample; returns the address of its run."""
    visitor.get(RECIPE)
    sent = visitor.post(f"{RECIPE}/try", sample=sample)
    assert (sent.status_code, sent.location.startswith("/runs/of/")) == (303, True), sent.text
    coming = visitor.get(sent.location)
    assert "On its way" in coming.text
    assert 'hx-trigger="every 1s"' in coming.text
    site.work()
    there = visitor.get(sent.location)
    assert there.status_code == 303
    return str(there.location)


def on_practice_accounts(site: Site, level: str) -> None:
    """The practice switch with another level, so that a person is asked."""
    mine = models.switches.c.practice
    site.hub.db.write(lambda conn: conn.execute(update(models.switches).where(mine).values(level=level)))


def test_from_a_sample_to_a_page(served: Site) -> None:
    visitor = served.visitor("owner")
    run = tried(served, visitor)
    page = visitor.get(run)
    assert re.search(r'badge good">Done', page.text)
    assert "Order ten boxes of wrapping paper" in page.text
    assert "<mark>Ana will write the signs for the sale</mark>" in page.text
    assert "hx-trigger" not in page.text  # it has ended: nothing to follow
    link = re.search(r'href="(/practice/notion/[^"]+)"', page.text)
    assert link
    assert "Weekly planning" in visitor.client.get(link[1]).text
    assert "Try your first recipe" in visitor.get("/").text
    assert re.search(r'class="done"><span class="dot">', visitor.get("/").text)


def test_taking_it_back(served: Site) -> None:
    visitor = served.visitor("owner")
    run = tried(served, visitor)
    plan = visitor.get(f"{run}/undo")
    assert "Creates the page “Weekly planning”" in plan.text
    assert "Will be taken back" in plan.text
    assert visitor.post(f"{run}/undo").location == f"{run}?said=undoing"
    served.work()
    assert "Taken back" in visitor.get(run).text
    again = visitor.post(f"{run}/undo")
    assert again.status_code == 409


def test_a_run_whose_contents_were_removed_says_so(served: Site) -> None:
    visitor = served.visitor("owner")
    run = tried(served, visitor)
    for days, words in ((91, "it cannot be tried again"), (366, "it can no longer be taken back from here")):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            Trimmer(served.hub).round()
        visitor = served.visitor("owner")  # sessions end in so long a time, too
        page = visitor.get(run).text
        assert "Some of this run is no longer kept" in page
        assert words in page
        assert "<mark>Ana will write the signs" not in page
        assert ("Order ten boxes of wrapping paper" in page) == (days < 366)  # what was sent goes last
        assert ("Undo</a>" in page) == (days < 366)
    assert "because of its age" in visitor.post(f"{run}/undo").text
    assert "because of its age" in visitor.get(f"{run}/undo").text


def test_approving_what_is_shown(served: Site) -> None:
    on_practice_accounts(served, "review")
    visitor = served.visitor("approver")
    run = tried(served, served.visitor("builder"))
    assert "It waits for a person" in visitor.get(run).text
    inbox = visitor.get("/inbox")
    review = re.search(r'href="(/inbox/[^"]+)"', inbox.text)
    assert review
    page = visitor.get(review[1])
    assert "Exactly this is sent" in page.text
    assert re.search(r'aria-label="Database">Meetings<', page.text)  # not its id
    version = re.search(r'name="row_version" value="(\d+)"', page.text)
    assert version
    stale = visitor.post(review[1], decision="approve", row_version="99")
    assert (stale.status_code, "has changed since" in stale.text) == (409, True)
    assert visitor.post(review[1], decision="arrived", row_version=version[1]).status_code == 422
    assert visitor.post(review[1], decision="decline", row_version=version[1]).location == f"{run}?said=decided"
    late = visitor.post(review[1], decision="approve", row_version=version[1])
    assert (late.status_code, "Somebody was faster" in late.text) == (409, True)
    served.work()
    stopped = visitor.get(run).text
    assert "Approver Person declined this change" in stopped
    assert "Declined, not sent" in stopped


def test_a_viewer_sees_and_decides_nothing(served: Site) -> None:
    on_practice_accounts(served, "review")
    run = tried(served, served.visitor("owner"))
    viewer = served.visitor("viewer")
    review = re.search(r'href="(/inbox/[^"]+)"', viewer.get("/inbox").text)
    assert review
    assert 'name="decision"' not in viewer.get(review[1]).text
    assert viewer.post(review[1], decision="approve").status_code == 404
    assert "Try again" not in viewer.get(run).text


def test_rehearsing_is_not_shown_as_done(served: Site) -> None:
    on_practice_accounts(served, "rehearse")
    visitor = served.visitor("owner")
    page = visitor.get(tried(served, visitor))
    assert "Only shown, nothing written" in page.text
    assert "Drawn, not sent" in page.text


def test_a_stopped_run_says_why_and_goes_on(served: Site) -> None:
    gone = '{"meetings": "99999999-9999-4999-8999-999999999999"}'
    mine = models.switches.c.practice
    served.hub.db.write(lambda conn: conn.execute(update(models.switches).where(mine).values(settings=gone)))
    visitor = served.visitor("owner")
    run = tried(served, visitor)
    page = visitor.get(run)
    assert "It stopped" in page.text
    assert "Stopped" in visitor.get("/runs?state=failed").text
    assert visitor.post(f"{run}/retry").location == f"{run}?said=again"


def test_switching_on_real_accounts(served: Site) -> None:
    """The practice vendors stand in for the real ones here: same interface, other connection."""
    base = f"{served.hub.settings.loopback}/practice"
    urls = {slug: f"{base}/{slug}" for slug in ("zoom", "notion", "openai")}
    served.hub.settings = replace(served.hub.settings, vendor_urls=urls)
    visitor, token = served.visitor("owner"), practice.token(served.hub)
    assert "First connect your accounts" in visitor.get(RECIPE).text

    wrong = visitor.post("/connections/new/notion", token="nope")
    assert (wrong.status_code, "Not connected yet" in wrong.text) == (422, True)
    assert "nope" not in wrong.text
    made = visitor.post("/connections/new/notion", token=token)
    notion = made.location.partition("?")[0]
    assert "Works" in visitor.get(notion).text
    assert token not in visitor.get(notion).text
    fields = {"account_id": "practice", "client_id": "practice", "client_secret": token, "hook_secret": token}
    zoom = visitor.get(visitor.post("/connections/new/zoom", **fields).location)
    assert "/hooks/zoom/" in zoom.text

    choices = visitor.client.get(f"{notion}/choices/data_source?q=meet").text
    assert ">Meetings</option>" in choices
    pasted = visitor.client.get(f"{notion}/choices/data_source?q=https://www.notion.so/x/nope").text
    assert '<option value="">' in pasted

    missing = visitor.post(RECIPE, level="auto")
    assert (missing.status_code, "Meetings database: fill this in." in missing.text) == (422, True)
    filled = {
        "s-meetings": "11111111-1111-4111-8111-111111111111",
        "s-skip": "interview\n\n1:1",
        "level": "auto",
        "x": "y",
    }
    assert visitor.post(RECIPE, **filled).location == f"{RECIPE}?said=on"
    real = recipes.get(served.hub, "zoom-recap-to-notion").real
    assert real
    assert real.settings == {"meetings": filled["s-meetings"], "todos": None, "skip": ["interview", "1:1"]}
    assert visitor.post(f"{RECIPE}/switch", to="off").location == f"{RECIPE}?said=off"
    assert visitor.post(f"{RECIPE}/switch", to="on").location == f"{RECIPE}?said=on"

    hidden = visitor.post(notion, token=connections.HIDDEN, connection_name="Our Notion")
    assert hidden.location == f"{notion}?said=saved"
    assert visitor.post(f"{notion}/check").location == f"{notion}?said=works"
    assert visitor.post(f"{notion}/remove").status_code == 303
    assert visitor.get(notion).status_code == 404


def test_a_broken_connection_says_what_helps(site: Site) -> None:
    own = practice.connection_id(site.hub, "notion")
    why = "Notion no longer accepts this token"
    site.hub.db.write(lambda conn: connections.break_connection(conn, site.hub, own, why))
    visitor = site.visitor("owner")
    for path in ("/", f"/connections/{own}"):
        page = visitor.get(path).text
        assert why in page
        assert "no longer lets us in" in page
    assert '<span class="count">1' in page
    assert "Connect again" in visitor.get("/connections").text


def test_a_recipe_that_does_not_load_shows_the_place(site: Site) -> None:
    bad = "recipe: zoom-recap-to-notion\ntitle: x\nnonsense: 1\n"
    site.hub.db.write(lambda conn: conn.execute(update(models.recipes).values(text=bad)))
    recipes._version.cache_clear()
    try:
        page = site.visitor("owner").get(RECIPE)
    finally:
        recipes._version.cache_clear()
    assert page.status_code == 200
    assert "Cannot be read" in page.text
    assert "recipe.yaml:3:1" in page.text


@pytest.mark.parametrize("path", ["/runs/nope", "/runs/of/nope", "/inbox/nope", "/connections/nope", "/recipes/nope"])
def test_what_is_not_there(site: Site, path: str) -> None:
    assert site.visitor("owner").get(path).status_code == 404


def test_home_says_what_stopped(site: Site) -> None:
    now = site.hub.now()
    row = {
        "id": "r1",
        "recipe": "zoom-recap-to-notion",
        "version": "x",
        "start_key": "k1",
        "state": "failed",
        "made_at": now,
    }
    site.hub.db.write(
        lambda conn: conn.execute(models.runs.insert().values(**row, ended_at=now, error="No such database"))
    )
    page = site.visitor("viewer").get("/").text
    assert "1 run stopped" in page
    assert 'href="/runs?state=failed"' in page


def test_who_says_that_a_draft_arrived_is_asked_for_its_id(site: Site) -> None:
    says, facts = "Did the draft arrive?", {"needs_id": True}
    with_facts = site.hub.db.write(lambda conn: open_review(conn, site.hub, "unknown", says, facts=facts))
    visitor = site.visitor("approver")
    page = visitor.get(f"/inbox/{with_facts}").text
    assert 'name="arrived_as"' in page
    version = re.search(r'name="row_version" value="(\d+)"', page)
    assert version
    without = visitor.post(f"/inbox/{with_facts}", decision="arrived", row_version=version[1])
    assert (without.status_code, "needs its id" in without.text) == (422, True)
    given = {"decision": "arrived", "row_version": version[1], "arrived_as": "draft-7"}
    assert visitor.post(f"/inbox/{with_facts}", **given).status_code == 303
    assert reviews.get(site.hub, with_facts)["facts"]["arrived_as"] == "draft-7"
