"""The wall clock jumps. Leases and deadlines must not notice; nothing may sit until the clock has caught up."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.durability.processes import again_and_again
from tests.faults.case import Case
from tests.faults.line import Line
from tests.faults.mutation import WAYS

_HOUR = 3600


def _jump(hours: int) -> Callable[[Case], None]:
    def play(case: Case) -> None:
        """With writes in hand, a worker that dies, and a Redis that forgets: everything depends on the clock process."""
        case.window += 70  # minutes
        file = case.bed.folder / "skew"
        file.write_bytes(bytes(8))
        case.bed.only()
        case.bed.start("web", "worker", "clock", FAULTS_CLOCK=str(file), PYTHONPATH=WAYS)
        case.bed.worker_ready()
        try:
            with again_and_again(case.bed.redis.flush, 0.02):
                _through(case, hours * _HOUR, lambda ms: _set(file, ms))
                case.settle()
        finally:
            case.bed.only()

    return play


def _through(case: Case, seconds: int, set_clock: Callable[[int], None]) -> None:
    half = max(min(case.tries, 16) // 2, 1)
    names = [case.name() for _ in range(half)]
    for name in names:
        case.bed.story.fault("hold_after", name)
        case.deliver(name)
    case.held(half)
    for name in (case.name() for _ in range(half)):
        case.deliver(name)  # and nobody has heard its ring when the clock jumps
        names.append(name)
    set_clock(seconds * 1000)
    case.bed.parts["worker"].kill()
    case.bed.books.well_again()
    case.bed.all_up()
    for name in (case.name() for _ in range(half)):
        case.deliver(name, case.bed.story.delivery(name, age=-seconds))
    case.tried += 3 * half
    case.over()


def _set(file: os.PathLike[str], ms: int) -> None:
    with open(file, "r+b") as skew:
        skew.write(ms.to_bytes(8, "big", signed=True))


LINES = (
    Line("wall clock one hour ahead", _jump(1), within=45),
    Line("wall clock one hour back", _jump(-1), within=45),
)
