"""A rolling upgrade: a newer release has added to the tables, and a process of this one goes on with what it had in hand."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from app.core import claims, engine, routing
from app.db.migrate import migrate
from app.db.models import metadata
from tests.durability.world import ALL_WELL, World

pytestmark = pytest.mark.both_databases


def upgrade(conn: Connection) -> None:
    """What a newer release may do: add columns that have a value by themselves, tables and indexes."""
    for name in metadata.tables:
        conn.execute(text(f"alter table {name} add column added_later bigint not null default 7"))
    conn.execute(text("create table made_later (id text primary key)"))
    conn.execute(text("create index ix_made_later on runs (added_later)"))
    conn.execute(text("update alembic_version set version_num = '0999'"))


def test_a_run_in_hand_comes_to_its_end_and_new_events_too(here: World) -> None:
    (run_id,) = routing.route(here.hub, here.receive())
    claim = claims.claim(here.hub, "a worker of this release", run_id)
    assert claim
    here.hub.db.write(upgrade)
    assert migrate(here.settings) is None
    assert engine.work_on(here.hub, claim).state == "done"
    assert here.state() == ALL_WELL
    event = here.receive("After", meeting="after")
    here.work()
    assert here.run(event)["state"] == "done"
    assert sorted(here.pages()) == ["After", "Catch-up"]
