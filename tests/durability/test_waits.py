"""Runs that wait for a time or an event: they hold no thread, go on once, and neither a reboot nor a worker's end loses them."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, select

from app import clock, jobs
from app.cli import happened
from app.cli.speak import Out
from app.core import claims, engine, recipes, reviews, routing, runs, waits
from app.core.trimming import Trimmer
from app.db import models
from app.settings import KEEP
from tests.durability.world import RECIPE, World, one_round

BOTH = pytest.mark.both_databases
DAY = 86_400_000  # ms
EVENT = """\
for_event: zoom.meeting.summary_completed
      where: {topic: "{{ settings.skip | first }}", host_email: "{{ event.host_email }}"}
      at_most: 3 days
"""
TEXT = """\
recipe: zoom-recap-to-notion
title: Wait and write
purpose: To test.
settings:
  meetings: {label: Meetings, type: notion.data_source}
  skip: {label: Skip, type: list, default: [The end]}
when: zoom.meeting.summary_completed
only_if: "{{ event.topic | contains_any: settings.skip | not }}"
steps:
  - id: pause
    wait:
      WAIT
  - id: page
    do: notion.create_page
    given:
      data_source: "{{ settings.meetings }}"
      title: "{{ event.topic }}: {% if pause.came %}{{ pause.event.topic }}{% else %}alone{% endif %}"
      markdown: It waited until {{ pause.ended_at }}.
