"""A new key for all that is encrypted: nothing is left behind, nothing is changed, and what no key opens stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, select, update

from app.core import resealing
from app.core.hub import Hub, open_hub
from app.core.vault import Vault
from app.db import models
from tests.durability.world import World

BOTH = pytest.mark.both_databases
NEW = Fernet.generate_key().decode()


@pytest.fixture
def both_keys(here: World) -> Iterator[Hub]:
    """The same hub, whose newest key is another one."""
    here.receive()
    here.work()
    hub = open_hub(replace(here.settings, keys=(NEW, *here.settings.keys)))
    yield hub
    hub.close()


def sealed(hub: Hub) -> list[tuple[str, bytes]]:
    found = []
    with hub.db.read() as conn:
        for table in models.metadata.sorted_tables:
            for column in [c for c in table.c if isinstance(c.type, LargeBinary)]:
                rows = conn.execute(select(column).where(column.is_not(None))).scalars()
                found += [(f"{table.name}.{column.name}", bytes(value)) for value in rows]
    return found


@BOTH
def test_everything_opens_with_the_new_key_alone(here: World, both_keys: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "_AT_ONCE", 2)  # several pages of each table
    before, secret = sealed(both_keys), here.hub.secret
    assert {name for name, _ in before} >= {"events.body", "runs.input", "entries.answer", "writes.request"}
    done = resealing.reseal(both_keys)
    assert sum(done.anew.values()) == len(before) + 1  # with the hub's own secret
    assert done.unreadable == {}
    assert resealing.reseal(both_keys).anew == {}
    alone = Vault((NEW,))
    after = sealed(both_keys)
    assert [name for name, value in after if not alone.is_newest(value)] == []
    old = Vault(here.settings.keys)
    assert sorted(plain(old, before)) == sorted(plain(alone, after))
    only_new = open_hub(replace(here.settings, keys=(NEW,)))
    assert only_new.secret == secret
    only_new.close()


def plain(vault: Vault, values: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [(name, vault._fernet.decrypt(value)) for name, value in values]


def test_what_no_key_opens_is_counted_and_left(here: World, both_keys: Hub) -> None:
    foreign = Vault((Fernet.generate_key().decode(),)).seal(b"x", "anything")
    events: Any = models.events
    here.hub.db.write(lambda conn: conn.execute(update(events).values(body=foreign)))
    assert resealing.reseal(both_keys).unreadable == {"events": 1}
    assert here.events()[0]["body"] == foreign
