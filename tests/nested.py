"""A question that is asked inside a transaction by way of the pool: on PostgreSQL, under load, all the pool's connections may
be with those who wait for what the transaction has locked, and then nobody gets anywhere. Every test would notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from app.db.session import Database

_local = threading.local()


def refuse() -> None:
    """From here on, for all tests of this process."""
    read = Database.read
    for name in ("write", "write_each"):
        setattr(Database, name, _within(getattr(Database, name)))

    @contextmanager
    def refusing(self: Database) -> Iterator[Connection]:
        assert getattr(_local, "writes", None) is not self, "asked inside a write: use its connection, or `apart`"
        with read(self) as conn:
            yield conn

    Database.read = refusing  # type: ignore[method-assign]


def _within(write: Callable[..., Any]) -> Callable[..., Any]:
    def writing(self: Database, fn: Callable[[Connection], Any]) -> Any:
        def inside(conn: Connection) -> Any:
            before, _local.writes = getattr(_local, "writes", None), self
            try:
                return fn(conn)
            finally:
                _local.writes = before

        return write(self, inside)

    return writing
