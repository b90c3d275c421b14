"""Redis holds nothing that matters: flushed all the time, absent, or written to by a stranger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from app import jobs
from tests import redis_server
from tests.durability.processes import flushed, process, ring, said, wait_for_all
from tests.durability.world import TODOS, World, until

EVENTS = 8


@pytest.fixture
def server() -> Iterator[redis_server.Server]:
    """One of its own, for it is stopped and started."""
    made = redis_server.Server()
    yield made
    made.stop()


def test_a_redis_that_forgets_everything_changes_nothing(here: World, server: redis_server.Server) -> None:
    topics = [f"Meeting {n}" for n in range(EVENTS)]
    with process(here, "worker", server.url), process(here, "clock", server.url), flushed(server):
        for topic in topics:
            ring(here, server.url, here.receive(topic))
        wait_for_all(here, EVENTS)
    assert sorted(here.pages()) == topics
    assert len(here.pages(TODOS)) == EVENTS
    assert here.asked() == EVENTS
    assert {w["state"] for w in here.writes()} == {"done"}


def test_without_redis_events_are_taken_and_wait(here: World, server: redis_server.Server) -> None:
    server.stop(keep=True)
    with process(here, "clock", server.url), process(here, "worker", server.url):
        event = here.receive()  # answered 200, or this raises
        ring(here, server.url, event)
        assert here.runs() == []
        server.start()
        wait_for_all(here, 1)
    assert here.pages() == ["Catch-up"]


def test_a_job_of_somebody_else_is_refused(here: World, server: redis_server.Server) -> None:
    target = here.settings.home / "touched"
    with redis.Redis.from_url(server.url) as connection:
        queue = Queue(jobs.QUEUE, connection=connection, serializer=JSONSerializer)
        for function in ("os.system", "app.jobs.os.system", "app.jobs.hub"):
            queue.enqueue(function, f"touch {target}", job_timeout=-1)
        ring(here, server.url, here.receive())
        with process(here, "worker", server.url):
            wait_for_all(here, 1)
            until(lambda: said(here, "worker").count("refused a job") >= 3)
    assert not target.exists()
    assert "os.system" in said(here, "worker")