"""


def publish(here: World, folder: Path, wait: str, text: str = TEXT) -> None:
    home = folder / RECIPE
    home.mkdir(exist_ok=True)
    if "for_event" not in wait:
        text = text.replace(": {% if pause.came %}{{ pause.event.topic }}{% else %}alone{% endif %}", "")
    (home / "recipe.yaml").write_text(text.replace("WAIT", wait.strip()))
    recipes.publish(here.hub, home, by="Ana")


@contextmanager
def later(ms: int) -> Iterator[None]:
    """The wall clock so much later; the steady one goes on as it was."""
    with time_machine.travel(time.time() + ms / 1000, tick=True):
        yield


def begin(here: World, topic: str = "Catch-up") -> dict[str, Any]:
    event = here.receive(topic)
    here.work(most=0)
    return here.run(event)


def tend(here: World) -> list[str]:
    return waits.tend(here.hub)


# --- a time -----------------------------------------------------------------------------------------------------------


@BOTH
def test_a_run_waits_for_days_without_a_thread(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days")
    run = begin(here)
    assert (run["state"], run["cause"], run["holder"], here.pages()) == ("later", "time", "", [])
    assert run["why"].startswith("Waits until ")
    assert 0 <= run["wake_at"] - here.hub.steady.now() - 2 * DAY + 60_000 < 120_000
    with later(2 * DAY + 1000):
        here.skip(2 * DAY + 1000)
        here.work(most=0)
        assert here.run()["state"] == "done"
        assert here.pages() == ["Catch-up"]
    (entry,) = here.entries(step="pause")
    assert entry["state"] == "done"
    assert here.hub.vault.open_json(entry["answer"], f"entries:{run['id']}/pause/0:answer")["ended_at"] > "2026"
    assert rows(here) == []


def rows(here: World) -> list[dict[str, Any]]:
    with here.hub.db.read() as conn:
        return [dict(row) for row in conn.execute(select(models.waits)).mappings()]


def test_too_early_a_look_ends_nothing(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days")
    begin(here)
    here.skip(2 * DAY + 1000)  # the steady clock stood wrong: by the wall two days are not over
    one_round(here.hub)
    run = here.run()
    assert (run["state"], here.pages()) == ("later", [])
    assert run["wake_at"] > here.hub.steady.now() + DAY


@BOTH
def test_after_a_reboot_with_another_clock_the_wall_decides(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days")
    run = begin(here)
    with later(2 * DAY + 1000):  # the steady clock of the new boot began far behind: it would wake in two days
        assert claims.ready(here.hub, 10) == []
        assert tend(here) == [run["id"]]
        assert tend(here) == []
        here.work(most=0)
        assert here.pages() == ["Catch-up"]


def test_until_a_moment_of_the_event(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, 'until: "{{ event.start }}"')
    assert begin(here)["state"] == "done"  # that was in the past
    run = here.run()
    publish(here, tmp_path, 'until: "{{ event.topic }}"')
    failed = begin(here, "Tomorrow")
    assert (run["state"], failed["state"]) == ("done", "failed")
    assert failed["why"].startswith("This run is to wait until “Tomorrow”, which is no time like 2026-")


def test_a_run_that_is_stopped_leaves_nothing_behind(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days")
    run = begin(here)
    runs.cancel(here.hub, run["id"])
    with later(2 * DAY + 1000):
        assert tend(here) == []
    assert rows(here) == []


def test_a_run_keeps_the_version_it_waits_in(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days")
    begin(here)
    publish(here, tmp_path, "for: 9 days")
    with later(2 * DAY + 1000):
        here.skip(2 * DAY + 1000)
        here.work(most=0)
    assert here.pages() == ["Catch-up"]


# --- an event ---------------------------------------------------------------------------------------------------------


@BOTH
def test_an_event_wakes_the_run_that_waits_for_it_and_no_other(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    run = begin(here)
    assert (run["state"], run["cause"]) == ("later", "event")
    assert run["why"].startswith("Waits for: ")
    routing.route(here.hub, here.receive("The end", meeting_host_email="eve@shop.example"))
    assert here.run(run["event"])["state"] == "later"
    routing.route(here.hub, here.receive("The start of the end"))
    assert here.run(run["event"])["state"] == "later"

    assert routing.route(here.hub, here.receive("The end", meeting="x")) == [run["id"]]  # to be rung for at once
    assert here.run(run["event"])["state"] == "queued"
    here.work(most=0)
    assert here.pages() == ["Catch-up: The end"]
    routing.route(here.hub, here.receive("The end", meeting="y"))
    here.work(most=0)
    assert here.pages() == ["Catch-up: The end"]
    assert rows(here) == []


@BOTH
def test_an_event_that_came_after_the_run_began_but_before_it_waited_counts(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    before = here.receive("The end", meeting="before")
    first = here.receive()
    routing.route(here.hub, before)
    routing.route(here.hub, first)
    second = here.receive("Another")
    routing.route(here.hub, second)
    routing.route(here.hub, here.receive("The end", meeting="between"))
    here.work(most=0)
    assert sorted(here.pages()) == ["Another: The end", "Catch-up: The end"]
    assert {run["state"] for run in here.runs()} == {"done"}


def test_one_that_came_before_the_run_does_not_count(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    routing.route(here.hub, here.receive("The end"))
    assert begin(here)["state"] == "later"


@BOTH
def test_without_the_event_the_run_goes_on_after_its_time(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    begin(here)
    with later(3 * DAY + 1000):
        here.skip(3 * DAY + 1000)
        here.work(most=0)
    assert here.pages() == ["Catch-up: alone"]


def test_or_it_stops(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT.rstrip() + "\n      else: fail")
    run = begin(here)
    with later(3 * DAY + 1000):
        here.skip(3 * DAY + 1000)
        here.work(most=0)
    assert here.run()["state"] == "failed"
    assert here.run()["why"].startswith("It did not come until ")
    assert (run["state"], here.pages()) == ("later", [])


def test_or_a_person_is_asked(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT.rstrip() + "\n      else: hold")
    begin(here)
    with later(3 * DAY + 1000):
        here.skip(3 * DAY + 1000)
        here.work(most=0)
        assert here.run()["state"] == "waiting"
        (review,) = reviews.listing(here.hub)
        reviews.decide(here.hub, review["id"], "again", by="Ana")
        here.work(most=0)
    assert here.pages() == ["Catch-up: alone"]


@BOTH
def test_what_routing_did_not_hand_over_the_clock_finds(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    run = begin(here)
    waits._known[here.settings.database] = time.monotonic() + 60, {}  # another process, which looked a moment too early
    assert routing.route(here.hub, here.receive("The end")) == []
    assert here.run(run["event"])["state"] == "later"
    assert tend(here) == [run["id"]]
    here.work(most=0)
    assert here.pages() == ["Catch-up: The end"]


@BOTH
def test_what_nobody_found_the_run_finds_before_it_gives_up(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    begin(here)
    waits._known[here.settings.database] = time.monotonic() + 60, {}
    routing.route(here.hub, here.receive("The end"))
    with later(3 * DAY + 1000):
        here.skip(3 * DAY + 1000)
        here.work(most=0)
    assert here.pages() == ["Catch-up: The end"]


@BOTH
def test_an_event_in_the_moment_of_letting_go_wakes_at_once(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(here, tmp_path, EVENT)
    settle = engine._settle

    def slowly(*given: Any) -> Any:
        monkeypatch.setattr(engine, "_settle", settle)
        routing.route(here.hub, here.receive("The end"))  # while the run is still held
        return settle(*given)

    monkeypatch.setattr(engine, "_settle", slowly)
    event = here.receive()
    (run,) = routing.route(here.hub, event)
    claim = claims.claim(here.hub, "a test", run)
    assert claim is not None
    outcome = engine.work_on(here.hub, claim)
    assert (outcome.state, outcome.next_run) == ("queued", run)
    here.work(most=0)
    assert here.pages() == ["Catch-up: The end"]


@BOTH
def test_at_the_moment_of_the_time_out_one_of_both_wins(here: World, tmp_path: Path) -> None:
    """Whatever the order: one page a run, which says the event came, or that it did not."""
    publish(here, tmp_path, EVENT)
    events = [here.receive(f"Meeting {n}") for n in range(6)]
    here.work(most=0)
    assert [run["state"] for run in here.runs()] == ["later"] * 6
    with later(3 * DAY + 1000):
        here.skip(3 * DAY + 1000)
        end = here.receive("The end")
        work = [lambda: one_round(here.hub), lambda: one_round(here.hub), lambda: routing.route(here.hub, end)]
        threads = [threading.Thread(target=each) for each in [*work, lambda: tend(here)]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        here.work(most=0)
    states = [here.run(event)["state"] for event in events]
    assert states == ["done"] * 6
    assert sorted(page.partition(":")[0] for page in here.pages()) == [f"Meeting {n}" for n in range(6)]
    assert rows(here) == []


def test_the_clock_rings_for_what_can_go_on(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(here, tmp_path, "for: 2 days")
    run = begin(here)
    rung: list[str] = []
    monkeypatch.setattr(jobs, "ring_run", lambda settings, *ids: rung.extend(ids))
    with later(2 * DAY + 1000):
        clock.tick(here.hub, clock.Rung())
    assert run["id"] in rung
    assert here.run()["state"] == "queued"


def test_a_wait_is_seen_on_the_run(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, EVENT)
    story = runs.story(here.hub, begin(here)["id"])
    (step,) = [step for step in story["steps"] if step["id"] == "pause"]
    assert step["label"].startswith("Wait for: ")
    assert step["entries"][0]["given"]["where"]["topic"] == "The end"
    assert story["run"]["cause"] == "event"


def test_runs_that_ended_are_removed_by_age_with_their_wait(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 300 days")
    run = begin(here)
    runs.cancel(here.hub, run["id"])
    with later(200 * DAY):
        trimmer = Trimmer(replace(here.hub, settings=replace(here.settings, keep=dict.fromkeys(KEEP, 100))))
        for _ in range(20):
            trimmer.round()
    assert (here.runs(), rows(here)) == ([], [])


class Killed(BaseException):
    """Instead of a process that dies."""


@BOTH
@pytest.mark.parametrize("saved", [False, True])
def test_a_worker_that_dies_at_any_commit_of_a_wait_loses_nothing(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    publish(here, tmp_path, EVENT)
    write, left = here.hub.db.write, 0

    def dying(work: Callable[[Connection], Any]) -> Any:
        nonlocal left
        left -= 1
        if not left and not saved:
            raise Killed
        found = write(work)
        if not left:
            raise Killed
        return found

    monkeypatch.setattr(here.hub.db, "write", dying)
    for number in range(1, 4):
        event = here.receive(f"Meeting {number}")
        routing.route(here.hub, event)
        left = number + 1  # the first commit is that of the claim
        with pytest.raises(Killed):
            one_round(here.hub)
        here.skip(10 * 60_000)  # its lease is over
        here.work(most=0)
        assert here.run(event)["state"] == "later"
        if number == 1:  # also when it goes on
            routing.route(here.hub, here.receive("The end", meeting="first"))
            tend(here)  # the process that routes may have looked a moment too early
            left = 2
            with pytest.raises(Killed):
                one_round(here.hub)
            here.skip(10 * 60_000)
            here.work(most=0)
    routing.route(here.hub, here.receive("The end", meeting="second"))
    here.work(most=0)
    assert sorted(here.pages()) == [f"Meeting {n}: The end" for n in (1, 2, 3)]
    assert rows(here) == []


@BOTH
def test_who_comes_after_a_run_that_waits_says_behind_which_and_why(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "for: 2 days", TEXT.replace("steps:", 'serial: "{{ event.host_email }}"\nsteps:', 1))
    first, second, third = (begin(here, topic) for topic in ("First", "Second", "Third"))
    assert (first["state"], second["state"], third["state"]) == ("later", "queued", "queued")
    told = runs.story(here.hub, third["id"])
    about = {"id": first["id"], "title": "First", "state": "later", "why": first["why"], "between": 1}
    assert told["behind"] == about
    assert runs.story(here.hub, first["id"])["behind"] is None
    with redirect_stdout(io.StringIO()) as said:
        happened.tell(told, Out(False))
    assert f"Behind run {first['id']}, with 1 between, which waits: Waits until" in said.getvalue()
    with later(2 * DAY + 1000):
        here.skip(2 * DAY + 1000)
        one_round(here.hub)
        assert runs.story(here.hub, third["id"])["behind"]["id"] == second["id"]
