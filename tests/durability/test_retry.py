"""“Try again” after a person has mended what stopped a run: it follows the form of today, and guesses nothing."""

from __future__ import annotations

import pytest

from app.core import recipes, reviews, runs
from tests.durability.world import ALL_WELL, MEETINGS, RECIPE, World

pytestmark = pytest.mark.both_databases


def choose(here: World, meetings: str) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, settings={"meetings": meetings}, by="Ana")


def chosen(here: World) -> str:
    source = recipes.get(here.hub, RECIPE).practice
    assert source
    return str(source.settings["meetings"])


def test_another_database_chosen_in_the_form_is_used_when_the_run_is_tried_again(here: World) -> None:
    right = chosen(here)
    choose(here, "99999999-9999-4999-8999-999999999999")
    here.receive()
    here.work()
    assert here.run()["state"] == "failed"
    choose(here, right)
    runs.retry(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 1


def test_what_was_refused_is_made_anew_and_stays_as_evidence(here: World) -> None:
    refusal = {"object": "error", "status": 400, "code": "validation_error", "message": "Date is expected to be date."}
    here.served.fault("notion", "status", method="POST", path="/v1/pages", status=400, body=refusal)
    here.receive()
    here.work()
    assert "Date is expected" in here.run()["error"]
    runs.retry(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL
    refused, made = sorted(
        (w for w in here.writes() if w["action"] == "notion.create_page" and w["step"] == "page"),
        key=lambda w: w["state"],
        reverse=True,
    )
    assert (refused["state"], made["state"]) == ("failed", "done")
    assert refused["key"] != made["key"]


def test_the_settings_stay_once_something_was_sent(here: World) -> None:
    refusal = {"object": "error", "status": 400, "code": "validation_error", "message": "Owner is expected to be x."}
    here.served.fault("notion", "status", method="POST", path="/v1/pages", skip=1, status=400, body=refusal)
    here.receive()
    here.work()
    assert here.run()["state"] == "failed"
    assert here.pages(MEETINGS) == ["Catch-up"]
    before = chosen(here)
    choose(here, "99999999-9999-4999-8999-999999999999")
    runs.retry(here.hub, here.run()["id"], by="Ana")
    choose(here, before)
    here.work()
    assert here.state() == ALL_WELL


def test_what_a_person_left_is_never_sent_again_by_itself(here: World) -> None:
    here.served.fault("notion", "cut_after", method="POST", path="/v1/pages")
    twice = {"object": "list", "results": [{"id": one, "properties": {}} for one in ("a", "b")], "has_more": False}
    here.served.fault("notion", "status", method="POST", path="/v1/data_sources", status=200, body=twice)
    here.receive()
    here.work()
    (review,) = here.reviews(state="open")
    reviews.decide(here.hub, review["id"], "leave", by="Ana")
    here.work()
    assert here.run()["state"] == "failed"
    runs.retry(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "failed"
    assert here.pages(MEETINGS) == ["Catch-up"]
