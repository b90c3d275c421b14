"""Shared limits per connection, kept in the database so that all workers see them and no flush forgets them."""

from __future__ import annotations

import math

from sqlalchemy import BigInteger, Connection, bindparam, case, literal_column, select, update

from app.core.statements import change, insert_once
from app.db.models import connections, limits

_FAILS = 5  # in a row open the circuit
_FIRST_PAUSE, _LONGEST_PAUSE = 60_000, 1_800_000  # ms

_c = connections.c
_TAT = select(limits.c.tat).where(limits.c.key == bindparam("which")).with_for_update()
_START = case(
    (limits.c.tat > bindparam("now", type_=BigInteger), limits.c.tat), else_=bindparam("now", type_=BigInteger)
)
_TAKE = (
    update(limits)
    .where(limits.c.key == bindparam("which"), bindparam("latest") >= _START)
    .values(tat=_START + bindparam("interval"))
    .returning(limits.c.tat)
)
_PAUSES = select(_c.circuit, _c.circuit_until, _c.quiet_until, _c.fails, _c.last_call_at).where(
    _c.id == bindparam("which")
)
_FRESH = 10_000  # ms for which the time of the last call may stay as it is
_SUCCESS = (
    update(connections)
    .where(_c.id == bindparam("which"))
    .where(_c.circuit != literal_column("'stopped'"))
    .where((_c.fails > 0) | (_c.circuit == "open") | (_c.last_call_at.is_(None)) | (_c.last_call_at < bindparam("old")))
    .values(fails=0, trips=0, circuit="closed", last_call_at=bindparam("wall"))
)


def take(conn: Connection, key: str, rate: float, burst: int, now: int, *, ahead: int) -> int:
    """ms until this call may go (0: now). The place in line is taken only if that is at most `ahead`.

    GCRA: `tat` is when the bucket would be full again.
    """
    interval = max(math.ceil(1000 / rate), 1)  # whole ms; rounded down it would allow more than `rate`
    room = (burst - 1) * interval
    taken = {"which": key, "now": now, "interval": interval, "latest": now + ahead + room}
    after = conn.execute(_TAKE, taken).scalar()
    if after is not None:
        return max(int(after) - interval - room - now, 0)
    tat = conn.execute(_TAT, {"which": key}).scalar()
    if tat is None:
        insert_once(conn, limits, {"key": key, "tat": 0})
        tat = conn.execute(_TAT, {"which": key}).scalar_one()
    start = max(int(tat), now)
    wait = max(start - room - now, 0)
    if wait <= ahead:
        change(conn, limits, {"key": key}, tat=start + interval)
    return wait


_LONGEST_LINE = 30_000  # ms by which a run behind others is put off at most


def turn(conn: Connection, key: str, rate: float, at: int) -> int:
    """When a run asks again that could not call before `at`: those that are put off come one after the other, as fast as the
    rate lets them go, and not all at once."""
    return at + min(take(conn, f"{key}:line", rate, 1, at, ahead=_LONGEST_LINE), _LONGEST_LINE)


PROBE = "asking whether the vendor answers again"
ASKED_TO_WAIT = "the vendor asked us to wait"
STOPPED = "it wants nothing more until a person has seen to it"
HEALTHY = "it answers, and has just done so"


def closed_for(
    conn: Connection, connection_id: str, now: int, wall: int, *, probing: bool, scale: float = 1.0
) -> tuple[int, str]:
    """(ms until this connection may be called, why). (0, PROBE) for the first caller after a pause: the others wait on, while
    it (`probing`) may make all its calls. (1, STOPPED) until a person has seen to it. (0, HEALTHY) where one more success
    would change nothing."""
    c = connections.c
    row = conn.execute(_PAUSES, {"which": connection_id}).first()
    if row is None:
        return 0, ""
    if row.circuit == "stopped":
        return 1, STOPPED
    if row.quiet_until > now:
        return row.quiet_until - now, ASKED_TO_WAIT
    if row.circuit == "open" and not probing:
        if row.circuit_until > now:
            return row.circuit_until - now, "the vendor does not answer; trying again by itself"
        probe = update(connections).where(c.id == connection_id, c.circuit_until == row.circuit_until)
        conn.execute(probe.values(circuit_until=now + int(_FIRST_PAUSE // 2 * scale)))
        return 0, PROBE
    is_healthy = row.circuit == "closed" and not row.fails and (row.last_call_at or 0) > wall - _FRESH
    return 0, HEALTHY if is_healthy else ""


def asked_to_wait(conn: Connection, connection_id: str, now: int) -> int:
    """ms for which the vendor wants no more calls; also those that have their place in line heed it."""
    until = conn.execute(_PAUSES, {"which": connection_id}).first()
    return max(until.quiet_until - now, 0) if until is not None else 0


def note_success(conn: Connection, connection_id: str, wall: int) -> None:
    """The circuit is closed, and the time of the last call is right to ten seconds."""
    conn.execute(_SUCCESS, {"which": connection_id, "wall": wall, "old": wall - _FRESH})


def note_failure(conn: Connection, connection_id: str, now: int, scale: float, *, probing: bool = False) -> None:
    """One more failure in a row; the fifth opens the circuit, each failed probe doubles the pause up to half an hour.

    Calls that were under way when it opened say nothing that is not known: with a hundred of them a hiccup of the vendor would
    become half an hour.
    """
    c = connections.c
    row = conn.execute(select(c.fails, c.trips, c.circuit).where(c.id == connection_id).with_for_update()).first()
    if row is None or row.circuit == "stopped":
        return
    values: dict[str, int | str] = {"fails": row.fails + 1}
    if probing if row.circuit == "open" else row.fails + 1 >= _FAILS:
        pause = min(_FIRST_PAUSE * 2**row.trips, _LONGEST_PAUSE)
        values |= {"circuit": "open", "circuit_until": now + int(pause * scale), "trips": row.trips + 1}
    conn.execute(update(connections).where(c.id == connection_id).values(**values))


def quiet(conn: Connection, connection_id: str, until: int) -> None:
    """429: the whole connection waits."""
    c = connections.c
    conn.execute(update(connections).where(c.id == connection_id, c.quiet_until < until).values(quiet_until=until))
