"""Single cells as they were entered: texts, numbers and formulas told apart, which lists of values do not do.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/cells
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.contract import JSON
from connectors.google._client import Google
from connectors.google._sheets_place import letters, text_of

_KINDS = ("formulaValue", "stringValue", "boolValue", "numberValue")
_ASKED = "sheets(data(rowData(values(userEnteredValue,effectiveValue,formattedValue))))"


@dataclass(frozen=True)
class Cell:
    """`entered` as it could be entered again, "" for nothing; a formula is a text that begins with "=". `texts`: what it may be
    read as, in small letters."""

    entered: JSON = ""
    formula: bool = False
    texts: frozenset[str] = field(default_factory=frozenset)

    def reads(self, value: JSON) -> bool:
        return text_of(value).strip().casefold() in self.texts


def number_of(column: str) -> int:
    """ "A" → 0, "AA" → 26."""
    found = 0
    for letter in column:
        found = found * 26 + ord(letter) - 64
    return found - 1


def read_rows(
    client: Google, book: str, title: str, rows: Sequence[int], columns: Sequence[str]
) -> dict[int, dict[str, Cell]]:
    """Row number → column → cell, in one request. `columns`: their letters."""
    places = sorted(map(number_of, columns))
    first, last = places[0], places[-1]
    quoted = "'" + title.replace("'", "''") + "'"
    ranges = [f"{quoted}!{letters(first)}{row}:{letters(last)}{row}" for row in rows]
    ask = client.sheets.spreadsheets().get(spreadsheetId=book, ranges=ranges, fields=_ASKED)
    data = [one for tab in ask.execute(num_retries=0)["sheets"] for one in tab.get("data") or []]
    lines = [_line(one) for one in data]
    return {
        row: {column: _at(line, number_of(column) - first) for column in columns}
        for row, line in zip(rows, lines, strict=True)
    }


def _line(data: JSON) -> list[JSON]:
    rows = data.get("rowData") or [{}]
    return list(rows[0].get("values") or [])


def _at(line: Sequence[JSON], place: int) -> Cell:
    found = (line[place] if place < len(line) else None) or {}
    kind, entered = _value(found.get("userEnteredValue"))
    texts = {text_of(_value(found.get("effectiveValue"))[1]), str(found.get("formattedValue") or "")}
    return Cell(entered, kind == "formulaValue", frozenset(one.strip().casefold() for one in texts))


def _value(extended: JSON) -> tuple[str, JSON]:
    """https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/other#ExtendedValue"""
    kind = next((one for one in _KINDS if one in (extended or {})), "")
    return kind, extended[kind] if kind else ""
