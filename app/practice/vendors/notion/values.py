"""What a data source's columns take and pages show: https://developers.notion.com/reference/property-value-object ."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.people import PEOPLE
from app.practice.vendors.notion.problems import ABSENT, array, identifier, invalid, known, text, truth, wrong

Schema = dict[str, dict[str, Any]]
"""A data source's `properties`: name → configuration with id, name, type."""

EMPTY: dict[str, Any] = {
    "title": [],
    "rich_text": [],
    "number": None,
    "select": None,
    "status": None,
    "multi_select": [],
    "date": None,
    "people": [],
    "relation": [],
    "files": [],
    "checkbox": False,
    "url": None,
    "email": None,
    "phone_number": None,
}
STAMPS = ("created_time", "created_by", "last_edited_time", "last_edited_by")
TYPES = (*EMPTY, *STAMPS)


def configuration(name: str, given: Any, path: str) -> dict[str, Any]:
    """A new column from its request."""
    if not isinstance(given, dict):
        wrong(path, "an object", given)
    kinds = [kind for kind in TYPES if kind in given]
    if len(kinds) != 1:
        wrong(f"{path}.{given.get('type', 'rich_text')}", "defined", ABSENT)
    known(given, {"type", "name", "description", kinds[0]}, path)
    settings = known(given[kinds[0]], {"options", "format", "data_source_id"}, f"{path}.{kinds[0]}")
    if kinds[0] in ("select", "multi_select", "status"):
        settings = {"options": [_option(option.get("name"), path) for option in settings.get("options", [])]}
    mark = "title" if kinds[0] == "title" else secrets.token_hex(2)
    return {"id": mark, "name": name, "description": given.get("description"), "type": kinds[0], kinds[0]: settings}


def column(schema: Schema, name: str) -> dict[str, Any] | None:
    """By name or by id, as Notion lets one write either."""
    return schema.get(name) or next((c for c in schema.values() if c["id"] == name), None)


def read(schema: Schema, given: Any, path: str) -> dict[str, Any]:
    """Property id → value as an answer shows it. New select options are added to `schema`, as Notion does."""
    if not isinstance(given, dict):
        wrong(path, "an object", given)
    return dict(_property(schema, name, value, f"{path}.{name}") for name, value in given.items())


def show(schema: Schema, page: dict[str, Any]) -> dict[str, Any]:
    """A page's `properties` in full, empty ones too."""
    shown = {}
    for name, config in schema.items():
        kind = config["type"]
        value = page[kind] if kind in STAMPS else page["properties"].get(config["id"], EMPTY[kind])
        shown[name] = {"id": config["id"], "type": kind, kind: value}
        if kind in CUT:  # https://developers.notion.com/reference/retrieve-a-page#limits
            shown[name][kind] = [_named(one) for one in value[:LISTED]] if kind == "people" else value[:LISTED]
        if kind == "relation":
            shown[name]["has_more"] = len(value) > LISTED
    return shown


CUT = ("people", "relation")
LISTED = 25
"""People and related pages in one answer; all of them come one by one from the property's own address."""


def items(schema: Schema, page: dict[str, Any], id: str) -> list[dict[str, Any]] | None:
    """One property, entry by entry; None if there is no such column, or one that has no entries."""
    config = next((one for one in schema.values() if one["id"] == id), None)
    if config is None or config["type"] not in (*CUT, "title", "rich_text"):
        return None
    kind = config["type"]
    held = page["properties"].get(config["id"], EMPTY[kind])
    shown = [_named(one) for one in held] if kind == "people" else held
    return [{"object": "property_item", "id": id, "type": kind, kind: one} for one in shown]


def _named(user: dict[str, Any]) -> dict[str, Any]:
    return {**user, "name": PEOPLE.get(user["id"], "Patchbay"), "avatar_url": None, "type": "person"}


