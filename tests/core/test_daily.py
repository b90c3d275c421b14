"""A backup a day, so many days back."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace

from app.core.daily import Daily
from app.core.hub import Hub


def test_one_a_day_is_made_and_only_the_newest_are_kept(hub: Hub) -> None:
    folder = hub.settings.home / "backups"
    folder.mkdir()
    for day in ("20200101", "20200102", "20200103"):
        (folder / f"daily-{day}.sqlite").touch()
    (folder / "before-0003-from-0002.sqlite").touch()
    daily = Daily(replace(hub.settings, backups=2))
    for _ in range(2):
        daily.round()
        daily.wait()
    today = f"daily-{time.strftime('%Y%m%d')}.sqlite"
    assert sorted(f.name for f in folder.iterdir()) == ["before-0003-from-0002.sqlite", "daily-20200103.sqlite", today]
    with closing(sqlite3.connect(folder / today)) as copy:
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)
        assert copy.execute("select count(*) from alembic_version").fetchone() == (1,)


def test_none_is_made_unless_asked_for(hub: Hub) -> None:
    daily = Daily(hub.settings)
    daily.round()
    daily.wait()
    assert not (hub.settings.home / "backups").exists()


def test_a_folder_that_cannot_be_written_is_tried_again_later(hub: Hub) -> None:
    (hub.settings.home / "backups").write_text("in the way")
    daily = Daily(replace(hub.settings, backups=2))
    daily.round()
    daily.wait()
    first = daily._thread
    daily.round()
    assert daily._thread is first  # an hour later, not at once
