"""Plain values as the properties of a page, by the columns the data source has.

A value is set only where it surely fits; everything else is handed back, to be written at the top of the page.
Shapes: https://developers.notion.com/reference/page-property-values
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from connectors.contract import JSON
from connectors.notion._client import read_id
from connectors.notion._text import batches, clean, literal, may_link, size, units

MANY = 100  # options, people, relations in one property
SHORT = 200  # an e-mail address, a telephone number
BYTES = 150_000  # of all properties of one page together
_SAFE_NUMBER = 2**53
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PHONE = re.compile(r"\+?[\d\s()./-]{3,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_OWN_FORM: Mapping[str, Any] = {
    **dict.fromkeys(("rich_text", "multi_select", "people", "relation"), list),
    **dict.fromkeys(("select", "status", "date"), dict),
    **dict.fromkeys(("url", "email", "phone_number"), str),
    "number": (int, float),
    "checkbox": bool,
}
_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


def words(value: JSON) -> str:
    """Any value as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(filter(None, map(words, value)))
    if isinstance(value, dict):
        return clean(json.dumps(value, ensure_ascii=False))
    return clean(str(value))


def fit(value: JSON, column: Mapping[str, JSON]) -> tuple[JSON, str]:
    """(what Notion gets, what is left as text). Either may be empty; together they hold the whole value."""
    kind = column["type"]
    if _is_ready(value, kind):
        return value, ""
    if not words(value).strip():
        return None, ""
    if kind == "multi_select":
        return _multi_select(value, column)
    maker = _MAKERS.get(kind)
    made = maker(value, column) if maker else None
    return ({kind: made}, "") if made is not None else (None, words(value))


def _is_ready(value: JSON, kind: str) -> bool:
    """Whether the value already has Notion's own form, as prepared ones do."""
    return isinstance(value, dict) and list(value) == [kind] and isinstance(value[kind], _OWN_FORM.get(kind, ()))


def column_named(name: str, columns: Mapping[str, JSON]) -> str | None:
    """The data source's own spelling of a column, or None if it has none of that name."""
    if name in columns:
        return name
    alike = [known for known in columns if known.strip().casefold() == name.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def title_items(title: str) -> tuple[list[JSON], str]:
    """A title on one line as rich text, and what is longer than Notion takes."""
    groups = batches(literal(" ".join(clean(title).split())))
    return groups[0], "".join(item["text"]["content"] for group in groups[1:] for item in group)


def _text(value: JSON, column: Mapping[str, JSON]) -> JSON:
    groups = batches(literal(words(value)))
    return groups[0] if len(groups) == 1 else None


def _number(value: JSON, column: Mapping[str, JSON]) -> JSON:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < _SAFE_NUMBER else None
    text = words(value).strip()
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def _checkbox(value: JSON, column: Mapping[str, JSON]) -> JSON:
    text = words(value).strip().casefold()
    return True if text in _YES else False if text in _NO else None


def _option(value: JSON, column: Mapping[str, JSON]) -> JSON:
    """Only options that exist: Notion would add any new word to the column for everybody."""
    name = _option_named(words(value), column)
    return {"name": name} if name else None


def _option_named(text: str, column: Mapping[str, JSON]) -> str | None:
    names = [option["name"] for option in column.get(column["type"], {}).get("options", ())]
    if text.strip() in names:
        return text.strip()
    return next((name for name in names if name.strip().casefold() == text.strip().casefold()), None)


def _multi_select(value: JSON, column: Mapping[str, JSON]) -> tuple[JSON, str]:
    given = [words(one) for one in value] if isinstance(value, list) else words(value).split(",")
    known = {text: _option_named(text, column) for text in given if text.strip()}
    names = list(dict.fromkeys(name for name in known.values() if name))[:MANY]
    left = [text.strip() for text, name in known.items() if name not in names]
    return {"multi_select": [{"name": name} for name in names]} if names else None, ", ".join(left)


def _date(value: JSON, column: Mapping[str, JSON]) -> JSON:
    """A day or a moment in ISO 8601, or a start and an end."""
    ends = value if isinstance(value, dict) else {"start": value}
    if not set(ends) <= {"start", "end"} or not all(_is_date(one) for one in ends.values()):
        return None
    return {name: words(one).strip() for name, one in ends.items()} if "start" in ends else None


def _is_date(value: JSON) -> bool:
    text = words(value).strip()
    try:
        date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        return False
    return bool(_DAY.match(text)) and (len(text) == 10 or text[10] == "T")


def _url(value: JSON, column: Mapping[str, JSON]) -> JSON:
    text = words(value).strip()
    return text if may_link(text) else None


def _matching(pattern: re.Pattern[str]) -> Callable[[JSON, Mapping[str, JSON]], JSON]:
    def make(value: JSON, column: Mapping[str, JSON]) -> JSON:
        text = words(value).strip()
        return text if units(text) <= SHORT and pattern.fullmatch(text) else None

    return make


def _ids(extra: Mapping[str, str]) -> Callable[[JSON, Mapping[str, JSON]], JSON]:
    """People and related pages are set by their Notion ids only: names are not safe to guess from."""

    def make(value: JSON, column: Mapping[str, JSON]) -> JSON:
        found = [read_id(words(one)) for one in (value if isinstance(value, list) else [value])]
        return [{**extra, "id": one} for one in found] if all(found) and len(found) <= MANY else None

    return make


_MAKERS: Mapping[str, Callable[[Any, Mapping[str, JSON]], JSON]] = {
    "rich_text": _text,
    "number": _number,
    "checkbox": _checkbox,
    "select": _option,
    "status": _option,
    "date": _date,
    "url": _url,
    "email": _matching(_MAIL),
    "phone_number": _matching(_PHONE),
    "people": _ids({"object": "user"}),
    "relation": _ids({}),
}


def weigh(payload: JSON, others: Sequence[JSON]) -> bool:
    """Whether this property still fits into the request beside the others."""
    return size(payload) + sum(map(size, others)) <= BYTES
