"""How fast somebody may knock: token buckets in memory, per process."""

from __future__ import annotations

import time
from threading import Lock


class Bucket:
    """`rate` a second, `burst` at once, for each key."""

    def __init__(self, rate: float, burst: int, keys: int = 10_000) -> None:
        self._rate, self._burst, self._keys = rate, burst, keys
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, key: str, cost: float = 1.0) -> float:
        """0 if there was room, else the seconds until there is. A `cost` of 0 only looks."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.get(key, (float(self._burst), now))
            left = min(float(self._burst), left + (now - then) * self._rate)
            enough = left >= max(cost, 1.0)
            if len(self._left) >= self._keys and key not in self._left:
                self._left.clear()
            self._left[key] = (left - cost if enough else left, now)
        return 0.0 if enough else (max(cost, 1.0) - left) / self._rate
