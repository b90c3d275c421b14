"""Cells of a practice sheet: ranges in A1 notation, reading, writing, and where Google thinks that a table ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.practice.vendors.google.suite import refuse

JSON = Any
_RANGE = re.compile(r"(?:'((?:[^']|'')+)'|(\w+))!([A-Z]*)(\d*)(?::([A-Z]*)(\d*))?")


@dataclass(frozen=True)
class Area:
    """Rows from 1, columns from 0, both ends with them."""

    sheet: JSON
    first_row: int
    last_row: int
    first_column: int
    last_column: int


def read(sheets: list[JSON], text: str) -> Area:
    found = _RANGE.fullmatch(text)
    title = (found[1] or found[2] or "").replace("''", "'") if found else ""
    own = next((one for one in sheets if one["title"] == title), None)
    if found is None or own is None:
        refuse(400, "badRequest", f"Unable to parse range: {text}", "INVALID_ARGUMENT")
    single = found[5] is None
    first, begin = int(found[4] or 1), _number(found[3]) if found[3] else 0
    last = first if single else int(found[6] or own["rows"])
    end = begin if single else (_number(found[5]) if found[5] else own["columns"] - 1)
    if max(first, last) > own["rows"] or max(begin, end) >= own["columns"]:
        limits = f"Max rows: {own['rows']}, max columns: {own['columns']}"
        refuse(400, "badRequest", f"Range ({text}) exceeds grid limits. {limits}", "INVALID_ARGUMENT")
    return Area(own, first, last, begin, end)


def _number(column: str) -> int:
    found = 0
    for letter in column:
        found = found * 26 + ord(letter) - 64
    return found - 1


def cell(row: int, column: int) -> str:
    text, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return f"{text}{row}"


def quoted(sheet: JSON) -> str:
    plain = re.fullmatch(r"\w+", sheet["title"])
    return str(sheet["title"]) if plain else "'" + sheet["title"].replace("'", "''") + "'"


def _at(sheet: JSON, row: int, column: int) -> JSON:
    lines = sheet["lines"]
    line = lines[row - 1] if row <= len(lines) else []
    return line[column] if column < len(line) and line[column] is not None else ""


def lines(area: Area) -> list[list[JSON]]:
    until = min(area.last_row, len(area.sheet["lines"]))
    across = range(area.first_column, area.last_column + 1)
    return [[_at(area.sheet, row, column) for column in across] for row in range(area.first_row, until + 1)]


def rendered(value: JSON, how: str) -> JSON:
    if isinstance(value, dict):
        value = value["formula"] if how == "FORMULA" else value["is"]
    if how == "FORMATTED_VALUE":
        return str(value).upper() if isinstance(value, bool) else str(value)
    return value


def table(area: Area) -> Area:
    """What hangs together with what stands in the range: an empty row or column ends it."""
    sheet, top, left = area.sheet, area.first_row, area.first_column
    bottom, right = area.last_row, area.last_column
    filled = [n for n in range(left, right + 1) if _at(sheet, top, n) != ""]
    left = filled[0] if filled else left
    while any(_at(sheet, bottom + 1, n) != "" for n in range(left, right + 1)):
        bottom += 1
    return Area(sheet, top, bottom, left, right)


def insert(sheet: JSON, row: int, count: int) -> None:
    """Empty rows before this one."""
    rows = sheet["lines"]
    if row <= len(rows):
        rows[row - 1 : row - 1] = [[] for _ in range(count)]
    sheet["rows"] += count


def put(sheet: JSON, row: int, column: int, lines: list[list[JSON]], how: str) -> None:
    """null leaves a cell as it is; what a person would type becomes a formula where it begins like one."""
    rows = sheet["lines"]
    for n, line in enumerate(lines):
        while len(rows) < row + n:
            rows.append([])
        own = rows[row + n - 1]
        for m, value in enumerate(line):
            own += [""] * (column + m + 1 - len(own))
            if value is not None:
                typed = how == "USER_ENTERED" and isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
                own[column + m] = {"formula": value, "is": "#ERROR!"} if typed else value


def entered(given: JSON) -> JSON:
    value = given.get("userEnteredValue") or {}
    return next(iter(value.values()), "")


def data(area: Area) -> dict[str, JSON]:
    """https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/sheets#GridData"""
    rows = [{"values": [_shown(value) for value in line]} for line in lines(area)]
    return {"startRow": area.first_row - 1, "startColumn": area.first_column, "rowData": rows}


def _shown(value: JSON) -> dict[str, JSON]:
    if value == "":
        return {}
    is_formula = isinstance(value, dict)
    own = {"formulaValue": value["formula"]} if is_formula else _extended(value)
    now = value["is"] if is_formula else value
    return {
        "userEnteredValue": own,
        "effectiveValue": _extended(now),
        "formattedValue": rendered(now, "FORMATTED_VALUE"),
    }


def _extended(value: JSON) -> dict[str, JSON]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"numberValue": value} if isinstance(value, int | float) else {"stringValue": value}
