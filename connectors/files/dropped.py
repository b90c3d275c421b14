"""A file that was dropped as an event, and as the plain value that a recipe sees."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime

from connectors.contract import JSON, Event, Label
from connectors.files import content, table

DROPPED = "dropped"
LONGEST_NAME = 200  # characters
FIELDS = {
    "place": Label.VENDOR,
    "place_title": Label.VENDOR,
    "name": Label.OUTSIDE,
    "size": Label.VENDOR,
    "type": Label.VENDOR,
    "sha256": Label.VENDOR,
    "who": Label.VENDOR,
    "dropped_at": Label.VENDOR,
    "text": Label.OUTSIDE,
    "is_text": Label.VENDOR,
    "columns[]": Label.OUTSIDE,
    "rows[].*": Label.OUTSIDE,
    "is_complete": Label.VENDOR,
}
_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def name_of(given: str) -> str:
    """A file's own name: no folders, no control characters, nothing that turns the direction of writing, 200 characters."""
    last = re.split(r"[/\\]", given)[-1]
    plain = " ".join(_BAD.sub("", last).split())
    if len(plain) > LONGEST_NAME:
        stem, dot, end = plain.rpartition(".")
        plain = f"{stem[: LONGEST_NAME - len(end) - 1]}{dot}{end}" if dot and len(end) <= 10 else plain[:LONGEST_NAME]
    return plain if plain.strip(".") else "file"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def event(place: str, place_title: str, given: str, data: bytes, who: str, now: int, since: str = "") -> Event:
    """`given`: the name that it came with; `who` dropped it, in words; `now` ms UTC.

    The same content is one event for a place, whatever it is called and however it came. `since`: the id of an earlier event
    with this content that is no longer kept, so that this one is new.
    """
    name, read = name_of(given), content.text(data)
    kind = content.kind(data)
    cut = table.rows(read, name) if read is not None and kind == "text/plain" else None
    columns, rows, whole = cut or ([], [], True)
    told = read or "" if kind.startswith("text/") or kind in _READABLE else ""
    sha256 = digest(data)
    body = {
        "place": place,
        "place_title": place_title,
        "name": name,
        "size": len(data),
        "type": "text/csv" if cut else kind,
        "sha256": sha256,
        "who": who,
        "dropped_at": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "text": told[: content.LONGEST],
        "is_text": bool(told),
        "columns": columns,
        "rows": rows,
        "is_complete": whole and len(told) <= content.LONGEST,
    }
    written = json.dumps(body, ensure_ascii=False).encode()
    return Event(DROPPED, key(sha256, since), written, occurred_at=now)


_READABLE = ("application/json", "application/xml", "image/svg+xml")


def key(sha256: str, since: str = "") -> str:
    return f"{DROPPED}:{sha256}:{since}" if since else f"{DROPPED}:{sha256}"


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "size" in bytes, "type" by content, "text" of text files (at most 200,000 characters), "columns" and
    "rows" (mappings by column, cells as text) of tables, "is_complete" whether text and rows are all of it."""
    held = json.loads(body)
    return {path.split("[")[0]: held[path.split("[")[0]] for path in FIELDS}
