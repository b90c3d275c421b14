"""Statements that SQLite and PostgreSQL spell the same through SQLAlchemy's two dialects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def _insert(conn: Connection, table: Table) -> Any:
    return (sqlite if conn.dialect.name == "sqlite" else postgresql).insert(table)


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a unique key is taken. True when this call inserted it.

    `returning`, because psycopg's rowcount is -1 for `on conflict do nothing`.
    """
    first = next(iter(table.primary_key))
    statement = _insert(conn, table).values(**row).on_conflict_do_nothing().returning(first)
    return conn.execute(statement).first() is not None


def upsert(conn: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite `values` where the key is taken."""
    statement = _insert(conn, table).values(**key, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def add(conn: Connection, table: Table, key: Mapping[str, Any], **amounts: int) -> None:
    """Add to counters, starting at zero."""
    statement = _insert(conn, table).values(**key, **amounts)
    sums = {name: table.c[name] + amount for name, amount in amounts.items()}
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=sums))
