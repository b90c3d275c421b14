"""The folder of a drop place: each file once, when it is whole, and moved only after it is stored."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.core import files, folder, hold
from app.core.folder import Watcher
from app.core.hub import Hub
from app.db import models
from tests.durability.world import World

BOTH = pytest.mark.both_databases
WAIT = 0.05  # seconds without a change, in these tests


@dataclass
class Lying:
    """A drop place's folder, and one clock that looks into it."""

    hub: Hub
    place: str
    path: Path
    watcher: Watcher

    def look(self, times: int = 2) -> list[str]:
        found = []
        for _ in range(times):
            found += self.watcher.round()
            time.sleep(WAIT * 1.2)
        return found + self.watcher.round()

    def names(self, inside: str = "") -> list[str]:
        there = self.path / inside
        return sorted(one.name for one in there.iterdir() if one.is_file()) if there.is_dir() else []

    def stored(self) -> int:
        query = select(models.events.c.id).where(models.events.c.connection == self.place)
        with self.hub.db.read() as conn:
            return len(conn.execute(query).all())


@pytest.fixture
def lying(here: World, monkeypatch: pytest.MonkeyPatch) -> Lying:
    monkeypatch.setattr(folder, "_STILL", WAIT)
    monkeypatch.setattr(folder, "_EMPTY", 3 * WAIT)
    here.hub.settings = replace(here.hub.settings, patience=1.0)
    own = here.connection("files")
    return Lying(here.hub, own, folder.make(here.hub, own), Watcher(here.hub))


@BOTH
def test_a_file_is_taken_once_and_then_lies_in_done(lying: Lying) -> None:
    (lying.path / "scan.pdf").write_bytes(b"%PDF-1.7")
    (event,) = lying.look()
    assert (lying.names(), lying.names("done")) == ([], ["scan.pdf"])
    assert files.content(lying.hub, lying.place, event) == ("scan.pdf", b"%PDF-1.7")
    assert lying.look() == []


def test_one_that_still_grows_is_left_alone(lying: Lying) -> None:
    path = lying.path / "export.csv"
    for number in range(4):
        path.write_bytes(b"a;b\n" * (number + 1))
        assert lying.look(0) == []
        time.sleep(WAIT / 2)
    (event,) = lying.look()
    assert len(files.content(lying.hub, lying.place, event)[1]) == 16


def test_the_same_content_is_moved_and_starts_nothing_and_no_name_is_overwritten(lying: Lying) -> None:
    for data in (b"one", b"one", b"two"):
        (lying.path / "a.txt").write_bytes(data)
        lying.look()
    assert lying.stored() == 2
    assert lying.names("done") == ["a-2.txt", "a-3.txt", "a.txt"]
    assert (lying.path / "done" / "a-3.txt").read_bytes() == b"two"


def test_what_is_not_a_whole_file_is_not_touched(lying: Lying, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("keys")
    (lying.path / "link.txt").symlink_to(tmp_path / "secret")
    (lying.path / "inner").mkdir()
    (lying.path / "inner" / "deep.txt").write_text("deep")
    os.mkfifo(lying.path / "pipe")
    for name in (".hidden", "~$letter.docx", "film.part", "x.CRDOWNLOAD"):
        (lying.path / name).write_text("half")
    assert lying.look() == []
    assert lying.stored() == 0
    assert len(list(lying.path.iterdir())) == 7


def test_a_folder_that_is_a_link_is_not_followed(lying: Lying, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("a")
    lying.path.rmdir()
    lying.path.symlink_to(tmp_path / "elsewhere")
    assert lying.look() == []
    assert (tmp_path / "elsewhere" / "a.txt").exists()


def test_empty_ones_get_longer_and_are_refused(lying: Lying) -> None:
    (lying.path / "empty.pdf").touch()
    lying.look(1)
    assert lying.names() == ["empty.pdf"]
    lying.look(4)
    assert lying.names("refused") == ["empty.pdf"]
    assert folder.refused(lying.hub, lying.place) == [("empty.pdf", files.refusal(0))]


def test_one_that_is_too_large_is_refused_without_being_read(lying: Lying) -> None:
    with (lying.path / "huge.bin").open("wb") as file:
        file.truncate(2 * 1024**3)  # takes no room on the disk
    assert lying.look() == []
    assert lying.names("refused") == ["huge.bin"]
    assert "larger than 25 MB" in folder.refused(lying.hub, lying.place)[0][1]


def test_strange_names_are_taken_with_plain_ones(lying: Lying) -> None:
    (lying.path / "a\nb\x1b[31m.txt").write_text("a")
    os.close(os.open(os.fsencode(lying.path) + b"/bad\xff.txt", os.O_CREAT | os.O_WRONLY))
    (Path(os.fsdecode(os.fsencode(lying.path) + b"/bad\xff.txt"))).write_text("b")
    names = sorted(files.content(lying.hub, lying.place, event)[0] for event in lying.look())
    assert names == ["ab[31m.txt", "bad.txt"]
    assert len(lying.names("done")) == 2


def test_while_the_hub_is_on_hold_or_the_disk_is_full_it_stays(lying: Lying) -> None:
    (lying.path / "a.txt").write_text("a")
    lying.hub.settings = replace(lying.hub.settings, least_disk=10**18)
    assert lying.look() == []
    assert lying.names() == ["a.txt"]
    lying.hub.settings = replace(lying.hub.settings, least_disk=0)
    assert len(lying.look()) == 1


def test_a_removed_place_takes_nothing(lying: Lying) -> None:
    gone = update(models.connections).where(models.connections.c.id == lying.place).values(state="removed")
    lying.hub.db.write(lambda conn: conn.execute(gone))
    (lying.path / "a.txt").write_text("a")
    assert lying.look() == []
    assert lying.names() == ["a.txt"]


def test_many_files_are_taken_a_little_at_a_time(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_SECONDS", 0.0)
    for number in range(3):
        (lying.path / f"{number}.txt").write_text(str(number))
    lying.watcher.round()
    time.sleep(2 * WAIT)
    assert [len(lying.watcher.round()) for _ in range(4)] == [1, 1, 1, 0]


def test_two_clocks_take_it_once(lying: Lying) -> None:
    (lying.path / "a.txt").write_text("a")
    other = Watcher(lying.hub)
    for watcher in (lying.watcher, other):
        watcher.round()
    time.sleep(2 * WAIT)
    path = lying.path / "a.txt"
    assert list(lying.watcher._whole()) == list(other._whole()) == [path]
    taken = lying.watcher.round() + other.round()
    assert (len(taken), lying.names("done")) == (1, ["a.txt"])


def test_a_file_that_took_its_place_meanwhile_is_not_moved_unseen(lying: Lying) -> None:
    path = lying.path / "a.txt"
    path.write_text("a")
    seen = folder._state(path.lstat())
    path.unlink()
    path.write_text("another one")
    folder._move(path, "done", seen)
    assert lying.names() == ["a.txt"]
    assert folder._read(path, seen) is None


def test_on_hold_it_stays(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    (lying.path / "a.txt").write_text("a")
    monkeypatch.setattr(hold, "find", lambda hub: object())
    assert lying.look() == []
    assert lying.names() == ["a.txt"]
