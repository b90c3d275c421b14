"""What stands at this moment: the oldest unfinished event, runs by state and by what they wait for, what is open."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.core import connections, figures, house, limits, practice, recipes, reviews, runs
from app.db import models
from tests.durability.world import RECIPE, World

pytestmark = pytest.mark.both_databases


def test_an_event_grows_old_where_it_stands(here: World) -> None:
    here.receive("First")
    found = figures.read(here.hub)
    assert found.events_new == 1
    assert found.oldest == {"new": here.events()[0]["received_at"]}
    here.work()
    done = figures.read(here.hub)
    assert (done.oldest, done.events_new, set(done.runs.values())) == ({}, 0, {0})
    assert here.hub.tallies.totals("runs_ended") == {(RECIPE, "done"): 1}
    assert here.hub.tallies.totals("writes")[("notion", "done")] == len(here.writes())
    assert here.hub.tallies.totals("calls")[("openai", "2xx")] == 1


def test_a_run_that_waits_counts_from_its_event(here: World) -> None:
    event = here.receive()
    received = {"received_at": here.hub.now() - 3_600_000}
    here.hub.db.write(lambda conn: conn.execute(update(models.events).values(**received)))
    connections.remove(here.hub, practice.connection_id(here.hub, "notion"), by="Ana")
    here.work(most=0)
    assert here.run(event)["state"] in ("waiting", "later")
    found = figures.read(here.hub)
    assert found.oldest == {here.run(event)["state"]: received["received_at"]}


def test_what_a_run_waits_for_in_one_word(here: World) -> None:
    notion = practice.connection_id(here.hub, "notion")
    soon = here.hub.steady.now() + 60_000
    here.hub.db.write(lambda conn: limits.quiet(conn, notion, soon))
    here.receive("In line")
    here.work(most=0)
    assert figures.read(here.hub).waiting == {"rate": 1}
    here.hub.db.write(lambda conn: limits.quiet(conn, notion, here.hub.steady.now()))
    open_ = {"circuit": "open", "circuit_until": soon, "quiet_until": 0}
    here.hub.db.write(lambda conn: conn.execute(update(models.connections).values(**open_)))
    here.receive("Silent vendor")
    here.work(most=0)
    found = figures.read(here.hub)
    assert found.waiting == {"rate": 1, "circuit": 1}
    assert found.runs["later"] == 2
    assert {a.vendor for a in found.accounts if a.circuit_open} >= {"notion", "openai", "zoom"}


def test_a_run_that_waits_because_its_recipe_wants_it_raises_no_alarm(here: World) -> None:
    notion = practice.connection_id(here.hub, "notion")
    here.hub.db.write(lambda conn: limits.quiet(conn, notion, here.hub.steady.now() + 60_000))
    here.receive("Wanted")
    here.work(most=0)
    planned = {"cause": "time"}
    here.hub.db.write(lambda conn: conn.execute(update(models.runs).values(**planned)))
    here.receive("In line")
    here.work(most=0)
    wanted, in_line = here.events()
    found = figures.read(here.hub)
    assert found.oldest == {"planned": wanted["received_at"], "later": in_line["received_at"]}
    assert found.waiting == {"rate": 1, "time": 1}


def test_a_hub_on_hold_says_so(here: World) -> None:
    assert not figures.read(here.hub).on_hold
    here.hub.db.write(lambda conn: house.put(conn, "hold", {"why": "restored", "since": here.hub.now()}))
    assert figures.read(here.hub).on_hold


def test_what_waits_for_a_person(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", by="Ana")
    here.receive()
    here.work()
    found = figures.read(here.hub)
    assert (found.waiting, found.reviews, found.runs["waiting"]) == ({"person": 1}, {"approve": 1}, 1)
    assert found.writes["asked"] == 1


def test_a_run_that_people_end_is_counted(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", by="Ana")
    for topic in ("Stopped", "Late"):
        here.receive(topic)
    here.work()
    runs.cancel(here.hub, here.runs()[0]["id"], by="Ana")
    here.hub.db.write(lambda conn: conn.execute(update(models.reviews).values(expires_at=1)))
    assert reviews.expire(here.hub) == 1
    assert here.hub.tallies.totals("runs_ended") == {(RECIPE, "cancelled"): 1, (RECIPE, "failed"): 1}


def test_an_account_to_reconnect(here: World) -> None:
    here.served.fault("openai", "status", status=401, times=9)
    here.receive()
    here.work()
    found = figures.read(here.hub)
    assert found.waiting == {"reconnect": 1}
    assert [a.vendor for a in found.accounts if a.reconnect] == ["openai"]
