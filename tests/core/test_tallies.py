"""Counts of several processes come together in the database, whenever they write them down."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.core import tallies
from app.core.hub import Hub, open_hub
from app.core.tallies import BUCKETS
from app.settings import Settings

pytestmark = pytest.mark.both_databases


def test_what_two_processes_counted_adds_up(settings: Settings) -> None:
    one, other = open_hub(settings), open_hub(settings)
    one.tallies.count("writes", "notion", "done", 2)
    other.tallies.count("writes", "notion", "done")
    other.tallies.count("writes", "zoom", "failed")
    other.close()
    assert one.tallies.totals("writes") == {("notion", "done"): 3, ("zoom", "failed"): 1}
    assert one.tallies.totals("writes") == {("notion", "done"): 3, ("zoom", "failed"): 1}
    one.close()


def test_counts_are_written_down_by_themselves(hub: Hub, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "EVERY", 0.02)
    written, real = threading.Event(), hub.tallies.write_down

    def noticed() -> None:
        real()
        written.set()

    monkeypatch.setattr(hub.tallies, "write_down", noticed)
    hub.tallies.count("calls", "notion", "2xx")
    assert written.wait(20)
    reader = open_hub(settings)
    assert reader.tallies.totals("calls") == {("notion", "2xx"): 1}
    reader.close()


def test_counts_outlive_a_database_that_is_away(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(fn: Any) -> None:
        raise OperationalError("insert", {}, OSError("away"))

    hub.tallies.count("calls", "notion", "2xx")
    with monkeypatch.context() as patched:
        patched.setattr(hub.db, "write", away)
        hub.tallies.write_down()
    hub.tallies.count("calls", "notion", "2xx")
    assert hub.tallies.totals("calls") == {("notion", "2xx"): 2}


def test_how_long_calls_took(hub: Hub) -> None:
    heard = hub.tallies.call("notion")
    for seconds in (0.001, 0.01, 0.2, 70.0):
        heard(seconds, "2xx")
    heard(3.0, "none")
    spread = hub.tallies.spreads()["notion"]
    by_bucket = dict(zip(BUCKETS, spread.up_to, strict=True))
    assert (by_bucket[0.01], by_bucket[0.1], by_bucket[0.25], by_bucket[2.5], by_bucket[60.0]) == (2, 2, 3, 3, 4)
    assert spread.count == 5
    assert spread.seconds == pytest.approx(73.211)
    assert hub.tallies.totals("calls") == {("notion", "2xx"): 4, ("notion", "none"): 1}
