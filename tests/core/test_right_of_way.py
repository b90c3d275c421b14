"""Deliveries go first, but not for ever, and not those of a process that died."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.cli.place import ROOT
from app.core import right_of_way
from app.core.hub import Hub
from tests.conftest import KEYS


@pytest.fixture(autouse=True)
def _nothing_in_hand() -> Iterator[None]:
    right_of_way.begin()
    yield
    right_of_way.begin()


def _deliveries(count: int) -> ExitStack:
    stack = ExitStack()
    for _ in range(count):
        stack.enter_context(right_of_way.delivery())
    return stack


def _writing(hub: Hub) -> threading.Thread:
    hub.db.before_write = right_of_way.give_way
    thread = threading.Thread(target=lambda: hub.db.write(lambda conn: None), daemon=True)
    thread.start()
    return thread


def _keep_alive(over: threading.Event) -> None:
    """Deliveries come and go all the time."""
    while not over.wait(0.01):
        with right_of_way.delivery():
            pass


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Deliveries without end; a write waits for them as long as the test wants."""
    monkeypatch.setattr(right_of_way, "_LONGEST", 60.0)
    over = threading.Event()
    thread = threading.Thread(target=_keep_alive, args=(over,), daemon=True)
    thread.start()
    yield monkeypatch
    over.set()
    thread.join()


def test_work_waits_while_several_are_taken_and_then_goes_on(hub: Hub, flood: pytest.MonkeyPatch) -> None:
    with _deliveries(3):
        writing = _writing(hub)
        writing.join(0.3)
        assert writing.is_alive(), "it did not wait"
    writing.join(20)
    assert not writing.is_alive()


def test_a_few_are_served_beside_the_work(hub: Hub, flood: pytest.MonkeyPatch) -> None:
    with _deliveries(1):
        writing = _writing(hub)
        writing.join(20)
        assert not writing.is_alive()


def test_it_does_not_wait_for_ever(hub: Hub, flood: pytest.MonkeyPatch) -> None:
    flood.setattr(right_of_way, "_LONGEST", 0.1)
    with _deliveries(3):
        writing = _writing(hub)
        writing.join(20)
        assert not writing.is_alive()


def test_what_a_dead_process_had_in_hand_holds_nobody_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(right_of_way, "_LONGEST", 60.0)
    with _deliveries(3):  # and nothing changes any more
        writing = _writing(hub)
        writing.join(20)
        assert not writing.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes share it by forking")
def test_processes_that_were_forked_know_of_each_other() -> None:
    with _deliveries(5):
        child = os.fork()
        if not child:
            os._exit(right_of_way._shared[0])
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5


_WORKER = """
import os, sys
from app import worker
from app.core import right_of_way
from app.settings import read

worker.Crew = lambda hub, threads: sys.exit("gives way" if hub.db.before_write is right_of_way.give_way else "does not")
worker.run(read(os.environ))
"""


def test_workers_give_way(hub: Hub) -> None:
    env = {**os.environ, "PATCHBAY_HOME": str(hub.settings.home), "PATCHBAY_KEYS": ",".join(KEYS)}
    done = subprocess.run([sys.executable, "-c", _WORKER], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip().endswith("gives way")
