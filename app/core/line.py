"""The line of a serial key: whose turn it is, and what a run that stepped aside does to it.

Runs of one key go one at a time, in the order of their numbers. A run steps aside (`runs.aside`) when it waits for a person
and its recipe says `release`, or when it had ended and is to go on after all: a retry, an undo. Those behind it go ahead. Once
it may go on it is the next, but not into the middle of one that has begun. A claim puts it back into the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, exists, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from app.core.recipe import Recipe
from app.db.models import FINISHED, literally, runs, serials
from connectors.contract import JSON


@dataclass(frozen=True)
class Place:
    """Where a new run stands in line: behind the earlier runs of the same key; "" is no line. `releases`: as the recipe says."""

    key: str
    releases: bool = False


NOWHERE = Place("")


def place(recipe: Recipe, seen: Mapping[str, JSON]) -> Place:
    """Raises TemplateProblem."""
    key = str(recipe.serial.render(seen)) if recipe.serial is not None else ""
    return Place(key, recipe.releases and bool(key))


_front, _rest = runs.alias("front"), runs.alias("rest")


def _unfinished(table: Any) -> ColumnElement[bool]:
    """In the words of the index of unfinished runs."""
    return and_(table.c.serial_key != literal_column("''"), table.c.state.not_in(literally(FINISHED)))


def _holds_up(earlier: Any, own: Any) -> ColumnElement[bool]:
    """An earlier run in the line; or one that stepped aside and may go on, for whoever has not begun."""
    may_go_on = and_(earlier.c.state != literal_column("'waiting'"), or_(own.c.fence == 0, own.c.aside == 1))
    return or_(earlier.c.aside == 0, may_go_on)


def _has_begun(table: Any) -> ColumnElement[bool]:
    """And does not rest with a person: then one that had ended may be taken back, say."""
    return and_(table.c.fence > 0, table.c.aside == 0, table.c.state != literal_column("'waiting'"))


def has_turn() -> ColumnElement[bool]:
    """Of a run: nobody else's turn comes first. Of one key only one run at a time has it."""
    earlier = exists().where(
        _front.c.serial_key == runs.c.serial_key,
        _front.c.serial_no < runs.c.serial_no,
        _unfinished(_front),
        _holds_up(_front, runs),
    )
    begun = exists().where(
        _rest.c.serial_key == runs.c.serial_key,
        _rest.c.serial_no > runs.c.serial_no,
        _unfinished(_rest),
        _has_begun(_rest),
    )
    return or_(runs.c.serial_key == "", and_(~earlier, or_(runs.c.aside == 0, ~begun)))


def aside(run: RowMapping) -> int:
    """`runs.aside` of a run that is to go on after all: one that had ended has left the line."""
    return 1 if run["state"] in FINISHED else int(run["aside"])


_KEY = select(serials.c.key).where(serials.c.key == bindparam("key"))
_ALL = select(runs.c.id).where(runs.c.serial_key == bindparam("key"), _unfinished(runs))
_LOCKS = [(query.with_for_update(skip_locked=True), query) for query in (_KEY, _ALL)]


def is_still(conn: Connection, key: str) -> bool:
    """Nobody takes, makes or changes a run of this key at the moment, nor will before our transaction ends.

    Whoever takes a run that stepped aside asks first. What another transaction is about to take cannot be seen from this one,
    but its lock can; and it looks again once it has it. SQLite has one writer, so there it is always still.
    """
    if conn.dialect.name == "sqlite":
        return True
    given = {"key": key}
    return all(len(conn.execute(got, given).all()) == len(conn.execute(there, given).all()) for got, there in _LOCKS)


_IN_FRONT = select(runs.c.id, runs.c.title, runs.c.state, runs.c.why)
_EARLIER = (
    _IN_FRONT.where(runs.c.serial_key == bindparam("key"), runs.c.serial_no < bindparam("no"), _unfinished(runs))
    .where(or_(runs.c.aside == 0, and_(runs.c.state != literal_column("'waiting'"), bindparam("waits") == 1)))
    .order_by(runs.c.serial_no)
    .limit(1000)
)
_BEGUN = (
    _IN_FRONT.where(runs.c.serial_key == bindparam("key"), runs.c.serial_no > bindparam("no"), _unfinished(runs))
    .where(_has_begun(runs))
    .limit(1)
)


def in_front(conn: Connection, run: RowMapping) -> dict[str, Any] | None:
    """The run that is at work for this one's key, or waits, and so holds up those behind it: {id, title, state, why, between},
    with the number of runs that stand between. None when it is this one's turn, and for a run without a key."""
    if not run["serial_key"]:
        return None
    place = {"key": run["serial_key"], "no": run["serial_no"]}
    waits = int(not run["fence"] or bool(run["aside"]))
    found = conn.execute(_EARLIER, {**place, "waits": waits}).mappings().all()
    if not found and run["aside"]:
        found = conn.execute(_BEGUN, place).mappings().all()
    return {**found[0], "between": len(found) - 1} if found else None


_NEXT = (
    select(runs.c.id)
    .where(runs.c.serial_key == bindparam("key"), runs.c.state == "queued", _unfinished(runs))
    .order_by(runs.c.serial_no)
    .limit(1)
)


def next_of(conn: Connection, key: str) -> str | None:
    """The run of this key to be rung when one of its runs has ended or stepped aside."""
    return conn.execute(_NEXT, {"key": key}).scalar() if key else None
