"""Pages: made with our key in them, found by it, and moved to the trash if nobody has touched them since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.notion._appends import calls
from connectors.notion._client import Notion, segment, status_of
from connectors.notion._markdown import read
from connectors.notion._parts import BYTES, parts
from connectors.notion._text import size
from connectors.notion._values import KEY, title_of

_MINUTE = 60_000  # Notion rounds the time of an edit to the minute
_NO_PROPERTIES: Mapping[str, Any] = {}


def create_page(
    client: Notion,
    key: str,
    *,
    data_source: str,
    title: str,
    markdown: str = "",
    properties: Mapping[str, Any] = _NO_PROPERTIES,
) -> dict[str, JSON]:
    """A page in a data source, from prepared arguments. What does not fit into one request follows in `after`."""
    made = (key, data_source, markdown, properties)
    return _result(client.post("pages", client.body(made, lambda: _body(*made))))


def _body(key: str, data_source: str, markdown: str, properties: Mapping[str, Any]) -> JSON:
    filled = {**properties, KEY: {"rich_text": [{"type": "text", "text": {"content": key}}]}}
    first = next(parts(read(markdown), _room(properties)))
    body = {"parent": {"type": "data_source_id", "data_source_id": data_source}, "properties": filled}
    return {**body, **({"children": first.blocks} if first.blocks else {})}


def _room(properties: Mapping[str, Any]) -> int:
    return BYTES - size(dict(properties))


def after(arguments: dict[str, JSON], result: dict[str, JSON]) -> list[Call]:
    """The rest of the page, request by request, in reading order."""
    nodes = read(arguments.get("markdown") or "")
    return calls(result["id"], nodes, _room(arguments.get("properties") or {}))


def _result(page: JSON) -> dict[str, JSON]:
    """What undo and later steps need of a page."""
    return {
        "id": page["id"],
        "url": page.get("url") or "",
        "title": title_of(page),
        "created_by": (page.get("created_by") or {}).get("id") or "",
        "last_edited_time": page.get("last_edited_time") or "",
    }


def find_page(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The pages that carry our key, those in the trash left out."""
    body = {"filter": {"property": KEY, "rich_text": {"equals": key}}, "page_size": 10}
    try:
        answer = client.post(f"data_sources/{segment(arguments['data_source'])}/query", body)
    except Exception as error:
        if status_of(error) != 400:
            raise
        raise Refused(
            f"Patchbay cannot tell whether the page “{arguments.get('title', '')}” is there, because the column "
            f"“{KEY}” is missing from the Notion database. Look for the page; if the column was deleted, "
            "undo that in Notion and run this again."
        ) from error
    return [_result(page) for page in answer["results"] if not _in_trash(page)]


def _in_trash(page: JSON) -> bool:
    return bool(page.get("in_trash") or page.get("archived"))


def _page(client: Notion, id: str) -> JSON:
    """The page, or None if it is gone."""
    try:
        return client.get(f"pages/{segment(id)}")
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise


def changed(client: Notion, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the page after us. One that is gone or in the trash has nothing left to protect."""
    page = _page(client, result["id"])
    if page is None or _in_trash(page):
        return None
    name, edited = title_of(page) or "Untitled", _moment(page["last_edited_time"])
    when = f"{edited:%-d %B %Y at %H:%M} UTC"
    if title_of(page) != result.get("title", ""):
        return f"The page “{result.get('title', '')}” was renamed to “{name}” (last edit on {when})."
    if (page.get("last_edited_by") or {}).get("id") != (page.get("created_by") or {}).get("id"):
        return f"Somebody edited the page “{name}” on {when}."
    if edited.timestamp() * 1000 > sent_at + _MINUTE:
        return f"The page “{name}” was edited on {when}, after Patchbay wrote it."
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def undo_call(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    return Call("trash_page", {"page": result["id"]})


def trash_page(client: Notion, key: str, *, page: str) -> dict[str, JSON]:
    """Moves a page to the trash, from where it can be restored for 30 days. A page that is gone is as good."""
    try:
        answer = client.patch(f"pages/{segment(page)}", {"in_trash": True})
    except Exception as error:
        if not _gone(error):
            raise
        return {"id": page, "in_trash": True}
    return {"id": answer["id"], "url": answer.get("url") or "", "in_trash": True}


def _gone(error: Exception) -> bool:
    """404, or 400 in the words Notion has for anything that already lies in the trash."""
    return status_of(error) == 404 or (status_of(error) == 400 and "archived" in str(error))


def find_trashed(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    page = _page(client, arguments["page"])
    if page is not None and not _in_trash(page):
        return []
    return [{"id": arguments["page"], "url": (page or {}).get("url") or "", "in_trash": True}]
