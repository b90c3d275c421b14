"""The clock that does not jump: wall time may be set, a reboot ends every lease, PostgreSQL's clock is everybody's."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Connection, select, text

from app.core import house
from app.core.hub import Hub
from app.db import steady
from app.db.models import runs, serials
from app.db.session import Database
from app.db.steady import Steady
from tests.databases import Postgres
from tests.durability.world import until

BOTH = pytest.mark.both_databases


def reboot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, boot_id: str) -> None:
    """From here on the machine says that it was started anew."""
    file = tmp_path / f"boot {boot_id}"
    file.write_text(f"{boot_id}\n")
    monkeypatch.setattr(steady, "_BOOT_ID", file)


@pytest.fixture
def leases(hub: Hub) -> Hub:
    """A run that somebody holds, and one that has ended."""
    hub.steady.now()
    rows = [
        {"id": "held", "start_key": "1", "state": "running", "lease_until": hub.steady.now() + 60_000},
        {"id": "ended", "start_key": "2", "state": "done", "lease_until": 77},
    ]
    hub.db.write(lambda conn: conn.execute(runs.insert(), rows))
    return hub


def lease(hub: Hub, run: str = "held") -> int:
    with hub.db.read() as conn:
        return int(conn.execute(select(runs.c.lease_until).where(runs.c.id == run)).scalar_one())


@BOTH
def test_it_begins_near_the_wall_clock_and_moves_with_time(hub: Hub) -> None:
    first = hub.steady.now()
    assert abs(first - time.time() * 1000) < 5000
    time.sleep(0.03)
    assert 20 <= hub.steady.now() - first < 5000


@BOTH
@pytest.mark.parametrize("hours", [-1, 1, 24 * 400])
def test_the_wall_clock_may_be_set(hub: Hub, hours: int) -> None:
    before = hub.steady.now()
    with time_machine.travel(time.time() + hours * 3600):
        assert 0 <= hub.steady.now() - before < 5000
        assert 0 <= Steady(hub.db).now() - before < 5000  # a process that starts now agrees


@BOTH
def test_all_processes_agree(hub: Hub) -> None:
    other = Database(hub.db.url)
    assert abs(hub.steady.now() - Steady(other).now()) < 2000
    other.close()


def test_another_process_of_this_boot_ends_no_lease(leases: Hub) -> None:
    Steady(leases.db).now()
    assert lease(leases) > leases.steady.now()


def test_a_new_boot_ends_every_lease(leases: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reboot(monkeypatch, tmp_path, "second")
    Steady(leases.db).now()
    assert lease(leases) == 0
    assert lease(leases, "ended") == 77


def test_a_new_boot_starts_from_the_wall_clock_again(
    leases: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reboot(monkeypatch, tmp_path, "second")
    monkeypatch.setattr(steady, "since_boot", lambda: 5000)  # five seconds after the start
    fresh = Steady(leases.db)
    assert abs(fresh.now() - time.time() * 1000) < 5000
    with leases.db.read() as conn:
        assert house.get(conn, "boot")["id"] == "second"
    assert abs(Steady(leases.db).now() - fresh.now()) < 1000


def test_without_a_boot_id_it_still_runs(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(steady, "_BOOT_ID", tmp_path / "not there")
    assert abs(Steady(hub.db).now() - time.time() * 1000) < 5000
    with hub.db.read() as conn:
        assert json.dumps(house.get(conn, "boot")["id"]) == '"no boot id"'


@BOTH
def test_postgres_decides_where_there_is_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's idea of time since boot may be anything."""
    monkeypatch.setattr(steady, "since_boot", lambda: 123_456)
    clock = Steady(hub.db)
    now = clock.now()
    if hub.db.is_sqlite:
        monkeypatch.setattr(steady, "since_boot", lambda: 123_456 + 86_400_000)
        assert clock.now() - now == 86_400_000  # asked once: the boot's start stands
        return
    with hub.db.read() as conn:
        server = int(conn.execute(text("select (extract(epoch from clock_timestamp()) * 1000)::bigint")).scalar_one())
    assert abs(now - server) < 2000
    monkeypatch.setattr(steady, "since_boot", lambda: 123_456 + 19_000)
    assert clock.now() - now == 19_000  # carried on by ourselves
    monkeypatch.setattr(steady, "since_boot", lambda: 123_456 + 86_400_000)
    assert abs(clock.now() - server) < 5000  # asked again: a day of drift is gone


@BOTH
def test_writers_who_hold_every_connection_do_not_wait_for_each_other(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking the server takes a connection: if each of them waited for the one that asks, it would never get one."""
    db = Database(database_url, pool=2)
    clock, together = Steady(db), threading.Barrier(2)
    known = clock.now()
    monkeypatch.setattr(steady, "_ASK_AGAIN", -1)
    real = clock._ask

    def ask() -> int:
        if not db.is_sqlite:
            together.wait(20)  # both hold a connection
        return real()

    def write(asks: bool) -> int:
        def look(_: object) -> int:
            if not asks and not db.is_sqlite:
                together.wait(20)
            return clock.now()

        return db.write(look)

    monkeypatch.setattr(clock, "_ask", ask)
    with ThreadPoolExecutor(2) as hands:
        asker = hands.submit(write, True)
        if not db.is_sqlite:
            until(lambda: clock._lock.locked())
        assert hands.submit(write, False).result(20) >= known
        assert asker.result(20) >= known
    db.close()


def test_who_asks_within_a_transaction_needs_none_of_the_connections_that_wait_for_it(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others hold the pool's connections, and wait for a row that the one who asks has locked."""
    monkeypatch.setattr(steady, "_ASK_AGAIN", -1)
    with postgres.fresh() as url, closing(Database(url, pool=2)) as db, ThreadPoolExecutor(2) as hands:
        db.write(lambda conn: conn.execute(serials.insert().values(key="row", next=0)))
        clock, locked, mine = Steady(db), threading.Event(), serials.update().values(next=serials.c.next + 1)
        clock.now()

        def asks(conn: Connection) -> int:
            conn.execute(mine)
            locked.set()
            until(lambda: db.engine.pool.checkedout() == 2)  # type: ignore[attr-defined]  # a QueuePool has it
            return clock.now()

        asker = hands.submit(db.write, asks)
        assert locked.wait(20)
        waiter = hands.submit(db.write, lambda conn: conn.execute(mine).rowcount)
        assert asker.result(10) > 0
        assert waiter.result(10) == 1
