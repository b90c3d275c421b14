"""Text as Notion takes it: cleaned, cut into rich text items, measured, and read back.

Limits: https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from connectors.contract import JSON

ITEM = 1900  # UTF-16 units; Notion takes 2000 characters and does not say how it counts them
URL = 2000
EQUATION = 1000
ITEMS = 100  # rich text items in one array
BLOCK_BYTES = 60_000  # of one block's own text, so that several fit into one request of 500 KB

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Span:
    """A run of text that looks the same throughout. `styles` are Notion's annotation names."""

    text: str
    styles: frozenset[str] = frozenset()
    link: str = ""
    equation: bool = False


def clean(text: str) -> str:
    """The text without what no JSON or page can hold: lone surrogates, control characters; line ends become LF."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))


def units(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def slices(text: str, size: int = ITEM) -> list[str]:
    """The text in pieces of at most `size` UTF-16 units, emoji and accents kept whole where that costs little."""
    found, start = [], 0
    while start < len(text):
        end = start + size
        while units(text[start:end]) > size:
            end -= max(1, (units(text[start:end]) - size) // 2)
        end = _whole(text, start, end)
        found.append(text[start:end])
        start = end
    return found


def _whole(text: str, start: int, end: int) -> int:
    """A cut near `end` that does not fall inside a sign made of several characters."""
    if end >= len(text):
        return len(text)
    for back in range(64):
        if end - back <= start:
            break
        if not _joined(text, end - back):
            return end - back
    return end


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if "\u200d" in (before, after) or unicodedata.combining(after) or "\ufe00" <= after <= "\ufe0f":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _flags_before(text, at) % 2 == 1 and _is_flag(after)


def _flags_before(text: str, at: int) -> int:
    """A flag is two of these letters; which two belong together is told by counting from where their run begins."""
    start = at
    while start and _is_flag(text[start - 1]):
        start -= 1
    return at - start


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def rich(spans: Iterable[Span]) -> list[JSON]:
    """Spans as rich text items; neighbours that look the same become one."""
    items = []
    for (styles, link, equation), run in groupby(spans, key=lambda s: (s.styles, s.link, s.equation)):
        if equation:
            items += [{"type": "equation", "equation": {"expression": span.text}, **_look(styles)} for span in run]
        else:
            items += [_item(piece, styles, link) for piece in slices("".join(span.text for span in run))]
    return items


def _item(text: str, styles: frozenset[str], link: str) -> JSON:
    content = {"content": text, **({"link": {"url": link}} if link else {})}
    return {"type": "text", "text": content, **_look(styles)}


def _look(styles: frozenset[str]) -> dict[str, JSON]:
    return {"annotations": dict.fromkeys(sorted(styles), True)} if styles else {}


def literal(text: str) -> list[JSON]:
    """Text as it stands, without any marks."""
    return rich([Span(text)])


def batches(items: Sequence[JSON]) -> list[list[JSON]]:
    """The items in groups that one block may hold; one empty group where there are none."""
    groups: list[list[JSON]] = [[]]
    used = 0
    for item in items:
        weight = size(item)
        if groups[-1] and (len(groups[-1]) == ITEMS or used + weight > BLOCK_BYTES):
            groups.append([])
            used = 0
        groups[-1].append(item)
        used += weight
    return groups


def plain(items: Iterable[JSON]) -> str:
    """What a person reads in rich text, in a request of ours or an answer of Notion's."""
    return "".join(_words(item) for item in items)


def _words(item: JSON) -> str:
    if isinstance(item.get("plain_text"), str):
        return str(item["plain_text"])
    if "equation" in item:
        return str(item["equation"]["expression"])
    return str(item.get("text", {}).get("content", ""))


def encode(value: JSON) -> bytes:
    """JSON as httpx writes it, so that our measure is the real one."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def size(value: JSON) -> int:
    """Bytes on the wire."""
    return len(encode(value))


def may_link(url: str) -> bool:
    """Whether Notion takes this as the target of a link: http, https or mailto, with a host or an address in it."""
    if not url or units(url) > URL or any(char.isspace() for char in url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return bool(_MAIL.fullmatch(parts.path))
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host))
