"""Comments on pages. https://developers.notion.com/reference/create-a-comment"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Call, Refused
from connectors.notion._cells import page_there
from connectors.notion._client import Notion, require_id, segment, status_of
from connectors.notion._text import ITEMS, clean, literal, plain
from connectors.notion._updates import GONE

_EARLIER = timedelta(minutes=10)  # Notion's clock and ours


def comment(client: Notion, key: str, *, page: str, text: str, since: str = "") -> dict[str, JSON]:
    """A comment in the name of our bot. It has no place for a mark of ours; `since` is from when on `find_comment` looks."""
    return _result(client.post("comments", {"parent": {"page_id": page}, "rich_text": literal(text)}))


def prepare(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    page = page_there(client, require_id(str(arguments.get("page") or ""), "page"))
    if page is None:
        raise Refused(GONE)
    text = clean(str(arguments.get("text") or "")).strip()
    if not text:
        raise Refused("There is nothing to say in this comment.")
    if len(literal(text)) > ITEMS:
        raise Refused("This comment is longer than Notion takes. Shorten it, or add it to the page instead.")
    since = f"{datetime.now(UTC) - _EARLIER:%Y-%m-%dT%H:%M:00.000Z}"
    return {"page": page["id"], "text": text, "since": arguments.get("since") or since}


def find_comment(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Open comments of our bot with the same words, since this was prepared. Two of them are for a person to tell apart."""
    listed = client.listed("comments", block_id=arguments["page"])
    return [_result(one) for one in listed if _is_ours(client, one, arguments)]


def _is_ours(client: Notion, one: JSON, arguments: dict[str, JSON]) -> bool:
    return (
        (one.get("created_by") or {}).get("id") == client.me
        and str(one.get("created_time") or "") >= arguments["since"]
        and plain(one.get("rich_text") or ()).strip() == arguments["text"]
    )


def _result(one: JSON) -> dict[str, JSON]:
    return {"id": one["id"], "url": "", "text": plain(one.get("rich_text") or ())}


def _there(client: Notion, id: str) -> JSON:
    try:
        return client.get(f"comments/{segment(id)}")
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise


def changed(client: Notion, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    one = _there(client, made["id"])
    if one is None or plain(one.get("rich_text") or ()).strip() == arguments["text"].strip():
        return None
    return "Somebody edited the comment since."


def undo_call(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_comment", {"comment": made["id"]})


def delete_comment(client: Notion, key: str, *, comment: str) -> dict[str, JSON]:
    """One that is gone is as good."""
    try:
        client.delete(f"comments/{segment(comment)}")
    except Exception as error:
        if status_of(error) != 404:
            raise
    return {"id": comment, "url": ""}


def find_deleted(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return [] if _there(client, arguments["comment"]) else [{"id": arguments["comment"], "url": ""}]
