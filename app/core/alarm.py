"""The kernel's own timer: a worker that hangs or was stopped dies before its call's deadline and runs no instruction after it.

SIGALRM keeps its default action, which ends the whole process; the protocol allows that. The runs of one process share one timer,
kept at the earliest deadline in hand. Only worker processes enable it: a web process must not die of a slow vendor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_lock = threading.Lock()
_deadlines: dict[int, float] = {}
_enabled = False


def enable() -> None:
    global _enabled
    _enabled = True


@contextmanager
def armed(seconds: float) -> Iterator[None]:
    """Within this block the process lives at most `seconds` from now."""
    me = object()
    _set(id(me), time.monotonic() + seconds)
    try:
        yield
    finally:
        _set(id(me), None)


def _set(key: int, deadline: float | None) -> None:
    if not _enabled:
        return
    with _lock:
        if deadline is None:
            _deadlines.pop(key, None)
        else:
            _deadlines[key] = deadline
        left = min(_deadlines.values()) - time.monotonic() if _deadlines else 0.0
        signal.setitimer(signal.ITIMER_REAL, max(left, 0.001) if _deadlines else 0.0)


def die_with_parent() -> None:
    """Under `patchbay run` a worker must not outlive its parent: nobody would restart or stop it."""
    if sys.platform == "linux" and os.environ.get("PATCHBAY_DIE_WITH_PARENT") == "yes":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
