"""What workers do. RQ is a doorbell: a job is a few ids, may be lost or run twice, and the database decides what there is to do."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from app.core import claims, polling, renewal, routing
from app.core.hub import Hub, open_hub
from app.crew import FEW, Alone, Crew, holder
from app.settings import Settings, read

log = logging.getLogger("patchbay.jobs")
QUEUE = "patchbay"
ALLOWED = ("route_event", "run_recipe", "catch_up", "renew")
_RESULT_TTL = 0  # the database has the results
# Seconds between two rings of one process; what comes meanwhile shares the next one. The busier it is, the longer.
_PACE, _LONGEST_PACE = 0.01, 0.05
_hub: Hub | None = None
_crew: Crew | Alone | None = None


class HubJob(Job):
    """A job that can only call what is on the list: whoever writes into Redis can ring our bell and nothing else."""

    @property
    def func(self) -> Any:
        name = (self.func_name or "").removeprefix("app.jobs.")
        if not (self.func_name or "").startswith("app.jobs.") or name not in ALLOWED:
            log.error("refused a job that calls %r: somebody else writes into this Redis", str(self.func_name)[:100])
            raise PermissionError("not one of this hub's jobs")
        return globals()[name]


def connect(url: str) -> redis.Redis:
    """A pool of its own per process; short time-outs, since a ring may fail and a worker asks again."""
    return redis.Redis.from_url(
        url, max_connections=1000, socket_timeout=15, socket_connect_timeout=2, health_check_interval=30
    )


@lru_cache(maxsize=4)
def _queue(url: str, pid: int) -> Queue:
    connection = connect(url)
    connection.connection_pool.connection_kwargs["socket_timeout"] = 1.0  # somebody may wait while we ring
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=HubJob)


# --- ringing ---


def ring_event(settings: Settings, *event_ids: str) -> None:
    """Ask workers to route events. Never raises: the clock rings for what was missed."""
    _ring_all(settings, "route_event", event_ids)


def ring_run(settings: Settings, *run_ids: str) -> None:
    """Ask workers to go on with runs. Never raises."""
    _ring_all(settings, "run_recipe", run_ids)


def ring_poll(settings: Settings, connection_id: str, kind: str) -> None:
    """Ask a worker to catch up on what webhooks may have lost. Never raises."""
    _ring(settings, "catch_up", f"{connection_id} {kind}")


def ring_renewal(settings: Settings, *connection_ids: str) -> None:
    """Ask workers to renew tokens that nobody has used for a day. Never raises."""
    for connection_id in connection_ids:
        _ring(settings, "renew", connection_id)


def _ring_all(settings: Settings, name: str, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), FEW):
        _ring(settings, name, " ".join(ids[start : start + FEW]))


def _ring(settings: Settings, name: str, argument: str) -> None:
    try:
        options = {"job_timeout": -1, "result_ttl": _RESULT_TTL, "failure_ttl": _RESULT_TTL, "ttl": 3600}
        _queue(settings.redis_url, os.getpid()).enqueue(f"app.jobs.{name}", argument, **options)
    except Exception as problem:
        log.warning("could not ring for %s %s: %s", name, argument, problem)


# --- who is there ---

_SEEN, _LIFE = "patchbay:seen", 60  # seconds


def show_up(settings: Settings, name: str) -> None:
    """Leave a sign in Redis that this process is at work; it fades within a minute. Never raises."""
    try:
        connection = _queue(settings.redis_url, os.getpid()).connection
        connection.set(f"{_SEEN}:{name}:{holder()}", 1, ex=_LIFE)
    except Exception as problem:
        log.debug("could not show up: %s", problem)


def seen(settings: Settings) -> dict[str, int]:
    """name → how many such processes showed up in the last minute."""
    with connect(settings.redis_url) as connection:
        return dict(Counter(key.decode().split(":")[2] for key in connection.scan_iter(f"{_SEEN}:*", count=1000)))


class Bell:
    """Rings for events from a thread of its own: no vendor waits for Redis, and what comes close together rings once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: list[str] = []
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, event_ids: Sequence[str]) -> None:
        """Soon; never raises and never waits."""
        with self._change:
            self._waiting += event_ids
            if self._thread is None or not self._thread.is_alive():  # also in a child that was forked since
                self._thread = threading.Thread(target=self._serve, name="bell", daemon=True)
                self._thread.start()
            self._change.notify()

    def _serve(self) -> None:
        pace = _PACE
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting)
                ids, self._waiting = self._waiting, []
            ring_event(self._settings, *ids)
            time.sleep(pace)  # a ring takes the processor longer than the acknowledgement of an event
            with self._change:
                pace = min(2 * pace, _LONGEST_PACE) if self._waiting else _PACE


# --- the jobs ---


def use(hub: Hub | None, crew: Crew | None = None) -> None:
    """The hub that this process's jobs work for, and who works on its runs: without a crew, the caller."""
    global _hub, _crew
    _hub = hub
    _crew = crew or (Alone(hub) if hub else None)


def _ours() -> tuple[Hub, Crew | Alone]:
    if _hub is None or _crew is None:
        use(open_hub(read(os.environ)))
    assert _hub is not None
    assert _crew is not None
    return _hub, _crew


def route_event(event_ids: str) -> None:
    """Make the runs of events, and begin them as far as there is room; `event_ids` are separated by spaces."""
    hub, crew = _ours()
    claimed, left = routing.start(hub, event_ids.split(), holder(), crew.room())
    crew.take(claimed)
    if left:
        crew.more()
        ring_run(hub.settings, *left)


def run_recipe(run_ids: str) -> None:
    """Take runs as far as they go. Does nothing for a run that is not claimable."""
    hub, crew = _ours()
    ids = run_ids.split()
    room = crew.room()
    crew.take(claims.claim_some(hub, holder(), room, ids))
    if room < len(ids):
        crew.more()


def catch_up(argument: str) -> None:
    """Ask a vendor for missed events."""
    hub, crew = _ours()
    crew.take([partial(_catch_up, hub, *argument.partition(" ")[::2])])


def renew(connection_id: str) -> None:
    """Renew the tokens of an account, if they still have to be."""
    hub, crew = _ours()
    crew.take([partial(renewal.keep_alive, hub, connection_id)])


def _catch_up(hub: Hub, connection_id: str, kind: str) -> None:
    ring_event(hub.settings, *polling.poll(hub, connection_id, kind))
