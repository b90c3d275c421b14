"""Zoom's recap of a meeting (AI Companion) as the plain value a recipe sees.

The text comes in several shapes (one piece, or overview and details, which older accounts label differently), and
edits come in a part of their own: https://developers.zoom.us/docs/api/meetings/events/
"""

from __future__ import annotations

from connectors.contract import JSON, Label, read_strictly
from connectors.zoom._plain import line, part, time

FIELDS = {
    "meeting_uuid": Label.VENDOR,
    "meeting_id": Label.VENDOR,
    "topic": Label.OUTSIDE,
    "title": Label.OUTSIDE,
    "summary": Label.OUTSIDE,
    "next_steps": Label.OUTSIDE,
    "next_steps[]": Label.OUTSIDE,
    "host_email": Label.OUTSIDE,
    "start": Label.VENDOR,
    "end": Label.VENDOR,
    "account_id": Label.VENDOR,
}
_LABELS = ("label", "summary_title")
_TEXTS = ("summary", "summary_content")


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. Text, or "" where Zoom says nothing; `summary` is Markdown, `start`
    and `end` ISO 8601, `next_steps` a list of text."""
    payload = part(read_strictly(body, "Zoom"), "payload")
    recap = _edited(part(payload, "object"))
    steps = _items(recap.get("next_steps"))
    return {
        "meeting_uuid": line(recap.get("meeting_uuid") or recap.get("uuid")),
        "meeting_id": line(recap.get("meeting_id") or recap.get("id")),
        "topic": line(recap.get("meeting_topic") or recap.get("topic")).strip(),
        "title": line(recap.get("summary_title")).strip(),
        "summary": _summary(recap, steps),
        "next_steps": steps,
        "host_email": line(recap.get("meeting_host_email") or recap.get("host_email")),
        "start": time(recap.get("meeting_start_time") or recap.get("start_time")),
        "end": time(recap.get("meeting_end_time") or recap.get("end_time")),
        "account_id": line(payload.get("account_id")),
    }


def _edited(recap: dict[str, JSON]) -> dict[str, JSON]:
    """What a person changed wins over what Zoom wrote, part by part (an emptied list of next steps stays empty)."""
    edits = {name: value for name, value in part(recap, "edited_summary").items() if value is not None}
    if edits and "summary_content" not in edits:
        edits["summary_content"] = None  # the one-piece text is of before the edit
    return {**recap, **edits}


def _summary(recap: dict[str, JSON], steps: list[str]) -> str:
    whole = recap.get("summary_content")
    if isinstance(whole, str) and whole.strip():
        return whole.strip()
    parts = [_words(recap.get("summary_overview")), *_details(recap.get("summary_details"))]
    if steps:
        parts.append("### Next steps\n\n" + "\n".join("- " + step.replace("\n", "\n  ") for step in steps))
    return "\n\n".join(part for part in parts if part)


def _details(value: JSON) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    return [_detail(entry) if isinstance(entry, dict) else _words(entry) for entry in entries]


def _detail(entry: dict[str, JSON]) -> str:
    label = next((" ".join(_words(entry[name]).split()) for name in _LABELS if entry.get(name)), "")
    text = next((_words(entry[name]) for name in _TEXTS if entry.get(name)), "")
    if not label and not text:
        return _words(entry)
    return "\n\n".join(part for part in (f"### {label}" if label else "", text) if part)


def _items(value: JSON) -> list[str]:
    entries = value if isinstance(value, list) else _words(value).splitlines()
    return [text for text in map(_words, entries) if text]


def _words(value: JSON) -> str:
    """The text in a value, however Zoom wrapped it: nothing a person wrote is left out."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "\n".join(text for text in map(_words, value) if text)
    return "" if value is None or isinstance(value, bool) else str(value)
