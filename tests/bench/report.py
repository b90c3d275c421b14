"""What was measured, as a calm table for people and as one document for machines."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Figure:
    """One line. `floor` is what the same machine did in the same run with nothing of ours in between."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    spread: tuple[float, float] | None = None  # lowest and highest round

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None


@dataclass
class Chapter:
    """`notes` are sentences below the table; `wrong` are sentences that make the bench fail."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, values: float | Sequence[float], unit: str, **floor: Any) -> None:
        """The median of the rounds."""
        rounds = [values] if isinstance(values, (int, float)) else list(values)
        spread = (min(rounds), max(rounds)) if len(rounds) > 1 else None
        self.figures.append(Figure(name, statistics.median(rounds), unit, spread=spread, **floor))


def share(values: Sequence[float], part: float) -> float:
    """The value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * part) - 1, 0)]


def document(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    return [
        {**asdict(chapter), "figures": [{**asdict(f), "ratio": f.ratio} for f in chapter.figures]}
        for chapter in chapters
    ]


def text(chapter: Chapter) -> str:
    rows = [_cells(figure) for figure in chapter.figures]
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(4)]
    lines = ["", chapter.title, "─" * len(chapter.title)]
    for name, value, spread, floor in rows:
        line = f"{name.ljust(widths[0])}  {value.rjust(widths[1])}  {spread.ljust(widths[2])}  {floor}"
        lines.append(line.rstrip())
    lines += [f"  {note}" for note in chapter.notes]
    return "\n".join(lines + [f"  WRONG: {sentence}" for sentence in chapter.wrong])


def _cells(figure: Figure) -> tuple[str, str, str, str]:
    spread = f"({_number(figure.spread[0])} to {_number(figure.spread[1])})" if figure.spread else ""
    floor = ""
    if figure.floor and figure.ratio is not None:
        floor = f"{figure.ratio:5.2f} × {figure.floor_name} ({_number(figure.floor)} {figure.unit})"
    return figure.name, f"{_number(figure.value)} {figure.unit}", spread, floor


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
