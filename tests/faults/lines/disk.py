"""The disk fills up, under the hub's data and under PostgreSQL's: a real one, which is small."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.faults.bed import Bed, bed
from tests.faults.case import Case, Found
from tests.faults.line import Line
from tests.postgres import Server as Postgres

_SIZE = 400  # MB; below 200 free ones the hub takes nothing in
_FULL = 4.0  # seconds


def full(case: Case) -> None:
    """No byte is free, with deliveries coming in and answers of vendors waiting to be written down."""
    folder = case.bed.folder / f"small-{time.monotonic_ns()}"
    with (
        _small_disk(folder / "home") as place,
        _database(case.bed, place) as (url, postgres),
        bed(folder, url, postgres, patience=case.bed.patience) as made,
    ):
        made.only("web", "worker", "clock")
        made.worker_ready()
        small = Case(made, case.tries, case.within)
        _fill_up(small, place, postgres)
        found = small.check()
    _add(case, found)


def _fill_up(case: Case, place: Path, postgres: Postgres | None) -> None:
    half = min(case.tries // 2, 4)
    for name in [case.name() for _ in range(half)]:
        case.bed.story.fault("hold_after", name)
        case.deliver(name)
    case.held(half)
    with _ballast(place):
        case.bed.books.release()
        unlucky = case.name()
        if case.once(case.bed.story.delivery(unlucky), unlucky) == 200:
            case.wrong.append("a delivery was taken in although there was no room for it")
        sent = case.beside(case.tries - half)
        time.sleep(_FULL)
    if postgres and postgres.process.poll() is not None:
        postgres.start()  # as whoever looks after it would
    case.deliver(unlucky)
    for future in sent:
        future.result()
    case.tried += case.tries + 1


def _add(case: Case, found: Found) -> None:
    """What came of it on the small disk is what came of the line."""
    case.tried += found.tries
    case.wrong += found.wrong
    case.wrong += [f"lost: {x}" for x in found.lost] + [f"doubled: {x}" for x in found.doubled]
    case.ended = time.monotonic() - found.seconds


@contextmanager
def _ballast(place: Path) -> Iterator[None]:
    """Nothing is free; what is there stays."""
    file = place / "ballast"
    try:
        with file.open("wb", buffering=0) as ballast:
            while ballast.write(b"x" * 2**20) == 2**20:
                pass
    except OSError:
        pass
    try:
        yield
    finally:
        file.unlink()


@contextmanager
def _database(outer: Bed, place: Path) -> Iterator[tuple[str, Postgres | None]]:
    """The same kind of database, on the small disk."""
    if not outer.postgres:
        yield "", None
        return
    place.chmod(0o711)  # PostgreSQL is somebody else
    server = Postgres(durable=True, parent=str(place))
    try:
        engine = create_engine(server.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text("create database small"))
        engine.dispose()
        yield server.url("small"), server
    finally:
        server.stop()


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    place.mkdir(parents=True, mode=0o700)
    _mount(place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _mount(place: Path) -> None:
    words = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}m,mode=0700", "tmpfs", str(place)]
    subprocess.run(words, check=True, capture_output=True)


def _needs() -> str:
    if os.geteuid() or not shutil.which("mount"):
        return "a small disk of its own needs root, who may mount one"
    place = Path("/tmp") / f"faults-disk-{os.getpid()}"
    place.mkdir()
    try:
        _mount(place)
        subprocess.run(["umount", "-l", str(place)], check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        return f"no small disk can be mounted here: {problem}"
    finally:
        place.rmdir()
    return ""


LINES = (Line("disk full", full, tries=12, few=6, within=90, needs=_needs),)
