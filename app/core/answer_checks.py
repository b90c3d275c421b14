"""The single checks behind `answer`: types, lengths, dates, quotes, and the room that strict schemas have for enums."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core import quotes
from connectors.contract import JSON

TYPES = {
    "short_text": "string",
    "text": "string",
    "long_text": "string",
    "number": "number",
    "integer": "integer",
    "yes_no": "boolean",
    "date": "string",
}
SAYS = {
    "short_text": "One line of at most 300 characters.",
    "text": "At most 4000 characters.",
    "long_text": "At most 20000 characters.",
    "number": "A number.",
    "integer": "A whole number.",
    "yes_no": "true or false.",
    "date": "A day as YYYY-MM-DD.",
}
LENGTHS = {"short_text": 300, "text": 4_000, "long_text": 20_000}
QUOTE_LENGTH = 1_000
NUMBER_LIMIT = 10**15
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass
class Room:
    """How many enum values a strict schema may still hold: 1000 in all; one enum of more than 250 only up to 15 000
    characters; 120 000 characters of names and values together (we keep below)."""

    values: int = 1_000
    characters: int = 100_000

    def take(self, choices: Sequence[str]) -> bool:
        """Use the room if there is enough; an enum must have a value."""
        length = sum(map(len, choices))
        if not choices or len(choices) > self.values or length > self.characters:
            return False
        if len(choices) > 250 and length > 15_000:
            return False
        self.values -= len(choices)
        self.characters -= length
        return True


def nullable(kind: str, optional: bool) -> str | list[str]:
    """A JSON schema type, with null where the value may be missing."""
    return [kind, "null"] if optional else kind


def shown(value: Any) -> str:
    """A value inside a sentence, short."""
    if isinstance(value, str):
        return f"“{value[:60]}{'…' if len(value) > 60 else ''}”"
    if value is None or isinstance(value, bool):
        return str(json.dumps(value))
    if isinstance(value, (int, float)):
        return f"{value:.12g}"
    return "a list" if isinstance(value, list) else "an object"


def few(words: Sequence[str]) -> str:
    """The first twenty of a list."""
    return ", ".join(words[:20]) + (f" … ({len(words)} in all)" if len(words) > 20 else "")


def either(words: Sequence[str]) -> str:
    """“a or b”."""
    return " or ".join(f"“{word}”" for word in words)


def plain(kind: str, value: JSON, at: str) -> list[str]:
    """What is wrong with a text, number, yes_no or date."""
    if kind == "yes_no":
        return [] if isinstance(value, bool) else [f"{at} must be true or false, not {shown(value)}"]
    if kind in ("number", "integer"):
        return _number(kind, value, at)
    if not isinstance(value, str):
        return [f"{at} must be text, not {shown(value)}"]
    if kind == "date":
        return [] if _is_day(value) else [f"{at} must be a day as YYYY-MM-DD, not {shown(value)}"]
    return _text(kind, value, at)


def _number(kind: str, value: JSON, at: str) -> list[str]:
    whole = kind == "integer"
    right = isinstance(value, int) or (isinstance(value, float) and not whole)
    if isinstance(value, bool) or not right:
        return [f"{at} must be a {'whole ' if whole else ''}number, not {shown(value)}"]
    if not math.isfinite(value) or abs(value) > NUMBER_LIMIT:
        return [f"{at} is not a number that can be used"]
    return []


def _text(kind: str, value: str, at: str) -> list[str]:
    if UNSTORABLE.search(value):
        return [f"{at} contains characters that cannot be stored"]
    if kind == "short_text" and len(value.splitlines()) > 1:
        return [f"{at} must be on one line"]
    if len(value) > LENGTHS[kind]:
        return [f"{at} has {len(value)} characters; at most {LENGTHS[kind]} are allowed"]
    return [] if value.strip() or kind != "short_text" else [f"{at} is empty"]


def _is_day(value: str) -> bool:
    if not DAY.fullmatch(value):
        return False
    try:
        return 1900 <= date.fromisoformat(value).year <= 2200
    except ValueError:
        return False


def quote(value: JSON, source: JSON, name: str, at: str) -> list[str]:
    """What is wrong with a quote of the given text `name`."""
    if not isinstance(value, str):
        return [f"{at} must be text, not {shown(value)}"]
    if len(value) > QUOTE_LENGTH:
        return [f"{at} has {len(value)} characters; quote at most {QUOTE_LENGTH}"]
    if not quotes.long_enough(value):
        return [f"{at} is too short to prove anything; copy a few words of {name}"]
    if not isinstance(source, str) or not quotes.stands_in(value, source):
        return [f"{at} does not occur in {name}: {shown(value)}; copy the words exactly, leaving none out"]
    return []
