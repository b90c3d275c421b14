"""Files in a whole hub, on both databases: they start a recipe once, are in backups, and go when their time has come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, func, select

from app.core import events, files, recipes
from app.core.resealing import reseal
from app.core.trimming import Trimmer
from app.core.vault import Vault
from app.db import backup
from app.db.models import file_parts
from app.settings import Settings
from tests.connectors import whole
from tests.durability.world import MEETINGS, World

BOTH = pytest.mark.both_databases
SAMPLE = json.loads((Path(__file__).parent / "samples" / "files" / "statement.json").read_text())
STEPS = [
    {
        "id": "page",
        "do": "notion.create_page",
        "for_each": "{{ event.rows }}",
        "given": {"data_source": MEETINGS, "title": "{{ item.Text }}: {{ item.Betrag }}"},
    }
]
DAYS = 100  # longer than deliveries are kept, shorter than history
CSV = "Datum;Betrag;Text\r\n1.11.;-12,50;Holz\r\n2.11.;=1+1;Leim\r\n".encode("cp1252")


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "files.dropped", {**SAMPLE, "rows": SAMPLE["rows"][:1]}, STEPS) as made:
        yield made


def drop(here: World, data: bytes = CSV, name: str = "statement.csv") -> files.Taken:
    return files.take(here.hub, files.place(here.hub, here.connection("files")), name, data, "Ana")


def parts(here: World) -> int:
    with here.hub.db.read() as conn:
        return int(conn.execute(select(func.count()).select_from(file_parts)).scalar_one())


@BOTH
def test_each_row_becomes_a_page_once(here: World) -> None:
    first, second = drop(here), drop(here, name="the same.csv")
    assert (first.state, second.state, second.event) == ("taken", "copy", first.event)
    here.work()
    assert here.run()["state"] == "done"
    assert sorted(here.pages()) == ["Holz: -12,50", "Leim: =1+1"]
    whole.take_back(here, here.run()["id"])
    assert here.run()["state"] == "undone"


def test_start_it_again_all_the_same(here: World) -> None:
    taken = drop(here)
    here.work()
    for _ in range(2):  # pressed twice
        events.replay(here.hub, taken.event, by="Ana", number="a page's number")
    here.work()
    assert len(here.runs()) == 2


def test_what_came_while_the_recipe_was_off_is_kept(here: World) -> None:
    recipes.switch_off(here.hub, "told", practice=True)
    taken = drop(here)
    here.work()
    assert here.runs() == []
    assert files.content(here.hub, here.connection("files"), taken.event) == ("statement.csv", CSV)


@BOTH
def test_contents_go_with_what_was_delivered_and_then_the_same_file_is_news(here: World) -> None:
    old = drop(here)
    here.work()
    assert parts(here) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(days=DAYS)):
        trimmer = Trimmer(here.hub)
        for _ in range(10):
            trimmer.round()
        assert parts(here) == 0
        assert files.latest(here.hub, here.connection("files"))[0]["name"] is None
        with pytest.raises(LookupError):
            files.content(here.hub, here.connection("files"), old.event)
        assert drop(here).state == "taken"
        assert drop(here).state == "copy"


@BOTH
def test_a_new_key_opens_what_the_old_one_sealed(here: World) -> None:
    data = bytes(range(256)) * 2048  # two parts
    taken = drop(here, data, "x.bin")
    keys = here.hub.settings.keys or tuple((here.hub.settings.home / "keys").read_text().split())
    here.hub.vault = Vault((Fernet.generate_key().decode(), *keys))
    assert reseal(here.hub).anew["file_parts"] == 2
    assert files.content(here.hub, here.connection("files"), taken.event)[1] == data


def test_a_backup_has_the_contents(here: World, tmp_path: Path) -> None:
    drop(here)
    out = tmp_path / "backup.sqlite"
    backup.make(replace(here.hub.settings), out)
    engine = create_engine(f"sqlite:///{out}")
    with engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(file_parts)).scalar_one() == 1
    engine.dispose()
