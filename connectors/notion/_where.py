"""Conditions as a recipe says them, as Notion's filters: https://developers.notion.com/reference/filter-data-source-entries

{"State": "Open"} is "State is Open"; {"Due": {"before": "2026-12-01"}} names how to compare, in Notion's own words; a list is
"one of these"; "" is "empty". All columns that are named must fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import JSON, Refused
from connectors.notion._cells import Columns, is_empty, named
from connectors.notion._properties import fit, words

_EXISTS = ("is_empty", "is_not_empty")
_TEXT = ("equals", "does_not_equal", "contains", "does_not_contain", "starts_with", "ends_with", *_EXISTS)
_MOMENT = ("equals", "before", "after", "on_or_before", "on_or_after", *_EXISTS)
_NUMBER = ("equals", "does_not_equal", "greater_than", "less_than", "greater_than_or_equal_to", "less_than_or_equal_to")
_HOLDS = ("contains", "does_not_contain", *_EXISTS)
COMPARED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("title", "rich_text", "url", "email", "phone_number"), _TEXT),
    **dict.fromkeys(("date", "created_time", "last_edited_time"), _MOMENT),
    **dict.fromkeys(("select", "status"), ("equals", "does_not_equal", *_EXISTS)),
    **dict.fromkeys(("multi_select", "people", "relation", "created_by", "last_edited_by"), _HOLDS),
    "number": (*_NUMBER, *_EXISTS),
    "unique_id": _NUMBER,
    "checkbox": ("equals", "does_not_equal"),
    "files": _EXISTS,
}
"""Kind of column → the comparisons it knows; the first one is meant where none is named."""

_MOST = 100  # conditions joined by one "or"


def filter_of(where: Mapping[str, JSON], columns: Columns) -> JSON:
    """Notion's filter, or None for no condition. Raises `Refused` for what cannot be asked."""
    parts = [_column(named(str(name), columns), wanted, columns) for name, wanted in where.items()]
    return {"and": parts} if len(parts) > 1 else parts[0] if parts else None


def _column(name: str, wanted: JSON, columns: Columns) -> JSON:
    kind = str(columns[name]["type"])
    if kind not in COMPARED:
        raise Refused(f"Rows cannot be looked for by the Notion column “{name}”, for it is worked out from others.")
    if isinstance(wanted, list) and wanted:
        return {"or": [_column(name, one, columns) for one in wanted[:_MOST]]}
    if isinstance(wanted, dict):
        parts = [_one(name, str(how), value, columns[name]) for how, value in wanted.items()]
        return {"and": parts} if len(parts) != 1 else parts[0]
    return _one(name, "is_empty" if is_empty(wanted) else COMPARED[kind][0], wanted, columns[name])


def _one(name: str, said: str, value: JSON, column: Mapping[str, Any]) -> JSON:
    kind, how = str(column["type"]), "_".join(said.lower().split())
    if how not in COMPARED[kind]:
        known = ", ".join(one.replace("_", " ") for one in COMPARED[kind])
        raise Refused(f"The Notion column “{name}” cannot be compared by “{said[:40]}”. It knows: {known}.")
    asked = True if how in _EXISTS else _value(name, how, value, column)
    return {"property": name, kind: {how: asked}}


def _value(name: str, how: str, value: JSON, column: Mapping[str, Any]) -> JSON:
    """The value as it is compared: a choice in the spelling it has in Notion, a number, a day, text as it stands."""
    kind = str(column["type"])
    if kind in ("title", "rich_text", "url", "email", "phone_number"):
        return words(value)
    alike = {"created_time": "date", "last_edited_time": "date", "unique_id": "number"}.get(kind, kind)
    alike = "people" if kind in ("created_by", "last_edited_by") else alike
    payload, left = fit(_bare(value) if kind == "unique_id" else value, {**column, "type": alike})
    if payload is None or left.strip():
        raise Refused(f"“{words(value)[:80]}” is nothing that the Notion column “{name}” can be compared with.")
    return _inner(payload[alike])


def _bare(value: JSON) -> JSON:
    """The number in an id such as TASK-12."""
    return words(value).rpartition("-")[2]


def _inner(held: JSON) -> JSON:
    if isinstance(held, list):
        held = held[0]
    return (held.get("id") or held.get("name") or held.get("start")) if isinstance(held, dict) else held
