"""A change that may have been sent by the hub that our data was taken from is treated like one whose answer was lost.

Its key is made of what the change is, not of its row's id: a hub that was put back to yesterday makes the same key for the same
change, and finds by it what it has sent since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping

from app.core import claims
from app.core.change import Change
from app.core.ids import new_id

if TYPE_CHECKING:
    from app.core.gate import Gate


def suspected(gate: Gate, change: Change) -> RowMapping | None:
    """The row of a change; `unknown`, if it may have been sent before this hub was restored (`core.hold`)."""
    row, since = change.row, gate.work.doubt
    settled = row is not None and row["state"] not in ("pending", "asked")
    if since is None or settled or gate.work.level == "rehearse":
        return row
    if row is not None and (row["first_sent_at"] or 0) > since.resumed_at:
        return row  # sent since, so its own answers count
    write_id, key = (row["id"], row["key"]) if row is not None else (new_id(), gate.key(change))
    request = gate.draw(change, key)
    hub, journal, steady = gate.hub, gate.journal, gate.hub.steady.now()
    values = {
        "state": "unknown",
        "tries": 0,
        "first_sent_at": since.data_until,
        "deadline_at": steady - max(hub.now() - since.resumed_at, 0),
    }

    put = gate.row(change, write_id, key, request)

    def suspect(conn: Connection) -> None:
        claims.hold(conn, gate.work.claim, steady + gate.work.patience.between())
        put(conn, values)
        journal.save(conn, *change.place, state="unknown", write=write_id, started_at=hub.now())
        journal.flush(conn)

    hub.db.write(suspect)
    journal.flushed()
    return journal.reload_write(write_id)


def first_sent_at(row: RowMapping | None) -> int:
    """0 for a change that was not sent yet; one that was only suspected was not sent by us."""
    return int(row["first_sent_at"] or 0) if row is not None and row["tries"] else 0
