"""Statements that are built once: SQLAlchemy takes ten times as long to build a statement as SQLite takes to run it.

Each helper keeps one statement per table and set of columns and only hands it new values. SQLite and PostgreSQL spell
`on conflict` the same through SQLAlchemy's two dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite

from app.db.unread import send

_OLD = "is_"  # before the names of the columns that must match


@cache
def _insert(dialect: str, table: Table) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


@cache
def _once(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing().returning(next(iter(table.primary_key)))


@cache
def _new(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing().returning(*table.c)


@lru_cache(maxsize=500)
def _upsert(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    made = _insert(dialect, table)
    return made.on_conflict_do_update(index_elements=key, set_={name: made.excluded[name] for name in names})


@lru_cache(maxsize=500)
def _add(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    made = _insert(dialect, table)
    sums = {name: table.c[name] + made.excluded[name] for name in names}
    return made.on_conflict_do_update(index_elements=key, set_=sums).returning(*(table.c[name] for name in names))


@cache
def _count(dialect: str, table: Table, key: tuple[str, ...], name: str) -> Any:
    made = _insert(dialect, table)
    return made.on_conflict_do_update(index_elements=key, set_={name: table.c[name] + 1}).returning(table.c[name])


@lru_cache(maxsize=500)
def _change(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    changed = sql_update(table).values({name: bindparam(name) for name in names})
    return changed.where(*(table.c[name] == bindparam(_OLD + name) for name in key))


def insert(conn: Connection, table: Table, row: Mapping[str, Any]) -> None:
    send(conn, _insert(conn.dialect.name, table), dict(row))


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a unique key is taken. True when this call inserted it.

    `returning`, because psycopg's rowcount is -1 for `on conflict do nothing`.
    """
    return conn.execute(_once(conn.dialect.name, table), dict(row)).first() is not None


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> RowMapping | None:
    """The same; returns the whole row as it stands, or None where a unique key is taken."""
    return conn.execute(_new(conn.dialect.name, table), dict(row)).mappings().first()


def upsert(conn: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite `values` where the key is taken."""
    send(conn, _upsert(conn.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def add(conn: Connection, table: Table, key: Mapping[str, Any], **amounts: int) -> tuple[int, ...]:
    """Add to counters, starting at zero; returns the sums."""
    found = conn.execute(_add(conn.dialect.name, table, tuple(key), tuple(amounts)), {**key, **amounts})
    return tuple(found.one())


def count_up(conn: Connection, table: Table, key: Mapping[str, Any], name: str, *, first: int) -> int:
    """A counter under a row lock: `first` when it is new, else one more than before."""
    return int(conn.execute(_count(conn.dialect.name, table, tuple(key), name), {**key, name: first}).scalar_one())


def put(conn: Connection, table: Table, key: Mapping[str, Any], **values: Any) -> None:
    """Overwrite `values` in the rows whose columns equal `key`, however many there are."""
    send(conn, _change(table, tuple(key), tuple(values)), _given(key, values))


def change(conn: Connection, table: Table, key: Mapping[str, Any], **values: Any) -> int:
    """Overwrite `values` in the rows whose columns equal `key`; returns how many there were."""
    return conn.execute(_change(table, tuple(key), tuple(values)), _given(key, values)).rowcount


def _given(key: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, **{_OLD + name: value for name, value in key.items()}}
