"""What vendors deliver: copies, old ones, out of order."""

from __future__ import annotations

import time

from tests.faults.case import Case
from tests.faults.line import Line


def copies(case: Case) -> None:
    """Fifty at once, and one again when all is done."""
    for _ in range(max(case.tries // 50, 1)):
        name = case.name()
        delivery = case.bed.story.delivery(name)
        for future in [case.pool.submit(case.deliver, name, delivery) for _ in range(50)]:
            future.result()
        case.tried += 50
    case.settle()
    case.deliver(name, case.bed.recaps.again(delivery))
    case.tried += 1


def stale(case: Case) -> None:
    """Signed rightly, but long ago; and signed wrongly."""
    for _ in range(case.tries):
        name = case.name()
        case.refused.append(name)
        status = case.once(case.bed.story.delivery(name, age=3600), name)
        forged = case.bed.story.delivery(name)
        wrong = case.once(type(forged)(forged.path, forged.body + b" ", forged.headers), name)
        if 200 in (status, wrong):
            case.wrong.append(f"a stale or forged delivery was answered with {status} and {wrong}")
        case.tried += 2


def ordered(case: Case) -> None:
    """Events about one thing, two workers, one of which is killed: the vendor sees them in their order."""
    case.bed.start("worker 2")
    meetings = {f"serial-{time.time_ns()}-{n}": [case.name() for _ in range(4)] for n in range(max(case.tries // 4, 1))}
    for first, *_ in meetings.values():
        case.bed.story.fault("hold_before", first, seconds=1.5)  # time for the others to overtake it
    for turn in zip(*meetings.values(), strict=True):
        for meeting, name in zip(meetings, turn, strict=True):
            case.deliver(name, case.bed.story.delivery(name, serial=meeting))
    case.used_up()
    case.bed.parts["worker"].kill()
    case.tried += case.tries
    case.over()
    case.settle()
    case.bed.parts.pop("worker 2").leave()
    for names in meetings.values():
        seen = [e.name for e in case.bed.story.effects(case.after) if e.name in names]
        once = [name for n, name in enumerate(seen) if n == 0 or seen[n - 1] != name]
        if once != names:
            case.wrong.append(f"events {names} reached the vendor as {seen}")


LINES = (
    Line("50 copies at once, and one later", copies, tries=100, few=50),
    Line("stale and forged signatures", stale, tries=8, few=2),
    Line("events of one thing stay in order, a worker killed", ordered, tries=24, few=4, within=90),
)
