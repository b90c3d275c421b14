"""Plain values out of what Zoom says: what is of another kind than documented becomes nothing, and never an error."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import JSON


def line(value: JSON) -> str:
    """A text, or a whole number as one; else ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def time(value: JSON) -> str:
    """Only what reads as a time: recipes count on it."""
    text = line(value)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text


def part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def entries(value: JSON) -> list[dict[str, JSON]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole(value: JSON) -> int:
    """A count or a size; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def moment(value: JSON, otherwise: datetime) -> datetime:
    """A time in ISO 8601, UTC where it names no zone; `otherwise` for what is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
    if not 2000 <= found.year < 2200:  # near the ends of the calendar, arithmetic fails
        return otherwise
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def iso(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
