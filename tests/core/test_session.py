"""The database under many writers: nothing is lost, a failure undoes only itself, and one fsync serves all who wait."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.core.statements import add, insert_once, upsert
from app.db import direct, models, session
from app.db.models import house, serials
from app.db.session import Database
from tests.databases import Postgres

BOTH = pytest.mark.both_databases


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def count_up(conn: Connection) -> int:
    """Read, then write: what two writers at once would lose."""
    insert_once(conn, serials, {"key": "counter", "next": 0})
    mine = serials.c.key == "counter"
    now = conn.execute(select(serials.c.next).where(mine).with_for_update()).scalar_one()
    conn.execute(serials.update().where(mine).values(next=now + 1))
    return int(now) + 1


def counted(db: Database) -> int:
    with db.read() as conn:
        return int(conn.execute(select(serials.c.next)).scalar_one())


@BOTH
def test_twenty_four_threads_lose_nothing(db: Database) -> None:
    db.write(count_up)  # the row is there, so that PostgreSQL's snapshot sees it

    def many(_: int) -> list[int]:
        return [db.write(count_up) for _ in range(10)]

    with ThreadPoolExecutor(24) as pool:
        given = [n for part in pool.map(many, range(24)) for n in part]
    assert counted(db) == 241
    assert sorted(given) == list(range(2, 242))  # and everybody was told the truth


def test_two_processes_lose_nothing(db: Database) -> None:
    code = (
        "import sys; from app.db.session import Database; from tests.core.test_session import count_up; "
        "db = Database(sys.argv[1]); [db.write(count_up) for _ in range(60)]; db.close()"
    )
    command = [sys.executable, "-c", code, db.url]
    others = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    for _ in range(60):
        db.write(count_up)
    assert [other.wait(60) for other in others] == [0, 0]
    assert counted(db) == 180


@BOTH
def test_a_failing_write_changes_nothing_and_says_why(db: Database) -> None:
    def half(conn: Connection) -> None:
        conn.execute(house.insert().values(key="a", value="1"))
        conn.execute(house.insert().values(key="a", value="2"))

    with pytest.raises(IntegrityError):
        db.write(half)
    with db.read() as conn:
        assert conn.execute(select(func.count()).select_from(house)).scalar_one() == 0
    db.write(lambda conn: conn.execute(house.insert().values(key="a", value="3")))


class Line:
    """Holds up the first writer until others stand in line behind it, so that they share one commit."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.inside, self.go_on = threading.Event(), threading.Event()

    def hold(self, conn: Connection) -> None:
        self.inside.set()
        assert self.go_on.wait(10)

    def release_after(self, waiting: int) -> None:
        assert self.db._commits
        while len(self.db._commits._line) < waiting:
            threading.Event().wait(0.002)
        self.go_on.set()


def test_a_failure_in_a_shared_commit_undoes_only_itself(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    say = direct.say

    def heard(conn: Connection, text: str) -> None:
        said.append(text)
        say(conn, text)

    monkeypatch.setattr(direct, "say", heard)
    line = Line(db)

    def put(conn: Connection, n: int) -> int:
        conn.execute(house.insert().values(key=f"n{n}", value=str(n)))
        if n % 3 == 0:
            raise ValueError(f"number {n}")
        return n

    with ThreadPoolExecutor(13) as pool:
        first = pool.submit(db.write, line.hold)
        assert line.inside.wait(10)
        asked = [pool.submit(db.write, lambda conn, n=n: put(conn, n)) for n in range(12)]
        line.release_after(12)
        first.result(10)
        ends = [repr(one.exception(10) or one.result()) for one in asked]
    assert ends == [f"ValueError('number {n}')" if n % 3 == 0 else str(n) for n in range(12)]
    with db.read() as conn:
        there = set(conn.execute(select(house.c.value)).scalars())
    assert there == {str(n) for n in range(12) if n % 3}
    assert said.count("COMMIT") == 2  # the first one's, and one for all twelve


def test_more_writers_than_fit_into_one_commit(db: Database) -> None:
    line = Line(db)
    with ThreadPoolExecutor(131) as pool:
        pool.submit(db.write, line.hold)
        assert line.inside.wait(10)
        asked = [pool.submit(db.write, count_up) for _ in range(130)]
        line.release_after(130)
        assert sorted(one.result(20) for one in asked) == list(range(1, 131))
    assert counted(db) == 130


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("leads", [False, True], ids=["in the middle of the line", "when it is its turn"])
def test_a_writer_that_is_interrupted_holds_nobody_up(db: Database, leads: bool) -> None:
    """As a command is by Ctrl-C."""
    line = Line(db)

    def interrupt(number: int, frame: object) -> None:
        if leads:  # just when whoever was before it hands over
            line.go_on.set()
            first.result(10)
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(db.write, line.hold)
            assert line.inside.wait(10)
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Interrupted):
                db.write(count_up)
            behind: Future[int] = Future()
            threading.Thread(target=lambda: behind.set_result(db.write(count_up)), daemon=True).start()
            line.go_on.set()
            assert behind.result(10) == 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert counted(db) == 1


