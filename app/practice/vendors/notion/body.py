"""Request bodies, pages of a list and answers, as all of Notion's endpoints share them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Response, jsonify, request

from app.practice.vendors.notion.problems import identifier, known, refuse, wrong


def body(keys: set[str]) -> dict[str, Any]:
    """The JSON object of this request, with no other keys than these."""
    try:
        given = json.loads(request.get_data() or b"{}")
        json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair is not text
    except (ValueError, RecursionError):
        refuse(400, "invalid_json", "Error parsing JSON body.")
    return known(given, keys, "body")


def cut(items: list[dict[str, Any]], given: Any, kind: str, place: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of a list: its items, and the answer's frame. `given` holds page_size and start_cursor."""
    size, start = _size(given.get("page_size"), f"{place}.page_size"), 0
    cursor = given.get("start_cursor")
    if cursor is not None:
        cursor = identifier(cursor, f"{place}.start_cursor")
        found = [i for i, item in enumerate(items) if item["id"] == cursor]
        start = found[0] if found else wrong(f"{place}.start_cursor", "a cursor of this list", cursor)
    shown, rest = items[start : start + size], items[start + size :]
    frame: dict[str, Any] = {
        "object": "list",
        "next_cursor": rest[0]["id"] if rest else None,
        "has_more": bool(rest),
        "type": kind,
        kind: {},
    }
    return shown, frame


def answer(content: dict[str, Any]) -> Response:
    request_id = str(uuid.uuid4())
    response = jsonify({**content, "request_id": request_id})
    response.headers["x-notion-request-id"] = request_id
    return response


def _size(given: Any, path: str) -> int:
    if given is None:
        return 100
    if isinstance(given, str) and given.isdecimal() and path.startswith("query"):
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 100:
        wrong(path, "a number between `1` and `100`", given)
    return given
