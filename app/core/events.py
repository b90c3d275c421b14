"""Events as people see them, and starting one over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, or_, select, update

from app.core import audit, routing
from app.core.hold import is_off
from app.core.hub import Hub
from app.core.ids import first_at, new_id
from app.core.paging import newest
from app.db.models import events, reviews

_AHEAD = 1000  # ms by which another machine's clock may be ahead of ours
_SHOWN = [
    "id",
    "connection",
    "kind",
    "state",
    "error",
    "received_at",
    "occurred_at",
    "copies",
    "last_copy_at",
    "tries",
    "serial_key",
    "body_sha256",
]


def listing(hub: Hub, *, state: str = "", since: int = 0, before: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Newest first, those older than the id `before`; `since` ms UTC."""
    query = select(*(events.c[n] for n in _SHOWN)).where(*_in_state(state))
    with hub.db.read() as conn:
        return [dict(r) for r in conn.execute(newest(query, events.c.id, limit, before, since)).mappings()]


def _in_state(state: str) -> list[ColumnElement[bool]]:
    """The state, in the words of the index of what was not routed."""
    if not state or state == "routed":
        return [events.c.state == state] if state else []
    return [events.c.state == state, events.c.state != literal_column("'routed'")]


def get(hub: Hub, event_id: str) -> dict[str, Any]:
    """`is_kept`: what came in is still there. Raises LookupError."""
    columns = [*(events.c[n] for n in _SHOWN), events.c.body.is_not(None).label("is_kept")]
    with hub.db.read() as conn:
        found = conn.execute(select(*columns).where(events.c.id == event_id)).mappings().first()
    if found is None:
        raise LookupError(f"There is no event {event_id}")
    return dict(found)


def new_ones(hub: Hub, limit: int, older_than: int = 0) -> list[str]:
    """Ids of events can be routed and nobody has, oldest first; `older_than` ms, to leave those just being rung for alone.

    One from the future came before the wall clock was set back, and does not wait until the clock has caught up.
    """
    now = hub.now()
    come = or_(events.c.id < first_at(now - older_than + 1), events.c.id >= first_at(now + _AHEAD))
    query = select(events.c.id).where(*_in_state("new"), come, is_off()).order_by(events.c.id).limit(limit)
    with hub.db.read() as conn:
        return [str(i) for i in conn.execute(query).scalars()]


def replay(hub: Hub, event_id: str, *, by: str = "", number: str = "") -> list[str]:
    """Start an event over: new runs, whatever earlier ones did. Returns their ids. Raises LookupError, ValueError."""
    found = get(hub, event_id)
    if not found["is_kept"]:
        raise ValueError("What came in was removed because of its age, so this event cannot be started over")
    if found["state"] == "dead":
        revive(hub, event_id, by=by)
        return []
    started = routing.start_over(hub, event_id, number or new_id(), by=by)
    hub.db.write(lambda conn: audit.add(conn, hub, by, "started over", f"event:{event_id}", {"runs": len(started)}))
    return started


def revive(hub: Hub, event_id: str, *, by: str = "") -> None:
    """A dead event is tried again."""

    def save(conn: Connection) -> None:
        fresh = {"state": "new", "tries": 0, "error": ""}
        conn.execute(update(events).where(events.c.id == event_id, events.c.state == "dead").values(**fresh))
        mine = (reviews.c.event == event_id) & (reviews.c.state == "open")
        decided = {"state": "decided", "decision": "again", "decided_by": by, "decided_at": hub.now()}
        conn.execute(update(reviews).where(mine).values(**decided, row_version=reviews.c.row_version + 1))

    hub.db.write(save)
