"""Real web, worker and clock processes of a world, and a Redis that may come and go. `python -m …processes worker` is one."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import connectors
from app import clock, jobs, settings, worker
from tests import redis_server
from tests.durability import breaks
from tests.durability.world import World, quick, until

ROOT = Path(__file__).resolve().parents[2]


def environment(world: World, redis_url: str) -> dict[str, str]:
    given = world.settings
    return {
        **os.environ,
        "PATCHBAY_HOME": str(given.home),
        "DATABASE_URL": given.database_url,
        "REDIS_URL": redis_url,
        "PORT": str(given.port),
        "PATCHBAY_KEYS": ",".join(given.keys),
        "PATCHBAY_PATIENCE": str(given.patience),
        "PATCHBAY_THREADS": "4",
        "PATCHBAY_PRACTICE_URL": world.served.url,
        "PATCHBAY_CONNECTORS": os.pathsep.join(map(str, given.connectors)),
    }


@contextmanager
def process(
    world: World, name: str, redis_url: str, before: Sequence[str] = (), **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`name`: web (the command as people start it), worker or clock (the real ones, without the vendors' rate limits).

    `before`: a command that starts it; `more`: further variables of its environment.
    """
    ours = [str(ROOT / "app" / "__main__.py"), "web"] if name == "web" else ["-m", __name__, name]
    log = world.settings.home / f"{name}.log"
    with log.open("ab") as out:
        env = {**environment(world, redis_url), **more}
        child = subprocess.Popen([*before, sys.executable, *ours], cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        child.kill()
        child.wait()


def ring(world: World, redis_url: str, event: str) -> None:
    """As the web process does after its answer."""
    jobs.ring_event(replace(world.settings, redis_url=redis_url), event)


def said(world: World, name: str) -> str:
    return (world.settings.home / f"{name}.log").read_text()


def answers(port: int) -> bool:
    wire = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        wire.request("GET", "/healthz")
        return wire.getresponse().status < 500
    except OSError:
        return False
    finally:
        wire.close()


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    wire = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        wire.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = wire.getresponse()
        return answer.status, answer.read()
    finally:
        wire.close()


def flushed(server: redis_server.Server, every: float = 0.1) -> AbstractContextManager[None]:
    """Within this block Redis forgets everything again and again."""
    return again_and_again(server.flush, every)


@contextmanager
def again_and_again(do: Callable[[], object], every: float) -> Iterator[None]:
    """Within this block, beside everything else."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(every):
            do()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def all_done(world: World, number: int) -> bool:
    found = world.runs()
    return len(found) == number and all(run["state"] == "done" for run in found)


def wait_for_all(world: World, number: int) -> None:
    try:
        until(lambda: all_done(world, number))
    except AssertionError:
        raise AssertionError([(run["state"], run["why"]) for run in world.runs()]) from None


def main(name: str) -> int:
    """In the process: the real loop of `app.worker` or `app.clock`."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    unlimited = quick(settings.read(os.environ))
    setattr(connectors, "load", lambda folders: unlimited)  # noqa: B010 - a rate limit would only make the test slow
    if os.environ.get("BREAK") == "bytes outlive their process":
        breaks.bytes_outlive_their_process()
    return {"worker": worker.run, "clock": clock.run}[name](settings.read(os.environ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
