"""What people do in the practice Notion by hand: edit, trash, stop sharing."""

from __future__ import annotations

import uuid
from typing import Any

from app.practice.control import Command
from app.practice.door import Ground, Refusal
from app.practice.vendors.notion import comments, rich_text, seed, values
from app.practice.vendors.notion.people import ANA
from app.practice.vendors.notion.problems import identifier
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf, stamps
from app.practice.vendors.notion.sources import TITLE_ONLY


def commands(ground: Ground) -> dict[str, Command]:
    """`edit` {"page", "title"?, "paragraph"?}, `trash` / `restore` {"page" or "data_source"}, `unshare` / `share`
    {"data_source"}, `revoke` / `unrevoke` {"slug"}, `database` {"title", "properties": {name: type}} → ids,
    `notion_page` {"data_source" or "page", "title", "properties"?, "at"?, "edited"?, "by"?} → the page, `notion_set` {"page",
    "properties", "at"?, "by"?}, `notion_block` {"block", "text"},
    `notion_comment` {"page", "text"}, `notion_resolve` {"comment"}; `at` is when, as Notion writes it."""
    shelf = Shelf(ground)

    def edit_page(body: dict[str, Any]) -> Object:
        words = body.get("paragraph", None if "title" in body else "Changed by hand.")
        return edit(shelf, body["page"], body.get("title"), words, body.get("at", ""))

    def new(body: dict[str, Any]) -> dict[str, str]:
        ids = {"database": str(uuid.uuid4()), "data_source": str(uuid.uuid4())}
        columns = body.get("properties", {"Name": "title"})
        with ground.ledger.write():
            seed.add(ground, ids["database"], ids["data_source"], body["title"], columns)
        return ids

    return {
        "edit": edit_page,
        "notion_page": lambda body: add_page(shelf, body),
        "notion_set": lambda body: set_properties(shelf, body),
        "notion_block": lambda body: write_block(shelf, body["block"], body["text"]),
        "notion_comment": lambda body: say(shelf, body["page"], body["text"]),
        "notion_resolve": lambda body: resolve(shelf, body["comment"]),
        "database": new,
        "trash": lambda body: trash(shelf, body, True),
        "restore": lambda body: trash(shelf, body, False),
        "unshare": lambda body: listed(ground, "unshared", identifier(body["data_source"], "body"), True),
        "share": lambda body: listed(ground, "unshared", identifier(body["data_source"], "body"), False),
        "revoke": lambda body: listed(ground, "revoked", body["slug"], True),
        "unrevoke": lambda body: listed(ground, "revoked", body["slug"], False),
    }


def add_page(shelf: Shelf, body: dict[str, Any]) -> Object:
    """Somebody makes a page: a row of a data source, or a page below another one or at the top."""
    by, at = body.get("by", ANA), body.get("at", "")
    page: Object = {"object": "page", "id": str(uuid.uuid4()), **stamps(by, at), "in_trash": False, "is_locked": False}
    page |= {"icon": None, "cover": None, "parent": {"type": "workspace", "workspace": True}, "properties": {}}
    if "page" in body:
        page["parent"] = {"type": "page_id", "page_id": body["page"]}
    if "data_source" in body:
        page["parent"] = {"type": "data_source_id", "data_source_id": body["data_source"]}
    with shelf.ledger.write():
        shelf.save(page, by=by, at=body.get("edited", at))
        named = {**body, "page": page["id"], "at": body.get("edited", at)}
        return set_properties(shelf, {**named, "properties": body.get("properties", {})})


def set_properties(shelf: Shelf, body: dict[str, Any]) -> Object:
    """Somebody fills in cells, given as in a request; `title` is one more."""
    with shelf.ledger.write():
        page = _named(shelf, body["page"])
        above = shelf.above(page)
        schema = above["properties"] if above and above["object"] == "data_source" else TITLE_ONLY
        page["properties"] |= values.read(schema, body.get("properties", {}), "body.properties")
        if "title" in body:
            page["properties"]["title"] = rich_text.of(body["title"])
        shelf.save(page, by=body.get("by", ANA), at=body.get("at", ""))
        if above and above["object"] == "data_source":
            shelf.ledger.put(SLUG, "data_source", {**above, "properties": schema})
    return page


def write_block(shelf: Shelf, id: str, words: str) -> Object:
    """Ana Silva writes other words into a block."""
    with shelf.ledger.write():
        block = _named(shelf, id)
        block[block["type"]]["rich_text"] = rich_text.of(words)
        shelf.save(block, by=ANA)
    return block


def say(shelf: Shelf, page: str, words: str) -> Object:
    with shelf.ledger.write():
        return comments.add(shelf, _named(shelf, page), rich_text.of(words), by=ANA)


def resolve(shelf: Shelf, id: str) -> Object:
    """Somebody resolves a discussion, after which lists leave it out."""
    found = shelf.ledger.get(SLUG, id, "comment")
    if found is None:
        raise ValueError(f"There is no comment {id} here.")
    comments.keep(shelf, {**found, "open": False})
    return found


def edit(shelf: Shelf, id: str, title: str | None, paragraph: str | None, at: str = "") -> Object:
    """Ana Silva changes the title or the first paragraph; a page without one gets one. Raises ValueError."""
    with shelf.ledger.write():
        page = _named(shelf, id)
        if title is not None:
            page["properties"]["title"] = rich_text.of(title)
        shelf.save(page, by=ANA, at=at)
        if paragraph is not None:
            _write_paragraph(shelf, page, paragraph, at)
    return _named(shelf, id)


def trash(shelf: Shelf, body: dict[str, Any], gone: bool) -> Object:
    with shelf.ledger.write():
        item = _named(shelf, body.get("page") or body["data_source"])
        item["in_trash"] = gone
        shelf.save(item, by=ANA)
    return item


def listed(ground: Ground, name: str, value: str, on: bool) -> list[str]:
    """Puts a value on one of the lists in the notes, or takes it off."""
    with ground.ledger.write():
        now = [each for each in ground.ledger.note(name, []) if each != value] + ([value] if on else [])
        ground.ledger.set_note(name, now)
    return now


def _named(shelf: Shelf, id: str) -> Object:
    try:
        found = shelf.ledger.get(SLUG, identifier(id, "body"))
    except Refusal:
        found = None
    if found is None:
        raise ValueError(f"There is no {id} here.")
    return found


def _write_paragraph(shelf: Shelf, page: Object, words: str, at: str) -> None:
    content = {"rich_text": rich_text.of(words), "color": "default"}
    first = next((block for block in shelf.children(page["id"]) if block["type"] == "paragraph"), None)
    if first is None:
        first = {"object": "block", "id": str(uuid.uuid4()), "parent": {"type": "page_id", "page_id": page["id"]}}
        first |= {"created_time": page["created_time"], "created_by": {"object": "user", "id": ANA}, "in_trash": False}
        first["type"] = "paragraph"
    first["paragraph"] = content
    shelf.save(first, by=ANA, rank=-1, at=at)
