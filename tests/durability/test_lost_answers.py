"""What a vendor may do to us without killing anybody: each ends in one page, or in a sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update

from app.core import connections, recipes, reviews, runs
from app.db import models
from tests.durability.world import ALL_WELL, ANSWER, RECIPE, World

PAGES: Mapping[str, Any] = {"method": "POST", "path": "/v1/pages"}


@pytest.mark.parametrize(
    ("do", "more"),
    [
        ("cut_before", {}),
        ("cut_after", {}),
        ("status", {"status": 500}),
        ("status_after", {"status": 500}),
        ("status_after", {"status": 504}),
        ("status_after", {"status": 529}),
        ("status_after", {"status": 303}),
        ("rubbish", {}),
        ("error_in_200", {}),
        ("slow", {"seconds": 5}),
        ("drip", {"seconds": 0.1}),
        ("flood", {"bytes": 9_000_000}),
    ],
)
def test_a_page_whose_answer_was_lost_is_there_once(here: World, do: str, more: dict[str, Any]) -> None:
    here.served.fault("notion", do, **PAGES, **more)
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert {w["state"] for w in here.writes()} == {"done"}
    assert here.asked() == 1


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "status", "rubbish", "slow", "drip"])
def test_the_column_for_our_key_is_added_once(here: World, do: str) -> None:
    here.served.fault("notion", do, method="PATCH", path="/v1/data_sources", seconds={"slow": 5}.get(do, 0.1))
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert len(here.served.effects("notion", "data_source.update")) == 2  # one for each database


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "status", "rubbish", "slow"])
def test_a_model_that_does_not_answer_is_asked_again(here: World, do: str) -> None:
    here.served.fault("openai", do, method="POST", seconds=20)
    here.receive()
    here.work()
    assert here.state() == ALL_WELL


def test_the_vendor_says_how_long_to_wait(here: World) -> None:
    here.served.fault("notion", "status", **PAGES, status=429, headers={"Retry-After": "77"})
    here.receive()
    here.work(most=0)
    now = here.hub.steady.now()
    assert 60_000 < here.run()["wake_at"] - now <= 77_000
    other = here.receive("Other", meeting="other")
    here.work(most=0)
    assert [e["step"] for e in here.entries(run=here.run(other)["id"]) if e["state"] == "done"] == ["recap"]
    assert here.pages() == []  # the whole connection waits
    here.work()
    assert sorted(here.pages()) == ["Catch-up", "Other"]
    assert {run["state"] for run in here.runs()} == {"done"}


def test_an_overloaded_vendor_is_left_alone(here: World) -> None:
    here.served.fault("notion", "status", path="/v1", status=529, headers={"Retry-After": "30"})
    here.receive()
    here.work()
    assert here.state() == ALL_WELL


def test_a_revoked_token_waits_for_a_person(here: World) -> None:
    here.served.control("revoke", {"slug": "notion"})
    here.receive()
    here.work()
    own = here.connection("notion")
    run = here.run()
    assert (run["state"], run["waits_for"]) == ("waiting", own)
    assert "Reconnect Notion" in run["why"]
    (review,) = here.reviews(state="open")
    assert (review["kind"], review["connection"]) == ("reconnect", own)
    assert not connections.check(here.hub, own)["ok"]
    here.served.control("unrevoke", {"slug": "notion"})
    assert connections.check(here.hub, own)["ok"]
    here.work()
    assert here.state() == ALL_WELL
    assert here.reviews(state="open") == []
    assert here.asked() == 1


def test_a_database_that_is_not_shared_ends_in_a_sentence(here: World) -> None:
    source = recipes.get(here.hub, RECIPE).practice
    assert source
    here.served.control("unshare", {"data_source": source.settings["meetings"]})
    here.receive()
    here.work()
    run = here.run()
    assert run["state"] == "failed"
    assert "Connections" in run["error"], run["error"]
    here.served.control("share", {"data_source": source.settings["meetings"]})
    runs.retry(here.hub, run["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 1


@pytest.mark.parametrize("bad", ["length", "not_json", "wrong_shape", "empty"])
def test_a_bad_answer_is_mended_once_then_shown(here: World, bad: str) -> None:
    here.served.fault("openai", "model", **{"as": bad}, times=2)
    here.receive()
    here.work()
    assert here.run()["state"] == "waiting"
    assert here.asked() == 2  # the question and one repair
    (review,) = here.reviews(state="open")
    assert review["kind"] == "answer"
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 3


@pytest.mark.parametrize("bad", ["length", "not_json", "wrong_shape", "empty"])
def test_one_bad_answer_is_mended(here: World, bad: str) -> None:
    here.served.fault("openai", "model", **{"as": bad})
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 2


@pytest.mark.parametrize("bad", ["refusal", "content_filter"])
def test_a_refusal_goes_to_a_person_at_once(here: World, bad: str) -> None:
    here.served.fault("openai", "model", **{"as": bad})
    here.receive()
    here.work()
    assert here.asked() == 1
    (review,) = here.reviews(state="open")
    assert review["kind"] == "answer"
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    assert here.state() == ALL_WELL


def test_no_money_left_at_the_model_waits_for_a_person(here: World) -> None:
    here.served.fault("openai", "model", **{"as": "insufficient_quota"})
    here.receive()
    here.work()
    assert here.run()["state"] == "waiting"
    assert here.reviews(kind="reconnect", state="open")
    assert connections.check(here.hub, here.connection("openai"))["ok"]
    here.work()
    assert here.state() == ALL_WELL


def test_a_quote_that_nobody_said_is_not_filed(here: World) -> None:
    todo = {**ANSWER["todos"][0], "quote": "Chloe will sell the shop."}  # type: ignore[dict-item]
    here.served.control("model", {"answers": [{**ANSWER, "todos": [todo]}], "answer": ANSWER})
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 2


def test_without_a_model_runs_wait_until_there_is_one(here: World) -> None:
    connections.remove(here.hub, here.connection("openai"), by="Ana")
    drop = update(models.switches).values(connections=_without_model(here))
    here.hub.db.write(lambda conn: conn.execute(drop))
    here.receive()
    here.work(most=0)
    run = here.run()
    assert (run["state"], run["waits_for"]) == ("later", "slug:openai")
    assert "Connect" in run["why"]
    practice = here.hub.connectors["openai"].practice
    given = {k: v.replace("{token}", here.served.token) for k, v in practice.items()}
    connections.create(here.hub, "openai", given, practice=True, by="Ana")
    assert here.run()["state"] == "queued"
    here.work()
    assert here.state() == ALL_WELL


def _without_model(here: World) -> str:
    switch = recipes.get(here.hub, RECIPE).practice
    assert switch
    return json.dumps({slug: own for slug, own in switch.connections.items() if slug != "openai"})


def test_a_used_up_budget_waits_and_is_not_overspent(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, daily_tokens=10, by="Ana")
    here.receive()
    here.work(1000)  # ms: midnight may be near
    run = here.run()
    assert run["state"] == "later"
    assert "budget" in run["why"]
    assert here.asked() == 0
    recipes.switch_on(here.hub, RECIPE, practice=True, daily_tokens=500_000, by="Ana")
    runs.retry(here.hub, run["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL


def test_what_was_reserved_and_not_used_is_given_back(here: World) -> None:
    here.receive()
    here.work()
    with here.hub.db.read() as conn:
        (budget,) = conn.execute(models.budgets.select()).mappings()
    used = sum(e["tokens_in"] + e["tokens_out"] for e in here.entries())
    assert budget["tokens"] == used > 0
