"""What a message says: JSON, a form, or text, read within limits. Everything in it may have been written by anybody."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from email.parser import BytesParser
from email.policy import HTTP
from typing import NoReturn
from urllib.parse import parse_qsl

from connectors.contract import JSON, Unreadable

DEPTH = 20
MOST = 10_000  # values
LONGEST = 20_000  # characters of the text that recipes see beside the fields
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
_BAD = re.compile("[\x00\ud800-\udfff]")  # no database keeps these

Fields = dict[str, JSON]


def read(body: bytes, content_type: str) -> tuple[Fields, str]:
    """(fields, text) of a message. A list is under "list", another lone value under "value"; text that is no JSON has no
    fields. Raises Unreadable with a sentence."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body.strip():
        return {}, ""
    if kind == PARTS:
        return _parts(body, content_type), ""
    text = _decoded(body)
    if kind == FORM:
        return _form(text), text[:LONGEST]
    if kind.endswith(("/json", "+json")) or text.lstrip()[:1] in ("{", "["):
        return _fields(text, must=kind.endswith(("/json", "+json"))), text[:LONGEST]
    return {}, text[:LONGEST]


def clean(text: str) -> str:
    return _BAD.sub("", text)


def _decoded(body: bytes) -> str:
    try:
        return clean(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("It is not written in UTF-8, so its letters cannot be told") from None


def _fields(text: str, *, must: bool) -> Fields:
    """`must`: the sender says that it is JSON."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_number)
    except RecursionError:
        raise Unreadable(f"It is nested more than {DEPTH} levels deep") from None
    except ValueError as problem:
        if not must:
            return {}
        raise Unreadable(f"It says that it is JSON, but it is not ({problem})"[:300]) from None
    value = _plain(value, DEPTH, [MOST])
    if isinstance(value, dict):
        return value
    return {"list": value} if isinstance(value, list) else {"value": value}


def _once(pairs: list[tuple[str, JSON]]) -> Fields:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("It names a field twice, and nobody can tell which one counts")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _number(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise ValueError(f"{text[:40]} is too large")
    return found


def _plain(value: JSON, deep: int, left: list[int]) -> JSON:
    """The same without letters that nothing can keep. `left` counts down over the whole message."""
    left[0] -= 1
    if left[0] < 0:
        raise Unreadable(f"It holds more than {MOST:,} values")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict | list) and deep == 0:
        raise Unreadable(f"It is nested more than {DEPTH} levels deep")
    if isinstance(value, dict):
        return {clean(name): _plain(part, deep - 1, left) for name, part in value.items()}
    return [_plain(part, deep - 1, left) for part in value] if isinstance(value, list) else value


def _form(text: str) -> Fields:
    """GitHub sends its JSON as the field "payload" of a form, if it is not told to send JSON."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST)
    except ValueError:
        raise Unreadable(f"It is a form with more than {MOST:,} fields") from None
    if len(pairs) == 1 and pairs[0][0] == "payload" and pairs[0][1].lstrip().startswith("{"):
        return _fields(clean(pairs[0][1]), must=True)
    return _gathered(pairs)


def _gathered(pairs: Iterable[tuple[str, str]]) -> Fields:
    """A field that is there several times is a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(clean(name), []).append(clean(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _parts(body: bytes, content_type: str) -> Fields:
    """A form with files: its fields, and the names of its files in place of what is in them."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts:
        raise Unreadable("It says that it is a form with parts, but there are none")
    if len(parts) > 1000:
        raise Unreadable("It is a form with more than 1,000 parts")
    pairs = []
    for part in parts:
        name = str(part.get_param("name", "", header="content-disposition") or "")
        held = part.get_payload(decode=True)
        text = held.decode("utf-8", "replace") if isinstance(held, bytes) else ""
        pairs.append((name, part.get_filename() or text))
    return _gathered(pairs)
