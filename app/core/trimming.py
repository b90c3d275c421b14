"""Removes what is older than it is to be kept, a little at a time, while the hub works. Any number of clocks may do it.

Each kind is swept from its oldest row to its limit once a day, in windows of a hundred rows, each its own short
transaction. What is under way, waits for a person, or may have been sent without an answer is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, delete, exists, literal_column, select, update

from app.core import audit, keeping, sessions, vitals
from app.core.hub import Hub
from app.core.ids import first_at
from app.core.keeping import DAY
from app.db.models import (
    FINISHED,
    budgets,
    calls,
    entries,
    events,
    file_parts,
    literally,
    metadata,
    refusals,
    removals,
    reviews,
    runs,
    serials,
    writes,
)

_WINDOW = 100  # rows looked at in one step
_SECONDS = 0.25  # of one round
_SWEEP_EVERY = DAY  # ms from the end of one sweep to the next
_FREE = 0.1  # of SQLite's file may stand empty before it is made smaller
_PAGES = 500  # of SQLite's file given back in one round

Ids = Sequence[str]
Removing = Callable[[Connection, Ids], int]


@dataclass
class _Sweep:
    """How far one kind has been swept in this process; a restart begins again, which only costs looking."""

    after: str = ""
    next_at: int = 0


@dataclass
class Trimmer:
    """One clock's. `round()` does what is due, for a quarter of a second at most."""

    hub: Hub
    _sweeps: dict[str, _Sweep] = field(default_factory=dict)

    def round(self) -> int:
        """How many things were removed."""
        end, kept, removed = time.monotonic() + _SECONDS, keeping.days(self.hub), 0
        kinds = {
            "deliveries": (events.c.id, partial(_deliveries, self.hub, kept["deliveries"])),
            "contents": (runs.c.id, partial(_contents, self.hub, kept["contents"])),
            "undo": (runs.c.id, partial(_undo, self.hub, kept["undo"])),
            "calls": (runs.c.id, partial(_calls, self.hub, kept["calls"])),
            "history": (runs.c.id, partial(_runs, self.hub, kept["history"])),
            "events": (events.c.id, partial(_events, self.hub, kept["history"])),
        }
        busy = list(kinds)
        while busy and time.monotonic() < end:
            for name in list(busy):
                more, number = self._step(name, *kinds[name], kept.get(name, kept["history"]))
                removed += number
                if not more:
                    busy.remove(name)
        return removed + self._daily(kept)

    def _step(self, name: str, by: Column[str], remove: Callable[[Ids], int], days: int) -> tuple[bool, int]:
        """(whether there is more to look at now, how many were removed)."""
        sweep, now = self._sweeps.setdefault(name, _Sweep()), self.hub.now()
        if now < sweep.next_at:
            return False, 0
        window = select(by).where(by > sweep.after, by < first_at(now - days * DAY)).order_by(by).limit(_WINDOW)
        with self.hub.db.read() as conn:
            ids = [str(i) for i in conn.execute(window).scalars()]
        if not ids:
            self._sweeps[name] = _Sweep(next_at=now + _SWEEP_EVERY)
            return False, 0
        number = remove(ids)
        sweep.after = ids[-1]
        return True, number

    def _daily(self, kept: dict[str, int]) -> int:
        """What is small enough to be removed at once, and the space in SQLite's file that stands empty."""
        sweep, now = self._sweeps.setdefault("daily", _Sweep()), self.hub.now()
        if self.hub.db.is_sqlite:
            _give_back(self.hub)
        if now < sweep.next_at:
            return 0
        number = self.hub.db.write(lambda conn: _counts(conn, self.hub, kept["counts"]))
        gone = self.hub.db.write(lambda conn: _audit(conn, self.hub, kept["audit"]))
        if not gone:  # else there may be more: in the next round
            sweep.next_at = now + _SWEEP_EVERY
        return number + gone


# --- what may go ---


def _over(before: int) -> ColumnElement[bool]:
    """Runs that ended before this time (ms UTC), with nothing open: no question to a person, no change without an answer."""
    asked = exists().where(reviews.c.run == runs.c.id, reviews.c.state == "open")
    unsure = exists().where(writes.c.run == runs.c.id, writes.c.state.in_(("intent", "unknown")))
    return and_(runs.c.state.in_(literally(FINISHED)), runs.c.ended_at < before, ~asked, ~unsure)


def _settled() -> ColumnElement[bool]:
    """Events that nothing under way needs any more."""
    at_work = exists().where(runs.c.event == events.c.id, runs.c.state.not_in(literally(FINISHED)))
    asked = exists().where(reviews.c.event == events.c.id, reviews.c.state == "open")
    return and_(events.c.state != "new", ~at_work, ~asked)


def _remove(hub: Hub, kind: str, found: ColumnElement[bool], column: Column[str], ids: Ids, remove: Removing) -> int:
    """`remove` those of `ids` that fit, in one transaction that keeps everybody else's hands off them meanwhile."""
    fit = select(column).where(column.in_(ids), found)
    with hub.db.read() as conn:
        if conn.execute(fit.limit(1)).first() is None:
            return 0

    def work(conn: Connection) -> int:
        mine = conn.execute(fit.with_for_update(skip_locked=True, of=column.table)).scalars().all()
        number = remove(conn, [str(i) for i in mine]) if mine else 0
        keeping.note(conn, kind, number)
        return number

    return hub.db.write(work)


def _deliveries(hub: Hub, days: int, ids: Ids) -> int:
    def remove(conn: Connection, mine: Ids) -> int:
        conn.execute(update(events).where(events.c.id.in_(mine)).values(body=None))
        conn.execute(delete(file_parts).where(file_parts.c.event.in_(mine)))
        return len(mine)

    return _remove(hub, "deliveries", and_(_settled(), events.c.body.is_not(None)), events.c.id, ids, remove)


