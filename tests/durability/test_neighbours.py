"""Workers on machines of their own, which share one PostgreSQL and one Redis; networks that fail. See `neighbours.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.durability import neighbours
from tests.durability.processes import ROOT
from tests.postgres import NoPostgres, binaries


def play(scenario: str) -> dict[str, Any]:
    try:
        words = neighbours.own_network()
        binaries()
    except (neighbours.NoNetwork, NoPostgres) as problem:
        pytest.skip(f"NO SECOND MACHINE HERE: {problem}")
    command = [*words, sys.executable, "-m", "tests.durability.neighbours", scenario]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-5000:]
    return dict(json.loads(done.stdout))


def test_two_machines_share_the_work() -> None:
    found = play("together")
    assert found["pages"] == [f"Meeting {n:02}" for n in range(24)]
    assert (found["states"], found["hosts"]) == (["done"], ["neighbour-1", "neighbour-2"])
    assert (found["found_by"], found["tries"]) == (["answer"], 1)


def test_the_bytes_of_a_dead_worker_die_with_it() -> None:
    """The way to the vendor is cut before the request has left; the worker is killed; the way is restored."""
    found = play("cut")
    assert (found["left"], found["sent_by_the_dead"]) == (0, 0)
    assert found["pages"] == ["Before", "Catch-up"]
    assert (found["found_by"], found["tries"]) == (["answer"], 2)  # looked up, not there, sent by the other machine


def test_with_other_sockets_the_dead_would_still_send() -> None:
    """What the socket options are for; the look-up then finds the page, and there is still only one."""
    found = play("cut without options")
    assert (found["left"], found["sent_by_the_dead"]) == (1, 1)
    assert found["pages"] == ["Before", "Catch-up"]
    assert "look-up" in found["found_by"]


def test_a_machine_that_loses_its_network_ends_its_worker_and_another_finishes() -> None:
    found = play("unplugged")
    assert found["ended"] == -14  # SIGALRM, the kernel's timer
    assert (found["states"], found["pages"]) == (["done"], ["Catch-up"])
    assert found["found_by"] == ["look-up"]
