"""Rows of Google sheets: added below the table, found again by our key, and taken back.

https://developers.google.com/workspace/sheets/api/guides/values . Google knows no key of a program by which a row would not be
added twice. So every row of ours has one in the column “Patchbay key”, which stays with it when rows are sorted or moved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, Call, Refused
from connectors.google._client import Google
from connectors.google._sheets_place import (
    KEY,
    Sheet,
    alike,
    below,
    cells,
    confirmed,
    letters,
    read_place,
    sheet,
    text_of,
)

Arguments = dict[str, JSON]
MOST = 500  # rows of one write
_ROWS = re.compile(r"![A-Z]+(\d+)(?::[A-Z]+(\d+))?$")
_ABOUT = "By this Patchbay recognises its own rows. Hide the column if it is in the way, and leave it here."
OWN = re.compile(r"(hub-[a-z0-9-]{4,40})(?:\.\d+)?")
"""What stands in our column: the key of the write, and which of its rows this is."""


def append_rows(
    client: Google,
    key: str,
    *,
    sheet: str,
    rows: Sequence[Mapping[str, JSON]],
    columns: Sequence[str] = (),
    span: str = "",
) -> JSON:
    """Rows below the table, from prepared arguments: values by heading. Other columns stay empty."""
    place = read_place(sheet)
    body = {"majorDimension": "ROWS", "values": _lines(key, rows, columns)}
    values = client.sheets.spreadsheets().values()
    ask = values.append(
        spreadsheetId=place.book, range=span, valueInputOption="RAW", insertDataOption="INSERT_ROWS", body=body
    )
    answer = ask.execute(num_retries=0)
    found = _ROWS.search(str(answer["updates"]["updatedRange"]))
    if not found:
        raise ValueError("an answer that names no rows")
    first = int(found[1])
    return _result(sheet, key, [first + n for n in range(len(rows))])


def _lines(key: str, rows: Sequence[Mapping[str, JSON]], columns: Sequence[str]) -> list[list[JSON]]:
    """null leaves a cell as it is."""
    marks = marks_of(key, len(rows))
    return [[mark if name == KEY else row.get(name) for name in columns] for mark, row in zip(marks, rows, strict=True)]


def marks_of(key: str, count: int) -> list[str]:
    return [key] if count == 1 else [f"{key}.{n}" for n in range(count)]


def _result(where: str, key: str, numbers: Sequence[int]) -> dict[str, JSON]:
    place = read_place(where)
    return {"id": f"{place}:{key}", "url": place.url(numbers[0]), "rows": list(numbers), "key": key}


def prepare(client: Google, arguments: Arguments) -> Arguments:
    """Which columns there are, and where the table is. Raises `Refused` for a column that is not there."""
    here = sheet(client, arguments["sheet"])
    given = arguments["rows"]
    rows = [given] if isinstance(given, Mapping) else list(given or [])
    if not rows or len(rows) > MOST or not all(isinstance(row, Mapping) and row for row in rows):
        raise Refused(f"A recipe adds 1 to {MOST} rows at once, each with a value for a column at least.")
    _no_gap(here)
    named = [here.named(row) for row in rows]
    if any(KEY in row for row in named):
        raise Refused(f"The column “{KEY}” is filled by Patchbay itself. Take it out of the recipe.")
    names = list(here.names) if KEY in here.names else [*here.names, KEY]
    span = here.range(here.heading, here.heading, 0, len(names) - 1)
    return {**arguments, "sheet": str(here.place), "rows": named, "columns": names, "span": span}


def _no_gap(here: Sheet) -> None:
    """Google looks for the table by itself and would take a column without a heading for its end."""
    if not here.names:
        raise Refused(
            f"The sheet “{here.title}” has no headings in row {here.heading}. Write the names of the columns there, then run this "
            "again."
        )
    if "" in here.names:
        column = letters(here.names.index(""))
        raise Refused(
            f"Column {column} of “{here.title}” has no heading in row {here.heading}, so that Google would not know where the table "
            "ends. Write one there, or delete the column."
        )


def key_column_first(client: Google, arguments: Arguments) -> list[Call]:
    """The column for our key, where the sheet has none yet."""
    here = sheet(client, arguments["sheet"])
    return [] if KEY in here.names else [Call("add_key_column", {"sheet": str(here.place)})]


def headings_now(client: Google, arguments: Arguments) -> JSON:
    """Looked at right before a row is added. Raises `Refused` where columns were moved or renamed since."""
    here = sheet(client, arguments["sheet"])
    wanted = list(arguments["columns"])
    span = here.range(here.heading, here.heading, 0, len(wanted) - 1)
    if (list(here.names)[: len(wanted)], span) != (wanted, arguments["span"]):
        raise Refused("The sheet, or its columns, got another name or place in the meantime. Start this event over.")
    return None


def find_appended(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    """One result if all rows are there; several, so that a person decides, if some are missing or doubled."""
    numbers = rows_of(client, sheet(client, arguments["sheet"]), key)
    if not numbers:
        return []
    found = _result(arguments["sheet"], key, numbers)
    return [found] if len(numbers) == len(arguments["rows"]) else [found, found]


def rows_of(client: Google, here: Sheet, key: str) -> list[int]:
    """The numbers of the rows that have this key, in order."""
    if KEY not in here.names or here.rows <= here.heading:
        return []
    column = here.names.index(KEY)
    found = cells(client, here.place.book, here.range(here.heading + 1, here.rows, column, column))
    marked = [(n, OWN.fullmatch(text_of(row[0]))) for n, row in enumerate(found, here.heading + 1) if row]
    return [n for n, mark in marked if mark and mark[1] == key]


# --- our column -------------------------------------------------------------------------------------------------------


def add_key_column(
    client: Google, key: str, *, sheet: str, column: int = 0, heading: int = 1, grow: bool = False
) -> JSON:
    """The heading of our column, right of the others. `grow`: the grid ends before it."""
    place = read_place(sheet)
    start = {"sheetId": place.gid, "rowIndex": heading - 1, "columnIndex": column}
    cell = {"userEnteredValue": {"stringValue": KEY}, "note": _ABOUT}
    wider = {"appendDimension": {"sheetId": place.gid, "dimension": "COLUMNS", "length": 1}}
    head = {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue,note"}}
    body = {"requests": [wider, head] if grow else [head]}
    ask = client.sheets.spreadsheets().batchUpdate(spreadsheetId=place.book, body=body)
    confirmed(ask.execute(num_retries=0), place)
    return {"id": f"{place}:{KEY}", "url": place.url()}


def prepare_key_column(client: Google, arguments: Arguments) -> Arguments:
    """Raises `Refused` where something stands already in the column next to the table."""
    here = sheet(client, arguments["sheet"])
    column = len(here.names)
    grow = column >= here.columns
    if not grow and cells(client, here.place.book, here.range(1, here.rows, column, column)):
        raise Refused(
            f"Column {letters(column)} of “{here.title}” holds something, but has no heading in row {here.heading}. Write one there "
            "or empty the column, then run this again."
        )
    return {"sheet": str(here.place), "column": column, "heading": here.heading, "grow": grow}


def find_key_column(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    here = sheet(client, arguments["sheet"])
    return [{"id": f"{here.place}:{KEY}", "url": here.place.url()}] if KEY in here.names else []


# --- taking back ------------------------------------------------------------------------------------------------------


def append_changed(client: Google, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    """Rows that were sorted or moved are still ours; what a person wrote into them is not."""
    here = sheet(client, arguments["sheet"])
    numbers = rows_of(client, here, str(made["key"]))
    if len(numbers) != len(arguments["rows"]):
        return "Somebody has deleted or copied the row in Google Sheets since."
    there = dict(enumerate(below(client, here), here.heading + 1))
    wanted = dict(zip(marks_of(str(made["key"]), len(numbers)), arguments["rows"], strict=True))
    for number in numbers:
        row = dict(zip(here.names, there[number], strict=False))
        ours = dict.fromkeys(here.names, "") | wanted.get(text_of(row.get(KEY)), {}) | {KEY: row.get(KEY)}
        if changed := [name for name, value in ours.items() if not alike(row.get(name), value)]:
            return f"Somebody has changed “{changed[0]}” of row {number} in Google Sheets since."
    return None


def unappend(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_rows", {"sheet": arguments["sheet"], "mark": made["key"], "rows": made["rows"]})


def delete_rows(client: Google, key: str, *, sheet: str, mark: str, rows: Sequence[int]) -> JSON:
    """These rows, from the bottom, so that none of them moves before its turn."""
    place = read_place(sheet)
    span = [
        {"sheetId": place.gid, "dimension": "ROWS", "startIndex": row - 1, "endIndex": row}
        for row in sorted(rows, reverse=True)
    ]
    body = {"requests": [{"deleteDimension": {"range": one}} for one in span]}
    ask = client.sheets.spreadsheets().batchUpdate(spreadsheetId=place.book, body=body)
    confirmed(ask.execute(num_retries=0), place)
    return {"id": f"{place}:{mark}", "url": place.url()}


def prepare_delete(client: Google, arguments: Arguments) -> Arguments:
    """Where the rows are by now."""
    here = sheet(client, arguments["sheet"])
    return {**arguments, "rows": rows_of(client, here, arguments["mark"]) or arguments["rows"]}


def rows_now(client: Google, arguments: Arguments) -> JSON:
    """Looked at right before they are deleted. Raises `Refused` where other rows stand there by now."""
    numbers = rows_of(client, sheet(client, arguments["sheet"]), arguments["mark"])
    if sorted(numbers) != sorted(arguments["rows"]):
        raise Refused("The rows of the sheet were moved in the meantime, so none was deleted. Undo this again.")
    return numbers


def find_deleted(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    place = read_place(arguments["sheet"])
    gone = not rows_of(client, sheet(client, arguments["sheet"]), arguments["mark"])
    return [{"id": f"{place}:{arguments['mark']}", "url": place.url()}] if gone else []
