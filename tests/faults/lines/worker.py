"""A worker dies, stands still, or loses its parent."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.bed import until
from tests.faults.case import Case
from tests.faults.line import Line
from tests.faults.parts import Part, Tripwire

_AT_ONCE = 8  # the threads of a worker
_POINTS = ("sendto", "recvfrom", "connect", "pwrite64", "fdatasync", "close")


def _held(case: Case, count: int, fault: str, **more: object) -> list[str]:
    """So many events, each of which the vendor holds. Their names."""
    names = [case.name() for _ in range(count)]
    for name in names:
        case.bed.story.fault(fault, name, **more)
    for name in names:
        case.deliver(name)
    case.held(count)
    return names


def _kill(case: Case) -> None:
    case.bed.parts["worker"].kill()


def _in_turns(case: Case) -> list[int]:
    """As many a time as one worker has threads."""
    whole, rest = divmod(case.tries, _AT_ONCE)
    return [_AT_ONCE] * whole + ([rest] if rest else [])


def after_claim(case: Case) -> None:
    """It has claimed the run and asked the model; nothing was written anywhere."""
    for count in _in_turns(case):
        names = [case.name() for _ in range(count)]
        for name in names:
            case.bed.recaps.fault_earlier("hold_before", name)
        for name in names:
            case.deliver(name)
        case.held(count)
        _end(case, count)


def sending(case: Case) -> None:
    """The request is at the vendor, who has not applied it yet and does so after the worker's death."""
    for count in _in_turns(case):
        _held(case, count, "hold_before")
        _end(case, count)


def applied(case: Case) -> None:
    """The vendor has applied the change, and its answer finds nobody."""
    for count in _in_turns(case):
        _held(case, count, "hold_after")
        _end(case, count)


def next_not_begun(case: Case) -> None:
    """The first write is saved, the second is on its way."""
    for count in _in_turns(case):
        _held(case, count, "hold_before", skip=len(case.bed.story.places) - 1)
        _end(case, count)


def not_saved(case: Case) -> None:
    """The answer is there, the database takes nothing, and the worker dies before it can write the answer down."""
    for count in _in_turns(case):
        _held(case, count, "hold_after")
        with case.bed.database_locked():
            case.bed.books.release()
            time.sleep(0.5)
            _kill(case)
        _again(case, count)


def anywhere(case: Case) -> None:
    """At its n-th call into the kernel, for n = 1, 2, …; a new worker each time."""
    names = sorted(random.Random(case.tries).sample(range(1, 120), min(case.tries, 100)))
    for turn, number in enumerate(names):
        case.bed.parts["worker"].restart()
        case.bed.worker_ready()
        call = _POINTS[turn % len(_POINTS)]
        wire = Tripwire(case.bed.parts["worker"], call, 1 + number // (12 if call in ("connect", "close") else 3))
        case.deliver()
        until(lambda: wire.fired, 2.5)  # noqa: B023
        case.tried += wire.remove()
    case.bed.parts["worker"].restart()  # the last tripwire may have gone off while it was taken away
    case.bed.worker_ready()


def parent(case: Case) -> None:
    """Only `patchbay run` is killed: what it started ends with it."""
    case.bed.only()
    whole = Part("run", case.bed.home.env, case.bed.folder / "run.log")
    try:
        until(lambda: case.bed.post(case.bed.story.delivery("nobody"), 1)[0] == 200, 60, 0.2)
        _held(case, min(case.tries, _AT_ONCE), "hold_after")
        children = Path(f"/proc/{whole.pid}/task/{whole.pid}/children").read_text().split()
        os.kill(whole.pid, signal.SIGKILL)
        if not until(lambda: not any(_lives(pid) for pid in children), 5):
            case.wrong.append(f"{sum(map(_lives, children))} of {len(children)} processes outlived their parent")
        case.tried += min(case.tries, _AT_ONCE)
    finally:
        whole.kill()
        case.bed.books.well_again()
        case.bed.only("web", "worker", "clock")


def _lives(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def stopped(case: Case) -> None:
    """It is stopped while it sends, another finishes its runs, and it goes on afterwards: it must die, and change nothing."""
    count = min(case.tries, _AT_ONCE)
    _held(case, count, "hold_after")
    old = case.bed.parts["worker"]
    old.freeze()
    case.bed.books.well_again()
    case.bed.start("worker 2")
    case.over()
    until(case.drained, case.within, 0.25)
    old.thaw()
    if not old.gone(3):
        case.wrong.append("a worker that was stopped past its deadline went on")
    case.tried += count
    case.bed.parts["worker"] = case.bed.parts.pop("worker 2")


def between_calls(case: Case) -> None:
    """It is stopped while it waits to write down what the model said, another takes its runs, and it goes on in the
    middle of that."""
    names = [case.name() for _ in range(min(case.tries, 4))]
    for name in names:
        case.bed.recaps.fault_earlier("hold_after", name)
        case.deliver(name)
    case.held(len(names))
    old = case.bed.parts["worker"]
    with case.bed.writers_queue():
        case.bed.books.release()
        time.sleep(0.5)
        old.freeze()
    for name in names:
        case.bed.recaps.fault_earlier("hold_before", name)
    case.bed.start("worker 2")
    case.held(len(names))
    old.thaw()
    time.sleep(1.5)
    if made := [e.name for e in case.bed.story.effects(case.after)]:
        case.wrong.append(f"a worker that had lost its runs went on and changed something: {made}")
    case.tried += len(names)
    case.bed.books.well_again()
    case.settle()
    old.kill()
    case.bed.parts["worker"] = case.bed.parts.pop("worker 2")


def poison(case: Case) -> None:
    """One run ends its worker again and again; it waits for a person in the end, and the others go on."""
    name = case.name()
    case.for_people.append(name)
    case.bed.recaps.fault_earlier("hold_before", name, times=50)
    case.deliver(name)
    for _ in range(8):
        before = case.bed.books.last()
        case.deliver()
        if not until(lambda: case.state(name) == "waiting" or case.bed.books.held() > 0, 60, 0.2):
            case.wrong.append(f"{name} neither goes on nor waits: {case.state(name)}")
        if case.state(name) == "waiting":
            break
        case.bed.parts["worker"].restart()
        case.bed.books.release()
        until(lambda: case.bed.books.held(before) == 0, 5)  # noqa: B023
        case.tried += 1
    if case.state(name) != "waiting":
        case.wrong.append(f"{name} ended its worker {case.tried} times and is {case.state(name)}")
    case.bed.books.well_again()


def _end(case: Case, count: int) -> None:
    _kill(case)
    case.bed.books.release()
    _again(case, count)


def _again(case: Case, count: int) -> None:
    case.bed.books.well_again()
    case.tried += count
    case.bed.all_up()


LINES = (
    Line("worker killed after claim", after_claim),
    Line("worker killed while sending; the request arrives late", sending, classes=True),
    Line("worker killed; vendor applied, no answer", applied, few=2, classes=True),
    Line("worker killed; answered, not saved", not_saved, classes=True),
    Line("worker killed; saved, next not begun", next_not_begun),
    Line("worker killed at its n-th kernel call", anywhere, tries=24, few=4, within=90, traced=True, classes=True),
    Line("only the parent killed", parent),
    Line("worker stopped past its deadline, then continued", stopped),
    Line("worker stopped between two calls, then continued", between_calls, only="sqlite"),
    Line("one run kills its worker again and again", poison, within=90),
)
