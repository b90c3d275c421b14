"""Deliveries go first: while several are being taken in, the processes that work on runs wait a moment before they write.

Vendors wait three seconds for an answer and some never send again; a run can wait. On a small machine both want the same
processor and the same disk, and in a burst every delivery would stand in line behind the work that the ones before it caused.
All the work is done a moment later, and no slower.

What is being taken in is told in memory that the processes of one `run` share, because they are forked from one that has
imported this module; processes that were started apart know nothing of each other and nobody waits.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SEVERAL = 3  # deliveries at once; fewer are served beside the work
_LONGEST = 0.2  # seconds that one write waits, so that work goes on in a flood without end
_LOOK = 0.002  # seconds between two looks
_STALE = 200  # ms without any change: whoever told it is gone

_shared = memoryview(mmap.mmap(-1, 16)).cast("q")  # deliveries in hand, and when that changed (monotonic ms)
_guard = threading.Lock()


def begin() -> None:
    """Called by the process that takes deliveries, before the first: another one may have died with some in hand."""
    with _guard:
        _shared[0] = 0


@contextmanager
def delivery() -> Iterator[None]:
    """Around everything that is done for a delivery."""
    _tell(1)
    try:
        yield
    finally:
        _tell(-1)


def _tell(more: int) -> None:
    with _guard:
        _shared[0] += more
        _shared[1] = _now()


def give_way() -> None:
    """Returns when few deliveries are in hand, and after a while in any case."""
    until = time.monotonic() + _LONGEST
    while _shared[0] >= _SEVERAL and _now() - _shared[1] < _STALE and time.monotonic() < until:
        time.sleep(_LOOK)


def _now() -> int:
    return time.monotonic_ns() // 1_000_000
