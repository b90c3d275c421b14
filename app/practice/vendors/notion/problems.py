"""What Notion says when it says no: https://developers.notion.com/reference/status-codes ."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any, NoReturn

from app.practice.door import Refusal

ARCHIVED = "Can't edit block that is archived. You must unarchive the block before editing."


def refuse(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> NoReturn:
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": str(uuid.uuid4())}
    raise Refusal(status, body, headers)


def invalid(message: str) -> NoReturn:
    refuse(400, "validation_error", message)


def wrong(path: str, should: str, value: object) -> NoReturn:
    """Notion's wording for a value of the wrong shape; `path` like `body.children[0].paragraph`."""
    shown = "undefined" if value is ABSENT else json.dumps(value, ensure_ascii=False)[:200]
    part = path.split(".")[0]
    invalid(f"{part} failed validation: {path} should be {should}, instead was `{shown}`.")


def archived() -> NoReturn:
    invalid(ARCHIVED)


def missing(kind: str, id: str) -> NoReturn:
    refuse(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {id}. Make sure the relevant pages and databases are shared with your "
        'integration "Practice".',
    )


ABSENT: Any = object()
"""Stands for a key that is not there."""


def known(value: Any, keys: set[str], path: str) -> dict[str, Any]:
    """An object with no other keys than these."""
    if not isinstance(value, dict):
        wrong(path, "an object", value)
    for key in value:
        if key not in keys:
            wrong(f"{path}.{key}", "not present", value[key])
    return value


def array(value: Any, path: str, most: int = 100) -> list[Any]:
    if not isinstance(value, list):
        wrong(path, "an array", value)
    if len(value) > most:
        wrong(f"{path}.length", f"≤ `{most}`", len(value))
    return value


def text(value: Any, path: str, most: int) -> str:
    """Text of at most so many UTF-16 units, which is how Notion's own language counts."""
    if not isinstance(value, str):
        wrong(path, "a string", value)
    length = len(value.encode("utf-16-le")) // 2
    if length > most:
        wrong(f"{path}.length", f"≤ `{most}`", length)
    return value


def one_of(value: Any, choices: tuple[str, ...], path: str) -> str:
    if value not in choices:
        wrong(path, "one of " + ", ".join(f'`"{c}"`' for c in choices[:12]), value)
    return str(value)


def truth(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        wrong(path, "a boolean", value)
    return value


def url(value: Any, path: str) -> str:
    """An absolute address; Notion refuses relative ones and ones with spaces."""
    given = text(value, path, 2000)
    if not re.fullmatch(r"(https?://[^\s/]\S*|mailto:\S+|tel:\S+)", given, re.IGNORECASE):
        invalid("Invalid URL for link." if "link" in path else f"{path.replace('body.', '', 1)}: Invalid URL.")
    return given


def identifier(value: Any, path: str) -> str:
    """A uuid with or without dashes, returned with them."""
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) else wrong(path, "a valid uuid", value)
    except ValueError:
        wrong(path, "a valid uuid", value)
