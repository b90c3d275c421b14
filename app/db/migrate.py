"""Brings a database to today's tables; a start with nothing to do is quick, for every process begins with this."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from app.settings import Settings

HEAD = "0007"  # the newest file in migrations/versions; kept here so that a start with nothing to do loads no Alembic
FOLDER = Path(__file__).parent / "migrations"


class CannotMigrate(Exception):
    """The database cannot be used as it is; the text says what to do."""


def migrate(settings: Settings) -> Path | None:
    """Bring the database of these settings up to date. Returns the copy made beforehand, if any.

    A database newer than ours is left alone: a newer release only adds, and ours still works beside it.
    """
    url = settings.database
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if file:
        if _revision(file) >= HEAD:
            return None
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    from app.db.upgrade import upgrade

    return upgrade(url, file, settings.home)


def _revision(file: Path) -> str:
    """The version of SQLite's tables, asked without SQLAlchemy, whose import takes half a second."""
    if not file.exists():
        return ""
    try:
        with closing(sqlite3.connect(file, timeout=15)) as connection:
            found = connection.execute("select version_num from alembic_version").fetchone()
    except sqlite3.Error:
        return ""  # no such table, or a problem that the real look will put into words
    return str(found[0]) if found else ""
