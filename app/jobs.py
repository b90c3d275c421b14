"""What workers do. RQ is a doorbell: a job is one id, may be lost or run twice, and the database decides what there is to do."""

from __future__ import annotations

import logging
import os
import socket
import threading
from functools import lru_cache
from typing import Any

import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from app.core import claims, engine, polling, routing
from app.core.hub import Hub, open_hub
from app.settings import Settings, read

log = logging.getLogger("patchbay.jobs")
QUEUE = "patchbay"
ALLOWED = ("route_event", "run_recipe", "catch_up")
_RESULT_TTL = 0  # the database has the results
_hub: Hub | None = None


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
    connection.connection_pool.connection_kwargs["socket_timeout"] = 1.0  # a vendor waits while we ring
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=HubJob)


def ring_event(settings: Settings, event_id: str) -> None:
    """Ask a worker to route an event. Never raises: the clock rings for what was missed."""
    _ring(settings, "route_event", event_id)


def ring_run(settings: Settings, run_id: str) -> None:
    """Ask a worker to go on with a run. Never raises."""
    _ring(settings, "run_recipe", run_id)


def ring_poll(settings: Settings, connection_id: str, kind: str) -> None:
    """Ask a worker to catch up on what webhooks may have lost. Never raises."""
    _ring(settings, "catch_up", f"{connection_id} {kind}")


def _ring(settings: Settings, name: str, argument: str) -> None:
    try:
        options = {"job_timeout": -1, "result_ttl": _RESULT_TTL, "failure_ttl": _RESULT_TTL, "ttl": 3600}
        _queue(settings.redis_url, os.getpid()).enqueue(f"app.jobs.{name}", argument, **options)
    except Exception as problem:
        log.warning("could not ring for %s %s: %s", name, argument, problem)


# --- the jobs ---


class Hands:
    """How many jobs of this process are at work, and whether it takes more."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._busy = 0
        self._closed = False

    def __enter__(self) -> bool:
        """True when this job may begin."""
        with self._change:
            self._busy += 1
            return not self._closed

    def __exit__(self, *_: object) -> None:
        with self._change:
            self._busy -= 1
            self._change.notify_all()

    def close(self, seconds: float) -> bool:
        """Take no more; True when all that were at work have ended within `seconds`. What is left undone the clock rings for."""
        with self._change:
            self._closed = True
            return self._change.wait_for(lambda: self._busy == 0, seconds)


hands = Hands()


def use(hub: Hub | None) -> None:
    """The hub that this process's jobs work for."""
    global _hub
    _hub = hub


def hub() -> Hub:
    if _hub is None:
        use(open_hub(read(os.environ)))
    assert _hub is not None
    return _hub


def route_event(event_id: str) -> None:
    """Make the runs of an event, and work on them."""
    with hands as welcome:
        started = routing.route(hub(), event_id) if welcome else []
        for run_id in started[1:]:
            ring_run(hub().settings, run_id)
        if started:
            _work_on(started[0])


def run_recipe(run_id: str) -> None:
    """Take a run as far as it goes, then ring for the one that it held up. Does nothing for a run that is not claimable."""
    with hands as welcome:
        if welcome:
            _work_on(run_id)


def _work_on(run_id: str) -> None:
    claim = claims.claim(hub(), holder(), run_id)
    if claim is None:
        return
    outcome = engine.work_on(hub(), claim)
    if outcome.next_run:
        ring_run(hub().settings, outcome.next_run)


def catch_up(argument: str) -> None:
    """Ask a vendor for missed events."""
    connection_id, _, kind = argument.partition(" ")
    with hands as welcome:
        for event_id in polling.poll(hub(), connection_id, kind) if welcome else ():
            ring_event(hub().settings, event_id)


def holder() -> str:
    """Who holds a claim, for people who look at the table."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 100000}"
