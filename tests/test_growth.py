"""Nothing a hub does all day takes longer because its history has grown: counted in steps of SQLite's machine and in rows that
PostgreSQL touches, not in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, text, update

from app.core import events, reviews, runs, writes
from app.core.hub import Hub
from app.core.trimming import Trimmer
from app.db import models
from app.settings import Settings
from tests.bench.operations import Operation, Stage, stage, work_on_new
from tests.databases import Postgres

SMALL, LARGE = 4000, 16_000  # runs
HISTORY = ("events", "runs", "entries", "writes", "calls", "reviews", "serials")
AT_MOST = 1500  # rows of the history that one statement may touch: a page of a list, or a count that goes no further


def perform(operation: Operation) -> None:
    """Once to fill caches."""
    operation.act(operation.prepare())
    operation.tidy()


# --- SQLite: steps of its machine ---


@contextmanager
def counted(*hubs: Hub) -> Iterator[list[int]]:
    """The steps that SQLite's machine takes for these hubs, in tens."""
    steps = [0]

    def one_more() -> int:
        steps[0] += 1
        return 0

    def watch(raw: Any, *_: object) -> None:
        raw.set_progress_handler(one_more, 10)

    for hub in hubs:
        event.listen(hub.db.engine, "checkout", watch)
    try:
        yield steps
    finally:
        for hub in hubs:
            event.remove(hub.db.engine, "checkout", watch)


def steps_of(there: Stage) -> dict[str, int]:
    found = {}
    for operation in there.operations():
        perform(operation)
        given = operation.prepare()
        with counted(there.hub, there.app_hub) as steps:
            operation.act(given)
        operation.tidy()
        found[operation.name] = steps[0]
    return found


def test_no_more_steps_on_a_grown_database(settings: Settings, tmp_path: Path) -> None:
    found = []
    for number in (SMALL, LARGE):
        home = tmp_path / str(number)
        home.mkdir(mode=0o700)
        with stage(replace(settings, home=home, database_url=""), tmp_path / f"vendors-{number}", number) as there:
            found.append(steps_of(there))
    small, large = found
    grown = {name: (small[name], large[name]) for name in small if large[name] > 1.5 * small[name] + 50}
    assert grown == {}


# --- PostgreSQL: rows it touches ---


