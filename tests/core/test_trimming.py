"""What is older than it is to be kept goes, and nothing else: years pass in these tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, func, select, update

from app.core import audit, events, keeping, recipes, reviews, runs, undo
from app.core.hub import Hub
from app.core.trimming import Trimmer
from app.db import models
from app.settings import BadSettings, Settings, read
from tests.bench import fill
from tests.durability.processes import process
from tests.durability.world import ALL_WELL, RECIPE, World, until

BOTH = pytest.mark.both_databases
OF_A_RUN = ("events", "runs", "entries", "writes", "calls", "reviews", "serials")


@contextmanager
def days_later(days: float) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        yield


def trim(hub: Hub) -> int:
    """All that is due now."""
    trimmer, removed = Trimmer(hub), 0
    for _ in range(30):
        removed += trimmer.round()
    return removed


def rows(hub: Hub) -> dict[str, int]:
    with hub.db.read() as conn:
        tables = {name: models.metadata.tables[name] for name in OF_A_RUN}
        return {name: int(conn.execute(select(func.count()).select_from(t)).scalar_one()) for name, t in tables.items()}


def sealed(found: list[dict[str, Any]]) -> list[str]:
    """The columns that still hold contents."""
    return sorted({name for row in found for name, value in row.items() if isinstance(value, bytes)})


@BOTH
def test_contents_go_first_and_undo_still_works(here: World) -> None:
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert trim(here.hub) == 0
    with days_later(91):
        trim(here.hub)
        assert sealed(here.events()) == sealed(here.entries()) == []
        assert here.reviews() == []
        assert rows(here.hub)["calls"] == 0
        story = runs.story(here.hub, here.run()["id"])
        assert story["removed"] == ["deliveries", "contents"]
        assert {e["answer"] for step in story["steps"] for e in step["entries"]} == {None}
        assert {(r["kind"], r["count"]) for r in keeping.removed(here.hub)} >= {("deliveries", 1), ("contents", 1)}
        undo.start(here.hub, here.run()["id"], by="Ana")
        here.work()
        assert here.run()["state"] == "undone"


@BOTH
def test_after_two_years_nothing_of_a_run_is_left(here: World) -> None:
    here.receive()
    here.work()
    with days_later(366):
        trim(here.hub)
        assert sealed(here.writes()) == sealed(here.runs()) == []
        with pytest.raises(ValueError, match="no longer be taken back"):
            undo.start(here.hub, here.run()["id"], by="Ana")
        assert [line["goes"] for line in undo.plan(here.hub, here.run()["id"])] == [False] * len(here.writes())
    with days_later(731):
        trim(here.hub)
        assert rows(here.hub) == dict.fromkeys(OF_A_RUN, 0)
        assert here.pages() == ["Catch-up"]  # what is in Notion is none of this


@BOTH
def test_what_waits_for_a_person_is_kept_and_goes_on(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", by="Ana")
    event = here.receive()
    here.work()
    with days_later(1000):
        before = rows(here.hub)
        trim(here.hub)
        assert rows(here.hub) == before
        assert sealed(here.events()) == ["body"]
        while here.run(event)["state"] == "waiting":
            reviews.decide(here.hub, here.reviews(state="open")[0]["id"], "approve", by="Ana")
            here.work()
    assert here.state() == ALL_WELL


def test_a_change_without_an_answer_is_kept(here: World) -> None:
    here.receive()
    here.work()
    lost = update(models.writes).where(models.writes.c.id == here.writes()[0]["id"]).values(state="unknown")
    here.hub.db.write(lambda conn: conn.execute(lost))
    with days_later(1000):
        trim(here.hub)
        assert "request" in sealed(here.writes())
        assert rows(here.hub)["runs"] == 1


def test_a_run_that_ended_late_is_kept_from_then_on(here: World) -> None:
    here.receive()
    here.work()
    late = update(models.runs).values(ended_at=here.hub.now() + 50 * keeping.DAY)
    here.hub.db.write(lambda conn: conn.execute(late))
    trimmer = Trimmer(here.hub)
    with days_later(100):
        trimmer.round()
        assert "answer" in sealed(here.entries())
    with days_later(141):
        trimmer.round()
        assert sealed(here.entries()) == []


def test_a_stopped_run_without_its_contents_is_not_tried_again(here: World) -> None:
    here.served.fault("notion", "status", method="POST", path="/v1/pages", status=400)
    event = here.receive()
    here.work()
    assert here.run()["state"] == "failed"
    with days_later(91):
        trim(here.hub)
        with pytest.raises(ValueError, match="because of its age"):
            runs.retry(here.hub, here.run()["id"])
        with pytest.raises(ValueError, match="because of its age"):
            events.replay(here.hub, event)
        assert here.run()["state"] == "failed"


@BOTH
def test_a_copy_is_known_as_long_as_the_event_is_kept(here: World) -> None:
    when = here.hub.now()
    here.receive(when=when)
    here.work()
    with days_later(729):
        trim(here.hub)
        here.receive(when=when)
        here.work()
        assert (rows(here.hub)["runs"], here.events()[0]["copies"], here.pages()) == (1, 1, ["Catch-up"])
    with days_later(731):
        trim(here.hub)
        here.receive(when=when)
        here.work()
    assert here.pages() == ["Catch-up", "Catch-up"]


@BOTH
def test_a_serial_key_goes_on_counting_while_a_run_of_it_is_open(here: World) -> None:
    for topic in ("First", "Second"):
        here.receive(topic)
        here.work()
    first, second = here.runs()

    def same_key(conn: Any) -> None:
        mine = update(models.runs).where(models.runs.c.id == second["id"])
        conn.execute(mine.values(serial_key=first["serial_key"], serial_no=2))
        conn.execute(delete(models.serials).where(models.serials.c.key == second["serial_key"]))
        conn.execute(update(models.serials).values(next=3))
        conn.execute(update(models.runs).where(models.runs.c.id == first["id"]).values(state="waiting"))

    here.hub.db.write(same_key)
    with days_later(731):
        trim(here.hub)
        assert [r["id"] for r in here.runs()] == [first["id"]]
        assert rows(here.hub)["serials"] == 1


@BOTH
def test_several_clocks_remove_once_while_the_hub_takes_in(here: World) -> None:
    here.receive("Old")
    here.work()
    pattern = fill.Pattern.of(here.hub, here.run()["id"])
    fill.fill(here.hub, pattern, 500, span=300 * keeping.DAY)
    with days_later(800):
        clocks = [threading.Thread(target=trim, args=(here.hub,)) for _ in range(3)]
        for clock in clocks:
            clock.start()
        fresh = [here.receive(f"New {n}") for n in range(20)]
        for clock in clocks:
            clock.join()
        trim(here.hub)  # what one had in hand as another came by is left for the next sweep
        left = {name: count for name, count in rows(here.hub).items() if name in ("events", "runs")}
        assert left == {"events": 20 + fill.LIVE, "runs": fill.LIVE}
        assert {event["id"] for event in here.events()} >= set(fresh)
        gone = {r["kind"]: r["count"] for r in keeping.removed(here.hub)}
        assert gone["history"] == gone["events"] == 501 - fill.LIVE


@BOTH
def test_a_clock_that_is_killed_leaves_the_rest_to_another(here: World, redis_url: str) -> None:
    here.receive("Pattern")
    here.work()
    fill.fill(here.hub, fill.Pattern.of(here.hub, here.run()["id"]), 1500, span=keeping.DAY, age=800 * keeping.DAY)
    with process(here, "clock", redis_url):
        until(lambda: rows(here.hub)["runs"] < 1400)
    left = rows(here.hub)
    assert left["runs"] > fill.LIVE + 1  # it was killed in the middle
    with process(here, "clock", redis_url):
        until(lambda: rows(here.hub)["events"] == fill.LIVE + 1)
    kept = rows(here.hub)
    per_run = {name: len(found) for name, found in fill.Pattern.of(here.hub, here.runs()[-1]["id"]).rows.items()}
    assert kept["writes"] == (fill.LIVE + 1) * per_run["writes"]
    assert kept["entries"] == (fill.LIVE + 1) * per_run["entries"]
    gone = {r["kind"]: r["count"] for r in keeping.removed(here.hub)}
    assert gone["history"] == gone["events"] == 1500 - fill.LIVE


def test_one_round_is_short(here: World) -> None:
    """A window of each kind at least, and no more than fits into its time."""
    here.receive("Old")
    here.work()
    fill.fill(here.hub, fill.Pattern.of(here.hub, here.run()["id"]), 3000, span=keeping.DAY)
    with days_later(800):
        first = Trimmer(here.hub).round()
        assert 0 < first < 3000 * 5
        assert rows(here.hub)["runs"] > 200


def test_sqlite_gives_the_space_back(here: World) -> None:
    here.receive("Old")
    here.work()
    fill.fill(here.hub, fill.Pattern.of(here.hub, here.run()["id"]), 1200, span=keeping.DAY)
    full = fill.size(here.hub)
    with days_later(800):
        trim(here.hub)
        trim(here.hub)
    assert fill.size(here.hub) < full / 2
    with here.hub.db.read() as conn:
        assert conn.exec_driver_sql("pragma integrity_check").scalar_one() == "ok"


@BOTH
def test_the_trail_is_whole_from_where_it_begins(here: World) -> None:
    hub = here.hub
    for n in range(3):
        hub.db.write(lambda conn, n=n: audit.add(conn, hub, "Ana", f"did {n}", "run:x", {}))  # type: ignore[misc]
    with days_later(3651):
        hub.db.write(lambda conn: audit.add(conn, hub, "Ben", "did more", "run:x", {}))
        trim(hub)
        hub.db.write(lambda conn: audit.add(conn, hub, "Ben", "went on", "run:x", {}))
        with hub.db.read() as conn:
            assert (
                conn.execute(select(models.audit.c.what).order_by(models.audit.c.no)).scalars().all()[-1] == "went on"
            )
            left = conn.execute(select(func.count()).select_from(models.audit)).scalar_one()
        last, wrong = audit.verify(hub)
        assert (left, wrong) == (2, None)
        hub.db.write(lambda conn: conn.execute(delete(models.audit).where(models.audit.c.no < last)))
        assert audit.verify(hub)[1] is not None


def test_ended_sessions_and_old_counts_go(here: World) -> None:
    old = {"day": "2020-01-01", "kind": "signature", "count": 3}
    ended = {"id": "x", "user": "u", "made_at": 1, "seen_at": 1}
    person = {"id": "u", "email": "u@example.com"}

    def put(conn: Any) -> None:
        conn.execute(models.refusals.insert().values(**old))
        conn.execute(models.users.insert().values(**person))
        conn.execute(models.sessions.insert().values(**ended))

    here.hub.db.write(put)
    trim(here.hub)
    with here.hub.db.read() as conn:
        assert conn.execute(select(models.refusals)).all() == conn.execute(select(models.sessions)).all() == []


# --- choosing ---


def test_what_is_chosen_counts_from_then_on(here: World) -> None:
    here.receive()
    here.work()
    keeping.choose(here.hub, {"contents": "3", "deliveries": "3d"}, by="Ana")
    with days_later(4):
        trim(here.hub)
        assert sealed(here.entries()) == sealed(here.events()) == []
    with here.hub.db.read() as conn:
        line = conn.execute(select(models.audit).order_by(models.audit.c.no.desc()).limit(1)).mappings().one()
    assert (line["who"], line["object"], line["facts"]) == ("Ana", "house:keep", '{"contents": 3, "deliveries": 3}')


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"contents": "0"}, "a number of days from 1"),
        ({"contents": "ten"}, "a number of days from 1"),
        ({"contents": "²"}, "a number of days from 1"),
        ({"everything": "10"}, "nothing called everything"),
        ({"history": "30"}, "cannot be kept longer than the runs and events themselves"),
    ],
)
def test_what_cannot_be_chosen_is_said(hub: Hub, wanted: dict[str, str], sentence: str) -> None:
    before = keeping.days(hub)
    with pytest.raises(ValueError, match=sentence):
        keeping.choose(hub, wanted, by="Ana")
    assert keeping.days(hub) == before


def test_the_environment_decides_first(hub: Hub) -> None:
    _ = hub.secret
    keeping.choose(hub, {"contents": 60}, by="Ana")
    hub.settings = replace(hub.settings, keep=read({"PATCHBAY_KEEP": " contents=30, history = 40"}).keep)
    assert keeping.days(hub)["contents"] == 30
    assert keeping.days(hub)["undo"] == keeping.days(hub)["history"] == 40
    with pytest.raises(ValueError, match="PATCHBAY_KEEP"):
        keeping.choose(hub, {"contents": 60}, by="Ana")


@pytest.mark.parametrize("text", ["contents", "contents=0", "contents=x", "all=3"])
def test_a_wrong_environment_is_said(text: str) -> None:
    with pytest.raises(BadSettings, match="PATCHBAY_KEEP"):
        read({"PATCHBAY_KEEP": text})


def test_defaults(settings: Settings, hub: Hub) -> None:
    assert settings.keep == {}
    assert keeping.days(hub) == {
        "deliveries": 90,
        "contents": 90,
        "undo": 365,
        "calls": 90,
        "history": 730,
        "counts": 400,
        "audit": 3650,
    }
