"""The web process dies."""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from typing import Any

from tests.faults.bed import until
from tests.faults.case import Case
from tests.faults.line import Line
from tests.faults.parts import Tripwire

_SENDS = {
    "SQLite": 1,
    "PostgreSQL": 4,
}  # kernel calls `sendto` of one delivery, the answer to the vendor being the last
_POINTS = ("recvfrom", "sendto", "pwrite64", "fdatasync", "close")


def before_commit(case: Case) -> None:
    """The database takes nothing; the deliveries wait in the web process; it is killed."""
    with case.bed.database_locked():
        sent = case.beside(case.tries)
        time.sleep(1.0)
        case.bed.parts["web"].kill()
    _back(case, sent)


def before_answer(case: Case) -> None:
    """As it sends its answer: the event is committed, and the vendor never hears of it."""
    for n in range(case.tries):
        last = _SENDS[case.bed.database]
        _trip(case, "sendto", last if last == 1 or not n % 2 else 1 + n % 6)


def anywhere(case: Case) -> None:
    """At its n-th call into the kernel."""
    for n in range(case.tries):
        _trip(case, _POINTS[n % len(_POINTS)], 1 + n // len(_POINTS))


def stopped_in_commit(case: Case) -> None:
    """It stands still for a while with deliveries in hand, the vendor gives up and sends again."""
    sent: list[Future[Any]] = [*case.beside(case.tries)]
    time.sleep(0.01)
    case.bed.parts["web"].freeze()
    sent += [case.pool.submit(case.bed.post, case.bed.story.delivery(case.name()), 1.0) for _ in range(2)]
    time.sleep(2.0)
    case.bed.parts["web"].thaw()
    wait(sent)
    case.tried += case.tries


def two(case: Case) -> None:
    """Two of everything, and ten workers, share one database."""
    more = ("worker 2", "clock 2", *(f"worker {n}" for n in range(3, 1 + _workers(case))))
    case.bed.start(*more, PATCHBAY_THREADS="2")
    case.bed.start("web 2", PORT=str(case.bed.home.port + 1))
    try:
        case.deliver_all(case.tries)
        case.tried += case.tries
        case.over()
        until(case.drained, case.within, 0.25)
    finally:
        for name in (*more, "web 2"):
            case.bed.parts.pop(name).leave()


def _workers(case: Case) -> int:
    return 10 if case.tries > 20 else 3


def _trip(case: Case, call: str, number: int) -> None:
    """One delivery to a web process that dies at a certain call; the vendor sends again until it is taken."""
    web = case.bed.parts["web"]
    if not web.alive:
        web.start()
    case.bed.opened()
    wire = Tripwire(web, call, number)
    name = case.name()
    status = case.once(case.bed.story.delivery(name), name)
    case.tried += wire.remove()
    if status != 200:
        case.deliver(name)


def _back(case: Case, sent: list[Future[str]]) -> None:
    case.bed.all_up()
    for future in sent:
        future.result()
    case.tried += len(sent)


LINES = (
    Line("web killed before commit", before_commit),
    Line("web killed after commit, before the 2xx", before_answer, few=2, traced=True),
    Line("web killed at any kernel call", anywhere, tries=10, few=3, traced=True),
    Line("web stands still with deliveries in hand", stopped_in_commit),
    Line("two webs, two clocks, ten workers", two, tries=60, few=8, within=90),
)