def _contents(hub: Hub, days: int, ids: Ids) -> int:
    def remove(conn: Connection, mine: Ids) -> int:
        conn.execute(update(entries).where(entries.c.run.in_(mine)).values(given=None, answer=None))
        conn.execute(update(reviews).where(reviews.c.run.in_(mine)).values(facts=None))
        conn.execute(update(runs).where(runs.c.id.in_(mine)).values(trimmed_at=hub.now()))
        return len(mine)

    whole = and_(_over(hub.now() - days * DAY), runs.c.trimmed_at.is_(None))
    return _remove(hub, "contents", whole, runs.c.id, ids, remove)


def _undo(hub: Hub, days: int, ids: Ids) -> int:
    def remove(conn: Connection, mine: Ids) -> int:
        gone = {"arguments": None, "request": None, "before": None, "after": None}
        conn.execute(update(writes).where(writes.c.run.in_(mine)).values(**gone))
        conn.execute(update(runs).where(runs.c.id.in_(mine)).values(input=None))
        return len(mine)

    whole = and_(_over(hub.now() - days * DAY), runs.c.input.is_not(None))
    return _remove(hub, "undo", whole, runs.c.id, ids, remove)


def _calls(hub: Hub, days: int, ids: Ids) -> int:
    def remove(conn: Connection, mine: Ids) -> int:
        theirs = select(writes.c.id).where(writes.c.run.in_(mine))
        return len(conn.execute(delete(calls).where(calls.c.write.in_(theirs)).returning(calls.c.id)).all())

    called = exists().where(writes.c.run == runs.c.id, calls.c.write == writes.c.id)
    return _remove(hub, "calls", and_(_over(hub.now() - days * DAY), called), runs.c.id, ids, remove)


def _runs(hub: Hub, days: int, ids: Ids) -> int:
    def remove(conn: Connection, mine: Ids) -> int:
        theirs = select(writes.c.id).where(writes.c.run.in_(mine))
        conn.execute(delete(calls).where(calls.c.write.in_(theirs)))
        for column in _pointing_at(runs.c.id):
            conn.execute(delete(column.table).where(column.in_(mine)))
        _forget_serials(conn, mine)
        conn.execute(delete(runs).where(runs.c.id.in_(mine)))
        return len(mine)

    return _remove(hub, "history", _over(hub.now() - days * DAY), runs.c.id, ids, remove)


@cache
def _pointing_at(key: Column[str]) -> list[Column[Any]]:
    """The columns of all tables that refer to this key."""
    return [fk.parent for table in metadata.sorted_tables for fk in table.foreign_keys if fk.column is key]


def _forget_serials(conn: Connection, mine: Ids) -> None:
    """The counter of a serial key whose last run goes and whose earlier ones have all ended: the next one may begin at 1."""
    last = exists().where(
        runs.c.id.in_(mine), runs.c.serial_key == serials.c.key, runs.c.serial_no == serials.c.next - 1
    )
    earlier = runs.alias("earlier")
    open_ = exists().where(
        earlier.c.serial_key == serials.c.key,
        earlier.c.serial_key != literal_column("''"),
        earlier.c.state.not_in(literally(FINISHED)),
    )
    keys = select(runs.c.serial_key).where(runs.c.id.in_(mine))
    conn.execute(delete(serials).where(serials.c.key.in_(keys), last, ~open_))


def _events(hub: Hub, days: int, ids: Ids) -> int:
    """Events without runs: those of runs that are kept go with them, later."""

    def remove(conn: Connection, mine: Ids) -> int:
        for column in _pointing_at(events.c.id):
            if column.table is not runs:
                conn.execute(delete(column.table).where(column.in_(mine)))
        conn.execute(delete(events).where(events.c.id.in_(mine)))
        return len(mine)

    alone = ~exists().where(runs.c.event == events.c.id)
    return _remove(hub, "events", and_(_settled(), alone), events.c.id, ids, remove)


def _counts(conn: Connection, hub: Hub, days: int) -> int:
    """Counts by day, and sessions that have ended."""
    sessions.forget_ended(conn, hub.now())
    vitals.forget(conn, hub.now())
    oldest = datetime.fromtimestamp(hub.now() / 1000 - days * 86_400, UTC).date().isoformat()
    number = 0
    for table in (budgets, refusals, removals):
        number += len(conn.execute(delete(table).where(table.c.day < oldest).returning(table.c.day)).all())
    keeping.note(conn, "counts", number)
    return number


def _audit(conn: Connection, hub: Hub, days: int) -> int:
    number = audit.trim(conn, hub, hub.now() - days * DAY)
    keeping.note(conn, "audit", number)
    return number


# --- space ---

_INCREMENTAL = 2  # https://www.sqlite.org/pragma.html#pragma_auto_vacuum


def _give_back(hub: Hub) -> None:
    """A bit of the file that stands empty goes back to the disk, where the file was made so that it can."""
    with hub.db.read() as conn:
        can, free, pages = (
            int(conn.exec_driver_sql(f"pragma {name}").scalar_one())
            for name in ("auto_vacuum", "freelist_count", "page_count")
        )
    if can == _INCREMENTAL and free > max(_FREE * pages, _PAGES):
        hub.db.write(_free_pages)


def _free_pages(conn: Connection) -> None:
    """One at a time: Python's driver runs this statement for one row, which frees one page, whatever number it is given."""
    for _ in range(_PAGES):
        conn.exec_driver_sql("pragma incremental_vacuum(1)")
