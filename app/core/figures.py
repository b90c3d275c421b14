"""What stands at this moment, in numbers for whoever watches the hub. Only the few rows that are not finished are looked at, so
a look costs the same with a million finished runs as with none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from app.core import hold
from app.core.hub import Hub
from app.core.stops import PLANNED
from app.db.models import AT_WORK, RESTING, connections, events, literally, reviews, runs, writes

_r, _e, _w = runs.c, events.c, writes.c
_AT_WORK = _r.state.in_(literally(AT_WORK))  # in the words of the indexes of runs that are not done
_HELD = _r.state.in_(("undoing", "waiting")) & _r.state.in_(literally(RESTING))
_UNROUTED = (_e.state == "new") & (_e.state != literally(("routed",))[0])
_NEW = select(func.count(), func.min(_e.received_at)).where(_UNROUTED)
_OPEN_WRITES = ("asked", "intent", "pending", "unknown")
_NOT_DONE = _w.state.in_(_OPEN_WRITES) & (_w.state != literally(("done",))[0])


@dataclass(frozen=True)
class Account:
    """A connection that was not removed."""

    id: str
    vendor: str
    practice: bool
    circuit_open: bool
    reconnect: bool


@dataclass(frozen=True)
class Figures:
    """`oldest`: stage → ms UTC of the oldest event that stands there: "new", or the state of its run, or "planned" when the
    recipe wants it to wait; a run without an event counts from its own beginning. `on_hold`: nothing is sent before the owner
    resumes. The others are numbers of rows."""

    oldest: dict[str, int]
    events_new: int
    runs: dict[str, int]
    waiting: dict[str, int]
    writes: dict[str, int]
    reviews: dict[str, int]
    accounts: list[Account]
    on_hold: bool


def read(hub: Hub) -> Figures:
    with hub.db.read() as conn:
        new, first = conn.execute(_NEW).one()
        return Figures(
            oldest={**({"new": int(first)} if new else {}), **_oldest_runs(conn)},
            events_new=int(new),
            runs={"queued": 0, "running": 0, "later": 0, "waiting": 0, "undoing": 0, **_by_state(conn)},
            waiting=_waiting(conn),
            writes={**dict.fromkeys(_OPEN_WRITES, 0), **_counts(conn, select(_w.state, func.count()).where(_NOT_DONE))},
            reviews=_counts(conn, select(reviews.c.kind, func.count()).where(reviews.c.state == "open")),
            accounts=_accounts(conn),
            on_hold=hold.get(conn) is not None,
        )


def _counts(conn: Connection, query: Select[Any]) -> dict[str, int]:
    grouped = query.group_by(query.selected_columns[0])
    return {str(name): int(number) for name, number in conn.execute(grouped)}


def _by_state(conn: Connection) -> dict[str, int]:
    query = select(_r.state, func.count())
    return _counts(conn, query.where(_AT_WORK)) | _counts(conn, query.where(_HELD))


def _waiting(conn: Connection) -> dict[str, int]:
    """cause → runs that go on by themselves later, or wait for a person."""
    query = select(_r.cause, func.count())
    later = _counts(conn, query.where(_AT_WORK, _r.state == "later"))
    held = _counts(conn, query.where(_HELD, _r.state == "waiting"))
    return {cause: later.get(cause, 0) + held.get(cause, 0) for cause in sorted({*later, *held})}


def _oldest_runs(conn: Connection) -> dict[str, int]:
    """Ids begin with the time at which they were made, so the smallest id is the oldest run."""
    query = select(_r.state, _r.cause, func.min(_r.id)).group_by(_r.state, _r.cause)
    stages: dict[str, str] = {}
    for few in (_AT_WORK, _HELD):
        for state, cause, run in conn.execute(query.where(few)):
            stage = "planned" if state == "later" and cause in PLANNED else str(state)
            stages[stage] = min(str(run), stages.get(stage, str(run)))
    first = {run: stage for stage, run in stages.items()}
    since = func.coalesce(_e.received_at, _r.made_at)
    known = select(_r.id, since).select_from(runs.outerjoin(events, _r.event == _e.id)).where(_r.id.in_(first))
    return {str(first[run]): int(at) for run, at in conn.execute(known)}


def _accounts(conn: Connection) -> list[Account]:
    c = connections.c
    query = select(c.id, c.slug, c.practice, c.circuit, c.state).where(c.state != "removed").order_by(c.id)
    return [
        Account(row.id, row.slug, bool(row.practice), row.circuit == "open", row.state == "reconnect")
        for row in conn.execute(query)
    ]