def test_a_commit_that_fails_is_a_failure_for_all_who_shared_it(db: Database) -> None:
    line = Line(db)

    def deferred(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        conn.execute(models.tokens.insert().values(id="t", user="nobody"))

    with ThreadPoolExecutor(3) as pool:
        pool.submit(db.write, line.hold)
        assert line.inside.wait(10)
        asked: list[Future[Any]] = [pool.submit(db.write, deferred), pool.submit(db.write, count_up)]
        line.release_after(2)
        assert all(isinstance(one.exception(10), IntegrityError) for one in asked)
    with db.read() as conn:
        assert conn.execute(select(func.count()).select_from(serials)).scalar_one() == 0
    assert db.write(count_up) == 1  # and the next one goes on


def test_a_write_inside_a_write_fails_instead_of_waiting_for_itself(db: Database) -> None:
    with pytest.raises(RuntimeError, match="inside a write"):
        db.write(lambda conn: db.write(count_up))
    assert db.write(count_up) == 1


def test_a_reader_sees_only_what_is_committed_and_waits_for_nobody(db: Database) -> None:
    line = Line(db)

    def slow(conn: Connection) -> None:
        count_up(conn)
        line.hold(conn)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(db.write, slow)
        assert line.inside.wait(10)
        with db.read() as conn:
            assert conn.execute(select(serials.c.next)).scalar() is None
        line.go_on.set()
        writing.result(10)
    assert counted(db) == 1


def test_nothing_is_lost_when_the_machine_stops(db: Database) -> None:
    with db.read() as conn:
        found = {
            n: conn.exec_driver_sql(f"PRAGMA {n}").scalar() for n in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    gone = Database(f"sqlite:///{tmp_path / 'nowhere' / 'patchbay.sqlite'}")
    with pytest.raises((OperationalError, OSError)):
        gone.write(count_up)
    with pytest.raises(OperationalError), gone.read() as conn:
        conn.execute(select(house))
    gone.close()


@BOTH
def test_the_three_statements_that_both_databases_share(db: Database) -> None:
    def say(conn: Connection) -> list[object]:
        made = [insert_once(conn, house, {"key": "a", "value": v}) for v in "12"]
        upsert(conn, house, {"key": "a"}, {"value": "3"})
        key = {"recipe": "r", "day": "d"}
        for tokens in (5, 7):
            add(conn, models.budgets, key, tokens=tokens, cost=1)
        value = conn.execute(select(house.c.value)).scalar_one()
        sums = conn.execute(select(models.budgets.c.tokens, models.budgets.c.cost)).one()
        return [made, value, tuple(sums)]

    assert db.write(say) == [[True, False], "3", (12, 2)]


def test_a_lock_that_is_never_given_back_is_an_error_not_a_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_BUSY", 0.05)
    db = Database(f"sqlite:///{tmp_path}/x.sqlite")
    with (tmp_path / "x.sqlite.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OperationalError, match="another process"):
            db.write(lambda conn: None)
    db.write(lambda conn: None)
    db.close()


def test_more_writers_than_connections_take_turns(postgres: Postgres) -> None:
    """A worker has many threads and PostgreSQL few places."""
    with postgres.fresh() as url:
        db = Database(url)
        try:
            with ThreadPoolExecutor(60) as hands:
                done = list(hands.map(lambda n: db.write(lambda conn: _slow(conn, n)), range(60)))
            assert done == list(range(60))
            with db.read() as conn:
                mine = text("select count(*) from pg_stat_activity where datname = current_database()")
                assert conn.execute(mine).scalar_one() <= 12
        finally:
            db.close()


def _slow(conn: Connection, number: int) -> int:
    conn.execute(text("select pg_sleep(0.05)"))
    return number


def messages(db: Database, act: Callable[[], object]) -> list[str]:
    """The statements that are sent meanwhile, and the questions whether a connection still lives."""
    asked: list[str] = []
    dialect: Any = db.engine.dialect
    real = dialect.do_ping

    def note(conn: Any, cursor: Any, statement: str, *_: object) -> None:
        asked.append(statement.split()[0].lower())

    def ping(raw: Any) -> Any:
        asked.append("ping")
        return real(raw)

    event.listen(db.engine, "before_cursor_execute", note)
    dialect.do_ping = ping
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        del dialect.do_ping
    return asked


def test_only_a_connection_that_has_rested_is_asked_whether_it_lives(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.fresh() as url:
        db = Database(url)
        try:
            look(db)
            assert messages(db, lambda: look(db)) == ["select"]
            monkeypatch.setattr(session, "_RESTED", -1.0)
            assert messages(db, lambda: look(db)) == ["ping", "select"]
        finally:
            db.close()


def test_a_connection_that_was_cut_while_it_rested_is_replaced(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.fresh() as url:
        db, other = Database(url), Database(url)
        try:
            look(db)
            mine = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            with other.read() as conn:
                conn.execute(text(f"{mine} and pid <> pg_backend_pid()"))
            monkeypatch.setattr(session, "_RESTED", -1.0)
            look(db)
            assert db.write(lambda conn: conn.execute(text("select 1")).scalar()) == 1
        finally:
            db.close()
            other.close()


def test_statements_that_need_not_stand_together_are_their_own_commits(postgres: Postgres) -> None:
    with postgres.fresh() as url:
        db = Database(url)
        try:
            with pytest.raises(ZeroDivisionError):
                db.write_each(lambda conn: _one_and_fail(conn))
            assert _kept(db) == ["1"]
            with pytest.raises(ZeroDivisionError):
                db.write(lambda conn: _one_and_fail(conn, "2"))
            assert _kept(db) == ["1"]
        finally:
            db.close()


def _one_and_fail(conn: Connection, key: str = "1") -> None:
    insert_once(conn, serials, {"key": key, "next": 1})
    raise ZeroDivisionError


def _kept(db: Database) -> list[str]:
    with db.read() as conn:
        return list(conn.execute(select(serials.c.key)).scalars())


def look(db: Database) -> None:
    with db.read() as conn:
        conn.execute(select(1))


def test_a_question_inside_a_write_is_noticed(db: Database) -> None:
    def asks(conn: Connection) -> None:
        with db.read():
            pass

    with pytest.raises(AssertionError, match="asked inside a write"):
        db.write(asks)
    with db.read() as conn:
        assert conn.execute(text("select 1")).scalar() == 1
