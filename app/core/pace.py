"""What is fetched outside of runs keeps to the vendor's pace, too, in one line with the runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from app.core import limits
from app.core.hub import Hub
from app.core.opening import Opened

T = TypeVar("T")
AHEAD = 60_000  # ms that one request waits in line at most; a longer line is the vendor's to refuse


def in_step(hub: Hub, ask: Callable[[Opened], T]) -> Callable[[Opened], T]:
    """`ask`, each of whose requests waits until it is its turn."""

    def paced(opened: Opened) -> T:
        before, opened.door.permit = opened.door.permit, lambda: time.sleep(_turn(hub, opened) / 1000)
        try:
            return ask(opened)
        finally:
            opened.door.permit = before

    return paced


def _turn(hub: Hub, opened: Opened) -> int:
    """ms until the next request may go."""
    key, c, now = f"{opened.id}:calls", opened.connector, hub.steady.now()
    wait: int = hub.db.write(lambda conn: limits.take(conn, key, c.rate, c.burst, now, ahead=AHEAD))
    return min(wait, AHEAD)
