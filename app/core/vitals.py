"""How many calls each connection made today, and how many of them failed: counted by all processes, in UTC days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete

from app.core.hub import Hub
from app.db.models import tallies

_NAME = "account_calls"


@dataclass(frozen=True)
class Today:
    calls: int = 0
    failed: int = 0


def heard(hub: Hub, connection_id: str) -> Callable[[str], None]:
    """For the door of a connection: told what came of each call ("2xx" to "5xx", "429", "none", "not sent")."""

    def told(answer: str) -> None:
        well = "ok" if answer in ("2xx", "3xx") else "failed"
        hub.tallies.count(_NAME, connection_id, f"{_day(hub.now())} {well}")

    return told


def today(hub: Hub) -> dict[str, Today]:
    """By connection; those that made no call today are not in it."""
    day = _day(hub.now())
    found: dict[str, Today] = {}
    for (connection_id, outcome), number in hub.tallies.totals(_NAME).items():
        if outcome.startswith(day):
            before = found.get(connection_id, Today())
            failed = number if outcome.endswith("failed") else 0
            found[connection_id] = Today(before.calls + number, before.failed + failed)
    return found


def forget(conn: Connection, now: int) -> int:
    """Removes the counts of days that nobody asks for any more. `now`: ms UTC."""
    old = _day(now - int(timedelta(days=2).total_seconds() * 1000))
    return conn.execute(delete(tallies).where(tallies.c.name == _NAME, tallies.c.outcome < old)).rowcount


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")
