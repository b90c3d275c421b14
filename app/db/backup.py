"""A copy of the whole database while the hub works, and a copy put in the place of the database.

SQLite: the online backup, checked. PostgreSQL: `pg_dump` and `pg_restore`. Never a copy of a live file. The keys are not in it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from app.db.postgres_tools import Tools, server_major
from app.settings import Settings

_SQLITE, _DUMP = b"SQLite format 3\0", b"PGDMP"
_EMPTY = (  # our own schema holds nothing but tables
    "do $$ declare t text; begin for t in select quote_ident(tablename) from pg_tables where schemaname = current_schema() "
    "loop execute 'drop table ' || t || ' cascade'; end loop; end $$;"
)


class NoBackup(Exception):
    """It could not be made or put back; the text says what to do. Nothing was changed."""


def sqlite_file(settings: Settings) -> Path | None:
    """None on PostgreSQL."""
    url = settings.database
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


# --- making one ---


def make(settings: Settings, out: Path) -> None:
    """`out` is there whole and checked, or not at all, and readable by its owner only. Raises NoBackup, NoTools, OSError."""
    if out.exists():
        raise NoBackup(f"{out} is there already. Choose another name, so that no backup is overwritten.")
    with _whole(out) as draft:
        file = sqlite_file(settings)
        if file:
            _copy(file, draft)
        else:
            _tools(settings).dump(draft)


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A draft that takes the name `out` when it is complete and on the disk."""
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield draft
        _sync(draft)
        draft.replace(out)
        _sync(out.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup, as one file without a log beside it, then `integrity_check`."""
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)
    with closing(reading) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("pragma journal_mode=delete")
        said = [row[0] for row in new.execute("pragma integrity_check")]
    if said != ["ok"]:
        raise NoBackup(
            f"The copy of {source} is damaged ({said[0]}). Look at the disk; `patchbay doctor` looks at it too."
        )


def _tools(settings: Settings) -> Tools:
    engine = create_engine(settings.database)
    try:
        with engine.connect() as conn:
            return Tools(settings.database, server_major(conn))
    finally:
        engine.dispose()


# --- putting one back ---


@dataclass(frozen=True)
class Plan:
    """How a backup becomes this hub's data. What the functions raise ends it.

    `check` sees the backup's `house` (key → JSON) before anything is changed. `hold` is SQL that belongs to the data from its
    first moment. `finish` brings the tables up to date: SQLite's before they take their place, PostgreSQL's afterwards.
    """

    check: Callable[[dict[str, str]], None]
    hold: str
    finish: Callable[[Settings], None]


def restore(settings: Settings, file: Path, aside: Path, plan: Plan) -> None:
    """Put the backup `file` in the place of the database, which is kept as `aside` if there is one.

    Raises NoBackup, NoTools, OSError; then the database is as it was.
    """
    wanted = _SQLITE if sqlite_file(settings) else _DUMP
    if not _start(file).startswith(wanted):
        raise NoBackup(_mistaken(file, bool(sqlite_file(settings))))
    present = sqlite_file(settings)
    if present:
        _restore_sqlite(settings, file, present, aside, plan)
    else:
        _restore_postgres(settings, file, aside, plan)


def _start(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(16)


def _mistaken(file: Path, is_sqlite: bool) -> str:
    start = _start(file)
    if is_sqlite and start.startswith(_DUMP):
        return f"{file} is a backup of a PostgreSQL database. Set DATABASE_URL to the PostgreSQL it belongs to."
    if not is_sqlite and start.startswith(_SQLITE):
        return f"{file} is a backup of a SQLite database. Take DATABASE_URL away to put it back into the home."
    return f"{file} is no backup of Patchbay. Choose a file that `patchbay backup` made."


def is_empty(settings: Settings) -> bool:
    """No table at all, or no database yet."""
    file = sqlite_file(settings)
    if file and not file.exists():
        return True
    engine = create_engine(settings.database)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def in_use(settings: Settings) -> str:
    """Who else has the database open, in words; "" for nobody."""
    file = sqlite_file(settings)
    if file:
        return "" if not file.exists() or _alone(file) else "another process has the database open"
    engine = create_engine(settings.database)
    others = (
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend'"
    )
    try:
        with engine.connect() as conn:
            number = int(conn.execute(text(others)).scalar_one())
    finally:
        engine.dispose()
    return f"{number} other connection{'s' if number > 1 else ''} to the database" if number else ""


def _alone(file: Path) -> bool:
    """A database leaves the mode with a log only when nobody else has it open; its log is in it then and gone."""
    with closing(sqlite3.connect(file, timeout=1)) as conn:
        try:
            return bool(conn.execute("pragma journal_mode=delete").fetchone()[0] == "delete")
        except sqlite3.OperationalError:
            return False


def _restore_sqlite(settings: Settings, file: Path, present: Path, aside: Path, plan: Plan) -> None:
    present.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _spare(present) as draft:
        _copy(file, draft)
        with closing(sqlite3.connect(draft, isolation_level=None)) as conn:
            plan.check(_house(conn, file))
            conn.executescript(plan.hold)
        plan.finish(replace(settings, database_url=f"sqlite:///{draft}"))
        if not _alone(draft):
            raise NoBackup(f"Another process uses {draft}. Stop it, then try again.")
        if present.exists():
            _put_aside(present, aside)
        _sync(draft)
        draft.replace(present)
        _sync(present.parent)


def _put_aside(present: Path, aside: Path) -> None:
    """Under a second name: there is no moment without a database."""
    if not _alone(present):
        raise NoBackup("Another process has the database open. Stop Patchbay everywhere, then try again.")
    aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.link(present, aside)


def _house(conn: sqlite3.Connection, file: Path) -> dict[str, str]:
    try:
        conn.execute("select version_num from alembic_version").fetchone()
        return dict(conn.execute("select key, value from house").fetchall())
    except sqlite3.Error:
        raise NoBackup(_mistaken(file, True)) from None


@contextmanager
def _spare(present: Path) -> Iterator[Path]:
    """A file beside the database in which the backup is made ready."""
    draft = present.with_name(f"{present.name}.restoring")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield draft
    finally:
        for name in (draft.name, f"{draft.name}-wal", f"{draft.name}-shm", f"{draft.name}.lock"):
            draft.with_name(name).unlink(missing_ok=True)


def _restore_postgres(settings: Settings, file: Path, aside: Path, plan: Plan) -> None:
    tools = _tools(settings)
    house = {row[0]: row[1] for row in tools.rows(file, "house")}
    if not house:
        raise NoBackup(_mistaken(file, False))
    plan.check(house)
    if not is_empty(settings):
        make(settings, aside)
    tools.load(file, _EMPTY, plan.hold)
    plan.finish(settings)
