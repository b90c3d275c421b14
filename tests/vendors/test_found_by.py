"""After a lost answer: who found out that a change arrived, as what, and how the page of the run tells it."""

from __future__ import annotations

import pytest

from app.core import reviews
from app.core.answers import Left
from app.web import states, story
from tests.vendors.shop_hub import ShopWorld


def test_a_draft_that_somebody_saw_is_switched_on_by_the_id_they_give(shop: ShopWorld) -> None:
    shop.fault("cut_after", method="POST", path="/mails")
    shop.fault("status", method="GET", path="/mails", status=403, times=50)  # nobody can look it up
    shop.task("mail")
    shop.work()
    (review,) = shop.reviews(state="open")
    with pytest.raises(ValueError, match="needs its id"):
        reviews.decide(shop.hub, review["id"], "arrived", by="Ana")
    (draft,) = shop.effects("mail.create")
    shop.served.control("faults", method="DELETE")
    reviews.decide(shop.hub, review["id"], "arrived", by="Ana", arrived_as=draft["object"])
    shop.work()
    assert [run["state"] for run in shop.runs()] == ["done"]
    assert [e["object"] for e in shop.effects()] == [draft["object"]] * 2
    assert next((w["found_by"], w["result_id"]) for w in shop.writes()) == ("person", draft["object"])


def test_the_page_of_a_run_says_what_each_try_left_behind_and_who_found_it(shop: ShopWorld) -> None:
    shop.fault("cut_after", method="POST", path="/messages")
    shop.task("message")
    shop.work()
    (review,) = shop.reviews(state="open")
    reviews.decide(shop.hub, review["id"], "arrived", by="Ana")
    shop.work()
    (change,) = [w for step in story.tell(shop.hub, shop.run()["id"])["steps"] for w in step["writes"]]
    assert change["found_by"] == "person"
    assert [states.call_words(call["outcome"]) for call in change["calls"]] == ["It may have arrived"]


def test_every_way_a_try_can_end_has_its_words() -> None:
    assert set(states.CALL_WORDS) == set(Left)
