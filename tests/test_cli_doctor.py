"""`patchbay doctor`: each thing that can be wrong is told with what to do; a hub that works is told to work."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, text

from app import jobs
from app.cli import checkup
from app.core import hold, house
from app.core.hub import Hub, open_hub
from app.settings import Settings

pytestmark = pytest.mark.both_databases


def fill(settings: Settings, *statements: str) -> None:
    hub = open_hub(settings)
    _ = hub.secret
    hub.steady.now()
    for statement in statements:
        hub.db.write(partial(_execute, statement=statement))
    hub.close()


def _execute(conn: Connection, statement: str) -> None:
    conn.execute(text(statement))


def test_the_database_and_its_version_are_named(settings: Settings) -> None:
    assert checkup.database(settings)[0] == "ok"
    fill(settings, "update alembic_version set version_num = '9999'")
    state, words = checkup.database(settings)
    assert state == "note"
    assert "newer release (9999" in words
    fill(settings, "update alembic_version set version_num = '0001'")
    assert "the next start brings them to" in checkup.database(settings)[1]


def test_keys_of_another_hub_are_told(settings: Settings) -> None:
    fill(settings)
    assert checkup.keys(settings)[0] == "ok"
    with pytest.raises(Exception, match="cannot be opened with the keys of this hub"):
        checkup.keys(replace(settings, keys=(Fernet.generate_key().decode(),)))
    assert checkup.keys(replace(settings, keys=()))[0] == "problem"  # no file either


def test_a_clock_that_differs_is_told(settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkup.clock(settings)[0] in ("ok", "note")
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 60)  # as if this machine's clock were wrong
    state, words = checkup.clock(settings)
    assert state == "problem"
    assert "60 s behind this machine's" in words


def test_a_hold_is_told(hub: Hub, settings: Settings) -> None:
    assert checkup.on_hold(settings) == ("ok", "no")
    hub.db.write(lambda conn: house.put(conn, "hold", {"why": hold.RESTORED, "since": 1}))
    state, words = checkup.on_hold(settings)
    assert state == "problem"
    assert "patchbay resume" in words


def test_a_process_that_is_missing_is_told(settings: Settings, redis_url: str) -> None:
    assert checkup.processes(settings)[0] == "note"
    jobs.show_up(settings, "clock")
    state, words = checkup.processes(settings)
    assert state == "problem"
    assert "Start: patchbay worker" in words
    jobs.show_up(settings, "worker")
    assert checkup.processes(settings)[0] == "ok"
