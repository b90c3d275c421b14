"""PostgreSQL databases for tests: one server per test process, one database per test, copied from a migrated one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.db.migrate import migrate
from app.settings import Settings
from app.settings import read as read_settings
from tests.postgres import NoPostgres, Server

__all__ = ["NoPostgres", "Postgres"]


class Postgres:
    """`url` names a server that lets us make databases (TEST_DATABASE_URL); empty starts our own. Raises NoPostgres."""

    def __init__(self, url: str) -> None:
        self.server = None if url else Server()
        self.main = read_settings({"DATABASE_URL": url}).database_url if url else self.server_url("postgres")
        self.engine = create_engine(self.main, isolation_level="AUTOCOMMIT")
        self.names = (f"pb_test_{os.getpid()}_{n}" for n in itertools.count())
        self.template = self._create("template0")
        migrate(Settings(database_url=self._url(self.template)))

    def server_url(self, name: str) -> str:
        assert self.server
        return self.server.url(name)

    @contextmanager
    def fresh(self, template: str = "") -> Iterator[str]:
        """The address of a new database; it is dropped at the end, whoever is still connected."""
        name = self._create(template or self.template)
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        if self.server:
            self.engine.dispose()
            self.server.stop()
            return
        self._drop(self.template)
        self.engine.dispose()

    def _create(self, template: str) -> str:
        name = next(self.names)
        with self.engine.connect() as connection:
            connection.execute(text(f"create database {name} template {template} strategy file_copy"))
        return name

    def _drop(self, name: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(f"drop database if exists {name} with (force)"))

    def _url(self, name: str) -> str:
        return make_url(self.main).set(database=name).render_as_string(hide_password=False)
