"""Reviews: one decision wins, old pages and wrong words are refused, and the run does what was said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core import recipes, reviews
from app.core.reviews import DECISIONS, Decided
from app.db import models
from tests.durability.world import ALL_WELL, RECIPE, World

BOTH = pytest.mark.both_databases


@pytest.fixture
def asked(here: World) -> World:
    """A run that waits for somebody to approve its first change."""
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review")
    here.receive()
    here.work()
    assert here.run()["state"] == "waiting"
    return here


def the_one(here: World) -> dict[str, Any]:
    (review,) = reviews.listing(here.hub)
    return review


@BOTH
def test_one_of_two_deciders_wins(asked: World) -> None:
    review = the_one(asked)

    def decide(who: str) -> str:
        try:
            said = "approve" if who == "Ana" else "decline"
            reviews.decide(asked.hub, review["id"], said, by=who, row_version=review["row_version"])
        except Decided as late:
            return str(late)
        return who

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(decide, ["Ana", "Ben"]), key=len)
    winner, sentence = told
    word = {"Ana": "approve", "Ben": "decline"}[winner]
    assert sentence == f"{winner} has already decided this: {word}"
    decided = reviews.get(asked.hub, review["id"])
    assert (decided["decided_by"], decided["decision"], decided["state"]) == (winner, word, "decided")


def test_an_old_page_is_refused(asked: World) -> None:
    review = the_one(asked)
    with pytest.raises(Decided, match="changed since you opened the page"):
        reviews.decide(asked.hub, review["id"], "approve", by="Ana", row_version=review["row_version"] + 1)
    assert the_one(asked)["state"] == "open"
    assert asked.run()["state"] == "waiting"


@pytest.mark.parametrize("word", ["arrived", "", "APPROVE", "leave"])
def test_a_word_that_is_no_answer_is_refused(asked: World, word: str) -> None:
    with pytest.raises(ValueError, match="The answer is one of approve, decline"):
        reviews.decide(asked.hub, the_one(asked)["id"], word, by="Ana")
    assert the_one(asked)["state"] == "open"


def test_a_review_that_is_not_there(here: World) -> None:
    with pytest.raises(LookupError, match="There is no review nothing"):
        reviews.decide(here.hub, "nothing", "approve", by="Ana")


def test_reconnecting_is_not_decided_here(here: World) -> None:
    here.served.control("revoke", {"slug": "notion"})
    here.receive()
    here.work()
    review = the_one(here)
    assert (review["kind"], review["decisions"], review["waiting"]) == ("reconnect", {}, 1)
    with pytest.raises(ValueError, match="settled by reconnecting"):
        reviews.decide(here.hub, review["id"], "again", by="Ana")


def test_what_is_shown_is_what_is_sent(asked: World) -> None:
    """Byte for byte, and nothing before it was approved."""
    shown: list[str] = []
    while waiting := reviews.listing(asked.hub):
        assert len(asked.served.effects("notion")) == len(shown)
        shown.append(waiting[0]["request"]["body"])
        reviews.decide(asked.hub, waiting[0]["id"], "approve", by="Ana")
        asked.work()
    assert asked.state() == ALL_WELL
    assert [r["body"] for r in asked.served.ledger("notion", bodies=True) if r["effect"]] == shown


def test_bytes_that_changed_after_the_approval_are_not_sent(asked: World) -> None:
    review = the_one(asked)
    reviews.decide(asked.hub, review["id"], "approve", by="Ana")
    change = models.reviews.update().where(models.reviews.c.id == review["id"]).values(request_sha256="0" * 64)
    asked.hub.db.write(lambda conn: conn.execute(change))
    asked.work()
    assert asked.run()["state"] == "failed"
    assert "not what would be sent" in asked.run()["error"]
    assert asked.served.effects("notion") == []


def test_a_declined_change_ends_the_run_and_names_who(asked: World) -> None:
    reviews.decide(asked.hub, the_one(asked)["id"], "decline", by="Ben")
    asked.work()
    assert asked.run()["state"] == "failed"
    assert asked.run()["error"] == "Ben declined this change"
    assert asked.served.effects("notion") == []


def test_the_list_says_what_it_is_about(asked: World) -> None:
    review = the_one(asked)
    assert (review["title"], review["waiting"], review["kind"]) == ("Catch-up", 1, "approve")
    assert review["decisions"] == DECISIONS["approve"]
    assert review["facts"]["connection"] == asked.connection("notion")
    assert reviews.listing(asked.hub, state="decided") == []
    reviews.decide(asked.hub, review["id"], "approve", by="Ana")
    assert [r["id"] for r in reviews.listing(asked.hub, state="decided")] == [review["id"]]


# --- a model that cannot be used ----------------------------------------------------------------------------------------


@pytest.fixture
def unusable(here: World) -> World:
    """A run whose model answered wrongly twice."""
    here.served.fault("openai", "model", **{"as": "not_json"}, times=2)
    here.receive()
    here.work()
    assert the_one(here)["kind"] == "answer"
    return here


def test_asking_the_model_again(unusable: World) -> None:
    reviews.decide(unusable.hub, the_one(unusable)["id"], "again", by="Ana")
    unusable.work()
    assert unusable.state() == ALL_WELL


def test_leaving_it_ends_the_run(unusable: World) -> None:
    says = the_one(unusable)["says"]
    reviews.decide(unusable.hub, the_one(unusable)["id"], "leave", by="Ana")
    unusable.work()
    run = unusable.run()
    assert (run["state"], run["error"], run["why"]) == ("failed", says, "Left by a person")
    assert run["ended_at"]
    assert unusable.pages() == []


def test_every_kind_of_review_has_answers_in_words() -> None:
    assert {kind for kind, answers in DECISIONS.items() if not answers} == {"reconnect", "ending"}
    assert all(" " in says or says == "Try again" for answers in DECISIONS.values() for says in answers.values())
