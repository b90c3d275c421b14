"""The data comes back from a backup, or turns up in another place: nothing is sent until a person says so."""

from __future__ import annotations

import shutil
import time

from tests.bench.ports import free
from tests.faults.case import Case
from tests.faults.line import Line

_PARTS = ("web", "worker", "clock")
_WATCHED = 3.0  # seconds in which a hub that is held must send nothing


def restored(case: Case) -> None:
    """A backup taken while writes are on their way; more is written; the backup is put back, and the vendor delivers again
    what the backup does not know."""
    few = max(min(case.tries, 8) // 2, 1)
    under_way = [case.name() for _ in range(few)]
    for name in under_way:
        case.bed.story.fault("hold_after", name)
        case.deliver(name)
    case.held(few)
    file = str(case.bed.folder / f"backup-{time.time_ns()}.sqlite")
    case.bed.tell("backup", "--out", file)
    case.bed.books.well_again()
    later = case.deliver_all(few)
    case.settle()
    case.bed.only()
    case.bed.home.hub.db.close()
    case.bed.tell("restore", file, "--replace")
    case.bed.only(*_PARTS)
    fresh = case.deliver_all(1)
    for name in later:
        case.deliver(name)
    case.copies.clear()  # to the backup they are new
    _nothing_sent(case)
    case.bed.tell("resume")
    case.tried += len(under_way) + len(later) + len(fresh)


def copied(case: Case) -> None:
    """The folder is copied with work left in it, and the copy is started beside the hub."""
    case.bed.only("web")
    case.deliver_all(max(min(case.tries, 8), 1))
    case.bed.only()
    home = case.bed.folder / f"copy-{time.time_ns()}"
    shutil.copytree(case.bed.folder / "home", home)
    names = {f"{part} of the copy" for part in _PARTS}
    for part in names:
        case.bed.start(part, PATCHBAY_HOME=str(home), PORT=str(free()))
    time.sleep(3.0)  # it starts
    _nothing_sent(case)
    case.bed.only()
    case.tried += len(case.names)


def _nothing_sent(case: Case) -> None:
    before = case.bed.books.last()
    time.sleep(_WATCHED)
    if made := [row["path"] for row in case.bed.books.ledger(after=before, bodies=False)]:
        case.wrong.append(f"a hub that is held asked vendors: {made[:5]}")


LINES = (
    Line("yesterday's backup put back", restored, few=2, only="sqlite", within=90, last=True),
    Line("a copy of the data started elsewhere", copied, few=2, only="sqlite", last=True),
)
