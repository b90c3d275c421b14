"""The doorbell: only our own jobs can be rung for, a broken bell stops nobody, and closing hands lets the work in hand end."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rq.exceptions import DeserializationError
from rq.serializers import JSONSerializer

from app import jobs
from app.jobs import HubJob
from app.settings import Settings
from tests.durability.world import ALL_WELL, World, until

REFUSED = [
    "os.system",
    "builtins.eval",
    "subprocess.run",
    "app.jobs.connect",  # ours, but no job
    "app.jobs._ring",
    "app.jobs.os.system",
    "app.jobs.hub",
    "run_recipe",
    "app.core.routing.route",
    "app.jobs.run_recipe.__class__",
    "",
]


@pytest.fixture
def bell(settings: Settings, redis_url: str) -> Settings:
    return replace(settings, redis_url=redis_url)


@pytest.fixture
def working(here: World) -> Iterator[World]:
    jobs.use(here.hub)
    yield here
    jobs.use(None)


def job(name: str) -> HubJob:
    found = HubJob.__new__(HubJob)
    found._func_name = name
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_on_the_list_is_refused_and_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PermissionError):
        _ = job(name).func
    assert "somebody else writes into this Redis" in caplog.text


@pytest.mark.parametrize("name", ["route_event", "run_recipe", "catch_up", "renew"])
def test_the_list(name: str) -> None:
    assert job(f"app.jobs.{name}").func is getattr(jobs, name)
    assert set(jobs.ALLOWED) == {"route_event", "run_recipe", "catch_up", "renew"}


def test_a_ring_is_json_with_ids(bell: Settings) -> None:
    jobs.ring_run(bell, "the run")
    jobs.ring_event(bell, "the event")
    jobs.ring_event(bell, *"abcdefghijk")
    jobs.ring_poll(bell, "connection", "kind")
    connection = jobs.connect(bell.redis_url)
    found = [HubJob.fetch(i, connection=connection, serializer=JSONSerializer) for i in _queued(connection)]
    asked = [(one.func_name, one.args, one.timeout) for one in found]
    assert [(name, list(args), timeout) for name, args, timeout in asked] == [
        ("app.jobs.run_recipe", ["the run"], -1),
        ("app.jobs.route_event", ["the event"], -1),
        ("app.jobs.route_event", ["a b c d e f g h"], -1),
        ("app.jobs.route_event", ["i j k"], -1),
        ("app.jobs.catch_up", ["connection kind"], -1),
    ]
    connection.close()


def test_pickle_is_never_read(bell: Settings) -> None:
    jobs.ring_run(bell, "the run")
    connection = jobs.connect(bell.redis_url)
    (queued,) = _queued(connection)
    connection.hset(f"rq:job:{queued}", "data", pickle.dumps(_Trap()))
    with pytest.raises(DeserializationError):
        _ = HubJob.fetch(queued, connection=connection, serializer=JSONSerializer).args
    assert not SPRUNG
    pickle.loads(pickle.dumps(_Trap()))  # the trap itself is in order
    assert SPRUNG.pop() == "sprung"
    connection.close()


SPRUNG: list[str] = []


def spring(word: str) -> None:
    SPRUNG.append(word)


class _Trap:
    """Pickle calls a function of the attacker's choice."""

    def __reduce__(self) -> Any:
        return spring, ("sprung",)


@pytest.mark.parametrize("url", ["unix:///nowhere/redis.sock", "redis://127.0.0.1:1", "not an address", ""])
def test_a_bell_that_is_broken_is_only_logged(settings: Settings, url: str, caplog: pytest.LogCaptureFixture) -> None:
    begun = time.monotonic()
    jobs.ring_event(replace(settings, redis_url=url), "event")
    assert time.monotonic() - begun < 3
    assert [r.levelno for r in caplog.records if r.name == "patchbay.jobs"] == [logging.WARNING]


def test_a_rung_event_becomes_a_page(working: World) -> None:
    jobs.route_event(working.receive())
    working.work()
    assert working.state() == ALL_WELL


def test_a_job_done_twice_does_nothing_more(working: World) -> None:
    event = working.receive()
    jobs.route_event(event)
    working.work()
    for _ in range(2):
        jobs.route_event(event)
        jobs.run_recipe(working.run()["id"])
    assert working.state() == ALL_WELL
    assert working.asked() == 1


def test_ids_of_nothing_do_nothing(working: World) -> None:
    jobs.route_event("nothing")
    jobs.run_recipe("nothing")
    assert working.runs() == []


def _queued(connection: Any) -> list[str]:
    return [i.decode() for i in connection.lrange(f"rq:queue:{jobs.QUEUE}", 0, -1)]


def test_events_that_come_close_together_share_a_ring(bell: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_PACE", 3.0)
    connection, rings = jobs.connect(bell.redis_url), jobs.Bell(bell)

    def rung() -> list[str]:
        found = [HubJob.fetch(i, connection=connection, serializer=JSONSerializer) for i in _queued(connection)]
        return [str(one.args[0]) for one in found]

    rings.ring(["first"])
    until(lambda: rung() == ["first"])  # at once
    for event in ("second", "third", "fourth"):
        rings.ring([event])
        time.sleep(0.05)  # each would have a ring of its own
    until(lambda: len(rung()) > 1)
    assert rung() == ["first", "second third fourth"]
    connection.close()
