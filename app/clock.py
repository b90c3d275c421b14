"""The clock process: a plain loop that rings for whatever is left lying. Any number may run; recovery is this scan, for ever."""

from __future__ import annotations

import logging
import signal
import threading
from collections import OrderedDict
from types import FrameType

from app import jobs
from app.core import alarm, beginning, claims, endings, events, firing, hold, polling, renewal, reviews, waits, wall
from app.core.daily import Daily
from app.core.folder import Watcher
from app.core.hub import Hub, open_hub
from app.core.trimming import Trimmer
from app.settings import Settings

log = logging.getLogger("patchbay.clock")
_EVERY = 5.0  # seconds
_MOST = 200  # rings a round
_RING_AGAIN = 30_000  # ms before the same id is rung for again


def run(settings: Settings, *, prepared: bool = False) -> int:
    """Until SIGTERM or SIGINT."""
    alarm.die_with_parent()
    hub = open_hub(settings)
    (beginning.warm if prepared else beginning.prepare)(hub)
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    rung, trimmer, daily, watcher = Rung(), Trimmer(hub), Daily(settings), Watcher(hub)
    while True:
        jobs.show_up(settings, "clock")
        try:
            tick(hub, rung)
            jobs.ring_event(settings, *watcher.round())
            trimmer.round()
            daily.round()
        except Exception:
            log.exception("a round of the clock failed; the next one tries again")
        if stop.wait(max(_EVERY * min(settings.patience, 1.0), 0.2)):
            hub.close()
            return 0


class Rung:
    """What was rung for lately, so that a long queue is not filled with the same id again and again."""

    def __init__(self) -> None:
        self._at: OrderedDict[str, int] = OrderedDict()

    def may(self, key: str, now: int, again: int) -> bool:
        if now - self._at.get(key, -again) < again:
            return False
        self._at[key] = now
        self._at.move_to_end(key)
        while len(self._at) > 10_000:
            self._at.popitem(last=False)
        return True


def tick(hub: Hub, rung: Rung) -> None:
    """One round: unrouted events, runs that nobody holds, approvals nobody gave in time, polls that are due. Nothing
    of it while this hub is on hold."""
    if hold.find(hub):
        return
    settings, now = hub.settings, hub.steady.now()
    again = int(_RING_AGAIN * min(settings.patience, 1.0))
    unrouted = events.new_ones(hub, _MOST, older_than=int(2000 * min(settings.patience, 1.0)))
    jobs.ring_event(settings, *(i for i in unrouted if rung.may(i, now, again)))
    jobs.ring_run(settings, *waits.tend(hub))
    jobs.ring_run(settings, *(i for i in claims.ready(hub, _MOST) if rung.may(i, now, again)))
    wall.watch(hub)
    jobs.ring_run(settings, *firing.fire(hub))
    reviews.expire(hub)
    if rung.may("endings", now, 60_000):
        endings.watch(hub)
    jobs.ring_renewal(settings, *(i for i in renewal.due(hub) if rung.may(f"renew {i}", now, again)))
    for connection_id, kind in polling.due(hub, idle_practice=False):
        jobs.ring_poll(settings, connection_id, kind)
