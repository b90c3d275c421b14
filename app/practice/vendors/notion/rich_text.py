"""Rich text as Notion takes it and gives it back: https://developers.notion.com/reference/rich-text ."""

from __future__ import annotations

from typing import Any

from app.practice.vendors.notion.problems import ABSENT, array, identifier, known, one_of, text, truth, url, wrong

PLAIN = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
COLORS = PLAIN + tuple(f"{color}_background" for color in PLAIN)
MARKS = ("bold", "italic", "strikethrough", "underline", "code")
KINDS = ("text", "mention", "equation")


def read(value: Any, path: str) -> list[dict[str, Any]]:
    """Checks a rich text array of a request and returns it as an answer shows it."""
    return [_item(item, f"{path}[{i}]") for i, item in enumerate(array(value, path))]


def plain(items: list[dict[str, Any]]) -> str:
    return "".join(item["plain_text"] for item in items)


def of(words: str) -> list[dict[str, Any]]:
    """Plain words as rich text."""
    return read([{"text": {"content": words}}], "body") if words else []


def _item(item: Any, path: str) -> dict[str, Any]:
    # plain_text and href come back when somebody sends what they read; Notion ignores them.
    known(item, {"type", "annotations", "plain_text", "href", *KINDS}, path)
    kinds = [kind for kind in KINDS if kind in item]
    if len(kinds) != 1 or item.get("type", kinds[0]) != kinds[0]:
        wrong(f"{path}.{item.get('type') or 'text'}", "defined", ABSENT)
    body, words, href = _KINDS[kinds[0]](item[kinds[0]], f"{path}.{kinds[0]}")
    marks = _annotations(item.get("annotations", {}), f"{path}.annotations")
    return {"type": kinds[0], kinds[0]: body, "annotations": marks, "plain_text": words, "href": href}


def _text(value: Any, path: str) -> tuple[dict[str, Any], str, str | None]:
    known(value, {"content", "link"}, path)
    content = text(value.get("content", ABSENT), f"{path}.content", 2000)
    link = value.get("link")
    href = None if link is None else url(known(link, {"url", "type"}, f"{path}.link").get("url"), f"{path}.link.url")
    return {"content": content, "link": href and {"url": href}}, content, href


def _equation(value: Any, path: str) -> tuple[dict[str, Any], str, None]:
    expression = text(known(value, {"expression"}, path).get("expression", ABSENT), f"{path}.expression", 1000)
    return {"expression": expression}, expression, None


def _mention(value: Any, path: str) -> tuple[dict[str, Any], str, None]:
    known(value, {"type", "user", "date", "page", "database"}, path)
    kinds = [kind for kind in ("user", "date", "page", "database") if kind in value]
    if len(kinds) != 1:
        wrong(f"{path}.user", "defined", ABSENT)
    kind = kinds[0]
    if kind == "date":
        words = str(known(value[kind], {"start", "end", "time_zone"}, f"{path}.date").get("start", ""))
    else:
        words = "@" + identifier(value[kind].get("id"), f"{path}.{kind}.id")
    return {"type": kind, kind: value[kind]}, words, None


_KINDS: dict[str, Any] = {"text": _text, "equation": _equation, "mention": _mention}


def _annotations(value: Any, path: str) -> dict[str, Any]:
    known(value, {*MARKS, "color"}, path)
    marks: dict[str, Any] = {mark: truth(value.get(mark, False), f"{path}.{mark}") for mark in MARKS}
    return {**marks, "color": one_of(value.get("color", "default"), COLORS, f"{path}.color")}
