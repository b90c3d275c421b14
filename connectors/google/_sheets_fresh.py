"""Which rows of a sheet are new, told from what is remembered of it: no more than short marks of its cells."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import JSON
from connectors.google._sheets_place import text_of

WIDTH = 5  # characters for a cell, 30 bits
GONE = 2_000  # values that are no longer there and still remembered: a row that was cut comes back
_PAIRS = 250_000  # of rows that are compared with each other in one place
_BLANK = "." * WIDTH


@dataclass(frozen=True)
class Row:
    """`cells`: those with something in them, by the name of their column."""

    number: int
    cells: Mapping[str, JSON]


def by_column(known: JSON, by: str, rows: Iterable[Row], most: int) -> tuple[list[Row], JSON]:
    """New rows by the value of one column, at most `most`, and what to remember. A row without a value there is not told
    before it has one.."""
    here: dict[str, Row] = {}
    for row in rows:
        if by in row.cells:
            here.setdefault(_digest(text_of(row.cells[by])), row)
    seen = list(known["seen"]) if isinstance(known, dict) else list(here)
    remembered = set(seen)
    fresh = [mark for mark in here if mark not in remembered][:most]
    gone = [mark for mark in seen if mark not in here][-GONE:]
    state = {"seen": [*gone, *(mark for mark in seen if mark in here), *fresh]}
    return [here[mark] for mark in fresh], state


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.strip().encode()).digest()).decode()[:10]


def by_cells(known: JSON, names: Sequence[str], rows: Sequence[Row], most: int) -> tuple[list[Row], JSON]:
    """New rows by all their cells. Only columns that were there before count, so that a new or renamed one makes no row new."""
    fresh: list[int] = []
    if isinstance(known, dict):
        common = [name for name in known["columns"] if name in set(names)]
        old = [_projected(line, known["columns"], common) for line in known["rows"]]
        fresh = _added(old, [_mark(row, common) for row in rows]) if common else []
    told, left = fresh[:most], set(fresh[most:])
    lines = [_mark(row, names) for n, row in enumerate(rows) if n not in left]
    return [rows[n] for n in told], {"columns": list(names), "rows": lines}


def _mark(row: Row, names: Sequence[str]) -> str:
    return "".join(_short(row.cells[name]) if name in row.cells else _BLANK for name in names)


def _short(value: JSON) -> str:
    return _digest(text_of(value))[:WIDTH]


def _projected(line: str, columns: Sequence[str], wanted: Sequence[str]) -> str:
    cells = {name: line[n * WIDTH : (n + 1) * WIDTH] for n, name in enumerate(columns)}
    return "".join(cells[name] for name in wanted)


def _added(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """The places in `new` of rows that are like none in `old`, and not edited ones of those either."""
    more, less = _unmatched(old, new), _unmatched(new, old)
    vanished: dict[str, list[str]] = {}
    for n, anchor in _anchors(old, set(less)):
        vanished.setdefault(anchor, []).append(old[n])
    found = []
    for n, anchor in _anchors(new, set(more)):
        if new[n].strip(".") and not _is_edit(new[n], vanished.get(anchor, [])):
            found.append(n)
    return found


def _unmatched(known: Sequence[str], lines: Sequence[str]) -> list[int]:
    """The places in `lines` for which `known` has no counterpart, however both are sorted."""
    left, found = Counter(known), []
    for n, line in enumerate(lines):
        if left[line]:
            left[line] -= 1
        else:
            found.append(n)
    return found


def _anchors(lines: Sequence[str], odd: set[int]) -> list[tuple[int, str]]:
    """Each of the odd ones with the line that stands above it and is no odd one."""
    anchor, found = "", []
    for n, line in enumerate(lines):
        if n in odd:
            found.append((n, anchor))
        else:
            anchor = line
    return found


def _is_edit(line: str, vanished: list[str]) -> bool:
    """Whether one of those that vanished at this place is the same row with other cells; it is then used up."""
    near = vanished[: _PAIRS // max(len(vanished), 1)]
    best = max(near, key=lambda one: _equal(one, line), default="")
    if best and 2 * _equal(best, line) >= max(_filled(best), 1):
        vanished.remove(best)
        return True
    return False


def _cells(line: str) -> list[str]:
    return [line[n : n + WIDTH] for n in range(0, len(line), WIDTH)]


def _equal(one: str, other: str) -> int:
    return sum(a == b != _BLANK for a, b in zip(_cells(one), _cells(other), strict=True))


def _filled(line: str) -> int:
    return sum(cell != _BLANK for cell in _cells(line))
