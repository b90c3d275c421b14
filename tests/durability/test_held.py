"""In real time: a worker that dies or stands still while a vendor holds its request. Another one finishes; there is one page."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import pytest

from app.core import claims
from tests.durability import breaks
from tests.durability.processes import process, ring, wait_for_all
from tests.durability.world import ALL_WELL, World, drive, until

PAGES: Mapping[str, Any] = {"method": "POST", "path": "/v1/pages", "seconds": 60}


def held(here: World) -> bool:
    return any(request["held"] for request in here.served.ledger("notion"))


def over(here: World) -> bool:
    """The lease of whoever had the run is over, in real time."""
    return bool(claims.ready(here.hub, 1))


def test_killed_after_the_vendor_applied(here: World, redis_url: str) -> None:
    here.served.fault("notion", "hold_after", **PAGES)
    with process(here, "worker", redis_url) as worker:
        ring(here, redis_url, here.receive())
        until(lambda: held(here))
        worker.kill()
        worker.wait()
    here.served.control("release", {})
    until(lambda: over(here))
    here.work()
    assert here.state() == ALL_WELL
    assert "look-up" in {w["found_by"] for w in here.writes()}


def test_killed_before_the_vendor_applied_which_it_does_late(here: World, redis_url: str) -> None:
    assert late(here, redis_url) == ALL_WELL


def test_who_does_not_wait_for_a_late_vendor_makes_two_pages(
    here: World, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaks.settle, "settle", breaks.settle.settle)  # so that it is put back
    breaks.BREAKS["hasty look"]()
    assert late(here, redis_url) == ("done", ["Catch-up"] * 2, ["Order a catalogue"])


def late(here: World, redis_url: str) -> tuple[Any, ...]:
    """The taker-over looks once while the vendor still holds the request; then the vendor applies it, then the clock is moved
    on past the deadline."""
    here.served.fault("notion", "hold_before", **PAGES)
    with process(here, "worker", redis_url) as worker:
        ring(here, redis_url, here.receive())
        until(lambda: held(here))
        worker.kill()
        worker.wait()
    until(lambda: over(here))
    drive(here.hub, most=0)
    here.served.control("release", {})
    until(lambda: "Catch-up" in here.pages() and not held(here))
    here.work()
    return here.state()


@pytest.mark.parametrize("moment", ["hold_before", "hold_after"])
def test_a_worker_that_stood_still_past_its_deadline_dies_when_it_goes_on(
    here: World, redis_url: str, moment: str
) -> None:
    here.served.fault("notion", moment, **PAGES)
    with process(here, "worker", redis_url) as worker:
        ring(here, redis_url, here.receive())
        until(lambda: held(here))
        worker.send_signal(signal.SIGSTOP)
        if moment == "hold_after":
            here.served.control("release", {})
        until(lambda: over(here))
        if moment == "hold_before":  # applied just before the deadline, as late as can be
            here.served.control("release", {})
        until(lambda: here.pages() == ["Catch-up"] and not held(here))
        here.work()
        assert here.state() == ALL_WELL
        before = [here.runs(), here.writes(), here.entries(), here.served.ledger("notion")]
        worker.send_signal(signal.SIGCONT)
        assert worker.wait(30) == -signal.SIGALRM
    assert before == [here.runs(), here.writes(), here.entries(), here.served.ledger("notion")]


def test_a_call_that_is_held_holds_up_nobody_else(here: World, redis_url: str) -> None:
    here.served.fault("notion", "hold_before", **PAGES)
    with process(here, "worker", redis_url), process(here, "worker", redis_url):
        ring(here, redis_url, here.receive())
        until(lambda: held(here))
        other = here.receive("Other")
        ring(here, redis_url, other)
        until(lambda: [run["state"] for run in here.runs(other)] == ["done"])
        here.served.control("release", {})
        with process(here, "clock", redis_url):
            wait_for_all(here, 2)
    assert sorted(here.pages()) == ["Catch-up", "Other"]
