"""Lengths of time as people write them in a recipe: "90 minutes", "2 days"."""

from __future__ import annotations

import re

_UNITS = {"minute": 60_000, "min": 60_000, "hour": 3_600_000, "h": 3_600_000, "day": 86_400_000, "week": 604_800_000}
_WRITTEN = re.compile(rf"(\d{{1,4}}) ?({'|'.join(_UNITS)})s?")
HINT = "Write it like 90 minutes, 24 hours, 2 days or 1 week."


def read(text: str) -> int | None:
    """ms, or None where the text is no length of time."""
    match = _WRITTEN.fullmatch(" ".join(text.lower().split()))
    return int(match[1]) * _UNITS[match[2]] if match and int(match[1]) else None
