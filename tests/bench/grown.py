"""`--grown`: the same operations on a small and on a grown database, turn by turn in one run, so that noise hits both alike."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack
from pathlib import Path

from cryptography.fernet import Fernet

from app.settings import Settings
from tests.bench import fill
from tests.bench.operations import Operation, stage
from tests.bench.report import Chapter
from tests.durability.world import world

SMALL = 1000  # runs
MOST = 1.5  # times as long, that is what a grown database may take
_WHOLE = 3000  # runs whose size is measured with all their contents


def measure(title: str, folder: Path, databases: tuple[str, str, str], large: int, rounds: int) -> Chapter:
    """`databases`: addresses for the small one, the large one and that of whole runs; "" is the hub's own SQLite."""
    chapter = Chapter(f"From {SMALL:,} to {large:,} runs, {title}")
    whole = _bytes_of_whole(_settings(folder / "whole", databases[2]))
    with ExitStack() as stack:
        began = time.perf_counter()
        stages = [
            stack.enter_context(stage(_settings(folder / name, url), folder / f"{name}-vendors", number))
            for name, url, number in (("small", databases[0], SMALL), ("large", databases[1], large))
        ]
        chapter.notes.append(f"Filling took {time.perf_counter() - began:,.0f} s.")
        for small, grown in zip(*(there.operations() for there in stages), strict=True):
            _compare(chapter, small, grown, rounds)
        each = (stages[1].size - stages[0].size) / (large - SMALL) / 1024
        chapter.add("A run on disk, of two years as they are kept", each, "KB")
        chapter.add("  with all contents, as long as they are kept", whole / 1024, "KB")
        chapter.notes.append(f"The large database takes {stages[1].size / 2**30:.1f} GB.")
    return chapter


def _settings(home: Path, database: str) -> Settings:
    home.mkdir(mode=0o700, parents=True)
    keys = (Fernet.generate_key().decode(),)
    return Settings(home=home, database_url=database, keys=keys, patience=0.05)


def _compare(chapter: Chapter, small: Operation, grown: Operation, rounds: int) -> None:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 2):
        for operation, found in zip((small, grown), times, strict=True):
            took = _once(operation)
            if number >= 2:  # the first ones fill caches
                found.append(took)
    middle = sorted(times[0])[len(times[0]) // 2]
    chapter.add(grown.name, times[1], "ms", floor=middle, floor_name=f"at {SMALL:,}")
    if (ratio := chapter.figures[-1].ratio) and ratio > MOST:
        chapter.wrong.append(f"{grown.name}: {ratio:.2f} times as long on the grown database; at most {MOST} is meant")


def _once(operation: Operation) -> float:
    """ms."""
    given = operation.prepare()
    gc.collect(0)
    began = time.perf_counter()
    operation.act(given)
    took = time.perf_counter() - began
    operation.tidy()
    return took * 1000


def _bytes_of_whole(settings: Settings) -> float:
    """Bytes that a run of the last weeks takes, indexes and all."""
    with world(settings, settings.home / "vendors") as here:
        for n in range(2):
            event = here.receive(f"Pattern {n}")
            here.work()
        before = fill.size(here.hub)
        fill.fill(here.hub, fill.Pattern.of(here.hub, here.run(event)["id"]), _WHOLE, span=fill.CONTENTS // 2)
        fill.settle(here.hub)
        return (fill.size(here.hub) - before) / _WHOLE
