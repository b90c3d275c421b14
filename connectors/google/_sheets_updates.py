"""Cells of rows that are there already, found by the value of a column: read before they are written, and written back by an undo.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/batchUpdate . Google writes to a place, not
to a row, and rows move. So right before anything is written the value by which the row was found is looked at once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import JSON, Call, Refused
from connectors.google._client import Google
from connectors.google._sheets_cells import Cell, read_rows
from connectors.google._sheets_place import (
    KEY,
    Sheet,
    alike,
    below,
    confirmed,
    letters,
    read_place,
    sheet,
    text_of,
)

Arguments = dict[str, JSON]
MOST = 50  # rows of one write


def update_rows(
    client: Google,
    key: str,
    *,
    sheet: str,
    by: str,
    value: JSON,
    fields: Mapping[str, JSON],
    several: bool = False,
    rows: Sequence[int] = (),
    places: Mapping[str, str] | None = None,
    title: str = "",
) -> JSON:
    """Writes these cells of the row that has this value in the column `by`, and leaves the others alone. `several`: of all such
    rows. From prepared arguments: `rows` are their numbers, `places` the columns (name → "C")."""
    cells = {str(row): {(places or {})[name]: one for name, one in fields.items()} for row in rows}
    _write(client, sheet, title, cells)
    return _result(sheet, rows)


def _write(client: Google, where: str, title: str, cells: Mapping[str, Mapping[str, JSON]]) -> None:
    """`cells`: row number → column → value. All of them or none."""
    quoted = "'" + title.replace("'", "''") + "'"
    data = [
        {"range": f"{quoted}!{column}{row}", "values": [[value]]}
        for row in sorted(cells, key=int)
        for column, value in sorted(cells[row].items())
    ]
    body = {"valueInputOption": "RAW", "data": data}
    place = read_place(where)
    ask = client.sheets.spreadsheets().values().batchUpdate(spreadsheetId=place.book, body=body)
    confirmed(ask.execute(num_retries=0), place)


def _result(where: str, rows: Sequence[int]) -> dict[str, JSON]:
    place = read_place(where)
    return {"id": f"{place}:{','.join(map(str, rows))}", "url": place.url(rows[0] if rows else 0), "rows": list(rows)}


def prepare(client: Google, arguments: Arguments) -> Arguments:
    """The rows that have the value now. Raises `Refused` where there is none, or several and only one was meant."""
    here = sheet(client, arguments["sheet"])
    fields = here.named(arguments["fields"])
    by = here.names[here.column(arguments["by"])]
    if not fields or KEY in fields:
        raise Refused(f"Name the columns to write in the recipe; “{KEY}” is not one of them.")
    if not text_of(arguments["value"]).strip():
        raise Refused(f"There is no value by which a row in “{here.title}” could be found. Check what came in.")
    rows = [number for number, row in matching(client, here, by, arguments["value"])]
    _check_count(here, by, arguments, rows)
    places = {name: letters(here.column(name)) for name in [*fields, by]}
    given = {"sheet": str(here.place), "by": by, "fields": fields, "rows": rows, "places": places}
    return {**arguments, **given, "title": here.title}


def _check_count(here: Sheet, by: str, arguments: Arguments, rows: Sequence[int]) -> None:
    value = text_of(arguments["value"])[:80]
    if not rows:
        raise Refused(
            f"No row of “{here.title}” has “{value}” in the column “{by}”. Check what came in, or add the row."
        )
    if len(rows) > 1 and not arguments.get("several"):
        numbers = ", ".join(map(str, rows[:10]))
        raise Refused(
            f"Several rows of “{here.title}” have “{value}” in the column “{by}” ({numbers}). Let the recipe look by another column, "
            "or say “several: true” there."
        )
    if len(rows) > MOST:
        raise Refused(
            f"More than {MOST} rows have “{value}” in the column “{by}”. Let the recipe look by another column."
        )


def matching(client: Google, here: Sheet, by: str, value: JSON) -> list[tuple[int, dict[str, JSON]]]:
    """(number, cells by heading) of the rows with this value; capitals and blanks around it do not count."""
    column, wanted = here.column(by), text_of(value).strip().casefold()
    found = []
    for number, row in enumerate(below(client, here), here.heading + 1):
        if len(row) > column and text_of(row[column]).strip().casefold() == wanted:
            filled = [*row, *[""] * (len(here.names) - len(row))]
            found.append((number, {name: one for name, one in zip(here.names, filled, strict=False) if name}))
    return found


def find_updated(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    """Whether the cells are as we would make them, in rows that still are the same."""
    there = _read(client, arguments)
    ours = all(_ours(arguments, there[row]) for row in arguments["rows"])
    return [_result(arguments["sheet"], arguments["rows"])] if ours else []


def _ours(arguments: Arguments, row: Mapping[str, Cell]) -> bool:
    """The cells are as we write them, and the row still has the value by which it was found."""
    fields, by = arguments["fields"], arguments["by"]
    known = by in fields or row[by].reads(arguments["value"])
    return known and all(alike(row[name].entered, value) for name, value in fields.items())


def _read(client: Google, arguments: Arguments) -> dict[int, dict[str, Cell]]:
    """Row number → heading → what stands there, of the columns in `places`."""
    title, places, rows = arguments["title"], arguments["places"], arguments["rows"]
    found = read_rows(client, read_place(arguments["sheet"]).book, title, rows, sorted(places.values()))
    return {row: {name: found[row][column] for name, column in places.items()} for row in rows}


def before(client: Google, arguments: Arguments) -> JSON:
    """{"cells": row → column → value}, looked at right before they are written. Raises `Refused` where the rows have moved, or
    a cell holds a formula, which could not be written back."""
    kept: dict[str, dict[str, JSON]] = {}
    for number, row in _read(client, arguments).items():
        if not row[arguments["by"]].reads(arguments["value"]):
            raise Refused(
                "The rows of the sheet were moved in the meantime, so nothing was written. Start this event over."
            )
        if formulas := [name for name in arguments["fields"] if row[name].formula]:
            raise Refused(
                f"The cell “{formulas[0]}” in row {number} holds a formula, over which Patchbay does not write. Choose another "
                "column in the recipe."
            )
        kept[str(number)] = {arguments["places"][name]: row[name].entered for name in arguments["fields"]}
    return {"cells": kept}


def changed(client: Google, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    here = sheet(client, arguments["sheet"])
    if here.title != arguments["title"]:
        return "Somebody has given the sheet another name since. Change the cells back there."
    there = _read(client, arguments)
    if all(_ours(arguments, there[row]) for row in arguments["rows"]):
        return None
    return "Somebody has changed the same cells, or moved the rows, in Google Sheets since."


def back(arguments: Arguments, made: dict[str, JSON], was: JSON) -> Call:
    given = {name: arguments[name] for name in ("sheet", "title")}
    return Call("restore_cells", {**given, "cells": was["cells"]})


def restore_cells(client: Google, key: str, *, sheet: str, title: str, cells: Mapping[str, Mapping[str, JSON]]) -> JSON:
    """Writes back what stood there before `update_rows`."""
    _write(client, sheet, title, cells)
    return _result(sheet, sorted(map(int, cells)))


def find_restored(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    there, wanted = present(client, arguments), arguments["cells"]
    same = all(alike(there[row][column], value) for row in wanted for column, value in wanted[row].items())
    return [_result(arguments["sheet"], sorted(map(int, wanted)))] if same else []


def present(client: Google, arguments: Arguments) -> JSON:
    """Row number → column → what is entered there now."""
    cells, title = arguments["cells"], arguments["title"]
    columns = sorted({column for row in cells.values() for column in row})
    found = read_rows(client, read_place(arguments["sheet"]).book, title, sorted(map(int, cells)), columns)
    return {row: {column: found[int(row)][column].entered for column in cells[row]} for row in cells}


def find_rows(client: Google, *, sheet: str, by: str, value: JSON) -> JSON:
    """{"rows": [{"row": number, "url", "fields": by heading}]} of all rows with this value in the column `by`."""
    here = _sheet(client, sheet)
    found = matching(client, here, here.names[here.column(by)], value)
    return {"rows": [{"row": number, "url": here.place.url(number), "fields": row} for number, row in found]}


_sheet = sheet
"""Under another name, for actions whose argument is called so."""
