"""Jumps of the wall clock. Leases and deadlines do not notice them; times of recipes do, so a person is told."""

from __future__ import annotations

import logging
from typing import Any

from app.core import house, schedules
from app.core.hub import Hub

log = logging.getLogger("patchbay.wall")
JUMP = 600_000  # ms
_SHOWN = 3 * 86_400_000  # ms for which a jump is shown
_KEY = "wall clock"


def watch(hub: Hub) -> None:
    """Notice that the wall clock parted from the steady one by more than ten minutes since somebody last looked."""
    now = hub.now()
    apart = now - hub.steady.now()
    with hub.db.read() as conn:
        known: dict[str, Any] = house.get(conn, _KEY, {})
        boot = house.get(conn, "boot", {}).get("id", "")  # on SQLite a new boot sets the steady clock anew
    before = known.get("apart", 0) if known.get("boot", boot) == boot else 0
    jump = apart - int(before)
    if abs(jump) <= JUMP:
        return
    log.warning("the wall clock jumped by %d minutes", round(jump / 60_000))
    hub.db.write(lambda conn: house.put(conn, _KEY, {"boot": boot, "apart": apart, "at": now, "by": jump}))
    if jump < 0:
        schedules.turn_back(hub)


def jump(hub: Hub) -> tuple[int, int] | None:
    """(when, by how many ms) the wall clock jumped lately; None when it did not."""
    with hub.db.read() as conn:
        known: dict[str, Any] = house.get(conn, _KEY, {})
    lately = known.get("at") and abs(hub.now() - known["at"]) < _SHOWN
    return (int(known["at"]), int(known["by"])) if lately else None


def words(by: int) -> str:
    """ "went 2 hours forward"."""
    minutes = round(abs(by) / 60_000)
    amount = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"The clock of this machine went {amount} {'forward' if by > 0 else 'back'} at once"
