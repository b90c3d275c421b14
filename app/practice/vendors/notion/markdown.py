"""A page's content as Markdown, as far as the practice Notion's blocks need it.

https://developers.notion.com/reference/retrieve-page-markdown
"""

from __future__ import annotations

from typing import Any

from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.shelf import Object, Shelf

_BEFORE = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
    "toggle": "- ",
}
MOST = 20_000
"""Blocks in one answer."""


def read(shelf: Shelf, page: Object) -> Object:
    """The answer. `truncated` says that there is more."""
    lines = _lines(shelf, page["id"], 0)
    shown = lines[: int(shelf.ledger.note("notion_blocks", MOST))]
    return {
        "object": "page_markdown",
        "id": page["id"],
        "markdown": "\n".join(shown),
        "truncated": len(shown) < len(lines),
        "unknown_block_ids": [],
    }


def _lines(shelf: Shelf, parent: str, level: int) -> list[str]:
    found = []
    for block in shelf.children(parent):
        found += ["\t" * level + line for line in _own(block)]
        found += _lines(shelf, block["id"], level + 1)
    return found


def _own(block: Object) -> list[str]:
    kind = block["type"]
    body: dict[str, Any] = block[kind]
    words = rich_text.plain(body.get("rich_text", []))
    if kind == "to_do":
        return [f"- [{'x' if body['checked'] else ' '}] {words}"]
    if kind == "code":
        return [f"```{body['language']}", *words.split("\n"), "```"]
    if kind == "divider":
        return ["---"]
    if kind == "equation":
        return [f"$$ {body['expression']} $$"]
    if kind == "table_row":
        return ["| " + " | ".join(rich_text.plain(cell) for cell in body["cells"]) + " |"]
    if kind == "table":
        return []
    return [_BEFORE.get(kind, "") + line for line in words.split("\n")]
