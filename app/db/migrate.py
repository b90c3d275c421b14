"""Brings a database to today's tables; a start with nothing to do is quick, for every process begins with this."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from app.settings import Settings

HEAD = "0012"  # the newest file in migrations/versions; kept here so that a start with nothing to do loads no Alembic
FOLDER = Path(__file__).parent / "migrations"


class CannotMigrate(Exception):
    """The database cannot be used as it is; the text says what to do."""


def migrate(settings: Settings) -> Path | None:
    """Bring the database of these settings up to date. Returns the copy made beforehand, if any.

    A database newer than ours is left alone: a newer release only adds, and ours still works beside it, unless `house` says
    `oldest`: the oldest version of the tables whose release may. Raises CannotMigrate.
    """
    url = settings.database
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if file:
        if (revision := _revision(file)) == HEAD:
            return None  # the usual case
        if revision > HEAD:
            with closing(sqlite3.connect(file, timeout=15)) as connection:
                found = connection.execute("select value from house where key = 'oldest'").fetchone()
            refuse_if_too_old(found[0] if found else None)
            return None
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    from app.db.upgrade import upgrade

    return upgrade(url, file, settings.home)


def refuse_if_too_old(oldest: str | None) -> None:
    """`oldest` as `house` has it: JSON. Raises CannotMigrate."""
    if oldest is not None and (needed := str(json.loads(oldest))) > HEAD:
        raise CannotMigrate(
            f"The database was made ready for a newer release: it needs tables of version {needed}, and this release knows "
            f"{HEAD}. Upgrade here, too (git pull), then start again. Nothing was changed, and what is under way waits."
        )


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
