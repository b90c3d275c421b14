"""Limits per connection: never more calls than the rate allows, a circuit that opens, doubles and closes, and quiet times."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import settings as trying
from hypothesis import strategies as some
from sqlalchemy import Connection, create_engine, select

from app.core.hub import Hub
from app.core.limits import HEALTHY, PROBE, asked_to_wait, closed_for, note_failure, note_success, quiet, take, turn
from app.db import models
from app.db.models import connections

BOTH = pytest.mark.both_databases
T0 = 1_790_000_000_000
_memory = create_engine("sqlite://")
models.limits.create(_memory)
_keys = (f"connection {n}" for n in itertools.count())


@given(
    rate=some.one_of(some.floats(0.05, 20), some.floats(20, 5000)),
    burst=some.integers(1, 20),
    steps=some.lists(some.one_of(some.integers(0, 3), some.integers(0, 3000)), min_size=1, max_size=60),
    ahead=some.integers(0, 5000),
)
@example(rate=3.0, burst=3, steps=[0] * 40, ahead=20_000)
@example(rate=600.0, burst=1, steps=[1] * 40, ahead=0)
@trying(max_examples=100, deadline=None)
def test_never_more_than_rate_times_window_plus_burst(rate: float, burst: int, steps: list[int], ahead: int) -> None:
    now, gone, key = T0, [], next(_keys)
    with _memory.begin() as conn:
        for step in steps:
            now += step
            wait = take(conn, key, rate, burst, now, ahead=ahead)
            if wait <= ahead:
                gone.append(now + wait)
    gone.sort()
    for i, j in itertools.combinations_with_replacement(range(len(gone)), 2):
        assert j - i + 1 <= rate * (gone[j] - gone[i]) / 1000 + burst + 1e-6


@given(rate=some.floats(0.5, 200), burst=some.integers(1, 10))
@trying(max_examples=40, deadline=None)
def test_whoever_waits_as_long_as_told_may_go(rate: float, burst: int) -> None:
    now, key = T0, next(_keys)
    with _memory.begin() as conn:
        for _ in range(burst):
            assert take(conn, key, rate, burst, now, ahead=0) == 0
        wait = take(conn, key, rate, burst, now, ahead=0)
        assert 0 < wait <= 1000 / rate + 1
        assert take(conn, key, rate, burst, now + wait - 1, ahead=0) > 0
        assert take(conn, key, rate, burst, now + wait, ahead=0) == 0


def test_a_place_too_far_away_is_not_taken() -> None:
    with _memory.begin() as conn:
        key = next(_keys)
        assert take(conn, key, 1, 1, T0, ahead=0) == 0
        assert [take(conn, key, 1, 1, T0, ahead=500) for _ in range(5)] == [1000] * 5
        assert [take(conn, key, 1, 1, T0, ahead=2000) for _ in range(3)] == [1000, 2000, 3000]


@BOTH
def test_workers_at_once_share_one_limit(hub: Hub) -> None:
    def call(_: int) -> int:
        return hub.db.write(lambda conn: take(conn, "shared", 10, 3, T0, ahead=0))

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(call, range(24)))
    assert waits.count(0) == 3


def test_those_that_are_put_off_come_one_after_the_other_but_never_too_late() -> None:
    with _memory.begin() as conn:
        key = next(_keys)
        assert [turn(conn, key, 10, T0) - T0 for _ in range(4)] == [0, 100, 200, 300]
        assert turn(conn, key, 10, T0 + 5000) - T0 == 5000  # the line was shorter than that
        assert [turn(conn, key, 1, T0 + 5000) - T0 for _ in range(100)][-1] == 35_000
        assert take(conn, key, 10, 1, T0, ahead=0) == 0  # standing in line is no call


# --- the circuit ------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(hub: Hub) -> str:
    row = {"id": "c1", "slug": "notion", "hook_key": "k1"}
    hub.db.write(lambda conn: conn.execute(connections.insert().values(**row)))
    return "c1"


def fail(hub: Hub, now: int, times: int = 1, *, probing: bool = False) -> None:
    for _ in range(times):
        hub.db.write(lambda conn: note_failure(conn, "c1", now, 1.0, probing=probing))


def asked(hub: Hub, now: int, *, probing: bool = False) -> tuple[int, str]:
    return hub.db.write(lambda conn: closed_for(conn, "c1", now, T0, probing=probing))


@BOTH
def test_the_fifth_failure_in_a_row_opens(hub: Hub, own: str) -> None:
    fail(hub, T0, 4)
    assert asked(hub, T0) == (0, "")
    fail(hub, T0)
    assert asked(hub, T0)[0] == 60_000
    assert asked(hub, T0 + 59_999)[0] == 1


@BOTH
def test_one_probes_and_the_others_wait_on(hub: Hub, own: str) -> None:
    fail(hub, T0, 5)
    later = T0 + 60_000
    assert asked(hub, later) == (0, PROBE)
    assert asked(hub, later)[0] > 0
    assert asked(hub, later, probing=True) == (0, "")  # it may make all its calls


def test_only_one_of_many_at_once_probes(hub: Hub, own: str) -> None:
    fail(hub, T0, 5)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: asked(hub, T0 + 60_000), range(16)))
    assert [why for _, why in told].count(PROBE) == 1


def test_a_probe_that_never_came_back_is_followed_by_another(hub: Hub, own: str) -> None:
    fail(hub, T0, 5)
    assert asked(hub, T0 + 60_000) == (0, PROBE)
    wait, _ = asked(hub, T0 + 60_000)
    assert asked(hub, T0 + 60_000 + wait) == (0, PROBE)


def test_each_failed_probe_doubles_the_pause_up_to_half_an_hour(hub: Hub, own: str) -> None:
    fail(hub, T0, 5)
    now, pauses = T0, [asked(hub, T0)[0]]
    for _ in range(7):
        now += pauses[-1]
        assert asked(hub, now) == (0, PROBE)
        fail(hub, now, probing=True)
        pauses.append(asked(hub, now)[0])
    minutes = [pause / 60_000 for pause in pauses]
    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30]


@BOTH
def test_calls_that_were_under_way_when_it_opened_do_not_lengthen_the_pause(hub: Hub, own: str) -> None:
    fail(hub, T0, 40)
    assert asked(hub, T0)[0] == 60_000
    assert asked(hub, T0 + 60_000) == (0, PROBE)
    fail(hub, T0 + 60_000, 40)  # slower ones still
    fail(hub, T0 + 60_000, probing=True)
    assert asked(hub, T0 + 60_000)[0] == 120_000


@BOTH
def test_one_success_closes_and_forgets(hub: Hub, own: str) -> None:
    fail(hub, T0, 5)
    hub.db.write(lambda conn: note_success(conn, own, T0))
    assert asked(hub, T0) == (0, HEALTHY)  # and another one need not be noted
    fail(hub, T0, 4)
    assert asked(hub, T0) == (0, "")
    fail(hub, T0)
    assert asked(hub, T0)[0] == 60_000  # the first pause again


@BOTH
def test_the_vendor_asked_for_quiet(hub: Hub, own: str) -> None:
    hub.db.write(lambda conn: quiet(conn, own, T0 + 5000))
    hub.db.write(lambda conn: quiet(conn, own, T0 + 1000))  # a shorter one does not end the longer
    assert asked(hub, T0 + 4000) == (1000, "the vendor asked us to wait")
    assert asked(hub, T0 + 4000, probing=True)[0] == 1000
    assert asked(hub, T0 + 5000) == (0, "")
    with hub.db.read() as conn:
        assert [asked_to_wait(conn, own, T0 + ms) for ms in (4000, 5000)] == [1000, 0]
        assert asked_to_wait(conn, "nobody", T0) == 0


def test_a_success_is_noted_but_not_every_time(hub: Hub, own: str) -> None:
    def last(conn: Connection) -> int:
        return int(conn.execute(select(connections.c.last_call_at)).scalar_one())

    for wall, seen in ((T0, T0), (T0 + 9000, T0), (T0 + 11_000, T0 + 11_000)):
        hub.db.write(lambda conn, wall=wall: note_success(conn, own, wall))  # type: ignore[misc]
        with hub.db.read() as conn:
            assert last(conn) == seen


def test_what_is_not_there_is_not_closed(hub: Hub) -> None:
    fail(hub, T0, 9)
    assert asked(hub, T0) == (0, "")


def test_healthy_is_said_only_of_a_connection_that_has_just_answered(hub: Hub, own: str) -> None:
    hub.db.write(lambda conn: note_success(conn, own, T0))

    def word(wall: int) -> str:
        return hub.db.write(lambda conn: closed_for(conn, own, T0, wall, probing=False))[1]

    assert (word(T0 + 9_000), word(T0 + 11_000)) == (HEALTHY, "")
    fail(hub, T0)
    assert word(T0 + 9_000) == ""  # so that the next success is noted
