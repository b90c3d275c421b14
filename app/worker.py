"""The worker process: one thread hears RQ's rings and claims runs, a crew of threads works on them.

Threads because nearly all time is spent waiting for vendors (measured: 16 processes do a ninth of the work of 100 threads and
take seven times the memory). It is crash-only: whatever ends it, the database knows what is left.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from functools import partial
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from app import jobs
from app.core import (
    alarm,
    beginning,
    claims,
    disk,
    events,
    firing,
    hold,
    polling,
    reviews,
    right_of_way,
    routing,
    waits,
    wall,
)
from app.core.hub import Hub, open_hub
from app.core.trimming import Trimmer
from app.crew import FEW, Crew, holder
from app.settings import Settings

log = logging.getLogger("patchbay.worker")
_HEARTBEAT = 5.0  # seconds
_SHOW_UP = 20.0  # seconds
_IDLE = 2  # seconds a thread waits for a job before it looks whether to stop


class _Listener(SimpleWorker):
    """An RQ worker that leaves signals to the process and takes jobs in its own thread."""

    death_penalty_class = TimerDeathPenalty
    job_class = jobs.HubJob
    max_connection_wait_time = 3.0  # seconds between tries while Redis is away
    _beat = float("-inf")
    crew: Crew | None = None

    def _install_signal_handlers(self) -> None:
        """Only the main thread may, and it does."""

    def subscribe(self) -> None:
        """No command channel: a thread and a connection a worker for what we do not use."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """RQ asks whether to stop only between jobs; without a job it would wait for ever. While our crew is busy, rings are
        left to others."""
        while not self._stop_requested:
            if self.crew is not None and not self.crew.wait_for_room(_IDLE):
                continue
            found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time=_IDLE)
            if found is not None:
                return found
        return None

    def check_for_suspension(self, burst: bool) -> None:
        """Whoever wants it to rest stops it; asking Redis before each job costs as much as the job's ring."""

    def set_state(self, state: Any, pipeline: Any = None) -> None:
        """Told with the heartbeat."""
        self._state = state

    def procline(self, message: str) -> None:
        """The process has a name already."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Now and then, not four times a job: only RQ's own command line looks at it."""
        if pipeline is not None or time.monotonic() - self._beat > _HEARTBEAT:
            super().heartbeat(timeout, pipeline)
            self._beat = time.monotonic()

    def execute_job(self, job: Any, queue: Any) -> None:
        """A ring is forgotten before it is followed: what came of it is in the database, and RQ would keep books about it
        with fifty commands to Redis."""
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.lrem(queue.intermediate_queue_key, 1, job.id)
            pipe.delete(job.key)
            pipe.execute()
        try:
            job.func(*job.args)
        except Exception:
            self.handle_exception(job, *sys.exc_info())

    def handle_exception(self, job: Any, *exc_info: Any) -> None:
        """The trace goes to the log, and the clock rings again."""
        log.error("job %s failed", job.description, exc_info=exc_info[:3] if len(exc_info) >= 3 else True)


def run(settings: Settings, *, prepared: bool = False) -> int:
    """Work until SIGTERM or SIGINT: then finish the calls in hand and leave."""
    alarm.die_with_parent()
    alarm.enable()
    hub = open_hub(settings)
    hub.db.before_write = right_of_way.give_way
    (beginning.warm if prepared else beginning.prepare)(hub)
    crew = Crew(hub, settings.threads)
    jobs.use(hub, crew)
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    listening = threading.Thread(target=_listen, args=(settings, crew, stop), name="listener", daemon=True)
    listening.start()
    log.info("working with at most %d threads", settings.threads)
    jobs.show_up(settings, "worker")
    shown = time.monotonic()
    while not stop.wait(1.0):
        if time.monotonic() - shown > _SHOW_UP:
            jobs.show_up(settings, "worker")
            shown = time.monotonic()
        if not listening.is_alive():
            return 1
    hub.leaving = True
    if not crew.close(60 * settings.patience + 5):
        log.warning("leaving with calls in hand; another worker looks after them when their leases are over")
    hub.close()
    return 0


def burst(settings: Settings) -> dict[str, int]:
    """Work until nothing can be taken in hand now, without Redis and without a clock; then leave, as also after SIGTERM.

    For platforms that start a process every few minutes. Returns how many events were routed and how often a run was worked on.
    """
    alarm.enable()
    hub = open_hub(settings)
    beginning.prepare(hub)
    crew, stop, routed = Crew(hub, settings.threads), threading.Event(), 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if hold.find(hub) is None:
        _wake(hub, crew)
    while not stop.is_set():
        idle = crew.wait_until_idle(0.2)  # asked first: what a run leaves behind is seen after it
        found = _take_some(hub, crew)
        routed += found[0]
        if idle and not any(found):
            break
    hub.leaving = True
    crew.close(60 * settings.patience + 5)
    hub.close()
    return {"events": routed, "runs": crew.worked}


def _wake(hub: Hub, crew: Crew) -> None:
    """What a clock does in one round, besides ringing."""
    waits.tend(hub)
    wall.watch(hub)
    firing.fire(hub)
    reviews.expire(hub)
    Trimmer(hub).round()
    crew.take([partial(_poll, hub, *due) for due in polling.due(hub, idle_practice=False)])


def _poll(hub: Hub, connection_id: str, kind: str) -> None:
    polling.poll(hub, connection_id, kind)


def _take_some(hub: Hub, crew: Crew) -> tuple[int, int]:
    """How many events were routed and how many runs were claimed."""
    if disk.is_full(hub):
        return 0, 0
    new = events.new_ones(hub, FEW) if crew.room() else []
    claimed, _ = routing.start(hub, new, holder(), crew.room())
    crew.take(claimed)
    waiting = claims.claim_some(hub, holder(), min(FEW, crew.room()))
    crew.take(waiting)
    return len(new), len(claimed) + len(waiting)


def _listen(settings: Settings, crew: Crew, stop: threading.Event) -> None:
    """An RQ worker, made anew when Redis was away. It dies with the process, wherever it waits."""
    while not stop.is_set():
        try:
            connection = jobs.connect(settings.redis_url)
            connection.ping()
            queue = Queue(jobs.QUEUE, connection=connection, serializer=JSONSerializer, job_class=jobs.HubJob)
            listener = _Listener([queue], connection=connection, serializer=JSONSerializer, worker_ttl=20)
            listener.crew = crew
            listener.work(burst=False, logging_level="WARNING", with_scheduler=False)
        except (RedisError, OSError) as problem:
            log.warning("Redis is away (%s); trying again", problem)
            stop.wait(2.0)
        except Exception:
            log.exception("the thread that hears rings stumbled")
            stop.wait(2.0)