@contextmanager
def statements(*hubs: Hub) -> Iterator[list[tuple[str, Any]]]:
    """What these hubs ask of their database, with the values."""
    asked: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    for hub in hubs:
        event.listen(hub.db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for hub in hubs:
            event.remove(hub.db.engine, "before_cursor_execute", note)


def touched(plan: dict[str, Any]) -> int:
    """The most rows of a history table that one node of a plan looked at."""
    here = 0
    if plan.get("Relation Name") in HISTORY:
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        here = int(rows * plan["Actual Loops"])
    return max([here, *(touched(part) for part in plan.get("Plans", ()))])


def explained(hub: Hub, statement: str, values: Any) -> dict[str, Any]:
    """What PostgreSQL did; nothing of it stays. Without whole-table scans where any index serves, as on a large table."""
    with hub.db.engine.connect() as conn:
        conn.execute(text("set local enable_seqscan = off"))
        (document,) = conn.exec_driver_sql(f"explain (analyze, format json) {statement}", values).one()
        conn.rollback()
    return dict((document if isinstance(document, list) else json.loads(document))[0]["Plan"])


def test_no_statement_touches_the_whole_history(settings: Settings, tmp_path: Path, postgres: Postgres) -> None:
    found = {}
    with (
        postgres.fresh() as url,
        stage(replace(settings, database_url=url), tmp_path / "vendors", 3000) as there,
    ):
        for operation in there.operations():
            perform(operation)
            given = operation.prepare()
            with statements(there.hub, there.app_hub) as asked:
                operation.act(given)
            operation.tidy()
            for statement, values in asked:
                if statement.lower().startswith(("select", "update", "delete")) and "advisory" not in statement:
                    rows = touched(explained(there.hub, statement, values))
                    if rows > AT_MOST:
                        found[operation.name] = (statement, rows)
    assert found == {}


@pytest.mark.both_databases
def test_the_first_of_a_long_line_is_taken_without_reading_the_line(settings: Settings, tmp_path: Path) -> None:
    with stage(settings, tmp_path / "vendors", 3000) as there:
        take = next(o for o in there.operations() if o.name == "Claim the run that has waited longest")
        perform(take)
        with counted_or_touched(there.hub) as short:
            take.act(None)
        waiting = update(models.runs).where(models.runs.c.state == "done").values(state="queued", ended_at=None)
        there.hub.db.write(lambda conn: conn.execute(waiting))
        with counted_or_touched(there.hub) as long:
            take.act(None)
        assert long[0] <= 1.5 * short[0] + 20


@contextmanager
def counted_or_touched(hub: Hub) -> Iterator[list[int]]:
    """Steps on SQLite, rows on PostgreSQL."""
    if hub.db.is_sqlite:
        with counted(hub) as steps:
            yield steps
        return
    found = [0]
    with statements(hub) as asked:
        yield found
    found[0] = max(touched(explained(hub, *one)) for one in asked if one[0].startswith(("SELECT", "UPDATE")))


@pytest.mark.both_databases
def test_removing_what_is_old_looks_at_its_window_only(settings: Settings, tmp_path: Path) -> None:
    with stage(settings, tmp_path / "vendors", 1500) as there:
        with time_machine.travel(datetime.now(UTC) + timedelta(days=300)), statements(there.hub) as asked:
            assert Trimmer(there.hub).round() > 0
        whole = {statement for statement, values in asked if scans_all(there.hub, statement, values)}
        assert len(asked) > 20
        assert whole == set()


def scans_all(hub: Hub, statement: str, values: Any) -> bool:
    """Whether a plan goes through a whole table of the history, or a whole index of it."""
    if not statement.lower().startswith(("select", "update", "delete")):
        return False
    with hub.db.engine.connect() as conn:
        if hub.db.is_sqlite:
            plan = [row[3] for row in conn.exec_driver_sql(f"explain query plan {statement}", values)]
            return any(line.startswith(f"SCAN {table}") for table in HISTORY for line in plan)
        for name in ("seqscan", "hashjoin", "mergejoin", "material"):  # as on a table too large for them
            conn.execute(text(f"set local enable_{name} = off"))
        (document,) = conn.exec_driver_sql(f"explain (format json) {statement}", values).one()
        conn.rollback()
    return bool(_unbounded((document if isinstance(document, list) else json.loads(document))[0]["Plan"]))


def _unbounded(plan: dict[str, Any]) -> list[str]:
    here = plan.get("Relation Name") in HISTORY and "Scan" in plan["Node Type"]
    found = [part for inner in plan.get("Plans", ()) for part in _unbounded(inner)]
    return found + ([str(plan)] if here and not {"Index Cond", "Recheck Cond"} & set(plan) else [])


# --- pages of lists ---


def listed(noun: Any, hub: Hub, **how: Any) -> list[str]:
    """The ids of a whole list, three at a time, while something new comes in between the pages."""
    ids: list[str] = []
    while page := noun.listing(hub, limit=3, **how):
        ids += [row["id"] for row in page]
        how["after" if noun is reviews else "before"] = ids[-1]
    return ids


@pytest.mark.both_databases
def test_a_list_read_page_by_page_is_whole(settings: Settings, tmp_path: Path) -> None:
    with stage(settings, tmp_path / "vendors", 600, real=2) as there:
        for noun in (runs, events, writes):
            whole = [row["id"] for row in noun.listing(there.hub, limit=5000)]
            assert len(whole) >= 600
            assert listed(noun, there.hub) == whole == sorted(whole, reverse=True)
        for state in ("open", "queued", "later", "waiting", "failed", "done"):
            whole = [row["id"] for row in runs.listing(there.hub, state=state, limit=5000)]
            assert listed(runs, there.hub, state=state) == whole == sorted(whole, reverse=True)
            assert whole
        open_ones = listed(reviews, there.hub)
        assert open_ones == sorted(open_ones)
        assert len(open_ones) > 10


def test_the_older_page_stays_the_same_while_runs_come_in(settings: Settings, tmp_path: Path) -> None:
    with stage(settings, tmp_path / "vendors", 600, real=2) as there:

        def shown(path: str) -> Any:
            return there.client.get(path, base_url=address, headers={"Accept": "application/json"}).json

        address = f"http://127.0.0.1:{there.hub.settings.port}"
        first = shown("/runs?limit=5")
        older = f"/runs?limit=5&before={first['next']}"
        before = shown(older)
        there.here.receive("One more")
        work_on_new(there.here)
        assert shown(older) == before
        assert {r["id"] for r in before["runs"]}.isdisjoint(r["id"] for r in first["runs"])
        page = there.client.get("/runs?limit=5", base_url=address).get_data(as_text=True)
        assert f"before={runs.listing(there.hub, limit=5)[-1]['id']}" in page
