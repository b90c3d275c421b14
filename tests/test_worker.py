"""The listener hears rings, refuses what is none of its jobs, and leaves nothing behind in Redis."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from app import jobs, worker
from app.core.hub import Hub


def test_rings_are_heard_and_forgotten_and_foreign_jobs_refused(
    hub: Hub, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection = jobs.connect(redis_url)
    queue = Queue(jobs.QUEUE, connection=connection, serializer=JSONSerializer, job_class=jobs.HubJob)
    queue.enqueue("os.system", "touch /tmp/nobody-may-do-this")
    jobs.ring_run(replace(hub.settings, redis_url=redis_url), "no such run")
    assert queue.count == 2

    jobs.use(hub)
    thread_worker = worker._Listener([queue], connection=connection, serializer=JSONSerializer, worker_ttl=20)
    thread = threading.Thread(target=thread_worker.work, kwargs={"logging_level": "WARNING", "with_scheduler": False})
    with caplog.at_level(logging.ERROR):
        thread.start()
        until = time.monotonic() + 10
        while (queue.count or list(connection.scan_iter("rq:job:*"))) and time.monotonic() < until:
            time.sleep(0.01)
        thread_worker._stop_requested = True
        thread.join(10)
    jobs.use(None)

    assert queue.count == 0
    assert list(connection.scan_iter("rq:job:*")) == []
    assert connection.llen(queue.intermediate_queue_key) == 0
    assert "not one of this hub's jobs" in caplog.text
    assert not thread.is_alive()
    connection.close()
