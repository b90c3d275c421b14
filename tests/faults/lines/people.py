"""People approve, and change recipes, while things break."""

from __future__ import annotations

from typing import Any

from tests.faults.case import Case
from tests.faults.line import Line
from tests.faults.stand import Told

_WORDS = ("Write in the language of", "Write plainly, in the language of")


def approved(case: Case) -> None:
    """Every write waits for somebody. The worker dies before the click and after it; a second click changes nothing."""
    switch = case.bed.home.hub
    case.bed.recaps.switch_on(switch, level="review")
    try:
        names = case.deliver_all(min(case.tries, 4))
        for place in case.bed.story.places:
            case.wait(lambda: len(_asked(case)) == len(names), f"{len(names)} approvals of the {place}", 60)
            if len(made := case.bed.story.effects(case.after)) != len(names) * case.bed.story.places.index(place):
                case.wrong.append(f"{len(made)} changes were made before somebody approved them")
            case.bed.parts["worker"].restart()
            case.bed.story.fault("hold_after", times=len(names))
            for review in _asked(case):
                case.bed.tell("review", "decide", review["id"], "approve")
                _twice(case, review["id"])
            case.held(len(names))
            case.bed.parts["worker"].kill()
            case.bed.books.well_again()
            case.bed.all_up()
            case.tried += len(names)
        case.settle()
    finally:
        case.bed.recaps.switch_on(switch)


def _asked(case: Case) -> list[dict[str, Any]]:
    return [review for review in case.open_reviews() if review["kind"] == "approve"]


def _twice(case: Case, review: str) -> None:
    try:
        case.bed.tell("review", "decide", review, "decline")
    except Told:
        return
    case.wrong.append("a change was declined after it had been approved, and nobody was told")


def new_version(case: Case) -> None:
    """A recipe changes while runs are under way and the worker dies: they end on the version they began with."""
    names = [case.name() for _ in range(min(case.tries, 8))]
    for name in names:
        case.bed.story.fault("hold_after", name)
        case.deliver(name)
    case.held(len(names))
    before = {run["version"] for run in case.runs()}
    case.bed.tell("recipe", "publish", str(case.bed.recaps.changed(case.bed.folder, *_WORDS)))
    later = case.deliver()
    case.bed.parts["worker"].kill()
    case.bed.books.well_again()
    case.settle()
    versions = {run["name"]: run["version"] for run in case.runs()}
    if {versions[name] for name in names} != before:
        case.wrong.append("a run changed its version while it was under way")
    if versions[later] in before:
        case.wrong.append("an event after the change still ran on the old version")
    case.tried += len(names)


LINES = (
    Line("approvals, worker killed before and after the click", approved, tries=4, few=1, within=90),
    Line("recipe changed under way, worker killed", new_version, few=2),
)
