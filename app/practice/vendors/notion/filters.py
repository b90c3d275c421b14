"""Filters and sorts of a data source query: https://developers.notion.com/reference/filter-data-source-entries ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.problems import ABSENT, array, invalid, known, one_of, wrong
from app.practice.vendors.notion.values import EMPTY, STAMPS, Schema, column

Page = dict[str, Any]
Test = Callable[[Page], bool]

TEXTS = ("title", "rich_text", "url", "email", "phone_number")
MOMENTS = ("date", "created_time", "last_edited_time")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda has, wants: has == wants,
    "does_not_equal": lambda has, wants: has != wants,
    "contains": lambda has, wants: has is not None and wants in has,
    "does_not_contain": lambda has, wants: has is None or wants not in has,
    "starts_with": lambda has, wants: has is not None and has.startswith(wants),
    "ends_with": lambda has, wants: has is not None and has.endswith(wants),
    "greater_than": lambda has, wants: has is not None and has > wants,
    "less_than": lambda has, wants: has is not None and has < wants,
    "before": lambda has, wants: has is not None and has < wants,
    "after": lambda has, wants: has is not None and has > wants,
    "on_or_before": lambda has, wants: has is not None and has <= wants,
    "on_or_after": lambda has, wants: has is not None and has >= wants,
    "is_empty": lambda has, wants: has in (None, "", []),
    "is_not_empty": lambda has, wants: has not in (None, "", []),
}
EXISTS = ("is_empty", "is_not_empty")
PLAIN = ("equals", "does_not_equal")
PARTS = ("contains", "does_not_contain")
MOMENT = ("equals", "before", "after", "on_or_before", "on_or_after", *EXISTS)
ALLOWED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(TEXTS, (*PLAIN, *PARTS, "starts_with", "ends_with", *EXISTS)),
    **dict.fromkeys(MOMENTS, MOMENT),
    "number": (*PLAIN, "greater_than", "less_than", *EXISTS),
    "checkbox": PLAIN,
    "select": (*PLAIN, *EXISTS),
    "status": (*PLAIN, *EXISTS),
    "multi_select": (*PARTS, *EXISTS),
    "people": (*PARTS, *EXISTS),
    "relation": (*PARTS, *EXISTS),
    "created_by": PARTS,
    "last_edited_by": PARTS,
    "files": EXISTS,
}


def page_test(schema: Schema, given: Any, path: str = "body.filter", depth: int = 0) -> Test:
    """What a page must fulfil."""
    if not isinstance(given, dict):
        wrong(path, "an object", given)
    for word, joined in (("and", all), ("or", any)):
        if word in given:
            if depth == 2:
                wrong(f"{path}.{word}", "not present", given[word])
            items = array(known(given, {word}, path)[word], f"{path}.{word}")
            tests = [page_test(schema, item, f"{path}.{word}[{i}]", depth + 1) for i, item in enumerate(items)]
            return lambda page: joined(test(page) for test in tests)
    return _timestamp(given, path) if "timestamp" in given else _property(schema, given, path)


def sorted_by(schema: Schema, pages: list[Page], sorts: Any) -> list[Page]:
    for given in reversed(array(sorts, "body.sorts")):
        known(given, {"property", "timestamp", "direction"}, "body.sorts[0]")
        down = one_of(given.get("direction", "ascending"), ("ascending", "descending"), "body.sorts[0].direction")
        if "timestamp" in given:
            stamp = one_of(given["timestamp"], ("created_time", "last_edited_time"), "body.sorts[0].timestamp")
            pages = sorted(pages, key=lambda page: page[stamp], reverse=down == "descending")
            continue
        config = _known_column(schema, str(given.get("property")))
        key = lambda page: (_value(config, page) is not None, _value(config, page))  # noqa: B023
        pages = sorted(pages, key=key, reverse=down == "descending")
    return pages


def _timestamp(given: Any, path: str) -> Test:
    stamp = one_of(given["timestamp"], ("created_time", "last_edited_time"), f"{path}.timestamp")
    known(given, {"timestamp", "type", stamp}, path)
    return _comparison({"type": stamp, "id": stamp}, given.get(stamp, ABSENT), f"{path}.{stamp}")


def _property(schema: Schema, given: Any, path: str) -> Test:
    kinds = [kind for kind in ALLOWED if kind in given]
    if "property" not in given or len(kinds) != 1:
        wrong(f"{path}.property" if "property" not in given else f"{path}.rich_text", "defined", ABSENT)
    known(given, {"property", "type", kinds[0]}, path)
    config = _known_column(schema, given["property"])
    if config["type"] != kinds[0]:
        invalid(f"database property {config['type']} does not match filter {kinds[0]}")
    return _comparison(config, given[kinds[0]], f"{path}.{kinds[0]}")


def _known_column(schema: Schema, name: str) -> dict[str, Any]:
    found = column(schema, name)
    if found is None:
        invalid(f"Could not find property with name or id: {name}")
    return found


def _comparison(config: dict[str, Any], given: Any, path: str) -> Test:
    allowed = ALLOWED[config["type"]]
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in allowed:
        wrong(f"{path}.{allowed[0]}", "defined", given)
    word, wants = next(iter(given.items()))
    compare = COMPARE[word]
    _right_type(config["type"], word, wants, f"{path}.{word}")
    # Notion compares dates by day when the filter names a day, moments to the second otherwise.
    size = len(wants) if config["type"] in MOMENTS and isinstance(wants, str) else None
    return lambda page: compare(_cut(_value(config, page), size), wants)


def _right_type(kind: str, word: str, wants: Any, path: str) -> None:
    if word in EXISTS:
        if wants is not True:
            wrong(path, "`true`", wants)
    elif kind == "checkbox":
        if not isinstance(wants, bool):
            wrong(path, "a boolean", wants)
    elif kind == "number":
        if isinstance(wants, bool) or not isinstance(wants, int | float):
            wrong(path, "a number", wants)
    elif not isinstance(wants, str):
        wrong(path, "a string", wants)


def _cut(value: Any, size: int | None) -> Any:
    return value[:size] if size is not None and isinstance(value, str) else value


def _value(config: dict[str, Any], page: Page) -> Any:
    """What a filter compares: text, a number, a name, a list of names or ids."""
    kind = config["type"]
    if kind in STAMPS:
        return page[kind] if kind.endswith("time") else [page[kind]["id"]]
    value = page["properties"].get(config["id"], EMPTY[kind])
    if kind in ("title", "rich_text"):
        return rich_text.plain(value)
    if kind in ("select", "status"):
        return value and value["name"]
    if kind in ("multi_select", "people", "relation"):
        return [item["id"] if kind != "multi_select" else item["name"] for item in value]
    return value["start"] if kind == "date" and value else value
