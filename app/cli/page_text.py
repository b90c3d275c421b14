"""A Notion page as text, read back through Notion's own interface: for people who look at it without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

JSON = Any

_MARKS = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
    "callout": "> ",
    "divider": "---",
}


class Reader(Protocol):
    def __call__(self, path: str, query: dict[str, JSON]) -> JSON:
        """The answer of a GET below Notion's address."""


def lines(get: Reader, page_id: str) -> Iterator[str]:
    """The page's title, its filled properties, then its blocks, nested ones indented."""
    page = get(f"pages/{page_id}", {})
    for name, value in page["properties"].items():
        text = _property(value)
        if value["type"] == "title":
            yield text
            yield "=" * max(len(text), 3)
        elif text:
            yield f"{name}: {text}"
    yield ""
    yield from _blocks(get, page_id, "")


def _blocks(get: Reader, parent: str, indent: str) -> Iterator[str]:
    for block in _all(get, f"blocks/{parent}/children"):
        kind = block["type"]
        yield indent + _line(kind, block.get(kind) or {})
        if block.get("has_children"):
            yield from _blocks(get, block["id"], indent + "    ")


def _all(get: Reader, path: str) -> Iterator[JSON]:
    query: dict[str, JSON] = {"page_size": 100}
    while True:
        answer = get(path, query)
        yield from answer["results"]
        if not answer.get("has_more"):
            return
        query["start_cursor"] = answer["next_cursor"]


def _line(kind: str, value: JSON) -> str:
    if kind == "to_do":
        return f"[{'x' if value.get('checked') else ' '}] {_plain(value.get('rich_text'))}"
    if kind == "table_row":
        return " | ".join(_plain(cell) for cell in value.get("cells", []))
    if kind == "equation":
        return str(value.get("expression", ""))
    return _MARKS.get(kind, "") + _plain(value.get("rich_text"))


def _property(value: JSON) -> str:
    held = value.get(value["type"])
    if value["type"] == "date":
        return str(held["start"]) if held else ""
    if isinstance(held, list):
        return _plain(held)
    return "" if held is None or isinstance(held, dict) else str(held)


def _plain(rich_text: JSON) -> str:
    return "".join(str(part.get("plain_text", "")) for part in rich_text or [] if isinstance(part, dict))
