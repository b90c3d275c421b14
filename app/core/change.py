"""One write in hand: what it changes, where it stands in its run, and what is known of earlier tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import RowMapping

from app.core.answers import Kind, Left, Trouble
from app.core.opening import Opened
from connectors.contract import JSON, Action, Call, Safety

Place = tuple[str, str]  # (step, item)


class Touched(Exception):
    """Somebody changed what this write would change; it was not sent."""


@dataclass
class Change:
    """One write in hand. `undoes` is the id of the write it takes back, if any; `unless` is asked before every sending, and
    says why it must not be sent."""

    place: Place
    opened: Opened
    name: str
    action: Action
    arguments: dict[str, JSON]
    undoes: str = ""
    unless: Callable[[], str | None] | None = None
    row: RowMapping | None = None
    call: str = ""  # the row of the call that is under way
    _follow: list[Call] | None = None

    @property
    def in_doubt(self) -> bool:
        """An earlier try may have arrived."""
        return self.row is not None and self.row["state"] in ("intent", "unknown")

    def follow(self, result: dict[str, JSON]) -> list[Call]:
        """The changes that complete this one. The connector is asked once: it may have to go through a long text again."""
        if self._follow is None:
            after = self.action.after
            self._follow = after(self.arguments, result) if after else []
        return self._follow


def doubted(change: Change, trouble: Trouble) -> Trouble:
    """A mistake of ours after the request had left says nothing about it. Nor does a no to a try that was sent again on the
    strength of its key: an earlier one may have arrived."""
    if trouble.kind is Kind.BUG:
        return replace(trouble, kind=Kind.UNKNOWN)
    if trouble.kind is Kind.REFUSED and change.in_doubt and change.action.safety is Safety.KEYED:
        return replace(trouble, kind=Kind.UNKNOWN, left=Left.THERE)
    return trouble
