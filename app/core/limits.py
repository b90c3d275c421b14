"""Shared limits per connection, kept in the database so that all workers see them and no flush forgets them."""

from __future__ import annotations

import math

from sqlalchemy import Connection, select, update

from app.core.statements import insert_once
from app.db.models import connections, limits

_FAILS = 5  # in a row open the circuit
_FIRST_PAUSE, _LONGEST_PAUSE = 60_000, 1_800_000  # ms


def take(conn: Connection, key: str, rate: float, burst: int, now: int, *, ahead: int) -> int:
    """ms until this call may go (0: now). The place in line is taken only if that is at most `ahead`.

    GCRA: `tat` is when the bucket would be full again.
    """
    interval = max(math.ceil(1000 / rate), 1)  # whole ms; rounded down it would allow more than `rate`
    insert_once(conn, limits, {"key": key, "tat": 0})
    tat = conn.execute(select(limits.c.tat).where(limits.c.key == key).with_for_update()).scalar_one()
    start = max(int(tat), now)
    wait = max(start - (burst - 1) * interval - now, 0)
    if wait <= ahead:
        conn.execute(update(limits).where(limits.c.key == key).values(tat=start + interval))
    return wait


PROBE = "asking whether the vendor answers again"


def closed_for(conn: Connection, connection_id: str, now: int, *, probing: bool) -> tuple[int, str]:
    """(ms until this connection may be called, why). (0, PROBE) for the first caller after a pause: the others wait on, while
    it (`probing`) may make all its calls."""
    c = connections.c
    row = conn.execute(select(c.circuit, c.circuit_until, c.quiet_until).where(c.id == connection_id)).first()
    if row is None:
        return 0, ""
    if row.quiet_until > now:
        return row.quiet_until - now, "the vendor asked us to wait"
    if row.circuit == "open" and not probing:
        if row.circuit_until > now:
            return row.circuit_until - now, "the vendor does not answer; trying again by itself"
        probe = update(connections).where(c.id == connection_id, c.circuit_until == row.circuit_until)
        conn.execute(probe.values(circuit_until=now + _FIRST_PAUSE // 2))
        return 0, PROBE
    return 0, ""


def note_success(conn: Connection, connection_id: str, wall: int) -> None:
    c = connections.c
    fresh = {"fails": 0, "trips": 0, "circuit": "closed", "last_call_at": wall}
    stale = (c.fails > 0) | (c.circuit == "open") | (c.last_call_at.is_(None)) | (c.last_call_at < wall - 10_000)
    conn.execute(update(connections).where(c.id == connection_id, stale).values(**fresh))


def note_failure(conn: Connection, connection_id: str, now: int, scale: float) -> None:
    """One more failure in a row; the fifth opens the circuit, each further opening doubles the pause up to half an hour."""
    c = connections.c
    row = conn.execute(select(c.fails, c.trips, c.circuit).where(c.id == connection_id).with_for_update()).first()
    if row is None:
        return
    values: dict[str, int | str] = {"fails": row.fails + 1}
    if row.fails + 1 >= _FAILS or row.circuit == "open":
        pause = min(_FIRST_PAUSE * 2**row.trips, _LONGEST_PAUSE)
        values |= {"circuit": "open", "circuit_until": now + int(pause * scale), "trips": row.trips + 1}
    conn.execute(update(connections).where(c.id == connection_id).values(**values))


def quiet(conn: Connection, connection_id: str, until: int) -> None:
    """429: the whole connection waits."""
    c = connections.c
    conn.execute(update(connections).where(c.id == connection_id, c.quiet_until < until).values(quiet_until=until))
