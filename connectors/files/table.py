"""Rows of a CSV file, read as tolerantly as people write them. Cells are text: a formula is never more than its letters."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

ROWS, COLUMNS, CELL = 1000, 100, 5000  # rows and columns of a table, characters of a cell
CHARACTERS = 200_000  # of all cells together
_LOOKED_AT = 20  # rows by which the delimiter is known
_DELIMITERS = ",;\t|"
_NAMED = (".csv", ".tsv")


def rows(text: str, name: str) -> tuple[list[str], list[dict[str, str]], bool] | None:
    """(columns, rows by column, whether these are all); None for a text that is no table.

    The first row that is not empty names the columns; ones without a name are "column_3", a second "Name" is "Name_2".
    """
    first, _, rest = text.partition("\n")
    told = first[4:5] if first.lower().startswith("sep=") and len(first.strip()) == 5 else ""  # Excel's own first line
    text = rest if told else text
    delimiter = told or _delimiter(text, named=name.lower().endswith(_NAMED))
    if not delimiter:
        return None
    try:
        return _read(text, delimiter)
    except csv.Error:
        return None


def _delimiter(text: str, *, named: bool) -> str:
    """The one that cuts the first rows into the most columns, the same number in each. "" if it is no table."""
    found = {mark: _columns(text, mark) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: found[mark])
    agreeing, columns, lines = found[best]
    if columns >= 2 and lines >= 2 and (agreeing == lines or named):
        return best
    return (best if columns >= 2 else ",") if named and lines else ""


def _columns(text: str, mark: str) -> tuple[int, int, int]:
    """(rows that agree, on how many columns, rows); one column counts as no agreement."""
    try:
        cut = [len(row) for row in islice(_filled(text, mark), _LOOKED_AT)]
    except csv.Error:
        return 0, 0, 0
    columns, agreeing = Counter(cut).most_common(1)[0] if cut else (0, 0)
    return (agreeing if columns > 1 else 0), columns, len(cut)


def _filled(text: str, mark: str) -> Iterator[list[str]]:
    """Rows that hold something."""
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark):
        if any(cell.strip() for cell in row):
            yield row


def _read(text: str, mark: str) -> tuple[list[str], list[dict[str, str]], bool]:
    source = _filled(text, mark)
    columns = _names(next(source, []))
    found: list[dict[str, str]] = []
    left = CHARACTERS
    for row in source:
        cells = {name: cell.strip()[:CELL] for name, cell in zip(_wide(columns, len(row)), row, strict=False)}
        left -= sum(map(len, cells.values()))
        if len(found) >= ROWS or left < 0 or len(row) > COLUMNS:
            return columns, found, False
        found.append({**dict.fromkeys(columns, ""), **cells})
    return columns, found, True


def _names(head: list[str]) -> list[str]:
    names: list[str] = []
    for number, cell in enumerate(head[:COLUMNS], 1):
        plain = " ".join(cell.split())[:100] or f"column_{number}"
        more = (f"{plain}_{n}" for n in range(2, COLUMNS + 2))
        names.append(next(name for name in (plain, *more) if name not in names))
    return names


def _wide(columns: list[str], wanted: int) -> list[str]:
    """Names for a row that is longer than its head."""
    return columns + [f"column_{number}" for number in range(len(columns) + 1, wanted + 1)]
