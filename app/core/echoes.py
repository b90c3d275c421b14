"""What a vendor tells of our own changes, which is no news: else a recipe that starts on a change and makes one would start itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, literal_column, select

from app.core.hub import Hub
from app.db.models import writes
from connectors.contract import Event

_LEFT_BEHIND = (
    select(writes.c.result_id, writes.c.version_after)
    .where(writes.c.connection == bindparam("which"), writes.c.result_id.in_(bindparam("objects", expanding=True)))
    .where(writes.c.version_after != literal_column("''"), writes.c.state.in_(("done", "compensated")))
)


def without(hub: Hub, connection_id: str, found: Sequence[Event]) -> list[Event]:
    """The events but for those that only show what a write of ours left behind."""
    wanted = sorted({event.object for event in found if event.version})
    if not wanted:
        return list(found)
    with hub.db.read() as conn:
        ours = set(map(tuple, conn.execute(_LEFT_BEHIND, {"which": connection_id, "objects": wanted})))
    return [event for event in found if not event.version or (event.object, event.version) not in ours]
