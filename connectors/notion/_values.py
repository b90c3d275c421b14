"""Properties of a page as plain values, and their prints: https://developers.notion.com/reference/page-property-values"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import JSON
from connectors.notion._client import Notion, segment
from connectors.notion._text import plain

KEY = "Patchbay key"
# What people and programs write. Everything else Notion works out by itself, also from other pages or the time of day.
WRITTEN = (
    *("title", "rich_text", "number", "select", "multi_select", "status", "date", "people", "files", "checkbox", "url"),
    *("email", "phone_number", "relation"),
)
_LISTED = 25  # an answer holds at most so many people, related pages and mentions of one property


def values(page: JSON) -> dict[str, JSON]:
    """Column → plain value: text ("" where empty), number, true or false, a list of names, a date as ISO 8601 (with an end:
    {"start", "end"}), ids of related pages. What is empty otherwise is None."""
    columns = (page.get("properties") or {}).items()
    return {name: value_of(one) for name, one in columns if name != KEY}


def value_of(one: Mapping[str, Any]) -> JSON:
    kind = str(one.get("type") or "")
    made, held = _PLAIN.get(kind), one.get(kind)
    return made(held) if made else held if isinstance(held, str | int | float | bool) else None


def prints(page: JSON) -> dict[str, str]:
    """Column id → what is written there, as a short digest."""
    columns = [one for one in (page.get("properties") or {}).values() if one.get("type") in WRITTEN]
    return {str(one.get("id")): _print(one) for one in columns}


def version(page: JSON, names: Mapping[str, Any]) -> str:
    """What a write of ours to these columns left there, one line for each: "id=digest" (`Event.version`)."""
    columns = page.get("properties") or {}
    return lines({str(columns[name].get("id")): _print(columns[name]) for name in names if name in columns})


def lines(found: Mapping[str, str]) -> str:
    return "\n".join(f"{column}={digest}" for column, digest in sorted(found.items()))


def _print(one: Mapping[str, Any]) -> str:
    kind = str(one["type"])
    held = [person.get("id") for person in one.get(kind) or []] if kind == "people" else value_of(one)
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:8]


def title_of(page: JSON) -> str:
    columns = (page.get("properties") or {}).values()
    return next((plain(one.get("title") or ()) for one in columns if one.get("type") == "title"), "")


def whole(client: Notion, page: JSON) -> JSON:
    """The page with all people and related pages, also where the answer was cut."""
    columns = {name: _whole(client, page["id"], one) for name, one in (page.get("properties") or {}).items()}
    return {**page, "properties": columns}


def _whole(client: Notion, page: str, one: JSON) -> JSON:
    kind = one.get("type")
    if kind not in ("people", "relation") or not (one.get("has_more") or len(one.get(kind) or ()) >= _LISTED):
        return one
    path = f"pages/{segment(page)}/properties/{segment(str(one['id']))}"
    return {**one, kind: [item[kind] for item in client.listed(path)], "has_more": False}


def _name(one: JSON) -> JSON:
    return (one or {}).get("name") or (one or {}).get("id") or None


def _names(held: JSON) -> JSON:
    return [_name(one) for one in held or ()]


def _date(held: JSON) -> JSON:
    if not held:
        return None
    return {"start": held["start"], "end": held["end"]} if held.get("end") else held.get("start")


def _formula(held: JSON) -> JSON:
    """Of a formula or rollup: the value beside the name of its kind."""
    kind = (held or {}).get("type")
    inner = (held or {}).get(kind)
    if kind == "array":
        return [value_of(one) for one in inner or ()]
    return _date(inner) if kind == "date" else inner


def _number_of(held: JSON) -> JSON:
    prefix, number = (held or {}).get("prefix"), (held or {}).get("number")
    return f"{prefix}-{number}" if prefix and number is not None else number


_PLAIN: Mapping[str, Callable[[JSON], JSON]] = {
    **dict.fromkeys(("title", "rich_text"), lambda held: plain(held or ())),
    **dict.fromkeys(("url", "email", "phone_number"), lambda held: held or ""),
    **dict.fromkeys(("select", "status", "created_by", "last_edited_by"), _name),
    **dict.fromkeys(("multi_select", "people", "files"), _names),
    **dict.fromkeys(("formula", "rollup"), _formula),
    "relation": lambda held: [one.get("id") for one in held or ()],
    "date": _date,
    "unique_id": _number_of,
    "verification": lambda held: (held or {}).get("state"),
}
