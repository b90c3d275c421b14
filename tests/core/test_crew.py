"""The crew: every run is worked on once, whatever comes at once; closing it lets the work in hand end and frees the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import jobs
from app.core import claims, engine, limits, routing
from app.core.claims import Claim
from app.core.engine import Outcome
from app.crew import FEW, Crew
from tests.durability.world import World, until


@pytest.fixture
def crews() -> Iterator[Callable[[World, int], Crew]]:
    made: list[Crew] = []

    def make(world: World, most: int) -> Crew:
        made.append(Crew(world.hub, most))
        jobs.use(world.hub, made[-1])
        return made[-1]

    yield make
    for one in made:
        one.close(10)
    jobs.use(None)


class Held:
    """Stands where the engine is called and keeps each thread there until it is let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self.go_on = threading.Event()
        self._real = engine.work_on
        monkeypatch.setattr(engine, "work_on", self)

    def __call__(self, hub: Any, claim: Claim) -> Outcome:
        self.begun.append(claim.run["id"])
        assert self.go_on.wait(20)
        return self._real(hub, claim)


def test_all_that_comes_at_once_becomes_a_page_each(here: World, crews: Callable[[World, int], Crew]) -> None:
    crews(here, 3)
    topics = [f"Meeting {n:02d}" for n in range(FEW + 4)]
    events = [here.receive(topic) for topic in topics]
    jobs.route_event(" ".join(events[:FEW]))  # more than there is room for: what is left is fetched later
    jobs.route_event(" ".join(events[FEW:]))
    until(lambda: [run["state"] for run in here.runs()] == ["done"] * len(topics))
    assert sorted(here.pages()) == topics
    assert {run["claims"] for run in here.runs()} == {0}


def test_runs_that_were_put_off_for_a_moment_go_on_without_a_clock(
    here: World, crews: Callable[[World, int], Crew]
) -> None:
    crews(here, 2)
    soon = here.hub.steady.now() + 700
    here.hub.db.write(lambda conn: limits.quiet(conn, here.connection("notion"), soon))
    topics = [f"Meeting {n}" for n in range(6)]
    jobs.route_event(" ".join(here.receive(topic) for topic in topics))
    until(lambda: [run["state"] for run in here.runs()] == ["done"] * 6)
    assert sorted(here.pages()) == topics
    first = min(request["at"] for request in here.served.control("ledger?slug=notion"))
    assert first >= soon - 100  # whichever clock the ledger goes by


def test_no_more_begin_than_there_are_threads(
    here: World, crews: Callable[[World, int], Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, crew = Held(monkeypatch), crews(here, 2)
    jobs.route_event(" ".join(here.receive(f"Meeting {n}") for n in range(4)))
    until(lambda: len(held.begun) == 2)
    assert crew.room() == 0
    assert not crew.wait_for_room(0.05)
    assert sorted(run["state"] for run in here.runs()) == ["queued", "queued", "running", "running"]
    held.go_on.set()
    until(lambda: [run["state"] for run in here.runs()] == ["done"] * 4)
    assert len(held.begun) == len(set(held.begun)) == 4
    assert crew.wait_for_room(5)


def test_runs_of_one_key_follow_each_other_without_a_ring(
    here: World, crews: Callable[[World, int], Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _ = Held(monkeypatch), crews(here, 4)
    event = here.receive()
    jobs.route_event(event)
    until(lambda: len(held.begun) == 1)
    again = [routing.start_over(here.hub, event, str(n), by="a test")[0] for n in range(2)]
    jobs.run_recipe(" ".join(again))  # nothing can be claimed: the first run of the key is not done
    time.sleep(0.1)
    assert len(held.begun) == 1
    held.go_on.set()
    until(lambda: [run["state"] for run in here.runs()] == ["done"] * 3)
    assert held.begun[1:] == again


def test_closing_waits_for_what_has_begun_and_frees_the_rest(
    here: World, crews: Callable[[World, int], Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, crew = Held(monkeypatch), crews(here, 1)
    jobs.route_event(here.receive("First"))
    until(lambda: len(held.begun) == 1)
    jobs.route_event(here.receive("Second"))
    (second,) = [run for run in here.runs() if run["state"] == "queued"]
    extra = claims.claim(here.hub, "somebody", second["id"])
    assert extra is not None
    crew.take([extra])
    assert not crew.close(0.05)  # somebody is still at work
    assert sorted(run["state"] for run in here.runs()) == ["queued", "running"]
    held.go_on.set()
    assert crew.close(20)
    assert sorted(run["state"] for run in here.runs()) == ["done", "queued"]


def test_what_reaches_a_crew_that_closed_meanwhile_is_free_for_others(
    here: World, crews: Callable[[World, int], Crew]
) -> None:
    crew = crews(here, 2)
    (run,) = routing.route(here.hub, here.receive())
    claim = claims.claim(here.hub, "this process", run)
    assert claim is not None
    assert crew.close(1)
    crew.take([claim])
    assert [(run["state"], run["holder"]) for run in here.runs()] == [("queued", "")]


def test_a_closed_crew_leaves_the_work_for_another(here: World, crews: Callable[[World, int], Crew]) -> None:
    assert crews(here, 2).close(1)
    jobs.route_event(here.receive())
    assert [run["state"] for run in here.runs()] == ["queued"]


def test_a_run_that_stumbles_takes_no_thread_with_it(
    here: World, crews: Callable[[World, int], Crew], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    crews(here, 1)
    real, fail = engine.work_on, [True]

    def stumble(hub: Any, claim: Claim) -> Outcome:
        if fail:
            fail.clear()
            raise RuntimeError("out of nowhere")
        return real(hub, claim)

    monkeypatch.setattr(engine, "work_on", stumble)
    jobs.route_event(here.receive("First"))
    until(lambda: "out of nowhere" in caplog.text)
    jobs.route_event(here.receive("Second"))
    until(lambda: "Second" in here.pages())
    until(lambda: sorted(run["state"] for run in here.runs()) == ["done", "running"])
    assert here.pages() == ["Second"]


def test_a_bell_rings_for_what_came_meanwhile(here: World, redis_url: str) -> None:
    bell = jobs.Bell(replace(here.settings, redis_url=redis_url))
    begun = time.monotonic()
    for n in range(20):
        bell.ring([f"event{n}"])
    assert time.monotonic() - begun < 5
    connection = jobs.connect(redis_url)
    queue = jobs._queue(redis_url, 0)
    rung: list[str] = []

    def all_heard() -> bool:
        for job_id in queue.get_job_ids():
            job = queue.fetch_job(job_id)
            if job is not None:
                rung.extend(job.args[0].split())
                job.delete()
        return len(rung) == 20

    until(all_heard)
    assert sorted(rung) == sorted(f"event{n}" for n in range(20))
    connection.close()
