"""What was played, as a table for people and as one document for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.faults.case import Found

_HEADS = ("fault", "tries", "lost", "doubled", "shown to a person", "drained after")


@dataclass
class Row:
    """One line on one database. `not_yet`: why it was not played."""

    database: str
    path: str
    line: str
    found: Found
    not_yet: str = ""

    @property
    def name(self) -> str:
        return self.line if self.path.startswith("Zoom") else f"{self.path}: {self.line}"

    @property
    def bad(self) -> bool:
        return bool(self.found.lost or self.found.doubled or self.found.wrong or not (self.not_yet or self.found.tries))

    def sentences(self) -> list[str]:
        """What went wrong."""
        none = [] if self.not_yet or self.found.tries else ["the fault never happened, so nothing was tried"]
        found = self.found
        return [*(f"doubled: {x}" for x in found.doubled), *(f"lost: {x}" for x in found.lost), *found.wrong, *none]

    def cells(self) -> list[str]:
        f = self.found
        if self.not_yet:
            return [self.name, "NOT PLAYED", "", "", "", self.not_yet]
        return [self.name, str(f.tries), str(len(f.lost)), str(len(f.doubled)), str(f.shown), f"{f.seconds:.1f} s"]


_WIDTHS = (66, 10, 4, 7, 17)


def head(title: str) -> str:
    return "\n".join(["", title, "─" * len(title), _line(_HEADS)])


def body(row: Row) -> str:
    return "\n".join([_line(row.cells()), *(f"    BREACH: {sentence}" for sentence in row.sentences()[:12])])


def _line(cells: Sequence[str]) -> str:
    numbers = [cell.rjust(width) for cell, width in zip(cells[1:5], _WIDTHS[1:], strict=True)]
    return "  ".join([cells[0].ljust(_WIDTHS[0]), *numbers, cells[5]]).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """For the README."""
    head = ["| " + " | ".join(_HEADS) + " |", "|---|---:|---:|---:|---:|---:|"]
    return "\n".join(head + ["| " + " | ".join(row.cells()) + " |" for row in rows])


def summary(rows: Sequence[Row]) -> str:
    played = [row for row in rows if not row.not_yet]
    tries = sum(row.found.tries for row in played)
    lost, doubled = (sum(len(getattr(row.found, name)) for row in played) for name in ("lost", "doubled"))
    bad, later = sum(row.bad for row in played), len(rows) - len(played)
    return (
        f"{len(played)} lines played, {tries} tries: {lost} lost, {doubled} doubled, {bad} lines with a breach; "
        f"{later} lines could not be played here."
    )


def document(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [{**asdict(row), "breaches": row.sentences()} for row in rows]
