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
    """The events but for those that only show what writes of ours left behind, all of it: a version may have several lines
    (one for each column of a row, say), and each of them may come from another write."""
    wanted = sorted({event.object for event in found if event.version})
    if not wanted:
        return list(found)
    with hub.db.read() as conn:
        rows = conn.execute(_LEFT_BEHIND, {"which": connection_id, "objects": wanted}).all()
    ours = {(row.result_id, line) for row in rows for line in row.version_after.split("\n")}
    return [event for event in found if not event.version or _lines(event) - ours]


def _lines(event: Event) -> set[tuple[str, str]]:
    return {(event.object, line) for line in event.version.split("\n")}
