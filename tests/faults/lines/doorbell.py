"""Redis forgets, dies, is away or slow. Nothing that matters is in it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import redis

from app import jobs
from tests.durability.processes import again_and_again
from tests.faults.case import Case
from tests.faults.line import Line


def flushed(case: Case) -> None:
    """Again and again, while events come in and are worked on."""
    with again_and_again(case.bed.redis.flush, 0.1):
        case.deliver_all(case.tries)
        time.sleep(1.0)
    case.tried += case.tries


def killed(case: Case) -> None:
    sent = case.beside(case.tries)
    os.kill(_pid(case), signal.SIGKILL)
    for future in sent:
        future.result()
    case.bed.redis.start()
    case.tried += case.tries


def away(case: Case) -> None:
    """Deliveries are taken all the same; it comes back empty."""
    case.bed.redis.stop(keep=True)
    began = time.monotonic()
    case.deliver_all(case.tries)
    if time.monotonic() - began > 20:
        case.wrong.append("deliveries were not taken in time while Redis was away")
    time.sleep(min(case.tries / 4, 10))
    case.bed.redis.start()
    case.tried += case.tries


def slow(case: Case) -> None:
    """It stands still, goes on a little, stands still."""
    pid = _pid(case)

    def pause() -> None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.4)
        os.kill(pid, signal.SIGCONT)

    with again_and_again(pause, 0.1):
        case.deliver_all(case.tries)
        time.sleep(1.0)
    case.tried += case.tries


def rung(case: Case) -> None:
    """Everything is rung for again and again while it is worked on: whoever has a run keeps it."""
    names = [case.name() for _ in range(min(case.tries, 8))]
    for name in names:
        case.bed.recaps.fault_earlier("hold_after", name, seconds=2.5)
        case.deliver(name)
    settings = replace(case.bed.home.hub.settings, redis_url=case.bed.redis.url)
    case.held(len(names))
    runs = case.runs()
    for _ in range(10):
        for run in runs:
            jobs.ring_run(settings, run["id"])
            jobs.ring_event(settings, run["event"])
        time.sleep(0.05)
    case.used_up()
    case.tried += len(names)
    case.further.append(lambda: _asked_again(case, names))


def _asked_again(case: Case, names: list[str]) -> list[str]:
    asked = [row["body"] for row in case.bed.books.ledger("openai", case.after)]
    often = {name: sum(name in body for body in asked) for name in names}
    return [f"{name} was worked on {n} times at once" for name, n in often.items() if n > 1]


def _pid(case: Case) -> int:
    with redis.Redis(unix_socket_path=str(case.bed.redis.socket)) as client:
        return int(client.info("server")["process_id"])


LINES = (
    Line("Redis flushed again and again", flushed, tries=20, few=6),
    Line("Redis killed", killed, tries=20, few=6),
    Line("Redis away", away, tries=20, few=6),
    Line("everything rung for again and again", rung),
    Line("Redis slow", slow, tries=20, few=6),
)
