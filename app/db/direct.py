"""Past SQLAlchemy to the driver, where its care costs more than the statement: what goes wrong is told in its words all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def driver(conn: Connection) -> Any:
    """The driver's own connection."""
    return conn.connection.driver_connection


@contextmanager
def told(conn: Connection, about: Mapping[str, Any]) -> Iterator[None]:
    """Raises what SQLAlchemy would have raised; `about` holds the `text` and `values` that were carried out last."""
    error = conn.dialect.loaded_dbapi.Error
    try:
        yield
    except error as problem:
        is_lost = conn.dialect.is_disconnect(problem, conn.connection, None)
        if is_lost:
            conn.invalidate(problem)
        raise DBAPIError.instance(
            about["text"], about.get("values", {}), problem, error, connection_invalidated=is_lost, dialect=conn.dialect
        ) from problem


def say(conn: Connection, text: str) -> None:
    """Carry out a statement that has no values and no result."""
    with told(conn, {"text": text}):
        driver(conn).execute(text)
