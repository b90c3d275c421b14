"""`python3 -m app bench`: acknowledgement, the whole path, memory and start-up, on SQLite and PostgreSQL."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from app.core import practice
from tests.bench import acknowledge, floors, grown, house, memory, rate, report
from tests.bench.ports import free
from tests.bench.report import Chapter
from tests.bench.whole import Bench
from tests.postgres import NoPostgres
from tests.postgres import Server as Postgres

INSTANT = "tests.bench.instant"  # vendors whose own time is next to nothing
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def main() -> int:
    given = _given()
    chapters: list[Chapter] = []

    def done(chapter: Chapter) -> None:
        chapters.append(chapter)
        print(report.text(chapter), file=sys.stderr if given.json else sys.stdout, flush=True)

    for name in TITLES if given.database == "both" else (given.database,):
        _measure(name, given, done)
    if given.json:
        print(json.dumps(report.document(chapters), ensure_ascii=False))
    return 1 if any(chapter.wrong for chapter in chapters) else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m app bench", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--events", type=int, default=300, help="events a round of the whole path (default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement; the median is told")
    parser.add_argument(
        "--threads", type=int, default=0, help="runs a worker works on at a time (default: the hub's own)"
    )
    parser.add_argument(
        "--rate", type=float, default=0, help="the share used of a vendor's rate of so many a second, instead"
    )
    parser.add_argument("--grown", action="store_true", help="a small database against one of a million runs, instead")
    parser.add_argument("--history", type=int, default=1_000_000, help="runs in the grown database (default 1000000)")
    parser.add_argument("--quick", action="store_true", help="one small round of each: does it work, roughly how fast")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    found = parser.parse_args()
    if found.quick:
        found.rounds, found.events = 1, min(found.events, 60)
    return found


def _measure(name: str, given: argparse.Namespace, done: Callable[[Chapter], None]) -> None:
    title = TITLES[name]
    try:
        with _database(name) as fresh, house.home() as folder:
            if given.grown:
                addresses = (fresh("small"), fresh("large"), fresh("whole"))
                done(grown.measure(title, folder, addresses, given.history, 5 if given.quick else 40))
                return
            if given.rate:
                done(_rate(title, folder / "r", fresh("r"), given))
                return
            done(_acknowledge(title, folder / "a", fresh("a"), given))
            done(_whole(title, folder / "b", fresh("b"), given))
    except NoPostgres as problem:
        done(Chapter(f"{title}: not measured", notes=[str(problem)]))


@contextmanager
def _database(name: str) -> Iterator[Callable[[str], str]]:
    """Gives addresses of empty databases that wait for the disk at every commit; "" is the hub's own SQLite."""
    if name == "sqlite":
        yield lambda _: ""
        return
    server = Postgres(durable=True)
    engine = create_engine(server.url(), isolation_level="AUTOCOMMIT")

    def fresh(database: str) -> str:
        with engine.connect() as conn:
            conn.execute(text(f"create database {database}"))
        return server.url(database)

    try:
        yield fresh
    finally:
        engine.dispose()
        server.stop()


def _acknowledge(title: str, folder: Path, database: str, given: argparse.Namespace) -> Chapter:
    with house.house(folder, database, free()) as home:
        floor = database or f"sqlite:///{folder / 'floor.sqlite'}"
        count = max(given.events * 5, 100) if not given.quick else max(given.events * 2, 20)
        return acknowledge.measure(title, home, floor, min(count, 1500), given.rounds)


def _whole(title: str, folder: Path, database: str, given: argparse.Namespace) -> Chapter:
    chapter = Chapter(f"The whole path, {title}")
    port = free()
    with (
        house.house(folder, database, port, given.threads) as home,
        house.vendors(folder.with_name("vendors"), port, practice.token(home.hub), INSTANT) as vendors,
    ):
        with house.everything(home) as root:
            idle = memory.of(root)
            bench = Bench(home, vendors, root, chapter)
            bench.alone(5 if given.quick else 20)
            with memory.peak(root) as highest:
                bench.burst("Model at once", given.events, 0, given.rounds)
                bench.burst("Model after 300 ms", given.events, 300, given.rounds)
            bench.at_once(given.events if given.quick else 200, 300 if given.quick else 2000)
            bench.books()
            _tell_memory(chapter, idle, highest)
        _start_up(chapter, home, given.rounds)
    return chapter


def _rate(title: str, folder: Path, database: str, given: argparse.Namespace) -> Chapter:
    chapter = Chapter(f"One rate of {given.rate:g} a second for two workers, {title}")
    port = free()
    with (
        house.house(folder, database, port, given.threads, notion=given.rate) as home,
        house.vendors(folder.with_name("vendors"), port, practice.token(home.hub), notion=given.rate) as vendors,
        house.everything(home),
    ):
        rate.measure(chapter, home, vendors, given.rate, given.events)
    return chapter


def _tell_memory(chapter: Chapter, idle: memory.Use, highest: memory.Use) -> None:
    for name, use in (("idle", idle), ("highest", highest)):
        if not use.pss:
            chapter.notes.append("Memory is not measured on this system: it has no /proc.")
            return
        chapter.add(f"Memory, {name} (each shared page once)", sum(use.pss.values()) / 2**20, "MB")
        chapter.add("  resident, added up", sum(use.rss.values()) / 2**20, "MB")
        parts = ", ".join(f"{part} {size / 2**20:.0f}" for part, size in sorted(use.pss.items(), key=lambda x: -x[1]))
        chapter.notes.append(f"Memory {name}, in MB: {parts}.")


def _start_up(chapter: Chapter, home: house.House, rounds: int) -> None:
    times = [house.start_up(home) for _ in range(rounds)]
    floor = floors.start_up()
    chapter.add("Start to first page", times, "s", floor=floor, floor_name="the same web server, trivial view")


if __name__ == "__main__":
    sys.exit(main())
