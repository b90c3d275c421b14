"""Takes the steps of `migrations/`: whole or not at all, one process at a time, SQLite's file copied first."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from app.db.migrate import FOLDER, HEAD, CannotMigrate, refuse_if_too_old

PATIENCE = 60  # seconds to wait for another process that migrates

_LOCK = 0x70617463  # any number of our own: PostgreSQL's advisory lock


def upgrade(url: str, file: Path | None, home: Path) -> Path | None:
    """What `migrate` does when there may be something to do. `file` is SQLite's, None on PostgreSQL."""
    engine = _engine(url, file)
    try:
        with engine.connect() as connection:
            if (revision := _revision(connection)) > HEAD:
                oldest = connection.execute(text("select value from house where key = 'oldest'")).scalar()
                refuse_if_too_old(oldest)
            if revision >= HEAD:
                return None
        with engine.begin() as connection:
            return _migrate_locked(connection, file, home)
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
    # Counts only for a file without tables: what is deleted later can then be given back to the disk, bit by bit.
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA auto_vacuum=INCREMENTAL"))
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
