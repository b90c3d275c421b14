"""One sheet of a spreadsheet: where it is, its heading row and its columns.

https://developers.google.com/workspace/sheets/api/guides/concepts . A sheet is named by its number (`gid` in its address), which
stays when somebody gives it another name. Its headings stand in the last frozen row, or in the first row if none is frozen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import JSON, Refused
from connectors.google._client import Google, there
from connectors.google._scopes import SHEETS

KEY = "Patchbay key"
"""The heading of the column by which our own rows are found again."""
CELL = 50_000  # characters: https://support.google.com/drive/answer/37603
_ADDRESS = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([\w-]{20,})")
_GID = re.compile(r"[#?&]gid=(\d+)")
_PLACE = re.compile(r"([\w-]{20,})(?:/(\d{1,10}))?")
_SHAPE = (
    "properties(title),sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount,frozenRowCount)))"
)


@dataclass(frozen=True)
class Place:
    """`gid` is None for the first sheet of the spreadsheet."""

    book: str
    gid: int | None = None

    def __str__(self) -> str:
        return self.book if self.gid is None else f"{self.book}/{self.gid}"

    def url(self, row: int = 0) -> str:
        where = f"#gid={self.gid or 0}" + (f"&range=A{row}" if row else "")
        return f"https://docs.google.com/spreadsheets/d/{self.book}/edit{where}"


@dataclass(frozen=True)
class Sheet:
    """`heading` is the number of the row with the headings, `rows` and `columns` how large the grid is, `names` the headings
    in order, "" where there is none."""

    place: Place
    book_title: str
    title: str
    heading: int
    rows: int
    columns: int
    names: tuple[str, ...] = ()

    def range(self, first: int, last: int, begin: int = 0, end: int | None = None) -> str:
        """In A1 notation: rows from 1, columns from 0, both ends with them."""
        until = letters(self.columns - 1 if end is None else end)
        return f"{self.quoted}!{letters(begin)}{first}:{until}{last}"

    @property
    def quoted(self) -> str:
        return "'" + self.title.replace("'", "''") + "'"

    def column(self, name: str) -> int:
        """The place of the column with this heading. Raises `Refused` where there is none, or two."""
        found = [n for n, one in enumerate(self.names) if one == name.strip()]
        found = found or [n for n, one in enumerate(self.names) if one.casefold() == name.strip().casefold()]
        if len(found) == 1 and name.strip():
            return found[0]
        if found:
            raise Refused(f"Two columns of “{self.title}” are called “{name}”. Give one of them another heading.")
        known = ", ".join(f"“{one}”" for one in self.names if one)[:400] or "none"
        raise Refused(
            f"The sheet “{self.title}” has no column “{name}”. Its headings (row {self.heading}) are: {known}. Change the recipe or "
            "the sheet."
        )

    def named(self, cells: Mapping[str, JSON]) -> dict[str, JSON]:
        """The cells by the headings as they stand there, and as they can be written."""
        found = {self.names[self.column(name)]: writable(name, value) for name, value in cells.items()}
        if len(found) != len(cells):
            raise Refused(f"A column of “{self.title}” is named twice in the recipe. Name each once.")
        return found


def letters(column: int) -> str:
    """0 → "A", 26 → "AA"."""
    text, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def read_place(text: str) -> Place:
    """From an address in the browser, or as `str(place)`. Raises `Refused` for anything else."""
    given = text.strip()
    if found := _ADDRESS.search(given):
        gid = _GID.search(given)
        return Place(found[1], int(gid[1]) if gid else None)
    if bare := _PLACE.fullmatch(given):
        return Place(bare[1], int(bare[2]) if bare[2] else None)
    raise Refused(
        f"“{given[:80]}” is no address of a Google sheet. Open the sheet in the browser and copy the address from there; it begins "
        "with https://docs.google.com/spreadsheets/d/."
    )


def book(client: Google, id: str) -> JSON:
    """The spreadsheet with its sheets, without cells. Raises `Refused` where this account does not see it."""
    client.require(SHEETS, what="read and change your spreadsheets")
    found = there(lambda: client.sheets.spreadsheets().get(spreadsheetId=id, fields=_SHAPE).execute(num_retries=0))
    if found is None:
        raise Refused(
            "This spreadsheet is not there, or this Google account does not see it. Share it with the account that is connected, "
            "or choose another one."
        )
    return found


def tabs(found: JSON) -> list[JSON]:
    """The sheets that have cells, as `properties`; others hold a chart or a data source."""
    return [
        one["properties"] for one in found.get("sheets") or [] if one["properties"].get("sheetType", "GRID") == "GRID"
    ]


def sheet(client: Google, where: str) -> Sheet:
    """The sheet as it is now, with its headings. Raises `Refused` where it is gone."""
    bare = _bare(client, read_place(where))
    row = cells(client, bare.place.book, bare.range(bare.heading, bare.heading), shown=True)
    names = [text_of(one).strip() for one in (row[0] if row else [])]
    while names and not names[-1]:
        names.pop()
    return Sheet(bare.place, bare.book_title, bare.title, bare.heading, bare.rows, bare.columns, tuple(names))


def _bare(client: Google, place: Place) -> Sheet:
    found = book(client, place.book)
    wanted = [one for one in tabs(found) if place.gid is None or one["sheetId"] == place.gid]
    if not wanted:
        raise Refused("This sheet is no longer in the spreadsheet. Choose another one.")
    own, grid = wanted[0], wanted[0]["gridProperties"]
    heading = max(int(grid.get("frozenRowCount") or 0), 1)
    title = str((found.get("properties") or {}).get("title") or "")
    here = Place(place.book, int(own["sheetId"]))
    return Sheet(here, title, str(own["title"]), heading, int(grid["rowCount"]), int(grid["columnCount"]))


def cells(client: Google, id: str, where: str, *, shown: bool = False) -> list[list[JSON]]:
    """Rows of values; empty cells at the end of a row, and empty rows at the end, are missing. Times come as text, not as
    numbers of days. `shown`: all as people see it."""
    render = "FORMATTED_VALUE" if shown else "UNFORMATTED_VALUE"
    ask = client.sheets.spreadsheets().values()
    found = ask.get(spreadsheetId=id, range=where, valueRenderOption=render, dateTimeRenderOption="FORMATTED_STRING")
    return list(found.execute(num_retries=0).get("values") or [])


def below(client: Google, of: Sheet) -> list[list[JSON]]:
    """The rows below the headings, in order."""
    if of.rows <= of.heading:
        return []
    return cells(client, of.place.book, of.range(of.heading + 1, of.rows))


def confirmed(answer: JSON, place: Place) -> None:
    """Raises ValueError for an answer to a change that is none."""
    if not isinstance(answer, dict) or answer.get("spreadsheetId") != place.book:
        raise ValueError("an answer that does not name the spreadsheet")


# --- values -----------------------------------------------------------------------------------------------------------


def text_of(value: JSON) -> str:
    """A value as one compares it: 3.0 is "3", nothing is ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def alike(one: JSON, other: JSON) -> bool:
    return text_of(one) == text_of(other)


def writable(name: str, value: JSON) -> JSON:
    """As it goes into a cell. Always written as it is (RAW): "=1+1" stays a text, for it may come from anybody."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(text_of(one) for one in value)
    if isinstance(value, Mapping):
        raise Refused(f"What the recipe writes into “{name}” is not one value. Name the part of it that belongs there.")
    if isinstance(value, str) and len(value) > CELL:
        raise Refused(f"What the recipe writes into “{name}” is longer than the {CELL} characters that a cell takes.")
    return "" if value is None else value
