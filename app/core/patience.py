"""How long the hub waits for what: durability's numbers, all scaled by one setting."""

from __future__ import annotations

import random
from dataclasses import dataclass

GIVE_UP = 24 * 3600 * 1000  # ms of retries until a person is asked


@dataclass(frozen=True)
class Patience:
    """Derived times of one call, in seconds; at scale 1 the margins are 10, 15 and 30 seconds."""

    scale: float = 1.0

    def call(self, seconds: float) -> float:
        """Seconds a call may take that is declared to take `seconds` at most."""
        return seconds * self.scale

    def ahead(self, interval: int, *, begun: bool) -> int:
        """ms a worker waits for its place in a rate limit before it lets the run go.

        Short for a run that has not begun, so that others get the thread; long for one that has, since it would have to
        read again what it has just read.
        """
        return max(int((10_000 if begun else 1000) * self.scale), 3 * interval if begun else 0)

    def alarm(self, seconds: float) -> float:
        return seconds + 10 * self.scale

    def deadline(self, seconds: float) -> int:
        """ms after which no byte of this call reaches the vendor."""
        return int((seconds + 15 * self.scale) * 1000)

    def lease(self, seconds: float) -> int:
        """ms a run stays ours when a call of `seconds` begins."""
        return int((seconds + 30 * self.scale) * 1000)

    def between(self) -> int:
        """ms a run stays ours between two calls, when nothing is waited for but ourselves."""
        return int(60 * self.scale * 1000)

    def settle(self, seconds: float) -> int:
        return int(seconds * self.scale * 1000)

    def backoff(self, tries: int) -> int:
        """ms until the next try: full jitter up to 15 minutes."""
        return int(random.uniform(0, min(900.0, 2.0 * 2 ** min(tries, 20))) * self.scale * 1000)  # noqa: S311 - no secret
