"""Who has to do something before a connection ends finds it in the Inbox: once a week ahead, once two days ahead, no longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import clock
from app.core import connections, endings, recipes, reviews
from app.core.connections import break_connection
from app.core.forecast import DAY, day
from app.practice.serve import Served
from app.settings import Settings
from tests.durability.world import open_ahead
from tests.oauth.conftest import Person
from tests.oauth.test_forecast import _ends
from tests.oauth.till_hub import TillHub, till_hub

HOUR = 3_600_000
BOTH = pytest.mark.both_databases


def looked(till: TillHub, days: int) -> list[dict[str, Any]]:
    """The Inbox after a look at a connection that ends in so many days and an hour."""
    till.set(ends_at=till.hub.now() + days * DAY + HOUR)
    endings.watch(till.hub)
    return reviews.listing(till.hub)


def test_a_week_ahead_and_two_days_ahead_there_is_one_entry(till: TillHub) -> None:
    assert looked(till, 7) == []
    (first,) = looked(till, 6)
    by = day(till.row()["ends_at"])
    assert first["kind"] == "ending"
    assert first["says"].startswith(f"Sign in again before {by}: Till ends each sign-in")
    assert "Then “Note what was sold” stops until it works again." in first["says"]
    assert (first["title"], first["role"]) == (till.row()["name"], "builder")
    endings.watch(till.hub)
    assert [one["id"] for one in reviews.listing(till.hub)] == [first["id"]]
    (second,) = looked(till, 1)
    assert second["id"] != first["id"]
    assert second["opened_at"] >= first["opened_at"]
    assert [one["decision"] for one in reviews.listing(till.hub, state="decided")] == ["said once more"]
    with pytest.raises(ValueError, match="settled by reconnecting"):
        reviews.decide(till.hub, second["id"], "approve", by="a test")


def test_signing_in_again_takes_it_away_and_a_look_finds_what_is_averted(till: TillHub) -> None:
    looked(till, 6)
    till.sign_in(connection=till.id)
    assert till.reviews(kind="ending", state="open") == []
    assert len(looked(till, 6)) == 1
    till.set(ends_at=None)
    endings.watch(till.hub)
    assert reviews.listing(till.hub) == []


def test_a_test_that_works_takes_nothing_away(till: TillHub) -> None:
    looked(till, 6)
    assert till.check()["ok"]
    assert len(till.reviews(kind="ending", state="open")) == 1


def test_one_that_has_ended_asks_to_connect_again_instead(till: TillHub) -> None:
    looked(till, 1)
    till.hub.db.write(lambda conn: break_connection(conn, till.hub, till.id, "Till no longer lets us in."))
    endings.watch(till.hub)
    assert [one["kind"] for one in reviews.listing(till.hub)] == ["reconnect"]


def test_which_recipes_hang_on_it_is_kept_true(till: TillHub) -> None:
    looked(till, 6)
    recipes.switch_off(till.hub, "till-note", by="a test")
    (one,) = looked(till, 6)
    assert one["says"].endswith("No recipe uses it.")
    assert len(till.reviews(kind="ending")) == 1


def test_removing_the_connection_takes_its_entries_away(till: TillHub) -> None:
    looked(till, 6)
    till.hub.db.write(lambda conn: break_connection(conn, till.hub, till.id, "Till no longer lets us in."))
    connections.remove(till.hub, till.id, by="a test")
    endings.watch(till.hub)
    assert reviews.listing(till.hub) == []


def test_accounts_to_practise_with_end_silently(till: TillHub) -> None:
    till.set(practice=True)
    assert looked(till, 1) == []


@pytest.fixture
def other(till: TillHub) -> Iterator[TillHub]:
    """Another process of the same hub."""
    hub = open_ahead(till.settings)
    yield TillHub(hub, till.served, till.id)
    hub.close()


@BOTH
def test_clocks_that_look_at_once_make_one_entry(till: TillHub, other: TillHub) -> None:
    till.set(ends_at=till.hub.now() + 6 * DAY)
    start = threading.Barrier(8)

    def look(hub: Any) -> None:
        start.wait()
        endings.watch(hub)

    threads = [threading.Thread(target=look, args=(one.hub,)) for one in (till, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(till.reviews(kind="ending")) == 1


def test_the_clock_looks(settings: Settings, vendors: Served, redis_url: str) -> None:
    with till_hub(replace(settings, redis_url=redis_url), vendors) as till:
        till.set(ends_at=till.hub.now() + 6 * DAY)
        clock.tick(till.hub, clock.Rung())
        assert [one["kind"] for one in till.reviews()] == ["ending"]


def test_the_inbox_leads_to_the_connection(person: Person) -> None:
    made = person.connect(sign_in_name="Our till")
    _ends(person, made, 6 * DAY + HOUR)
    endings.watch(person.site.hub)
    page = person.visitor.get("/inbox").text
    assert "A connection ends soon" in page
    assert "Our till" in page
    (one,) = reviews.listing(person.site.hub)
    page = person.visitor.get(f"/inbox/{one['id']}").text
    assert "Sign in again before" in page
    assert f'href="/connections/{made}"' in page
