"""Columns and what stands in them: names to ids, values as a column takes them, and whether two values are the same.

https://airtable.com/developers/web/api/field-model
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connectors.contract import JSON, Refused

KEY = "Patchbay key"
"""The column by which we recognise our own records."""

_COMPUTED = {
    *("formula", "rollup", "count", "lookup", "multipleLookupValues", "createdTime", "lastModifiedTime", "createdBy"),
    *("lastModifiedBy", "autoNumber", "button", "externalSyncSource", "aiText"),
}
_NUMBERS = {"number", "currency", "percent", "rating", "duration"}
_LISTS = {"multipleSelects", "multipleRecordLinks"}
MATCHED = {"singleLineText", "multilineText", "email", "url", "phoneNumber", "number", "singleSelect"}
"""Types of columns by which a record can be found again and merged."""


def columns(table: JSON) -> dict[str, JSON]:
    """The columns of a table by id."""
    return {column["id"]: column for column in table["fields"]}


def column(table: JSON, name: str) -> JSON:
    """The column of that name or id. Raises `Refused` that names those there are."""
    known = [one for one in table["fields"] if name in (one["id"], one["name"])]
    if not known:
        names = ", ".join(f"“{one['name']}”" for one in table["fields"] if one["type"] not in _COMPUTED)
        raise Refused(
            f"The table “{table['name']}” has no column “{name[:80]}”. It has: {names}. Change the recipe or the table, "
            "then run this again."
        )
    return known[0]


def written(table: JSON, cells: Mapping[str, JSON]) -> dict[str, JSON]:
    """Cells by column id, each value as its column takes it. Raises `Refused` for a column nobody can write to."""
    found = {}
    for name, value in cells.items():
        one = column(table, str(name))
        if one["type"] in _COMPUTED or one["type"] == "multipleAttachments":
            why = "holds files" if one["type"] == "multipleAttachments" else "is worked out by Airtable"
            raise Refused(
                f"The column “{one['name']}” {why}, so Patchbay does not write to it. Take it out of the recipe, then run "
                "this again."
            )
        found[one["id"]] = _fitting(one["type"], value)
    return found


def _fitting(kind: str, value: JSON) -> JSON:
    """Recipes often have text where a column wants a number, a tick or a list."""
    if value is None or value == "":
        return None
    if kind in _NUMBERS and isinstance(value, str):
        return _number(value)
    if kind == "checkbox" and isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "1")
    if kind in _LISTS and isinstance(value, str):
        return [value]
    if isinstance(value, str) or kind in _NUMBERS | {"checkbox"} or isinstance(value, dict | list):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> JSON:
    """A number if it reads as one; else the text, which Airtable refuses in words that name the column."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number == number and abs(number) != float("inf") else text


def alike(ours: JSON, theirs: JSON) -> bool:
    """Whether a cell holds what we wrote. Airtable leaves empty cells out, adds to people and links what it knows of them,
    ends rich text with a new line, and writes times with milliseconds."""
    if _empty(ours) or _empty(theirs):
        return _empty(ours) and _empty(theirs)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(alike(value, theirs.get(name)) for name, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(alike(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.strip() == theirs.strip() or (_moment(ours) is not None and _moment(ours) == _moment(theirs))
    return bool(ours == theirs)


def all_alike(cells: Mapping[str, JSON], record: JSON) -> bool:
    """Whether a record holds all these cells."""
    return all(alike(value, record["fields"].get(cell)) for cell, value in cells.items())


def differing(table: JSON, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> Iterable[str]:
    """Names of the columns that people may write to and whose cells differ."""
    for cell, one in columns(table).items():
        if one["type"] not in _COMPUTED | {"multipleAttachments"} and not alike(before.get(cell), now.get(cell)):
            yield str(one["name"])


def named(table: JSON, cells: Mapping[str, JSON]) -> dict[str, JSON]:
    """Cells by the names of their columns, every column there, empty ones as None. Files are left out: their addresses
    end after two hours."""
    return {
        one["name"]: plain(cells.get(cell))
        for cell, one in columns(table).items()
        if one["type"] != "multipleAttachments"
    }


def plain(value: JSON) -> JSON:
    """A cell as a recipe sees it: the name of a choice or a person, the id of a linked record."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("id", "")).startswith("rec"):
        return value["id"]
    known = (value.get(name) for name in ("name", "email", "text", "label", "id"))
    return next((one for one in known if isinstance(one, str) and one), None)


def _empty(value: JSON) -> bool:
    return value is None or value is False or value in ("", [])


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
