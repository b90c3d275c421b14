"""What a vendor tells of our own changes, which is no news: else a recipe that starts on a change and makes one would start itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.core.hub import Hub
from app.db.models import writes
from connectors.contract import Event


def without(hub: Hub, connection_id: str, found: Sequence[Event]) -> list[Event]:
    """The events but for those that only show what a write of ours left behind."""
    wanted = {event.object for event in found if event.version}
    if not wanted:
        return list(found)
    made = (writes.c.connection == connection_id) & writes.c.state.in_(("done", "compensated"))
    mine = made & writes.c.result_id.in_(wanted)
    with hub.db.read() as conn:
        ours = {(r.result_id, r.version_after) for r in conn.execute(select(writes).where(mine))}
    return [event for event in found if not event.version or (event.object, event.version) not in ours]
