"""The few formulas that the practice tables understand: a column, or the record's id, and what it must equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from app.practice.vendors.airtable._tables import Fields, column_of, refuse

_EQUALS = re.compile(r"(?:\{(?P<name>[^}]+)\}|(?P<id>RECORD_ID\(\)))=(?P<value>'(?:\\.|[^'\\])*'|-?[\d.]+)", re.DOTALL)


def test_of(table: Fields, formula: str) -> Callable[[Fields], bool]:
    """Whether a record fits the formula. Texts are compared without regard to case, as in a real base's search."""
    if not formula:
        return lambda record: True
    found = _EQUALS.fullmatch(formula)
    if found is None or (found["name"] and not _known(table, found["name"])):
        refuse(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {formula[:100]}")
    wanted = _value(found["value"])
    column = column_of(table, found["name"])["id"] if found["name"] else ""
    return lambda record: _same(record["id"] if not column else record["fields"].get(column, ""), wanted)


def _known(table: Fields, name: str) -> bool:
    return any(one["name"] == name for one in table["fields"])


def _value(text: str) -> Any:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith("'") else float(text)


def _same(cell: Any, wanted: Any) -> bool:
    if isinstance(cell, str) and isinstance(wanted, str):
        return cell.lower() == wanted.lower()
    return bool(cell == wanted)
