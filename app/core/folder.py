"""The folders of drop places on this machine, `<data folder>/drop/<place>/`, for scanners and other programs.

A file is taken when it has not changed for a while, and moved to `done` only after it is stored. Whatever ends this process
in between, the next look finds the file where it was, sees that its content is there already, and moves it.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from app.core import files, hold
from app.core.files import LARGEST, Place
from app.core.hub import Hub

log = logging.getLogger("patchbay.folder")

DONE, REFUSED = "done", "refused"
_STILL = 10.0  # seconds without a change after which a file is whole
_EMPTY = 300.0  # the same for an empty one: some programs make the file first and fill it later
_SECONDS = 1.0  # of one round, so that the clock comes round to its other work
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~")

_Seen = tuple[int, int, int]  # inode, size, time of the last change in ns


def of(hub: Hub, place_id: str) -> Path:
    return hub.settings.home.absolute() / "drop" / place_id


def make(hub: Hub, place_id: str) -> Path:
    """The folder, made if it is not there."""
    folder = of(hub, place_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def refused(hub: Hub, place_id: str, most: int = 20) -> list[tuple[str, str]]:
    """(name, why) of files that were not taken and lie in `refused`."""
    with suppress(OSError):
        lying = sorted((of(hub, place_id) / REFUSED).iterdir())[:most]
        return [(files.name_of(path.name), files.refusal(path.lstat().st_size)) for path in lying if path.is_file()]
    return []


@dataclass
class Watcher:
    """One process's look at the folders. `round()` takes what is whole; returns the ids of new events."""

    hub: Hub
    _seen: dict[Path, tuple[_Seen, float]] = field(default_factory=dict)

    def round(self) -> list[str]:
        if hold.find(self.hub):  # a copied hub must not take what the first one waits for
            return []
        fresh: list[str] = []
        whole, end = list(self._whole()), time.monotonic() + _SECONDS
        known = {place.id: place for place in files.places(self.hub)} if whole else {}
        for path in whole:
            if (place := known.get(path.parent.name)) is not None:
                fresh += self._take(place, path)
            if time.monotonic() > end:
                break
        return fresh

    def _whole(self) -> Iterator[Path]:
        """Files that have not changed for a while; what is no longer there is forgotten."""
        now, lying = time.monotonic(), dict(self._lying())
        self._seen = {path: one for path, one in self._seen.items() if path in lying}
        scale = min(self.hub.settings.patience, 1.0)
        for path, seen in sorted(lying.items()):
            before, since = self._seen.get(path, (None, now))
            if before != seen:
                self._seen[path] = seen, now
            elif now - since >= (_STILL if seen[1] else _EMPTY) * scale:
                yield path

    def _lying(self) -> Iterator[tuple[Path, _Seen]]:
        for folder in _entries(self.hub.settings.home.absolute() / "drop"):
            if not folder.is_dir(follow_symlinks=False):
                continue
            for entry in _entries(Path(folder.path)):
                if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_UNFINISHED):
                    continue
                with suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        yield Path(entry.path), _state(entry.stat(follow_symlinks=False))

    def _take(self, place: Place, path: Path) -> list[str]:
        """Stores one file, then moves it. What fails is left where it is, for the next look."""
        seen = self._seen[path][0]
        try:
            if problem := files.refusal(seen[1]):
                log.warning("a file in the folder of %s was not taken: %s", place.id, problem)
                _move(path, REFUSED, seen)
                return []
            data = _read(path, seen)
            taken = files.take(self.hub, place, path.name, data, "the folder") if data is not None else None
            if taken is not None and taken.state in ("taken", "copy"):
                _move(path, DONE, seen)
                return [taken.event] if taken.state == "taken" else []
        except (OSError, SQLAlchemyError) as problem:
            log.warning("a file in the folder of %s cannot be taken now: %s", place.id, type(problem).__name__)
            self._seen[path] = seen, time.monotonic()  # not again at once
        return []


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _state(found: os.stat_result) -> _Seen:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(path: Path, seen: _Seen) -> bytes | None:
    """The content, if the file is still the one that was seen, before and after; no link is followed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        before = os.fstat(handle)
        data = file.read(LARGEST + 1) if stat.S_ISREG(before.st_mode) and _state(before) == seen else b""
        return data if _state(os.fstat(handle)) == seen and len(data) == seen[1] else None


def _move(path: Path, into: str, seen: _Seen) -> None:
    """Under its own name, or with a number where that is taken. Another file that took its place meanwhile stays."""
    if _state(path.lstat()) != seen:
        return
    folder = path.parent / into
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(1, 10_000):
        target = folder / (path.name if number == 1 else f"{path.stem[:180]}-{number}{path.suffix[:20]}")
        if not os.path.lexists(target):
            path.rename(target)
            return
