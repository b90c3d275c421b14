"""Cells of a page that is there: which columns it has, values that fit them, and what stands in them to be written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import JSON, Refused
from connectors.notion._client import Notion, segment, status_of
from connectors.notion._properties import column_named, fit, title_items, weigh, words
from connectors.notion._values import KEY, prints, title_of, value_of, version

Columns = Mapping[str, Any]


def page_there(client: Notion, id: str) -> JSON:
    """The page, or None where it is gone or in the trash."""
    try:
        page = client.get(f"pages/{segment(id)}")
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise
    return None if page.get("in_trash") or page.get("archived") else page


def columns_of(client: Notion, page: JSON) -> Columns:
    """The columns of its data source; of a page outside of any that we see, those that it shows."""
    source = (page.get("parent") or {}).get("data_source_id")
    try:
        return dict(client.data_source(source)["properties"]) if source else _own(page)
    except Exception as error:
        if status_of(error) not in (400, 403, 404):
            raise
        return _own(page)


def _own(page: JSON) -> Columns:
    return {
        name: {"id": one.get("id"), "type": one["type"], one["type"]: {}} for name, one in page["properties"].items()
    }


def fitted(given: Mapping[str, JSON], columns: Columns) -> dict[str, JSON]:
    """Column → value in Notion's form. What is empty is left out, so that it stays as it is.

    Raises `Refused` for a column that is not there and a value that does not fit: there is no other place to write it to.
    """
    made: dict[str, JSON] = {}
    for name, value in given.items():
        if is_empty(value):
            continue
        column = named(str(name), columns)
        payload, left = _fit(value, columns[column])
        if payload is None or left.strip() or not weigh(payload, list(made.values())):
            raise Refused(_does_not_fit(column, columns[column], left or words(value)))
        made[column] = payload
    return made


def is_empty(value: JSON) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def named(name: str, columns: Columns) -> str:
    """The column of this name, as it is spelled there. Raises `Refused`."""
    column = column_named(name, columns)
    if column is None or column == KEY:
        there = ", ".join(f"“{one}”" for one in list(columns)[:30] if one != KEY)
        raise Refused(f"There is no column “{name[:80]}” in Notion. There is {there}. Change the name in the recipe.")
    return column


def title_column(columns: Columns) -> str:
    """It may be called anything: it is known by its type."""
    return next(name for name, column in columns.items() if column["type"] == "title")


def _fit(value: JSON, column: Mapping[str, JSON]) -> tuple[JSON, str]:
    if column["type"] != "title":
        return fit(value, column)
    if isinstance(value, dict) and list(value) == ["title"]:
        return value, ""
    items, left = title_items(words(value))
    return {"title": items}, left


def _does_not_fit(name: str, column: Mapping[str, Any], value: str) -> str:
    kind = str(column["type"])
    said = f"“{value[:80]}{'…' if len(value) > 80 else ''}” does not fit into the Notion column “{name}”"
    options = [option["name"] for option in (column.get(kind) or {}).get("options", ())]
    if options:
        return f"{said}. It takes {', '.join(f'“{one}”' for one in options[:30])}; add the choice in Notion, or change the recipe."
    return f"{said}, which {_TAKES.get(kind, 'Notion fills in by itself')}. Change what the recipe gives."


_TAKES = {
    **dict.fromkeys(("title", "rich_text"), "holds less text"),
    **dict.fromkeys(("select", "multi_select", "status"), "has no choices that Patchbay can see"),
    **dict.fromkeys(("people", "relation"), "takes Notion's ids, a hundred at most"),
    "number": "takes a number",
    "checkbox": "takes yes or no",
    "date": "takes a date such as 2026-11-02",
    "url": "takes a web address",
    "email": "takes an e-mail address",
    "phone_number": "takes a telephone number",
    "files": "takes files, which Patchbay does not upload",
}


# --- what stands there ------------------------------------------------------------------------------------------------


def result(page: JSON, names: Mapping[str, JSON]) -> dict[str, JSON]:
    """Of a write to these columns. `written`: column id → print, by which a later change is seen."""
    return {
        "id": page["id"],
        "url": page.get("url") or "",
        "title": title_of(page),
        "version": version(page, names),
        "written": written(page, names),
    }


def written(page: JSON, names: Mapping[str, JSON]) -> dict[str, JSON]:
    there, columns = prints(page), page.get("properties") or {}
    return {str(columns[name]["id"]): there.get(str(columns[name]["id"]), "") for name in names if name in columns}


def changed_since(page: JSON, left: Mapping[str, JSON]) -> str | None:
    """A sentence, where one of the cells says something else than we left there."""
    there, when = prints(page), _when(page)
    for name, one in (page.get("properties") or {}).items():
        if one.get("id") in left and there.get(one["id"]) != left[one["id"]]:
            return f"Somebody changed “{name}” of the page “{title_of(page) or 'Untitled'}” (last edit on {when})."
    return None


def _when(page: JSON) -> str:
    return f"{datetime.fromisoformat(page['last_edited_time']):%-d %B %Y at %H:%M} UTC"


def cells(page: JSON, names: Sequence[str]) -> dict[str, JSON]:
    """What stands in these columns, in the form in which it can be written back."""
    columns = page.get("properties") or {}
    return {name: _back(columns[name]) for name in names if name in columns}


def _back(one: Mapping[str, Any]) -> JSON:
    kind = str(one["type"])
    make = _BACK.get(kind)
    return {kind: make(one[kind]) if make and one[kind] is not None else one[kind]}


def _items_back(items: JSON) -> JSON:
    """Rich text without what only answers have. A mention of a kind that cannot be written becomes its words."""
    return [_item_back(item) for item in items]


def _item_back(item: JSON) -> JSON:
    kind, look = item.get("type"), {"annotations": item["annotations"]} if item.get("annotations") else {}
    if kind == "mention" and (item["mention"] or {}).get("type") not in ("user", "page", "database", "date"):
        return {"type": "text", "text": {"content": item.get("plain_text") or ""}, **look}
    return {"type": kind, kind: item[kind], **look}


_BACK: Mapping[str, Any] = {
    **dict.fromkeys(("title", "rich_text"), _items_back),
    **dict.fromkeys(("select", "status"), lambda held: {"name": held["name"]}),
    "multi_select": lambda held: [{"name": one["name"]} for one in held],
    "people": lambda held: [{"object": "user", "id": one["id"]} for one in held],
    "relation": lambda held: [{"id": one["id"]} for one in held],
    "date": lambda held: {name: value for name, value in held.items() if value is not None},
}


def all_alike(wanted: Mapping[str, JSON], page: JSON) -> bool:
    """Whether each cell says what this request would write."""
    columns = page.get("properties") or {}
    return all(name in columns and _alike(payload, columns[name]) for name, payload in wanted.items())


def _alike(payload: JSON, one: JSON) -> bool:
    kind = str(one["type"])
    wanted, there = payload.get(kind), one.get(kind)
    if kind in ("people", "relation"):
        return bool([each["id"] for each in wanted or ()] == [each["id"] for each in there or ()])
    if kind == "date":
        return _ends(wanted) == _ends(there)
    return bool(value_of({"type": kind, kind: wanted}) == value_of(one))


def _ends(held: JSON) -> list[JSON]:
    """Start and end; the same moment in another zone, or with other zeros behind it, is the same."""
    return [_moment(str((held or {}).get(name) or "")) for name in ("start", "end")]


def _moment(text: str) -> JSON:
    found = datetime.fromisoformat(text) if len(text) > 10 else None
    return found.timestamp() if found and found.tzinfo else text[:19] if found else text
