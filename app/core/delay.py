"""Time to stop what nothing takes back: once decided, such a change waits a while before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from app.core import claims
from app.core.change import Change
from app.core.stops import Later

if TYPE_CHECKING:
    from app.core.gate import Gate, Put


def give(gate: Gate, change: Change, row: Callable[[], Put], write_id: str) -> None:
    """Raises Later until the time is over, counted from when it was approved, or ready. A run that is stopped meanwhile sends
    nothing. What was tried before, and what takes something back, does not wait."""
    wait, now = gate.work.patience.settle(change.action.delay), gate.hub.steady.now()
    if not wait or change.undoes or (change.row is not None and change.row["tries"]):
        return
    begun = change.row is not None and change.row["state"] == "pending"
    until = int(change.row["deadline_at"]) if begun and change.row is not None else now + wait
    if not begun:
        put = row()
        gate.hub.db.write(lambda conn: _note(conn, gate, change, write_id, put, until))
        gate.journal.flushed()
    if until > now:
        says = f"This leaves in {max(round((until - now) / 1000), 1)} seconds. Stop the run to keep it back"
        raise Later(says, until, cause="time")


def _note(conn: Connection, gate: Gate, change: Change, write_id: str, put: Put, until: int) -> None:
    """Waits from now on: the row says until when, so that a worker that dies meanwhile begins no other wait."""
    claims.hold(conn, gate.work.claim, gate.hub.steady.now() + gate.work.patience.between(), progress=True)
    put(conn, {"state": "pending", "deadline_at": until})
    entry: dict[str, Any] = {"state": "pending", "write": write_id, "started_at": gate.hub.now()}
    gate.journal.save(conn, *change.place, **entry)
    gate.journal.flush(conn)
