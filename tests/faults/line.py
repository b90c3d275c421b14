"""A line of the fault matrix: what it is called, and how it is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.case import Case


@dataclass(frozen=True)
class Line:
    """`tries` and `few`: how often, in a whole and in a short run. `within`: seconds until all of it has drained, at a
    patience of 0.1."""

    name: str
    play: Callable[[Case], None]
    tries: int = 8
    few: int = 4
    within: float = 60.0
    traced: bool = False  # needs strace
    classes: bool = False  # also for the events of every safety class
    only: str = ""  # the one database that it is about
    last: bool = False  # afterwards the hub doubts, for minutes, whether what it sends was sent before
    needs: Callable[[], str] | None = None  # why it cannot be played on this machine, or ""
