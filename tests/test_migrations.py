"""The migrations make exactly the tables of `app.db.models`, whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from app.db.migrate import FOLDER, HEAD, CannotMigrate, migrate
from app.db.models import metadata
from app.settings import Settings

ROOT = Path(__file__).parents[1]


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = set(inspect(connection).get_table_names())
    engine.dispose()
    return found


def test_the_newest_step_is_the_one_a_start_looks_for() -> None:
    assert ScriptDirectory(str(FOLDER)).get_current_head() == HEAD


@pytest.mark.both_databases
def test_migrated_tables_are_those_of_the_models(empty_database_url: str, tmp_path: Path) -> None:
    assert migrate(Settings(home=tmp_path / "home", database_url=empty_database_url)) is None
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


@pytest.mark.both_databases
def test_a_second_time_changes_nothing(database_url: str, tmp_path: Path) -> None:
    before = tables(database_url)
    assert migrate(Settings(home=tmp_path / "home", database_url=database_url)) is None
    assert tables(database_url) == before


@pytest.mark.both_databases
def test_two_processes_at_once(empty_database_url: str, tmp_path: Path) -> None:
    problems: list[BaseException] = []

    def start() -> None:
        try:
            migrate(Settings(home=tmp_path / "home", database_url=empty_database_url))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert set(metadata.tables) <= tables(empty_database_url)


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from app.db.migrate import migrate
from app.settings import Settings
left = int(sys.argv[3])
@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    if statement.lstrip().upper().startswith(("CREATE", "INSERT")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
migrate(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
"""


@pytest.mark.both_databases
@pytest.mark.parametrize("after", [1, 12])
def test_killed_in_the_middle_leaves_nothing(empty_database_url: str, tmp_path: Path, after: int) -> None:
    home = tmp_path / "home"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(home), empty_database_url, str(after)], cwd=ROOT, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert tables(empty_database_url) == set()
    migrate(Settings(home=home, database_url=empty_database_url))
    assert set(metadata.tables) <= tables(empty_database_url)


def test_an_older_database_is_copied_first(settings: Settings) -> None:
    file = settings.home / "patchbay.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("insert into house (key, value) values ('instance', 'kept')")
        connection.execute("update alembic_version set version_num = '0000'")
        for table in set(metadata.tables) - {"house"}:
            connection.execute(f"drop table {table}")
    with pytest.raises(Exception, match="0000"):  # no such step: the change fails after the copy
        migrate(settings)
    copies = list((settings.home / "backups").iterdir())
    assert len(copies) == 1
    assert copies[0].stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copies[0])) as connection:
        assert connection.execute("select value from house where key = 'instance'").fetchone() == ("kept",)


def test_a_newer_database_is_left_alone(settings: Settings) -> None:
    engine = create_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0999'"))
    engine.dispose()
    assert migrate(settings) is None


@pytest.mark.both_databases
def test_a_database_that_no_longer_fits_this_release_is_told_and_left_alone(settings: Settings) -> None:
    engine = create_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0999'"))
        connection.execute(text("insert into house (key, value) values ('oldest', '\"0003\"')"))
    assert migrate(settings) is None
    with engine.begin() as connection:
        connection.execute(text("update house set value = '\"0998\"' where key = 'oldest'"))
    engine.dispose()
    with pytest.raises(CannotMigrate, match="made ready for a newer release: it needs tables of version 0998"):
        migrate(settings)


def test_tables_of_another_program_are_refused(empty_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with closing(sqlite3.connect(tmp_path / "home" / "patchbay.sqlite")) as connection:
        connection.execute("create table theirs (x)")
    with pytest.raises(CannotMigrate, match="DATABASE_URL"):
        migrate(Settings(home=tmp_path / "home", database_url=empty_database_url))
