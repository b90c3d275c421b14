"""Undo meets somebody else's hand."""

from __future__ import annotations

import time

from tests.faults.case import Case
from tests.faults.line import Line

_PAGES = {"method": "GET", "path": "/v1/pages/"}


def read_then_killed(case: Case) -> None:
    """Killed between its read and its write, and a person edits the page in between: it compares again."""
    names = _written(case)
    case.bed.parts["worker"].kill()
    _undo(case, names)
    case.bed.story.fault("hold_after", times=len(names), **_PAGES)
    case.bed.parts["worker"].start()
    case.held(len(names))
    case.bed.parts["worker"].kill()
    _edit(case, names)
    case.bed.books.well_again()
    case.tried += len(names)


def write_lost(case: Case) -> None:
    """Its write never arrives, and a person edits the page before it is sent again."""
    names = _written(case)
    for page in _rows(case, names):
        case.bed.story.fault("cut_before", method="PATCH", path=f"/v1/pages/{page}")
    _undo(case, names)
    case.wait(lambda: len(_patches(case)) >= len(names), "the writes of the undo")
    _edit(case, names)
    case.tried += len(names)


def killed_after_apply(case: Case) -> None:
    """The page is in the trash, and nobody heard it."""
    names = _written(case)
    case.for_people.clear()
    _undo_faulted(case, names)
    case.tried += len(names)


def _undo_faulted(case: Case, names: list[str]) -> None:
    for page in _rows(case, names):
        case.bed.story.fault("hold_after", method="PATCH", path=f"/v1/pages/{page}")
    _undo(case, names)
    case.held(len(names))
    case.bed.parts["worker"].kill()
    case.bed.books.well_again()
    case.further.append(
        lambda: [f"{run['title']} is {run['state']}" for run in case.runs() if run["state"] != "undone"]
    )


def _written(case: Case) -> list[str]:
    names = case.deliver_all(min(case.tries, 4))
    case.settle()
    return names


def _undo(case: Case, names: list[str]) -> None:
    for run in case.runs():
        if run["name"] in names:
            case.bed.tell("undo", run["id"])


def _rows(case: Case, names: list[str]) -> list[str]:
    """The pages that an undo begins with: the last that were made of each event."""
    return [e.id for e in case.bed.story.effects(case.after) if e.name in names and e.place == "row"]


def _patches(case: Case) -> list[str]:
    ids = tuple(f"/v1/pages/{page}" for page in _rows(case, case.names))
    rows = case.bed.books.ledger("notion", case.after, bodies=False)
    return [row["path"] for row in rows if row["method"] == "PATCH" and row["path"] in ids]


def _edit(case: Case, names: list[str]) -> None:
    """By hand; from then on the hub must leave these pages alone, and ask."""
    case.for_people += names
    last, ids = case.bed.books.last(), _rows(case, names)
    for page in ids:
        case.bed.books.ask("edit", {"page": page, "title": "Changed by hand"})

    def touched() -> list[str]:
        rows = case.bed.books.ledger("notion", last, bodies=False)
        hit = [row for row in rows if row["effect"] and row["id"] in ids]
        asked = {r["run"] for r in case.open_reviews() if r["kind"] == "undo"}
        return [f"a page that was edited by hand was changed: {row['effect']} {row['id']}" for row in hit] + [
            f"{run['title']} left a page alone and asks nobody" for run in case.runs() if run["id"] not in asked
        ]

    time.sleep(0.1)
    case.further.append(touched)


LINES = (
    Line("undo killed between read and write, page edited", read_then_killed, tries=4, few=1),
    Line("undo's write lost, page edited before the next", write_lost, tries=4, few=1),
    Line("undo killed; vendor applied, no answer", killed_after_apply, tries=4, few=1),
)
