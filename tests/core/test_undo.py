"""Undo: what nobody touched goes, what somebody edited stays and is shown, and the plan says before what will happen."""

from __future__ import annotations

from typing import Any

import pytest

from app.core import claims, connections, events, recipes, reviews, routing, runs, undo
from tests.durability.world import ALL_WELL, RECIPE, SUMMARY, World, one_round

BOTH = pytest.mark.both_databases
LONG = "\n\n".join(f"Point {n}: {'talk ' * 30}" for n in range(150))


def filed(here: World, **about: Any) -> str:
    """A run that has filed its page and row."""
    here.receive(**about)
    here.work()
    assert here.run()["state"] == "done", here.run()
    return str(here.run()["id"])


def made(here: World, step: str) -> str:
    """The id of the page that a step made."""
    return next(str(w["result_id"]) for w in here.writes(action="notion.create_page", undoes="") if w["step"] == step)


def planned(here: World, run: str) -> dict[str, tuple[bool, str]]:
    """Step → (goes, why) of the pages."""
    steps = {w["id"]: w["step"] for w in here.writes(action="notion.create_page")}
    return {
        steps[line["write"]]: (line["goes"], line["why"]) for line in undo.plan(here.hub, run) if line["write"] in steps
    }


def take_back(here: World, run: str) -> None:
    undo.start(here.hub, run, by="Ana")
    here.work()


def trashed(here: World) -> set[str]:
    pages = here.served.control("state?slug=notion")["page"]
    return {page["id"] for page in pages if page["in_trash"]}


@BOTH
def test_all_goes_that_the_plan_says(here: World) -> None:
    run = filed(here)
    assert planned(here, run) == {"page": (True, ""), "rows": (True, "")}
    before = len(here.served.effects("notion"))
    undo.plan(here.hub, run)
    assert len(here.served.effects("notion")) == before  # looking changes nothing
    take_back(here, run)
    assert here.run()["state"] == "undone"
    assert trashed(here) == {made(here, "page"), made(here, "rows")}
    kept = {(w["action"], w["undoes"] != ""): w["state"] for w in here.writes()}
    assert kept["notion.trash_page", True] == "done"
    assert kept["notion.create_page", False] == "compensated"
    assert {e["state"] for e in here.entries(item="0") if e["step"] != "recap"} == {"compensated"}


def test_the_last_write_goes_first(here: World) -> None:
    take_back(here, filed(here))
    order = [e["path"] for e in here.served.effects("notion", "page.trash")]
    assert [path.rsplit("/", 1)[1] for path in order] == [made(here, "rows"), made(here, "page")]


EDITS: list[tuple[dict[str, Any], str]] = [
    ({"title": "Renamed"}, "was renamed to “Renamed”"),
    ({"paragraph": "By hand."}, "Somebody edited the page"),
]


@pytest.mark.parametrize(("edit", "says"), EDITS)
def test_what_somebody_edited_stays(here: World, edit: dict[str, Any], says: str) -> None:
    run = filed(here)
    page = made(here, "page")
    here.served.control("edit", {"page": page, **edit})
    plan = planned(here, run)
    assert (plan["page"][0], plan["rows"][0]) == (False, True)
    assert says in plan["page"][1]
    take_back(here, run)
    assert trashed(here) == {made(here, "rows")}
    assert here.run()["state"] == "waiting"
    (review,) = reviews.listing(here.hub)
    assert (review["kind"], says in review["says"]) == ("undo", True)


def test_looking_again_after_the_edit_was_undone_by_hand(here: World) -> None:
    run = filed(here)
    page = made(here, "page")
    here.served.control("edit", {"page": page, "title": "Renamed"})
    take_back(here, run)
    (review,) = reviews.listing(here.hub)
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    (second,) = reviews.listing(here.hub)  # still edited: asked again
    assert second["id"] != review["id"]
    reviews.decide(here.hub, second["id"], "leave", by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert page not in trashed(here)


def test_what_is_gone_already_is_no_conflict(here: World) -> None:
    run = filed(here)
    here.served.control("trash", {"page": made(here, "page")})
    take_back(here, run)
    assert here.run()["state"] == "undone"
    assert reviews.listing(here.hub) == []


def test_a_long_page_goes_with_all_its_parts(here: World) -> None:
    run = filed(here, summary_overview=f"{SUMMARY}\n\n{LONG}")
    assert len(here.writes(action="notion.append_blocks")) >= 1
    assert planned(here, run)["page"] == (True, "")
    take_back(here, run)
    assert here.run()["state"] == "undone"
    assert made(here, "page") in trashed(here)


def test_undo_twice_is_refused(here: World) -> None:
    run = filed(here)
    take_back(here, run)
    with pytest.raises(ValueError, match="This run is undone"):
        undo.start(here.hub, run)
    assert len(here.served.effects("notion", "page.trash")) == 2


def test_a_run_under_way_cannot_be_undone_yet(here: World) -> None:
    run = routing.route(here.hub, here.receive())[0]
    for state in ("queued", "running"):
        if state == "running":
            assert claims.claim(here.hub, "me", run)
        with pytest.raises(ValueError, match=f"This run is {state}; undo it when it has ended"):
            undo.start(here.hub, run)


def test_a_run_that_wrote_nothing(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="rehearse")
    run = filed(here)
    assert undo.plan(here.hub, run) == []
    with pytest.raises(ValueError, match="wrote nothing that could be undone"):
        undo.start(here.hub, run)
    with pytest.raises(LookupError):
        undo.plan(here.hub, "nothing")


def test_a_plan_without_the_account_says_so(here: World) -> None:
    run = filed(here)
    connections.remove(here.hub, here.connection("notion"), by="Ana")
    assert all("was removed" in why for _, why in planned(here, run).values())


@BOTH
@pytest.mark.parametrize("do", ["cut_before", "cut_after", "status_after"])
def test_a_lost_answer_while_taking_back(here: World, do: str) -> None:
    run = filed(here)
    here.served.fault("notion", do, method="PATCH", path="/v1/pages", status=500)
    take_back(here, run)
    assert here.run()["state"] == "undone"
    assert trashed(here) == {made(here, "page"), made(here, "rows")}


def test_a_half_done_run_is_taken_back_too(here: World) -> None:
    here.served.fault("notion", "status", method="POST", path="/v1/pages", contains="catalogue", skip=1, status=400)
    here.receive()
    here.work()
    run = here.run()
    assert run["state"] == "failed"
    take_back(here, run["id"])
    assert here.run()["state"] == "undone"
    assert trashed(here) == {made(here, "page")}


def test_starting_over_after_undo_files_again(here: World) -> None:
    run = filed(here)
    take_back(here, run)
    (again,) = events.replay(here.hub, here.events()[0]["id"], by="Ana")
    here.work()
    assert runs.get(here.hub, again)["state"] == ALL_WELL[0]
    assert len(here.pages()) == 2


def test_what_somebody_edits_after_a_lost_try_stays(here: World) -> None:
    run = filed(here)
    rows = made(here, "rows")
    here.served.fault("notion", "cut_before", method="PATCH", path=f"/v1/pages/{rows}")
    undo.start(here.hub, run, by="Ana")
    one_round(here.hub)
    assert here.writes(action="notion.trash_page")[0]["state"] == "unknown"
    here.served.control("edit", {"page": rows, "title": "By hand"})
    here.work()
    assert trashed(here) == {made(here, "page")}
    (review,) = here.reviews(state="open")
    assert (review["kind"], review["step"]) == ("undo", "rows")
    assert here.run()["state"] == "waiting"
