"""The line of a serial key: a run that waits for a person may let the next ones go, and still never two go at once."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.cli.place import ROOT
from app.core import claims, engine, line, recipes, reviews, routing, runs, undo
from app.core.hub import Hub
from app.core.ids import new_id
from app.db import models
from tests.durability.world import RECIPE, World, until

BOTH = pytest.mark.both_databases
SERIAL = 'serial: "{{ event.meeting_uuid }}"'


def publish(here: World, tmp_path: Path, *, release: bool, level: str = "review") -> None:
    """Recaps of one host go one after the other."""
    folder = tmp_path / RECIPE
    shutil.copytree(ROOT / "recipes" / RECIPE, folder)
    text = (folder / "recipe.yaml").read_text()
    assert SERIAL in text
    lines = 'serial: "{{ event.host_email }}"' + ("\nrelease: true" if release else "")
    (folder / "recipe.yaml").write_text(text.replace(SERIAL, lines))
    recipes.publish(here.hub, folder, by="a test")
    recipes.switch_on(here.hub, RECIPE, practice=True, level=level, by="a test")


def come(here: World, *topics: str) -> list[str]:
    """Ids of the runs of these recaps, none of which has begun."""
    made = [here.receive(topic, meeting=topic) for topic in topics]
    return [routing.route(here.hub, event)[0] for event in made]


def states(here: World, ids: list[str]) -> list[str]:
    found = {run["id"]: run["state"] for run in here.runs()}
    return [found[i] for i in ids]


def approve(here: World, run: str) -> None:
    """Until it has nothing to ask any more."""
    for review in reviews.listing(here.hub):
        if review["run"] == run:
            reviews.decide(here.hub, review["id"], "approve", by="Ana")


def finish(here: World, run: str) -> None:
    for _ in range(5):
        approve(here, run)
        here.work()


def ready(here: World) -> list[str]:
    return claims.ready(here.hub, 10)


@BOTH
def test_a_run_that_waits_for_a_person_holds_up_the_next(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, release=False)
    made = come(here, "First", "Second")
    here.work()
    assert states(here, made) == ["waiting", "queued"]
    assert runs.story(here.hub, made[1])["behind"]["id"] == made[0]


@BOTH
def test_with_release_the_next_ones_go_ahead_and_it_finishes_later(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, release=True)
    made = come(here, "First", "Second")
    here.work()
    assert states(here, made) == ["waiting", "waiting"]
    finish(here, made[1])
    assert (states(here, made), here.pages()) == (["waiting", "done"], ["Second"])
    finish(here, made[0])
    assert (states(here, made), here.pages()) == (["done", "done"], ["Second", "First"])


@BOTH
def test_the_next_one_is_rung_for_when_a_run_steps_aside(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, release=True)
    first, second = come(here, "First", "Second")
    claim = claims.claim(here.hub, "a test", first)
    assert claim
    outcome = engine.work_on(here.hub, claim)
    assert (outcome.state, outcome.next_run) == ("waiting", second)


@BOTH
def test_it_does_not_go_into_the_middle_of_another_but_before_those_that_have_not_begun(
    here: World, tmp_path: Path
) -> None:
    publish(here, tmp_path, release=True)
    first, second, third = come(here, "First", "Second", "Third")
    waits = claims.claim(here.hub, "a test", first)
    assert waits
    engine.work_on(here.hub, waits)
    in_hand = claims.claim(here.hub, "a test", second)
    assert in_hand
    approve(here, first)
    assert ready(here) == []
    behind = runs.story(here.hub, first)["behind"]
    assert behind["id"] == second
    here.skip(3_600_000)  # whoever had the second one is dead
    assert ready(here) == [second]
    again = claims.claim(here.hub, "a test")
    assert again
    assert again.run["id"] == second
    here.hub.db.write(lambda conn: claims.let_go(conn, again, "later", wake_at=here.hub.steady.now() + 60_000))
    assert ready(here) == []  # it has begun
    here.skip(61_000)
    last = claims.claim(here.hub, "a test")
    assert last
    here.hub.db.write(lambda conn: claims.let_go(conn, last, "done", ended_at=here.hub.now()))
    assert ready(here) == [first]
    with here.hub.db.read() as conn:
        assert line.next_of(conn, in_hand.run["serial_key"]) == first
        assert [line.in_front(conn, runs.find(conn, third))] != [None]


@BOTH
def test_what_ended_and_goes_on_after_all_waits_for_the_run_in_hand(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, release=False, level="auto")
    first, second, third = come(here, "First", "Second", "Third")
    claim = claims.claim(here.hub, "a test", first)
    assert claim
    engine.work_on(here.hub, claim)
    assert states(here, [first]) == ["done"]
    in_hand = claims.claim(here.hub, "a test")
    assert in_hand
    undo.start(here.hub, first, by="Ana")
    assert ready(here) == []
    engine.work_on(here.hub, in_hand)
    assert ready(here) == [first]
    here.work()
    assert states(here, [first, second, third]) == ["undone", "done", "done"]


@BOTH
def test_what_ended_is_taken_back_although_the_next_one_waits_for_a_person(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, release=False)
    first, second = come(here, "First", "Second")
    here.work()
    finish(here, first)
    assert states(here, [first, second]) == ["done", "waiting"]
    undo.start(here.hub, first, by="Ana")
    here.work()
    assert states(here, [first, second]) == ["undone", "waiting"]
    finish(here, second)
    assert states(here, [first, second]) == ["undone", "done"]


# --- many workers -----------------------------------------------------------------------------------------------------


def put(hub: Hub, number: int) -> list[str]:
    ids = [new_id() for _ in range(number)]
    rows = [
        {"id": i, "recipe": "r", "version": "1", "start_key": i, "serial_key": f"key {n % 3}", "releases": 1}
        for n, i in enumerate(ids)
    ]
    for row in rows:
        hub.db.write(lambda conn, row=row: routing.insert_run(conn, hub, row))  # type: ignore[misc]
    return ids


class Overlap:
    """Which run of each key is in hand, as those who have them know it; `seen` twice at once."""

    def __init__(self) -> None:
        self.lock, self.in_hand, self.seen = threading.Lock(), Counter[str](), list[str]()

    def begin(self, key: str) -> None:
        with self.lock:
            self.in_hand[key] += 1
            if self.in_hand[key] > 1:
                self.seen.append(key)

    def end(self, key: str) -> None:
        with self.lock:
            self.in_hand[key] -= 1


def work(hub: Hub, seed: int, over: threading.Event, overlap: Overlap) -> None:
    """Take runs, and let go of each in some state or other."""
    dice = random.Random(seed)
    while not over.is_set():
        for claim in claims.claim_some(hub, f"worker {seed}", 2):
            overlap.begin(claim.run["serial_key"])
            time.sleep(dice.random() / 200)
            state = dice.choice(["waiting", "waiting", "later", "queued", "done"])
            ended = {"ended_at": hub.now()} if state == "done" else {}
            overlap.end(claim.run["serial_key"])
            hub.db.write(lambda conn, c=claim, s=state, e=ended: claims.let_go(conn, c, s, **e))  # type: ignore[misc]


def decide(hub: Hub, over: threading.Event) -> None:
    """A person who says yes to everything, and has what has ended taken back now and then."""
    r, dice = models.runs.c, random.Random(7)
    while not over.is_set():
        with hub.db.read() as conn:
            found = conn.execute(select(r.id, r.state).where(r.state.in_(("waiting", "done")))).all()
        for run, state in dice.sample(found, min(len(found), 3)):
            aside = {"aside": 1} if state == "done" else {}
            if state == "waiting" or dice.random() < 0.1:
                change = update(models.runs).where(r.id == run, r.state == state).values(state="queued", **aside)
                hub.db.write(lambda conn, change=change: conn.execute(change))  # type: ignore[misc]


@BOTH
def test_never_two_of_a_key_at_once_whatever_people_and_workers_do(hub: Hub) -> None:
    put(hub, 45)
    over, overlap = threading.Event(), Overlap()
    with ThreadPoolExecutor(6) as pool:
        workers: list[Any] = [pool.submit(work, hub, seed, over, overlap) for seed in range(5)]
        workers.append(pool.submit(decide, hub, over))
        end = time.monotonic() + 3.0
        until(lambda: time.monotonic() > end or any(w.done() for w in workers))
        over.set()
    assert [w.exception() for w in workers] == [None] * 6
    assert overlap.seen == []
    drain(hub)


def drain(hub: Hub) -> None:
    """Nobody holds anybody up for ever."""
    done = 0
    for _ in range(1000):
        hub.db.write(
            lambda conn: conn.execute(
                update(models.runs).where(models.runs.c.state == "waiting").values(state="queued")
            )
        )
        found = claims.claim_some(hub, "the last", 8)
        if not found:
            break
        for claim in found:
            hub.db.write(lambda conn, c=claim: claims.let_go(conn, c, "done", ended_at=1))  # type: ignore[misc]
            done += 1
    with hub.db.read() as conn:
        assert set(conn.execute(select(models.runs.c.state)).scalars()) == {"done"}
    assert done > 0
