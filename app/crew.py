"""Who works on claimed runs: the caller's own thread, or threads of this process that are made as they are needed."""

from __future__ import annotations

import heapq
import logging
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from app.core import claims, engine
from app.core.claims import Claim
from app.core.hub import Hub

log = logging.getLogger("patchbay.crew")
_SOON = 60_000  # ms
FEW = 8  # runs claimed at once: one commit for all, and other processes get their share
Job = Claim | Callable[[], None]


def holder() -> str:
    """Who holds a claim, for people who look at the table."""
    return f"{platform.node()}:{os.getpid()}"


def _nothing() -> None:
    """A job that only makes its thread look for more."""


class Alone:
    """Works in the caller's thread, one run after the other."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def room(self) -> int:
        return FEW

    def more(self) -> None:
        """Whoever calls looks for more by itself."""

    def take(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if isinstance(job, Claim):
                self._follow(job)
            else:
                job()

    def _follow(self, claim: Claim | None) -> None:
        while claim is not None:
            outcome = engine.work_on(self._hub, claim)
            claim = claims.claim(self._hub, holder(), outcome.next_run) if outcome.next_run else None


class Wakes:
    """Calls `wake` when runs that were put off for a moment may go on, so that they need not wait for a clock's round."""

    def __init__(self, hub: Hub, wake: Callable[[], None]) -> None:
        self._hub, self._wake = hub, wake
        self._times: list[int] = []
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    def at(self, time: int) -> None:
        """`time` in ms of the steady clock; one that is far off is left to the clock."""
        if time - self._hub.steady.now() > _SOON:
            return
        with self._change:
            heapq.heappush(self._times, time)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="wakes", daemon=True)
                self._thread.start()
            self._change.notify()

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._times)
                ahead = self._times[0] - self._hub.steady.now()
                if ahead > 0:
                    self._change.wait(ahead / 1000)
                    continue
                heapq.heappop(self._times)
            self._wake()


class Crew:
    """At most `most` threads; each takes what was handed over, then what else is claimable, until there is nothing."""

    def __init__(self, hub: Hub, most: int) -> None:
        self._hub, self._most = hub, most
        self._todo: deque[Job] = deque()
        self._change = threading.Condition()
        self._fetching = threading.Lock()
        self._threads = self._idle = self._busy = 0
        self._hints = self._followed = 0  # signs that there is more to claim, and how many of them were followed
        self._closed = False
        self._wakes = Wakes(hub, self._look)
        self.worked = 0  # runs that were taken in hand

    def room(self) -> int:
        """How many jobs can begin at once."""
        with self._change:
            return 0 if self._closed else max(self._most - self._busy - len(self._todo), 0)

    def wait_for_room(self, seconds: float) -> bool:
        with self._change:
            return self._change.wait_for(
                lambda: not self._closed and self._busy + len(self._todo) < self._most, seconds
            )

    def wait_until_idle(self, seconds: float) -> bool:
        """True when nothing is in hand and nothing waits for a thread."""
        with self._change:
            return self._change.wait_for(lambda: not self._busy and not self._todo, seconds)

    def more(self) -> None:
        """There is more to claim than there was room for: whoever is done looks for it."""
        with self._change:
            self._hints += 1

    def _look(self) -> None:
        """Something can be claimed now: by a thread that has nothing to do, or by the next one that is done."""
        self.more()
        if self.room():
            self.take([_nothing])

    def take(self, jobs: Sequence[Job]) -> None:
        """Begin these as soon as a thread is free. A crew that was closed meanwhile leaves them to others."""
        with self._change:
            if not self._closed:
                self._todo.extend(jobs)
                self._hire()
                self._change.notify(len(jobs))
                return
        self._let_go(jobs)

    def _hire(self) -> None:
        for _ in range(min(len(self._todo) - self._idle, self._most - self._threads)):
            self._threads += 1
            threading.Thread(target=self._serve, name=f"crew-{self._threads}", daemon=True).start()

    def close(self, seconds: float) -> bool:
        """Begin nothing more, let go of what has not begun; True when all that had begun ended within `seconds`."""
        with self._change:
            self._closed = True
            left = list(self._todo)
            self._todo.clear()
            self._change.notify_all()
        self._let_go(left)
        with self._change:
            return self._change.wait_for(lambda: self._busy == 0, seconds)

    def _let_go(self, jobs: Sequence[Job]) -> None:
        for claim in (job for job in jobs if isinstance(job, Claim)):
            self._hub.suspects.left(claim.run["id"])
            try:
                self._hub.db.write(partial(claims.let_go, claim_=claim, state="queued"))
            except Exception:
                log.exception("a run could not be freed; it goes on when its lease is over")

    # --- the threads ---

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            while job is not None:
                job = self._do(job)
            with self._change:
                self._busy -= 1
                self._change.notify_all()

    def _next(self) -> Job | None:
        with self._change:
            self._idle += 1
            self._change.wait_for(lambda: self._todo or self._closed)
            self._idle -= 1
            if self._closed:
                return None
            self._busy += 1
            return self._todo.popleft()

    def _do(self, job: Job) -> Claim | None:
        """One job; returns what this thread can go on with."""
        try:
            if not isinstance(job, Claim):
                job()
                return self._fetch()
            with self._change:
                self.worked += 1
            outcome = engine.work_on(self._hub, job)
            if outcome.wake_at:
                self._wakes.at(outcome.wake_at)
            if outcome.next_run and not self._closed:
                return claims.claim(self._hub, holder(), outcome.next_run) or self._fetch()
            return self._fetch()
        except Exception:
            log.exception("a run stumbled; it goes on when its lease is over")
            return None

    def _fetch(self) -> Claim | None:
        """Claim a few, if there was a sign of more: one for this thread, the others for idle ones."""
        if self._hints == self._followed or self._closed:
            return None
        with self._fetching:
            seen, most = self._hints, min(FEW, 1 + self.room())
            if seen == self._followed:
                return None
            found = claims.claim_some(self._hub, holder(), most)
            if len(found) < most:
                self._followed = seen
        self.take(found[1:])
        return found[0] if found else None
