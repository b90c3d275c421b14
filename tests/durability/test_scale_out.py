"""Two web processes, four workers and two clocks on one PostgreSQL and one Redis; some of them die in the middle."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from app.settings import Settings
from tests.bench.ports import free, opened
from tests.durability.processes import post, process, wait_for_all
from tests.durability.world import TODOS, Delivery, World, until, world

COPIES = 50
CHAINS, LINKS = 8, 10  # meetings, and recaps of each, whose runs must come one after the other
SINGLES = 120
ALL = CHAINS * LINKS + SINGLES + 1


@dataclass
class Hub:
    """The processes by name."""

    ports: list[int]
    workers: list[Popen[bytes]]
    clocks: list[Popen[bytes]]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with world(replace(settings, patience=0.1), tmp_path / "practice") as made:
        yield made


@contextmanager
def hub(here: World, redis_url: str) -> Iterator[Hub]:
    with ExitStack() as stack:

        def start(name: str, **more: str) -> Popen[bytes]:
            return stack.enter_context(process(here, name, redis_url, **more))

        ports = [here.settings.port, free()]
        webs = [start("web", PORT=str(port)) for port in ports]
        made = Hub(ports, [start("worker") for _ in range(4)], [start("clock") for _ in range(2)])
        for port, web in zip(ports, webs, strict=True):
            opened(port, web)
        yield made


def send(port: int, sent: Delivery) -> None:
    status, answer = post(port, f"/hooks/zoom/{sent.key}", sent.body, sent.headers)
    assert status == 200, answer


def chain(here: World, ports: list[int], number: int) -> None:
    """Several recaps of one meeting, each taken before the next is sent, by one web process and the other in turn."""
    for n, port in zip(range(LINKS), itertools.cycle(ports), strict=False):
        files = [{"id": f"recording-{n}"}]  # another start of the recipe for the same meeting
        sent = here.delivery(
            f"Chain {number:02} {n:02}", meeting=f"m{number}", when=1_700_000_000_000 + n, recording_files=files
        )
        send(port, sent)


def copies(here: World, ports: list[int]) -> None:
    """Fifty times the same, at once, at both."""
    sent, start = here.delivery("Copied"), threading.Barrier(COPIES)

    def deliver(n: int) -> None:
        start.wait(60)
        send(ports[n % 2], sent)

    with ThreadPoolExecutor(COPIES) as hands:
        list(hands.map(deliver, range(COPIES)))


def everything(here: World, ports: list[int]) -> None:
    with ThreadPoolExecutor(CHAINS + 4) as hands:
        done = [hands.submit(chain, here, ports, number) for number in range(CHAINS)]
        done += [hands.submit(copies, here, ports)]
        done += [hands.submit(send, ports[n % 2], here.delivery(f"Single {n:03}")) for n in range(SINGLES)]
        for one in done:
            one.result()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_processes_die_and_each_event_has_one_effect(here: World, redis_url: str) -> None:
    with hub(here, redis_url) as running:
        sender = threading.Thread(target=everything, args=(here, running.ports))
        sender.start()
        until(lambda: len(here.pages()) > ALL // 4)
        running.workers[0].kill()
        running.clocks[0].kill()
        sender.join(120)
        wait_for_all(here, ALL)
        assert [p.poll() for p in running.workers[1:] + running.clocks[1:]] == [None] * 4
    assert sorted(here.pages()) == sorted(wanted())
    assert len(here.pages(TODOS)) == ALL
    assert {w["state"] for w in here.writes()} == {"done"}
    assert max(event["copies"] for event in here.events()) == COPIES - 1
    check_turns(here)


def wanted() -> list[str]:
    chains = [f"Chain {number:02} {n:02}" for number in range(CHAINS) for n in range(LINKS)]
    return [*chains, *(f"Single {n:03}" for n in range(SINGLES)), "Copied"]


def check_turns(here: World) -> None:
    """Runs of one meeting did not overlap, and their pages were made in the order in which their events came."""
    made = here.pages()
    for number in range(CHAINS):
        mine = [title for title in made if title.startswith(f"Chain {number:02}")]
        assert mine == sorted(mine)
    begun: dict[str, int] = {}
    for line in here.entries():
        begun[line["run"]] = min(begun.get(line["run"], line["started_at"] or 2**62), line["started_at"] or 2**62)
    by_key: dict[str, list[Any]] = {}
    for run in here.runs():
        by_key.setdefault(run["serial_key"], []).append(run)
    chains = [sorted(runs, key=lambda run: run["serial_no"]) for runs in by_key.values() if len(runs) > 1]
    assert len(chains) == CHAINS
    for runs in chains:
        for earlier, later in itertools.pairwise(runs):
            assert earlier["ended_at"] <= begun[later["id"]], (earlier["title"], later["title"])
