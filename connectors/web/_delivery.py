"""One message on its way in: is it genuine, has it been here before, and what a recipe sees of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, BadSignature, Event, Label, Received, Reply, Unreadable
from connectors.web import _content
from connectors.web._schemes import SCHEMES, Scheme, proven

KIND = "message"
WINDOW = 600.0  # seconds in which equal messages without any number count as one
FIELDS = {
    "type": Label.OUTSIDE,
    "id": Label.OUTSIDE,
    "signed": Label.VENDOR,
    "text": Label.OUTSIDE,
    "body.*": Label.OUTSIDE,
}
DEFAULT = "standard"
_REPEATS = ("idempotency-key", "x-request-id")
_TYPES = ("type", "event", "event_type")
_SHORT = re.compile(r"[!-~]{1,200}")


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verified by the scheme that the person chose when they connected (":scheme")."""
    name = headers.get(":scheme") or DEFAULT
    if not proven(name, tuple(secrets), body, headers, now):
        raise BadSignature("No secret of this connection fits the message")
    scheme = SCHEMES[name]
    if name == "github" and headers.get("x-github-event") == "ping":  # what GitHub sends first; it starts nothing
        return Received(reply=Reply(None))
    fields, text = _read(body, headers.get("content-type", ""))
    number, key, window = _number(scheme, headers, fields, body)
    seen = {"type": _kind(scheme, headers, fields), "id": number, "signed": scheme.signs, "text": text, "body": fields}
    kept = json.dumps(seen, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Received((Event(KIND, key, kept, window=window, occurred_at=_sent_at(headers)),))


def _read(body: bytes, content_type: str) -> tuple[dict[str, JSON], str]:
    try:
        return _content.read(body, content_type)
    except Unreadable:
        raise
    except Exception as problem:  # what a parser of the standard library makes of bytes that nobody thought of
        raise Unreadable(f"It cannot be taken apart ({type(problem).__name__})") from problem


def _number(scheme: Scheme, headers: Mapping[str, str], fields: dict[str, JSON], body: bytes) -> tuple[str, str, float]:
    """(number as recipes see it, dedupe key, seconds in which that counts): the scheme's own number, else the field that the
    person named, else a header that says so, else the bytes themselves."""
    for name in scheme.number:
        if given := _content.clean(headers.get(name, "")):
            return given, f"id:{_short(given)}", 0.0
    if given := _at(fields, headers.get(":id_field", "")):
        return given, f"field:{_short(given)}", 0.0
    for name in _REPEATS:
        if given := _content.clean(headers.get(name, "")):
            return given, f"header:{_short(given)}", 0.0
    return "", f"same:{hashlib.sha256(body).hexdigest()}", WINDOW


def _at(fields: dict[str, JSON], path: str) -> str:
    """The text or number at "order.id"; "" where there is none."""
    found: JSON = fields
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found)[:2000] if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _short(given: str) -> str:
    return given if _SHORT.fullmatch(given) else f"sha256-{hashlib.sha256(given.encode()).hexdigest()}"


def _kind(scheme: Scheme, headers: Mapping[str, str], fields: dict[str, JSON]) -> str:
    said = [headers.get(scheme.kind, ""), *(fields.get(name) for name in _TYPES)]
    found = next((one for one in said if isinstance(one, str) and one.strip()), "")
    return " ".join(_content.clean(found).split())[:200]


def _sent_at(headers: Mapping[str, str]) -> int | None:
    """ms UTC; where the scheme signs a time it was checked already."""
    if headers.get(":scheme") not in ("", None, DEFAULT):
        return None
    return int(headers.get("webhook-timestamp") or headers["svix-timestamp"]) * 1000


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "type" (what the sender calls it, or ""), "id" (its number, or ""), "signed" (whether the body was
    under the signature), "body" (the fields of its JSON or form), "text" (as it came, its first 20,000 characters)."""
    given = json.loads(body)
    given = given if isinstance(given, dict) else {}
    fields = given.get("body")
    return {
        "type": str(given.get("type") or ""),
        "id": str(given.get("id") or ""),
        "signed": given.get("signed") is True,
        "text": str(given.get("text") or ""),
        "body": fields if isinstance(fields, dict) else {},
    }


def is_vouched(event: Mapping[str, JSON]) -> bool:
    return event.get("signed") is True
