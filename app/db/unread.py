"""Statements whose result nobody reads. On PostgreSQL they wait for the next statement that is read, or for the commit, and leave
together: a journal's transaction takes half of the round trips.

What goes wrong in one of them is raised there, still before the commit, so the whole transaction is undone as always.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.sql.dml import UpdateBase

from app.db.direct import driver, told

_LINE = "unread statements"


def send(conn: Connection, statement: UpdateBase, values: Mapping[str, Any]) -> None:
    """Carry out `statement`, at the latest with the commit. `values` by the names of its parameters."""
    if conn.dialect.name == "sqlite":
        conn.execute(statement, values)  # it has no round trips
    else:
        conn.info.setdefault(_LINE, []).append((_text(statement, tuple(values), conn.engine), values))


@lru_cache(maxsize=1000)
def _text(statement: UpdateBase, names: tuple[str, ...], engine: Engine) -> str:
    return str(statement.compile(dialect=engine.dialect, column_keys=list(names)))


def watch(engine: Engine) -> None:
    """From now on nothing overtakes what waits on a connection of this engine."""
    event.listen(engine, "before_cursor_execute", lambda conn, *_: leave(conn))


def leave(conn: Connection) -> None:
    """Send what waits. Raises what SQLAlchemy would have raised."""
    line = conn.info.pop(_LINE, None)
    if not line:
        return
    about: dict[str, Any] = {}
    with told(conn, about), driver(conn).pipeline(), driver(conn).cursor() as cursor:
        for text, values in line:
            about |= {"text": text, "values": values}
            cursor.execute(text, values)


def drop(conn: Connection) -> None:
    """The transaction is undone, and with it what waits."""
    if not conn.closed and not conn.invalidated:
        conn.info.pop(_LINE, None)
