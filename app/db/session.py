"""One database, SQLite or PostgreSQL, behind `read()` and `write()`.

SQLite: WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`. Writers of all processes queue at a lock file (busy waiting at SQLite's own
lock starves them), and within a process whoever gets the lock commits for everybody who waits: one fsync for many.
PostgreSQL: READ COMMITTED, one transaction a write.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from app.db import direct, unread

T = TypeVar("T")
Write = Callable[[Connection], T]
_BUSY = 15.0  # seconds a writer waits for its turn
_RESTED = 2.0  # seconds after which a connection may have been cut without our knowing
_BATCH = 16  # writes that share one commit at most: other processes wait that long
_AS_WE_NEED_IT = {
    "options": "-c statement_timeout=15000 -c synchronous_commit=on -c idle_in_transaction_session_timeout=60000",
    "connect_timeout": 5,
}
_OTHERS = 0.001  # seconds after a full one in which they may go first: as long as they sleep between two looks


class Database:
    """`read()` gives a connection for queries; `write(fn)` runs `fn(connection)` in one short transaction.

    `fn` must have no effect outside the database: it may run again. No network call inside it.
    """

    def __init__(self, url: str, *, pool: int = 11) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url, pool) if self.is_sqlite else _postgres(url, pool)
        # A question is no transaction: without BEGIN and ROLLBACK it takes a third of the messages. Same pool.
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._commits = _GroupCommit(self.engine, _lock_path(url)) if self.is_sqlite else None
        self._apart = None if self.is_sqlite else create_engine(url, poolclass=NullPool, connect_args=_AS_WE_NEED_IT)
        self.before_write: Callable[[], None] = _at_once  # may wait, if others go first

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as conn:
            yield conn

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """For a question that may be asked within a transaction: a connection of its own, since those of the pool may all be with
        others who wait for what this transaction has locked. Never inside a transaction of SQLite's."""
        with (self._apart or self._reading).connect() as conn:
            yield conn

    def write(self, fn: Write[T]) -> T:
        """What `fn` returns, once it is committed. Raises what `fn` or the commit raises; then nothing was changed."""
        self.before_write()
        if self._commits is not None:
            return self._commits.write(fn)
        with self.engine.begin() as conn, _whole(conn):
            return fn(conn)

    def write_each(self, fn: Write[T]) -> T:
        """Like `write`, for a `fn` whose statements need not stand or fall together: PostgreSQL commits each one by itself,
        which takes a third of the messages. If one fails, those before it stay."""
        self.before_write()
        if self._commits is not None:
            return self._commits.write(fn)
        with self._reading.connect() as conn, _whole(conn):
            return fn(conn)

    def close(self) -> None:
        if self._commits is not None:
            self._commits.close()
        self.engine.dispose()
        if self._apart is not None:
            self._apart.dispose()


def _at_once() -> None:
    """Nobody goes first."""


def _postgres(url: str, pool: int) -> Engine:
    # A server lets a hundred in by default: eight processes take no more than that, with the one beside the pool.
    engine = create_engine(url, pool_size=pool, max_overflow=0, connect_args=_AS_WE_NEED_IT)
    unread.watch(engine)
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", partial(_wakes, engine))
    return engine


@contextmanager
def _whole(conn: Connection) -> Iterator[None]:
    """What was not waited for leaves before the commit, or never."""
    try:
        yield
        unread.leave(conn)
    except BaseException:
        unread.drop(conn)
        raise


def _rests(raw: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _wakes(engine: Engine, raw: Any, record: Any, _: object) -> None:
    """A connection that has rested is asked whether it still lives; asking each time would double the messages of a question."""
    now = time.monotonic()
    if now - record.info.get("rests_since", now) > _RESTED:
        try:
            engine.dialect.do_ping(raw)
        except engine.dialect.loaded_dbapi.Error as problem:
            raise InvalidatePoolError from problem  # all others are as old; SQLAlchemy makes a new one


def _sqlite(url: str, pool: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=pool,
        pool_reset_on_return=None,  # transactions are begun and ended by hand
        skip_autocommit_rollback=True,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 15, "check_same_thread": False},
    )
    event.listen(engine, "connect", _pragmas)
    return engine


