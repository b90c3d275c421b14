"""Ends a call at its deadline whatever the other side does: one thread closes the sockets whose time is up.

A socket time-out counts from the last byte, so an answer that drips one byte a second would never end by it.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from dataclasses import dataclass, field

_LONGEST_SLEEP = 5.0


@dataclass(order=True)
class Watch:
    """One call under watch; `fired` tells that its socket was closed by us."""

    deadline: float
    no: int
    sock: socket.socket | None = field(default=None, compare=False)
    fired: bool = field(default=False, compare=False)
    over: bool = field(default=False, compare=False)

    def hold(self, sock: socket.socket) -> None:
        """The socket this call now uses."""
        self.sock = sock
        if self.fired:
            _shut(sock)


class Watchdog:
    """All watches of one process. The thread starts with the first one and ends with the process."""

    def __init__(self) -> None:
        self._heap: list[Watch] = []
        self._lock = threading.Condition()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, seconds: float) -> Watch:
        watch = Watch(time.monotonic() + seconds, next(self._numbers))
        with self._lock:
            first = not self._heap or watch.deadline < self._heap[0].deadline
            heapq.heappush(self._heap, watch)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="watchdog", daemon=True)
                self._thread.start()
            elif first:
                self._lock.notify()
        return watch

    def done(self, watch: Watch) -> None:
        watch.over, watch.sock = True, None

    def _loop(self) -> None:
        while True:
            with self._lock:
                while self._heap and (self._heap[0].over or self._heap[0].deadline <= time.monotonic()):
                    self._end(heapq.heappop(self._heap))
                left = self._heap[0].deadline - time.monotonic() if self._heap else _LONGEST_SLEEP
                self._lock.wait(min(max(left, 0.001), _LONGEST_SLEEP))

    @staticmethod
    def _end(watch: Watch) -> None:
        if not watch.over:
            watch.fired = True
            if watch.sock is not None:
                _shut(watch.sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


watchdog = Watchdog()
