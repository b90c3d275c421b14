"""Cells of a page overwritten, and given back. https://developers.notion.com/reference/patch-page

Notion has no version check, so what somebody approved is compared with what stands there just before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.notion._cells import (
    all_alike,
    cells,
    changed_since,
    columns_of,
    fitted,
    page_there,
    result,
    title_column,
    written,
)
from connectors.notion._client import Notion, require_id, segment
from connectors.notion._values import title_of, whole

_NOTHING: Mapping[str, Any] = {}
GONE = (
    "This page is no longer in Notion: it was moved to the trash, or it is not shared with Patchbay. Restore or share it, "
    "then run this again."
)


def update_page(
    client: Notion,
    key: str,
    *,
    page: str,
    properties: Mapping[str, Any] = _NOTHING,
    title: str = "",
    was: Mapping[str, Any] = _NOTHING,
) -> dict[str, JSON]:
    """New values for these columns, from prepared arguments; the others stay. `was`: what stood there when it was prepared."""
    return write(client, page, properties)


def write(client: Notion, page: str, properties: Mapping[str, Any]) -> dict[str, JSON]:
    return result(client.patch(f"pages/{segment(page)}", {"properties": dict(properties)}), properties)


def present(client: Notion, id: str) -> JSON:
    """The page. Raises `Refused` where it is gone."""
    page = page_there(client, id)
    if page is None:
        raise Refused(GONE)
    return page


def prepare_update(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    page = present(client, require_id(str(arguments.get("page") or ""), "page"))
    columns = columns_of(client, page)
    given = dict(arguments.get("properties") or {})
    if arguments.get("title"):
        given[title_column(columns)] = arguments["title"]
    made = fitted(given, columns)
    if not made:
        raise Refused("There is nothing to change on this page: every value that was given is empty.")
    return {"page": page["id"], "title": title_of(page), "properties": made, "was": written(page, made)}


def before_update(client: Notion, arguments: dict[str, JSON]) -> JSON:
    """The values that will be replaced. Raises `Refused` if they are not those that stood there when this was prepared."""
    page = present(client, arguments["page"])
    changed = changed_since(page, arguments.get("was") or {})
    if changed:
        raise Refused(f"{changed} That was after this had been prepared: look there, then start this event over.")
    return cells(whole(client, page), list(arguments["properties"]))


def find_updated(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    page = page_there(client, arguments["page"])
    found = page is not None and all_alike(arguments["properties"], whole(client, page))
    return [result(page, arguments["properties"])] if found else []


def update_changed(client: Notion, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    page = page_there(client, made["id"])
    if page is None:
        return "The page is no longer there. There is nothing to take back."
    return changed_since(page, made.get("written") or {})


def undo_update(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_page", {"page": made["id"], "properties": before or {}})


def restore_page(client: Notion, key: str, *, page: str, properties: Mapping[str, Any]) -> dict[str, JSON]:
    """The values as they were."""
    return write(client, page, properties)


def before_restore(client: Notion, arguments: dict[str, JSON]) -> JSON:
    return cells(whole(client, present(client, arguments["page"])), list(arguments["properties"]))