def _property(schema: Schema, name: str, value: Any, path: str) -> tuple[str, Any]:
    config = column(schema, name)
    if config is None:
        invalid(f"{name} is not a property that exists.")
    kind = config["type"]
    given = value.get(kind, ABSENT) if isinstance(value, dict) else ABSENT
    if kind in STAMPS or given is ABSENT or value.get("type", kind) != kind:
        invalid(f"{name} is expected to be {kind}.")
    known(value, {"type", "id", kind}, path)
    place = f"{path}.{kind}"
    if kind in ("select", "status", "multi_select"):
        return config["id"], _choice(config, given, place)
    return config["id"], _READ[kind](given, place)


def _choice(config: dict[str, Any], given: Any, path: str) -> Any:
    if config["type"] == "multi_select":
        return [_chosen(config, item, f"{path}[{i}]") for i, item in enumerate(array(given, path))]
    return None if given is None else _chosen(config, given, path)


def _chosen(config: dict[str, Any], given: Any, path: str) -> dict[str, Any]:
    known(given, {"id", "name", "color"}, path)
    options: list[dict[str, Any]] = config[config["type"]]["options"]
    wanted = given.get("id") or text(given.get("name", ABSENT), f"{path}.name", 100)
    found = next((option for option in options if wanted in (option["id"], option["name"])), None)
    if found is None and (config["type"] == "status" or given.get("id")):
        invalid(f'Invalid {config["type"]} option. {config["type"].title()} option "{wanted}" does not exist".')
    if found is None:
        found = _option(wanted, path)
        options.append(found)
    return found


def _option(name: Any, path: str) -> dict[str, Any]:
    words = text(name, f"{path}.name", 100)
    if "," in words:
        invalid(f"Invalid select option, commas not allowed: {words}")
    if not words:
        wrong(f"{path}.name.length", "≥ `1`", 0)
    return {"id": secrets.token_hex(4), "name": words, "color": "default"}


def _moment(value: Any, path: str) -> str | None:
    if value is None:
        return None
    try:
        text(value, path, 40)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            date.fromisoformat(value)
        elif datetime.fromisoformat(value) and "T" not in value:
            raise ValueError(value)
    except ValueError:
        wrong(path, "a valid ISO 8601 date string", value)
    return str(value)


def _date(value: Any, path: str) -> dict[str, Any] | None:
    if value is None:
        return None
    known(value, {"start", "end", "time_zone"}, path)
    start = _moment(value.get("start"), f"{path}.start")
    if start is None:
        wrong(f"{path}.start", "a valid ISO 8601 date string", value.get("start", ABSENT))
    end = _moment(value.get("end"), f"{path}.end")
    if end is not None and end < start:
        invalid(f"{path.replace('body.properties.', '', 1)}: end date should be after start date.")
    return {"start": start, "end": end, "time_zone": value.get("time_zone")}


def _number(value: Any, path: str) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        wrong(path, "a number", value)
    return value


def _short(most: int) -> Callable[[Any, str], str | None]:
    def read_short(value: Any, path: str) -> str | None:
        if value == "":
            wrong(path, "populated", value)
        return None if value is None else text(value, path, most)

    return read_short


def _people(value: Any, path: str) -> list[dict[str, Any]]:
    items = enumerate(array(value, path))
    return [{"object": "user", "id": identifier(item.get("id"), f"{path}[{i}].id")} for i, item in items]


def _related(value: Any, path: str) -> list[dict[str, Any]]:
    items = enumerate(array(value, path))
    return [{"id": identifier(known(item, {"id"}, f"{path}[{i}]").get("id"), f"{path}[{i}].id")} for i, item in items]


def _files(value: Any, path: str) -> list[dict[str, Any]]:
    return [known(item, {"name", "type", "external"}, f"{path}[{i}]") for i, item in enumerate(array(value, path))]


_READ: dict[str, Callable[[Any, str], Any]] = {
    "title": rich_text.read,
    "rich_text": rich_text.read,
    "number": _number,
    "date": _date,
    "people": _people,
    "relation": _related,
    "files": _files,
    "checkbox": truth,
    "url": _short(2000),
    "email": _short(200),
    "phone_number": _short(200),
}
