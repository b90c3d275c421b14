"""How often we said no, by kind and day. Counted in memory and written down now and then, so that a flood of refused
requests is not a flood of writes."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core import statements
from app.core.hub import Hub
from app.db.models import refusals

_EVERY = 5.0
_counts: Counter[str] = Counter()
_lock = Lock()
_written = 0.0


def count(hub: Hub, kind: str) -> None:
    with _lock:
        _counts[kind] += 1
        late = time.monotonic() - _written > _EVERY
    if late:
        write_down(hub)


def write_down(hub: Hub) -> None:
    """What was counted since the last time. If the database is away it stays counted."""
    global _written
    with _lock:
        taken = dict(_counts)
        _counts.clear()
        _written = time.monotonic()
    if not taken:
        return
    try:
        hub.db.write(lambda conn: _add(conn, datetime.now(UTC).date().isoformat(), taken))
    except SQLAlchemyError:
        with _lock:
            _counts.update(taken)


def _add(conn: Connection, day: str, taken: dict[str, int]) -> None:
    for kind, number in sorted(taken.items()):
        statements.add(conn, refusals, {"day": day, "kind": kind}, count=number)


def listing(hub: Hub, days: int = 14) -> list[dict[str, Any]]:
    """day, kind, count; newest first."""
    write_down(hub)
    query = select(refusals).order_by(refusals.c.day.desc(), refusals.c.kind).limit(days * 10)
    with hub.db.read() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]


def totals(hub: Hub) -> dict[str, int]:
    """Since the beginning, by kind."""
    write_down(hub)
    query = select(refusals.c.kind, func.sum(refusals.c.count)).group_by(refusals.c.kind).order_by(refusals.c.kind)
    with hub.db.read() as conn:
        return {kind: int(number) for kind, number in conn.execute(query)}


def reset() -> None:
    """Forget what was counted and not written down."""
    global _written
    with _lock:
        _counts.clear()
        _written = 0.0
