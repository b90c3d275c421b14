"""A delivery's JSON read strictly: what JSON parsers disagree about is refused, not guessed."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from connectors.errors import Unreadable

JSON = Any

DEPTH = 64
_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")


def read_strictly(raw: bytes, vendor: str) -> dict[str, JSON]:
    """The JSON object in `raw`, which `vendor` (its title) has sent. Raises `Unreadable` for anything that is not one, NaN,
    names that occur twice, more than 64 levels, NUL characters and half surrogate pairs (no database stores those two)."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"This delivery is not the JSON that {vendor} documents: {_short(problem)}.") from problem
    if not isinstance(value, dict):
        raise Unreadable(f"This delivery is JSON, but not an object as {vendor} documents it.")
    if b"\\u" in raw or raw.count(b"{") + raw.count(b"[") > DEPTH:  # else there is nothing to find
        _inspect(value)
    return value


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _inspect(value: JSON) -> None:
    level: list[JSON] = [value]
    for _ in range(DEPTH + 1):  # the last round looks at the text inside the innermost level
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise Unreadable(f"This delivery is nested deeper than {DEPTH} levels.")


def _inside(value: JSON) -> list[JSON]:
    if isinstance(value, str) and _BAD_CHARACTER.search(value):
        raise Unreadable("This delivery holds characters that are no text (NUL, or half of a surrogate pair).")
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _short(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return str(problem)[:200].encode("ascii", "replace").decode()
