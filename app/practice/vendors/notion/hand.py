"""What people do in the practice Notion by hand: edit, trash, stop sharing."""

from __future__ import annotations

import uuid
from typing import Any

from app.practice.control import Command
from app.practice.door import Ground, Refusal
from app.practice.vendors.notion import rich_text, seed
from app.practice.vendors.notion.problems import identifier
from app.practice.vendors.notion.shelf import ANA, SLUG, Object, Shelf


def commands(ground: Ground) -> dict[str, Command]:
    """`edit` {"page", "title"?, "paragraph"?}, `trash` / `restore` {"page" or "data_source"}, `unshare` / `share`
    {"data_source"}, `revoke` / `unrevoke` {"slug"}, `database` {"title", "properties": {name: type}} → ids."""
    shelf = Shelf(ground)

    def edit_page(body: dict[str, Any]) -> Object:
        words = body.get("paragraph", None if "title" in body else "Changed by hand.")
        return edit(shelf, body["page"], body.get("title"), words)

    def new(body: dict[str, Any]) -> dict[str, str]:
        ids = {"database": str(uuid.uuid4()), "data_source": str(uuid.uuid4())}
        columns = body.get("properties", {"Name": "title"})
        with ground.ledger.write():
            seed.add(ground, ids["database"], ids["data_source"], body["title"], columns)
        return ids

    return {
        "edit": edit_page,
        "database": new,
        "trash": lambda body: trash(shelf, body, True),
        "restore": lambda body: trash(shelf, body, False),
        "unshare": lambda body: listed(ground, "unshared", identifier(body["data_source"], "body"), True),
        "share": lambda body: listed(ground, "unshared", identifier(body["data_source"], "body"), False),
        "revoke": lambda body: listed(ground, "revoked", body["slug"], True),
        "unrevoke": lambda body: listed(ground, "revoked", body["slug"], False),
    }


def edit(shelf: Shelf, id: str, title: str | None, paragraph: str | None) -> Object:
    """Ana Silva changes the title or the first paragraph; a page without one gets one. Raises ValueError."""
    with shelf.ledger.write():
        page = _named(shelf, id)
        if title is not None:
            page["properties"]["title"] = rich_text.of(title)
        shelf.save(page, by=ANA)
        if paragraph is not None:
            _write_paragraph(shelf, page, paragraph)
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


def _write_paragraph(shelf: Shelf, page: Object, words: str) -> None:
    content = {"rich_text": rich_text.of(words), "color": "default"}
    first = next((block for block in shelf.children(page["id"]) if block["type"] == "paragraph"), None)
    if first is None:
        first = {"object": "block", "id": str(uuid.uuid4()), "parent": {"type": "page_id", "page_id": page["id"]}}
        first |= {"created_time": page["created_time"], "created_by": {"object": "user", "id": ANA}, "in_trash": False}
        first["type"] = "paragraph"
    first["paragraph"] = content
    shelf.save(first, by=ANA, rank=-1)
