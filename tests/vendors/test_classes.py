"""Each safety class, lost answer by lost answer, through a real engine: one effect, or a person who is asked."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.core import reviews, runs, undo
from app.core.keeping import DAY
from app.db import models
from tests.durability.world import one_round
from tests.vendors.shop_hub import ShopWorld

# action → (method, path of its request, what the shop notes when it is applied)
WRITES = {
    "order": ("POST", "/orders", "order.create"),
    "charge": ("POST", "/charges", "charge.create"),
    "parcel": ("POST", "/parcels", "parcel.create"),
    "stock": ("PUT", "/stock", "stock.set"),
    "note": ("PATCH", "/customers", "customer.set"),
    "remove": ("DELETE", "/customers", "customer.remove"),
    "mail": ("POST", "/mails/", "mail.send"),  # the slash: not the draft
    "ticket": ("POST", "/tickets", "ticket.create"),
    "payout": ("POST", "/payouts", "payout.create"),
    "message": ("POST", "/messages", "message.create"),
    "notice": ("POST", "/notices", "notice.create"),
}
ASKS = {
    ("payout", 0),
    ("message", 0),
    ("message", 1),
    ("notice", 1),
}  # (action, applied): a person decides, or a second one
LOST: dict[str, tuple[dict[str, Any], int]] = {  # fault → whether the shop applies the change
    "cut_before": ({}, 0),
    "cut_after": ({}, 1),
    "status": ({"status": 500}, 0),
    "status_after": ({"status": 504}, 1),
    "rubbish": ({}, 1),
    "slow": ({"seconds": 1}, 1),
    "drip": ({"seconds": 0.05}, 1),
    "flood": ({"bytes": 9_000_000}, 1),
    "error_in_200": ({"applied": True, "body": {"error": {"code": "odd"}}}, 1),
}


def lose(shop: ShopWorld, do: str, fault: str, **more: Any) -> None:
    method, path, _ = WRITES[do]
    shop.fault(fault, method=method, path=path, **more)


def done(shop: ShopWorld, do: str) -> int:
    return len(shop.effects(WRITES[do][2]))


def asked(shop: ShopWorld) -> str:
    """The question a person is asked, or ""."""
    found = shop.reviews(state="open")
    assert {review["kind"] for review in found} <= {"unknown"}, found
    return str(found[0]["says"]) if found else ""


def decide(shop: ShopWorld, decision: str) -> None:
    (review,) = shop.reviews(state="open")
    reviews.decide(shop.hub, review["id"], decision, by="Ana")
    shop.work()


def ends_well(shop: ShopWorld, do: str, effects: int = 1) -> None:
    assert [run["state"] for run in shop.runs()] == ["done"], [(run["state"], run["why"]) for run in shop.runs()]
    assert {write["state"] for write in shop.writes()} == {"done"}
    assert asked(shop) == ""
    assert done(shop, do) == effects


@pytest.mark.both_databases
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
@pytest.mark.parametrize("do", WRITES)
def test_a_lost_answer(shop: ShopWorld, do: str, fault: str) -> None:
    one_effect_or_a_question(shop, do, fault)


EACH_CLASS = ["order", "stock", "note", "mail", "ticket", "message"]


@pytest.mark.parametrize("fault", ["status", "status_after", "rubbish", "drip", "error_in_200"])
@pytest.mark.parametrize("do", EACH_CLASS)
def test_an_answer_that_says_nothing(shop: ShopWorld, do: str, fault: str) -> None:
    one_effect_or_a_question(shop, do, fault)


@pytest.mark.parametrize("fault", ["slow", "flood"])
def test_an_answer_without_an_end(shop: ShopWorld, fault: str) -> None:
    one_effect_or_a_question(shop, "ticket", fault)


def one_effect_or_a_question(shop: ShopWorld, do: str, fault: str) -> None:
    more, applied = LOST[fault]
    lose(shop, do, fault, **more)
    shop.task(do)
    shop.work()
    if (do, applied) == ("notice", 1):
        ends_well(shop, do, effects=2)  # it may come twice, and no more
    elif (do, applied) in ASKS:
        assert shop.run()["state"] == "waiting"
        assert "it is not known whether it arrived" in asked(shop)
        assert done(shop, do) == applied
        decide(shop, "arrived" if applied else "again")
        ends_well(shop, do)
    else:
        ends_well(shop, do)


def test_a_lost_order_is_sent_again_at_once_with_its_key(shop: ShopWorld) -> None:
    lose(shop, "order", "cut_after")
    shop.task("order")
    shop.work()
    first, second = [r for r in shop.served.ledger("shop") if r["method"] == "POST"]
    assert first["body_sha256"] == second["body_sha256"]
    assert [r for r in shop.served.ledger("shop") if r["method"] == "GET"] == []
    ends_well(shop, "order")


@pytest.mark.parametrize(("fault", "applied"), [("status", 0), ("status_after", 1)])
@pytest.mark.parametrize("do", ["order", "charge"])
def test_a_stored_error_is_not_asked_for_again_and_again(shop: ShopWorld, do: str, fault: str, applied: int) -> None:
    lose(shop, do, fault, status=500, stored=True)
    shop.task(do)
    shop.work()
    assert len([r for r in shop.served.ledger("shop") if r["method"] == "POST"]) == 2
    if do == "order" and applied:
        ends_well(shop, do)
        assert shop.writes()[0]["found_by"] == "look-up"
    else:
        assert "the same stored error" in asked(shop)
        assert done(shop, do) == applied


@pytest.mark.parametrize(("fault", "applied"), [("cut_before", 0), ("cut_after", 1)])
@pytest.mark.parametrize("do", ["order", "charge"])
def test_a_key_that_is_too_old_is_not_relied_on(shop: ShopWorld, do: str, fault: str, applied: int) -> None:
    lose(shop, do, fault)
    shop.task(do)
    one_round(shop.hub)
    a_day_passes(shop)
    shop.work()
    if do == "charge":
        assert "its key is too old" in asked(shop)
        assert done(shop, do) == applied
    else:
        ends_well(shop, do)
        assert shop.writes()[0]["tries"] == 2 - applied


def test_a_key_that_grew_old_in_line_is_not_relied_on(shop: ShopWorld) -> None:
    """Lost, sent again, asked to wait: by then the key has been forgotten."""
    lose(shop, "charge", "cut_after")
    lose(shop, "charge", "status", status=429, headers={"Retry-After": "80000"})
    shop.task("charge")
    shop.work(most=60_000)
    assert shop.run()["state"] == "later"
    a_day_passes(shop)
    shop.work(most=100_000_000)
    assert "its key is too old" in asked(shop)
    assert done(shop, "charge") == 1


def a_day_passes(shop: ShopWorld) -> None:
    """For the hub, which notes when a write was first sent, and for the shop, which forgets its key."""
    shop.set(shop_key_life=0)
    earlier = models.writes.c.first_sent_at - DAY
    shop.hub.db.write(lambda conn: conn.execute(update(models.writes).values(first_sent_at=earlier)))


def test_already_there_is_ours(shop: ShopWorld) -> None:
    lose(shop, "parcel", "cut_after")
    shop.task("parcel")
    shop.work()
    ends_well(shop, "parcel")
    assert [r["status"] for r in shop.served.ledger("shop") if r["method"] == "POST"] == [None, 409]
    assert shop.writes()[0]["found_by"] == "look-up"


def test_already_there_without_being_there_is_a_no(shop: ShopWorld) -> None:
    lose(shop, "parcel", "status", status=409, body={"error": {"message": "No more parcels today."}})
    shop.task("parcel")
    shop.work()
    assert shop.run()["state"] == "failed"
    assert "No more parcels today." in shop.run()["error"]
    assert (done(shop, "parcel"), asked(shop)) == (0, "")


@pytest.mark.parametrize("do", ["order", "charge"])
def test_a_no_to_what_was_sent_again_says_nothing_about_the_first(shop: ShopWorld, do: str) -> None:
    lose(shop, do, "cut_after")
    lose(shop, do, "status", status=422)
    shop.task(do)
    shop.work()
    if do == "order":
        ends_well(shop, do)
    else:
        assert "something is there already" in asked(shop)


@pytest.mark.parametrize("do", ["parcel", "stock", "note", "mail", "ticket"])
def test_a_no_to_the_second_try_does_not_make_the_first_one_a_no(shop: ShopWorld, do: str) -> None:
    """The first one is not found, but the vendor speaks of something that is there: a person looks."""
    lose(shop, do, "cut_before")
    lose(shop, do, "status", status=409, body={"error": {"message": "There is one."}})
    shop.task(do)
    shop.work()
    assert "something is there already" in asked(shop)
    assert (shop.run()["state"], done(shop, do)) == ("waiting", 0)
    decide(shop, "again")
    ends_well(shop, do)


def test_a_request_in_progress_is_waited_for(shop: ShopWorld) -> None:
    lose(shop, "charge", "cut_after")
    lose(shop, "charge", "status", status=409, body={"error": {"code": "in_progress"}}, times=8)
    shop.task("charge")
    shop.work()
    ends_well(shop, "charge")
    assert shop.writes()[0]["tries"] == 10
    with shop.hub.db.read() as conn:
        assert {row.trips for row in conn.execute(models.connections.select())} == {0}  # the shop works


# --- conditional, set, staged -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["stock", "note"])
def test_what_somebody_changed_since_is_not_overwritten(shop: ShopWorld, do: str) -> None:
    lose(shop, do, "cut_before")
    shop.task(do, customer="anna")
    shop.work(most=0)
    thing = {"stock": {"id": "stock-anna", "count": 7}, "note": {"id": "person-anna", "note": "By hand"}}[do]
    shop.served.control("shop_edit", thing)
    shop.work()
    assert {"stock": "not as it was", "note": "somebody changed it"}[do] in asked(shop)
    assert done(shop, do) == 0
    decide(shop, "leave")
    assert shop.run()["state"] == "failed"


def test_a_stock_that_moved_before_the_first_try_is_counted_anew(shop: ShopWorld) -> None:
    lose(shop, "stock", "status", status=412, body={"error": {"message": "This is version 2 now."}})
    shop.task("stock", customer="anna")
    shop.work(most=0)
    shop.served.control("shop_edit", {"id": "stock-anna", "count": 7})
    shop.work()
    assert shop.run()["state"] == "failed"
    assert "This is version 2 now." in shop.run()["error"]
    runs.retry(shop.hub, shop.run()["id"], by="Ana")
    shop.work()
    assert [w["state"] for w in shop.writes()] == ["failed", "done"]
    assert done(shop, "stock") == 1


def test_an_object_that_is_gone_is_shown_to_a_person(shop: ShopWorld) -> None:
    lose(shop, "mail", "cut_before")
    shop.task("mail")
    shop.work(most=0)
    (draft,) = shop.served.control("state?slug=shop")["mails"]
    shop.served.control("shop_remove", {"id": draft["id"]})
    shop.work()
    assert "not as it was" in asked(shop)
    assert done(shop, "mail") == 0


def test_a_draft_that_somebody_sent_is_not_sent_twice(shop: ShopWorld) -> None:
    lose(shop, "mail", "status", status=409, body={"error": {"code": "already_sent"}})
    shop.task("mail")
    shop.work(most=0)
    (draft,) = shop.served.control("state?slug=shop")["mails"]
    shop.served.control("shop_edit", {"id": draft["id"], "state": "sent"})
    shop.work()
    ends_well(shop, "mail", effects=0)  # the shop notes what it was asked for, not what people do


def test_a_look_up_that_is_refused_goes_to_a_person(shop: ShopWorld) -> None:
    lose(shop, "ticket", "cut_after")
    shop.fault("status", method="GET", path="/tickets", status=403)
    shop.task("ticket")
    shop.work()
    assert "looking there failed: Shop answered 403" in asked(shop)
    decide(shop, "look")
    ends_well(shop, "ticket")


def test_what_stood_there_is_not_read_again_after_a_try_that_may_have_arrived(shop: ShopWorld) -> None:
    """Else a first try that arrives late would pass for what stood there before, and undo would write it back."""
    shop.task("note", "0", customer="anna", text="Old")
    shop.work()
    lose(shop, "note", "cut_before")
    shop.task("note", "1", customer="anna", text="New")
    shop.work()
    ours = [r["method"] for r in shop.served.ledger("shop")]
    assert ours[-4:] == ["PATCH", "GET", "GET", "PATCH"] or ours[-5:] == ["PATCH", "GET", "GET", "GET", "PATCH"], ours
    undo.start(shop.hub, shop.runs()[-1]["id"], by="Ana")
    shop.work()
    assert shop.effects()[-1]["note"] == "Old"


@pytest.mark.parametrize("do", ["ticket", "payout"])
def test_an_index_that_lags(shop: ShopWorld, do: str) -> None:
    shop.set(shop_lag=3600)
    lose(shop, do, "cut_after")
    shop.task(do)
    one_round(shop.hub)
    shop.skip(5000)  # the deadline and the shop's usual lag (60 s at a twentieth) are over
    shop.work(most=0)
    assert shop.writes()[0]["looks"] == 1
    shop.set(shop_lag=0)
    shop.work()
    ends_well(shop, do)
    assert shop.writes()[0]["found_by"] == "look-up"


def test_money_that_is_not_found_is_not_sent_again(shop: ShopWorld) -> None:
    shop.set(shop_lag=3600)
    lose(shop, "payout", "cut_after")
    shop.task("payout")
    shop.work()
    assert "it is about money" in asked(shop)
    assert done(shop, "payout") == 1


def test_what_is_there_twice_is_shown_to_a_person(shop: ShopWorld) -> None:
    """The index lags longer than its connector says."""
    shop.set(shop_lag=3600)
    lose(shop, "ticket", "cut_after", times=2)
    shop.task("ticket")
    while done(shop, "ticket") < 2:
        one_round(shop.hub)
        shop.skip(1000)
    shop.set(shop_lag=0)
    shop.work()
    assert "it is there 2 times" in asked(shop)


def test_send_again_is_sent_once(shop: ShopWorld) -> None:
    lose(shop, "message", "cut_before", times=2)
    lose(shop, "message", "status", status=429, headers={"Retry-After": "1"})
    shop.task("message")
    shop.work()
    for tries in (1, 2):
        assert "nothing can be looked up" in asked(shop)
        assert shop.writes()[0]["tries"] == tries
        decide(shop, "again")
    ends_well(shop, "message")  # and a 429 after "send again" is no new question
    assert shop.writes()[0]["tries"] == 4


def test_a_notice_that_gets_lost_twice_is_shown_to_a_person(shop: ShopWorld) -> None:
    lose(shop, "notice", "cut_after", times=5)
    shop.task("notice")
    shop.work()
    assert "nothing can be looked up" in asked(shop)
    assert done(shop, "notice") == 2


# --- what a 200 may hold, and what a 429 may ask for ------------------------------------------------------------------


@pytest.mark.parametrize("do", EACH_CLASS)
def test_an_error_in_a_200_that_means_no(shop: ShopWorld, do: str) -> None:
    lose(shop, do, "error_in_200", body={"error": {"code": "rejected", "message": "Sold out."}})
    shop.task(do)
    shop.work()
    assert (shop.run()["state"], done(shop, do)) == ("failed", 0)
    assert "Sold out." in shop.run()["error"]


@pytest.mark.parametrize("do", EACH_CLASS)
def test_an_error_in_a_200_that_means_later(shop: ShopWorld, do: str) -> None:
    lose(shop, do, "error_in_200", body={"error": {"code": "closed", "seconds": 90}})
    shop.task(do)
    shop.work(most=0)
    assert 80_000 < shop.run()["wake_at"] - shop.hub.steady.now() <= 90_000
    shop.work()
    ends_well(shop, do)


def test_a_day_without_an_answer_ends_with_a_person(shop: ShopWorld) -> None:
    lose(shop, "ticket", "cut_before", times=10_000)
    shop.task("ticket")
    one_round(shop.hub)
    past = models.entries.c.started_at - DAY
    shop.hub.db.write(lambda conn: conn.execute(update(models.entries).values(started_at=past)))
    shop.work()
    assert "tried for a day" in asked(shop)
    assert shop.writes()[0]["state"] == "unknown"
