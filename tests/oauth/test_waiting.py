"""What waits for an account: through a day without the vendor, and when the account is removed for another one."""

from __future__ import annotations

from app.core import connections, recipes, reviews
from tests.durability.world import one_round
from tests.oauth.till_hub import TillHub

HOUR = 3_600_000


def test_a_vendor_that_is_away_for_a_day_costs_nothing(till: TillHub) -> None:
    """And is not called more often than every half an hour by then."""
    till.served.fault("till", "status", status=503, times=100_000)
    sold = [str(number) for number in range(5)]
    for ref in sold:
        till.sell(ref)
        for _ in range(12):
            one_round(till.hub)
            till.skip(HOUR // 2)
    assert {run["state"] for run in till.runs()} == {"later", "queued"}
    assert till.reviews() == []
    assert connections.get(till.hub, till.id)["words"] == "Till does not answer; trying again by itself"
    assert len(till.served.ledger("till")) < 100
    till.served.control("faults", method="DELETE")
    till.skip(HOUR)
    till.work()
    assert till.notes() == sold
    assert till.row()["circuit"] == "closed"


def test_what_waits_for_a_removed_account_goes_on_with_another_one(till: TillHub) -> None:
    till.sell("1")
    till.sell("2")
    till.served.control("till_revoke", {})
    till.expire()
    till.work()
    assert [one["kind"] for one in reviews.listing(till.hub)] == ["reconnect"]
    connections.remove(till.hub, till.id, by="a test")
    till.work()
    till.sign_in(account="t-2")
    recipes.switch_on(till.hub, "till-note", by="a test")
    for _ in ("1", "2"):  # one after the other, for they are about the same thing
        (one,) = reviews.listing(till.hub)
        assert (one["kind"], one["says"][:27]) == ("stuck", "This connection was removed")
        reviews.decide(till.hub, one["id"], "again", by="a test")
        till.work()
    assert till.notes() == ["1", "2"]
    assert reviews.listing(till.hub) == []
