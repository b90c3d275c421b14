"""Fills a database with years of history, fast: copies of a run that the hub really made, spread over two years.

Sizes, numbers of rows and the mix of states are those of a hub in use; contents older than the hub keeps them are gone. The
copies' contents cannot be opened (each is sealed for its own row), so whatever opens contents is measured on real runs.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select

from app.core.hub import Hub
from app.core.ids import first_at
from app.db import models

SPAN = 2 * 365 * 86_400_000  # ms of history
CONTENTS, UNDO = 90 * 86_400_000, 365 * 86_400_000  # ms that contents, and what undo needs, are kept
LIVE = 100  # runs under way, whatever the size of the history
_BATCH = 2000  # runs
_OVER = models.FINISHED
_OF_A_RUN = ("events", "serials", "runs", "entries", "writes", "calls", "reviews")
Row = dict[str, Any]


@dataclass(frozen=True)
class Pattern:
    """The rows of one finished run, by table."""

    rows: dict[str, list[Row]]

    @classmethod
    def of(cls, hub: Hub, run_id: str) -> Pattern:
        with hub.db.read() as conn:

            def rows(table: Table, column: str, values: Sequence[Any]) -> list[Row]:
                return [dict(r) for r in conn.execute(select(table).where(table.c[column].in_(values))).mappings()]

            run = rows(models.runs, "id", [run_id])
            made = rows(models.writes, "run", [run_id])
            found = {
                "events": rows(models.events, "id", [run[0]["event"]]),
                "serials": rows(models.serials, "key", [run[0]["serial_key"]]),
                "runs": run,
                "entries": rows(models.entries, "run", [run_id]),
                "writes": made,
                "calls": rows(models.calls, "write", [write["id"] for write in made]),
                "reviews": [],
            }
        return cls(found)


def fill(hub: Hub, pattern: Pattern, number: int, span: int = SPAN, age: int = 3_600_000) -> None:
    """`number` runs with all that belongs to them, evenly over `span` ms, the last of them `age` ms old."""
    made = _history(pattern, number, span, hub.now() - age, hub.steady.now())
    if hub.db.is_sqlite:
        _into_sqlite(hub, made)
    else:
        _into_postgres(hub, made)


def _history(pattern: Pattern, number: int, span: int, end: int, steady: int) -> Iterator[dict[str, list[Row]]]:
    """Batches of rows, oldest first."""
    chance = random.Random(4)
    states = _states(number, chance)
    for begin in range(0, number, _BATCH):
        batch: dict[str, list[Row]] = {name: [] for name in _OF_A_RUN}
        for n in range(begin, min(begin + _BATCH, number)):
            age = span - n * span // number
            for name, rows in _copy(pattern, states.get(n, "done"), end - age, age, steady, chance).items():
                batch[name] += rows
        yield batch


def _states(number: int, chance: random.Random) -> dict[int, str]:
    """number of a run → its state, if that is not "done": a share of the old ones failed, a few new ones are under way."""
    found = {n: chance.choice(("failed", "failed", "failed", "undone", "cancelled")) for n in range(7, number, 40)}
    waits = ("waiting", "waiting", "later", "later", "queued")
    return {**found, **{n: waits[n % len(waits)] for n in range(number - LIVE, number)}}


def _copy(pattern: Pattern, state: str, at: int, age: int, steady: int, chance: random.Random) -> dict[str, list[Row]]:
    """The rows of one more run, begun at `at` (ms UTC)."""

    def an_id() -> str:
        return f"{first_at(at)[:10]}{chance.getrandbits(64):016x}"

    rows = pattern.rows
    event_id, run_id, mark = an_id(), an_id(), f"{chance.getrandbits(160):040x}"
    shift = at - rows["runs"][0]["made_at"]
    ids = {write["id"]: an_id() for write in rows["writes"]}
    key = f"{rows['runs'][0]['serial_key'][:-20]}{mark[:20]}"
    gone = {"given": None, "answer": None} if age > CONTENTS else {}
    old = {"arguments": None, "request": None, "before": None, "after": None} if age > UNDO else {}
    is_over = state in _OVER
    event = {"id": event_id, "dedupe_key": f"meeting.summary_completed:{mark}", "once_key": f"meeting:{mark}"}
    run = {
        "id": run_id,
        "event": event_id,
        "start_key": f"once:{rows['events'][0]['connection']}:zoom.meeting.summary_completed:{mark}:practice",
        "serial_key": key,
        "practice": chance.random() < 0.1,
        "state": state,
        "error": "Notion no longer has this database. Choose another one" if state == "failed" else "",
        "why": "" if is_over else "Notion takes 3 calls a second; this run is in line",
        "wake_at": steady + 86_400_000 if state == "later" else 0,
        "input": None if age > UNDO else rows["runs"][0]["input"],
        "ended_at": rows["runs"][0]["ended_at"] + shift if is_over else None,
        "made_at": at,
    }
    body = {"body": None} if age > CONTENTS else {}
    asked = [_review(an_id(), run_id, at)] if state == "waiting" else []
    return {
        "events": [_moved(rows["events"][0], shift) | event | body | {"serial_key": mark[:20]}],
        "serials": [{"key": key, "next": 2}],
        "runs": [rows["runs"][0] | run],
        "entries": [_moved(e, shift) | {"run": run_id, "write": ids.get(e["write"])} | gone for e in rows["entries"]],
        "writes": [
            _moved(w, shift)
            | {"id": ids[w["id"]], "run": run_id, "key": mark[:24], "marker": mark[:24]}
            | {"before": w["after"], "after": None}  # as large, but lists do not open it
            | old
            for w in rows["writes"]
        ],
        "calls": [
            _moved(c, shift) | {"id": an_id(), "write": ids[c["write"]]} for c in rows["calls"] if age <= CONTENTS
        ],
        "reviews": asked,
    }


def _moved(row: Row, shift: int) -> Row:
    """The same row at another time."""
    times = (name for name in row if name.endswith("_at") and row[name])
    return row | {name: row[name] + shift for name in times}


def _review(review_id: str, run_id: str, at: int) -> Row:
    says = "This run needs a decision"
    return {"id": review_id, "kind": "stuck", "run": run_id, "says": says, "role": "builder", "opened_at": at}


def _into_sqlite(hub: Hub, made: Iterator[dict[str, list[Row]]]) -> None:
    """Without waiting for the disk: nobody else is there yet, and a crash only means to begin again."""
    with closing(sqlite3.connect(hub.db.url.removeprefix("sqlite:///"), isolation_level=None)) as raw:
        for pragma in ("synchronous=OFF", "cache_size=-500000", "wal_autocheckpoint=100000", "foreign_keys=OFF"):
            raw.execute(f"pragma {pragma}")
        for batch in made:
            raw.execute("begin immediate")
            for name, rows in batch.items():
                if rows:
                    columns = ", ".join(f'"{column}"' for column in rows[0])
                    places = ", ".join(f":{column}" for column in rows[0])
                    raw.executemany(f"insert into {name} ({columns}) values ({places})", rows)
            raw.execute("commit")
        raw.execute("pragma wal_checkpoint(truncate)")


def _into_postgres(hub: Hub, made: Iterator[dict[str, list[Row]]]) -> None:
    raw = hub.db.engine.raw_connection()
    try:
        cursor: Any = raw.cursor()
        # Whether each row's run and event are there need not be asked: they come from here.
        cursor.execute(
            "set synchronous_commit = off; set statement_timeout = 0; set session_replication_role = replica"
        )
        for batch in made:
            for name, rows in batch.items():
                if rows:
                    columns = ", ".join(f'"{column}"' for column in rows[0])
                    with cursor.copy(f"copy {name} ({columns}) from stdin") as copy:
                        for row in rows:
                            copy.write_row(tuple(row.values()))
            raw.commit()
        cursor.execute("reset session_replication_role; set synchronous_commit = on; set statement_timeout = 15000")
        raw.commit()
    finally:
        raw.close()


def settle(hub: Hub) -> None:
    """What the database does by itself in time: statistics, and on PostgreSQL the maps that VACUUM makes."""
    if hub.db.is_sqlite:
        return
    with hub.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("set statement_timeout = 0")
        conn.exec_driver_sql("vacuum analyze")
        conn.exec_driver_sql("checkpoint")
        conn.exec_driver_sql("set statement_timeout = 15000")


def size(hub: Hub) -> int:
    """Bytes of the whole database on disk, without what waits to be written into it."""
    with hub.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not hub.db.is_sqlite:
            return int(conn.exec_driver_sql("select pg_database_size(current_database())").scalar_one())
        conn.exec_driver_sql("pragma wal_checkpoint(truncate)")
        pages = conn.exec_driver_sql("pragma page_count").scalar_one()
        return int(pages) * int(conn.exec_driver_sql("pragma page_size").scalar_one())
