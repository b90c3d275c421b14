"""New rows of the sheets that a person watches, by asking every three minutes.

Rows have no ids at Google, so people insert, sort, edit and delete what we only know by its cells. Either a person names a column by
which rows are told apart ("by Order number"); then a row is new when its value there was never seen. Or all cells are compared: a row
is new when no row was like it, unless it stands where another one vanished and half of that one's cells are the same, which is an edit.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.contract import JSON, Event, Label, Refused, Unreadable
from connectors.google import _sheets_fresh
from connectors.google._client import Google
from connectors.google._sheets import OWN
from connectors.google._sheets_fresh import Row
from connectors.google._sheets_place import KEY, Place, Sheet, below, letters, read_place, sheet, text_of

ADDED = "sheet.row_added"
ENOUGH = 100  # rows of one look, of each sheet
SHEETS = 10
LARGEST, LARGEST_BY = 5_000, 20_000  # rows of a sheet, compared by all cells and by one column
FIELDS = {
    **dict.fromkeys(("sheet", "row", "url"), Label.VENDOR),
    **dict.fromkeys(("spreadsheet_name", "sheet_name", "fields.*"), Label.OUTSIDE),
}
_ENTRY = re.compile(r"(\S+)(?:\s+by\s+(.+))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Watched:
    """`by`: the heading of the column by which rows are told apart, or "" for all of them."""

    place: Place
    by: str = ""


def watched(text: str) -> list[Watched]:
    """From "address, address by column". Raises `Refused` for what is no address."""
    parts = re.split(r"[,\n]\s*(?=https?://)", text.strip()) if "://" in text else text.split(",")
    found = [match for part in parts if (match := _ENTRY.fullmatch(part.strip(" \t\r\n,")))]
    if len(found) > SHEETS:
        raise Refused(f"Patchbay watches {SHEETS} sheets of an account at most. Take some out of Sheets to watch.")
    return [Watched(read_place(one[1]), (one[2] or "").strip(' "“”')) for one in found]


def added(client: Google, cursor: JSON) -> tuple[list[Event], JSON]:
    """Rows that are new since the cursor: {sheet as it was written: what is known of it}. At first none, because what is there has
    been seen by people. A sheet that fails does not hold up the others; its error is raised where nothing else is new."""
    known = cursor if isinstance(cursor, dict) else {}
    events: list[Event] = []
    after: dict[str, JSON] = {}
    problem: Exception | None = None
    for one in watched(client.options.get("sheets", "")):
        mark = f"{one.place} by {one.by}"
        try:
            found, after[mark] = _look(client, one, known.get(mark))
            events += found
        except Exception as trouble:  # whatever it is: it is raised below, or met again at the next look
            problem = problem or trouble
            if mark in known:
                after[mark] = known[mark]
    if problem and not events:
        raise problem
    return events, after


def _look(client: Google, one: Watched, known: JSON) -> tuple[list[Event], JSON]:
    here = sheet(client, str(one.place))
    names = unique(here)
    rows = list(_people(here, names, below(client, here)))
    most = LARGEST_BY if one.by else LARGEST
    if len(rows) > most:
        raise Refused(
            f"“{here.title}” has more than {most} rows, too many to look for new ones. Move old rows to another sheet"
            + (", or name the column by which rows are told apart." if not one.by else ".")
        )
    by = here.names[here.column(one.by)] if one.by else ""
    if by:
        fresh, state = _sheets_fresh.by_column(known, by, rows, ENOUGH)
    else:
        fresh, state = _sheets_fresh.by_cells(known, names, rows, ENOUGH)
    begun = known["begun"] if isinstance(known, dict) else int(time.time() * 1000)
    look = known["look"] + 1 if isinstance(known, dict) else 0
    told = _events(here, by, fresh, begun, look)
    return told, {**state, "begun": begun, "look": look}


def unique(here: Sheet) -> list[str]:
    """A name for each column: its heading, "Column D" where there is none, "Name (2)" for a second one."""
    found: list[str] = []
    for number in range(max(len(here.names), 1)):
        bare = name = (here.names[number] if number < len(here.names) else "") or f"Column {letters(number)}"
        count = 1
        while name in found:
            count += 1
            name = f"{bare} ({count})"
        found.append(name)
    return found


def _people(here: Sheet, names: list[str], lines: list[list[JSON]]) -> Iterator[Row]:
    """Rows with something in them that Patchbay did not write. A copy that a person made of one of ours counts as theirs."""
    ours: set[str] = set()
    for number, line in enumerate(lines, here.heading + 1):
        cells = {name: value for name, value in zip(names, line, strict=False) if text_of(value)}
        mark = text_of(cells.pop(KEY, ""))
        if OWN.fullmatch(mark) and mark not in ours:
            ours.add(mark)
        elif cells:
            yield Row(number, cells)


def _events(here: Sheet, by: str, fresh: list[Row], begun: int, look: int) -> list[Event]:
    """Keys are the same when the same look is repeated, also where another row has come in between."""
    counted: dict[str, int] = {}
    found = []
    for row in fresh:
        same = text_of(row.cells[by]) if by else json.dumps(row.cells, sort_keys=True)
        mark = hashlib.sha256(same.encode()).hexdigest()[:24]
        counted[mark] = counted.get(mark, 0) + 1
        place = f"{ADDED}:{here.place}:{begun}"
        key = f"{place}:{mark}" if by else f"{place}:{look}:{mark}:{counted[mark]}"
        found.append(Event(ADDED, key, _body(here, row), serial_key=f"{here.place}:{mark}"))
    return found


def _body(here: Sheet, row: Row) -> bytes:
    told = {
        "event": ADDED,
        "sheet": str(here.place),
        "sheet_name": here.title,
        "spreadsheet_name": here.book_title,
        "row": row.number,
        "url": here.place.url(row.number),
        "fields": {name: row.cells.get(name, "") for name in unique(here) if name != KEY},
    }
    return json.dumps(told, sort_keys=True).encode()


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: `fields` by heading, "" where a cell is empty; times as text; `sheet` as actions take it; `row` is the
    number that it had when it was seen."""
    try:
        told = json.loads(body)
        names = {name.partition(".")[0] for name in FIELDS}
        return {name: told[name] for name in names}
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("This is no row as Patchbay reads it from Google Sheets.") from problem