def _pragmas(raw: Any, _: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "cache_size=-2000",
        "temp_store=MEMORY",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _lock_path(url: str) -> Path:
    return Path((make_url(url).database or "patchbay.sqlite") + ".lock")


def _silent() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Waiting:
    """One write in line. `bell`: taken until there is something to hear; `leads`: it is to commit for itself and others."""

    fn: Write[Any]
    value: Any = None
    error: BaseException | None = None
    done: bool = False
    leads: bool = False
    bell: threading.Lock = field(default_factory=_silent)

    def end(self, value: Any, error: BaseException | None) -> None:
        self.value, self.error, self.done = value, error, True
        self.bell.release()


_Outcome = tuple[Any, BaseException | None]
_Result = tuple[_Waiting, Any, BaseException | None]


class _GroupCommit:
    """Writers stand in line; the first of them runs the functions of all, commits once, and hands over to the next.

    If one of them fails all begin anew, each in a savepoint: savepoints for everybody would cost more than that.
    """

    def __init__(self, engine: Engine, lock_path: Path) -> None:
        self._engine = engine
        self._path = lock_path
        self._line: list[_Waiting] = []
        self._is_led = False  # somebody commits, or was told to
        self._guard = threading.Lock()  # both of them
        self._committer = 0  # the thread that commits
        self._file: Any = None
        self._conn: Connection | None = (
            None  # kept: taking one from the pool for each commit costs as much as a statement
        )

    def write(self, fn: Write[T]) -> T:
        if self._committer == threading.get_ident():
            raise RuntimeError("write() was called inside a write(), which would wait for itself for ever")
        mine = _Waiting(fn)
        if not self._join(mine):
            self._wait(mine)
        if not mine.done:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return cast(T, mine.value)

    def _join(self, mine: _Waiting) -> bool:
        """True where nobody leads, so that the caller does."""
        with self._guard:
            self._line.append(mine)
            leads, self._is_led = not self._is_led, True
        return leads

    def _wait(self, mine: _Waiting) -> None:
        """Until it is done, or its turn to lead."""
        try:
            mine.bell.acquire()
        except BaseException:
            with self._guard:
                self._line = [one for one in self._line if one is not mine]
                leads = mine.leads
            if leads:
                self._hand_over()
            raise

    def _lead(self) -> None:
        """For those who have waited longest, the caller among them."""
        with self._guard:
            batch, self._line = self._line[:_BATCH], self._line[_BATCH:]
        try:
            self._commit(batch)
            if self._line and len(batch) == _BATCH:
                time.sleep(_OTHERS)
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        with self._guard:
            heir = self._line[0] if self._line else None
            self._is_led = heir is not None
            if heir is not None:
                heir.leads = True
        if heir is not None:
            heir.bell.release()

    def _commit(self, batch: list[_Waiting]) -> None:
        self._committer = threading.get_ident()
        try:
            with self._locked():
                results = self._all(batch)
        except BaseException as problem:
            for one in batch:
                one.end(None, problem)
            if not isinstance(problem, Exception):
                raise
            return
        finally:
            self._committer = 0
        for one, value, error in results:
            one.end(value, error)

    def _all(self, batch: list[_Waiting]) -> list[_Result]:
        try:
            return self._together(batch, _plainly)
        except Exception:
            if len(batch) == 1:
                raise
        return self._together(batch, _guarded)

    def _together(self, batch: list[_Waiting], run: Callable[[Connection, Write[Any]], _Outcome]) -> list[_Result]:
        if self._conn is None:
            self._conn = self._engine.connect()
        conn = self._conn
        try:
            direct.say(conn, "BEGIN IMMEDIATE")
            results = [(one, *run(conn, one.fn)) for one in batch]
            direct.say(conn, "COMMIT")
            return results
        except BaseException:
            with suppress(Exception):
                conn.exec_driver_sql("ROLLBACK")
            self._drop()
            raise

    def _drop(self) -> None:
        """What comes next gets a fresh connection, whatever happened to this one."""
        if self._conn is not None:
            with suppress(Exception):
                self._conn.invalidate()
                self._conn.close()
            self._conn = None

    def close(self) -> None:
        self._drop()
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Writers of other processes wait here, in turn, instead of polling SQLite's lock."""
        if self._file is None:
            self._file = self._path.open("a")
        _wait_for(self._file)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def _wait_for(file: Any) -> None:
    """The lock, within SQLite's own patience: a process that was stopped while it held it must not stop intake for ever."""
    end, pause = time.monotonic() + _BUSY, 0.0002
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            if time.monotonic() > end:
                raise OperationalError("flock", {}, TimeoutError("another process holds the database")) from held
        time.sleep(pause)
        pause = min(pause * 1.5, 0.001)


def _plainly(conn: Connection, fn: Write[Any]) -> _Outcome:
    return fn(conn), None


def _guarded(conn: Connection, fn: Write[Any]) -> _Outcome:
    """One function of a batch; its failure undoes its own changes and nobody else's."""
    conn.exec_driver_sql("SAVEPOINT one")
    try:
        value = fn(conn)
    except Exception as problem:
        conn.exec_driver_sql("ROLLBACK TO one")
        conn.exec_driver_sql("RELEASE one")
        return None, problem
    conn.exec_driver_sql("RELEASE one")
    return value, None
