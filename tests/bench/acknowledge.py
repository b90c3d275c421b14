"""How fast deliveries are acknowledged: signed, verified, stored and committed before the answer."""

from __future__ import annotations

from tests.bench import floors, house
from tests.bench.report import Chapter, share
from tests.bench.sender import Sent, elsewhere
from tests.redis_server import Server as Valkey

WIRES = 12


def measure(title: str, home: house.House, url: str, count: int, rounds: int) -> Chapter:
    """`url`: the database of the hub, where the floor's row goes too."""
    chapter = Chapter(f"Acknowledging a delivery, {title}")
    valkey = Valkey()
    try:
        with (
            house.web_alone(home, valkey.url),
            floors.served("trivial") as trivial,
            floors.served("committing", url) as committing,
        ):
            ours, bare, commits, single = [], [], [], []
            for port in (home.port, trivial, committing):
                _send(home, port, 10**6, min(count, 200))  # warm
            for n in range(rounds):
                ours.append(_send(home, home.port, n * count, count))
                commits.append(_send(home, committing, n * count, count))
                bare.append(_send(home, trivial, n * count, count))
                single.append(floors.commits(url, b"x" * 2000, 1.0))
    finally:
        valkey.stop()
    _tell(chapter, ours, commits, bare, single)
    return chapter


def _send(home: house.House, port: int, first: int, count: int) -> Sent:
    job = home.job(first, count, WIRES)
    return elsewhere(job if port == home.port else {**job, "port": port, "path": "/floor"})


def _tell(chapter: Chapter, ours: list[Sent], commits: list[Sent], bare: list[Sent], single: list[float]) -> None:
    def median(found: list[Sent]) -> float:
        return sorted(s.rate for s in found)[len(found) // 2]

    a_row = {"floor": median(commits), "floor_name": "one row a request on the same web server"}
    chapter.add("Acknowledged, durably", [s.rate for s in ours], "/s", **a_row)
    chapter.add("  beside a view that does nothing", median(ours), "/s", floor=median(bare), floor_name="trivial view")
    bare_commits = {"floor": sorted(single)[len(single) // 2], "floor_name": "bare commits of one thread"}
    chapter.add("  beside the database alone", median(ours), "/s", **bare_commits)
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        floor = {"floor": _ms(commits, part), "floor_name": "one row a request"}
        chapter.add(f"  {name}", [1000 * share(s.latencies, part) for s in ours], "ms", **floor)
    refused = {status: n for s in ours for status, n in s.statuses.items() if status != "200"}
    if refused:
        chapter.wrong.append(f"not every delivery was taken: {refused}")
    chapter.notes.append(f"{WIRES} connections kept open; p50 to p99 are times of one request while all are busy.")


def _ms(found: list[Sent], part: float) -> float:
    times = sorted(1000 * share(s.latencies, part) for s in found)
    return times[len(times) // 2]
