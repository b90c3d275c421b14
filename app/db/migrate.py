"""Brings a database to today's tables: whole or not at all, one process at a time, SQLite's file copied first."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url

from app.settings import Settings

HEAD = "0001"  # the newest file in migrations/versions; kept here so that a start with nothing to do loads no Alembic
FOLDER = Path(__file__).parent / "migrations"
PATIENCE = 60  # seconds to wait for another process that migrates

_LOCK = 0x70617463  # any number of our own: PostgreSQL's advisory lock


class CannotMigrate(Exception):
    """The database cannot be used as it is; the text says what to do."""


def migrate(settings: Settings) -> Path | None:
    """Bring the database of these settings up to date. Returns the copy made beforehand, if any."""
    url = make_url(settings.database)
    file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    if file:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = _engine(settings.database, file)
    try:
        with engine.connect() as connection:
            if _revision(connection) >= HEAD:  # newer than ours is fine: a newer release only adds
                return None
        with engine.begin() as connection:
            return _migrate_locked(connection, file, settings.home)
    finally:
        engine.dispose()


def _migrate_locked(connection: Connection, file: Path | None, home: Path) -> Path | None:
    if not file:
        connection.execute(text("select pg_advisory_xact_lock(:no)"), {"no": _LOCK})
    revision = _revision(connection)  # again: another process may have been quicker
    if revision >= HEAD:
        return None
    copy = None
    if inspect(connection).get_table_names():
        if not revision:
            raise CannotMigrate(
                "This database already holds tables of another program. "
                "Give Patchbay a database of its own in DATABASE_URL."
            )
        copy = _copy(file, home / "backups", revision) if file else None
    _upgrade(connection)
    return copy


def _engine(url: str, file: Path | None) -> Engine:
    """Its own engine: sqlite3's driver would otherwise commit before every CREATE TABLE."""
    if not file:
        return create_engine(url)
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": PATIENCE})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _revision(connection: Connection) -> str:
    """The version the tables have, "" for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("select version_num from alembic_version")).scalar() or ""


def _copy(file: Path, folder: Path, revision: str) -> Path:
    """SQLite's online backup; the transaction that is open on the original only reads so far."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = folder / f"before-{HEAD}-from-{revision}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.sqlite"
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _upgrade(connection: Connection) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(FOLDER))
    steps = EnvironmentContext(Config(), script, fn=lambda now, _: script._upgrade_revs("head", now))
    with steps:
        steps.configure(connection=connection, transactional_ddl=True)
        steps.run_migrations()
