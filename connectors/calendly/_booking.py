"""A booking as the plain value that a recipe sees: https://developer.calendly.com/api-docs (Invitee, Scheduled Event)

Names, answers and reasons are typed by guests.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from connectors.contract import JSON, Label

FIELDS = {
    "booking": Label.VENDOR,
    "meeting": Label.VENDOR,
    "old_booking": Label.VENDOR,
    "event_type": Label.VENDOR,
    "start": Label.VENDOR,
    "end": Label.VENDOR,
    "booked_at": Label.VENDOR,
    "cancel_url": Label.VENDOR,
    "reschedule_url": Label.VENDOR,
    "title": Label.OUTSIDE,
    "name": Label.OUTSIDE,
    "email": Label.OUTSIDE,
    "timezone": Label.OUTSIDE,
    "location": Label.OUTSIDE,
    "text": Label.OUTSIDE,
    "cancelled_by": Label.OUTSIDE,
    "reason": Label.OUTSIDE,
    "answers.*": Label.OUTSIDE,
    "tracking.*": Label.OUTSIDE,
    "questions[].question": Label.OUTSIDE,
    "questions[].answer": Label.OUTSIDE,
}
LONGEST = 10_000  # characters of one answer
_BAD = re.compile("[\x00\ud800-\udfff]")


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "booking" and "meeting" as actions take them, "start" and "end" ISO 8601, "answers" by question,
    "old_booking" what it was before it was moved, "reason" why it was cancelled; "" where Calendly says nothing."""
    payload = _part(json.loads(body), "payload")
    meeting, cancelled = _part(payload, "scheduled_event"), _part(payload, "cancellation")
    questions = [_question(one) for one in _entries(payload.get("questions_and_answers"))]
    return {
        "booking": _line(payload.get("uri")),
        "meeting": _line(meeting.get("uri")) or _line(payload.get("event")),
        "old_booking": _line(payload.get("old_invitee")),
        "event_type": _line(meeting.get("event_type")),
        "title": _text(meeting.get("name")),
        "start": _time(meeting.get("start_time")),
        "end": _time(meeting.get("end_time")),
        "booked_at": _time(payload.get("created_at")),
        "name": _text(payload.get("name")),
        "email": _text(payload.get("email")),
        "timezone": _text(payload.get("timezone")),
        "location": _location(_part(meeting, "location")),
        "cancel_url": _line(payload.get("cancel_url")),
        "reschedule_url": _line(payload.get("reschedule_url")),
        "cancelled_by": _text(cancelled.get("canceled_by")),
        "reason": _text(cancelled.get("reason")),
        "questions": questions,
        "answers": {one["question"]: one["answer"] for one in questions},
        "text": "\n".join(f"{one['question']}: {one['answer']}" for one in questions if one["answer"]),
        "tracking": {str(name): _text(value) for name, value in _part(payload, "tracking").items()},
    }


def _question(entry: dict[str, JSON]) -> dict[str, str]:
    return {"question": _text(entry.get("question")), "answer": _text(entry.get("answer"))}


def _location(location: dict[str, JSON]) -> str:
    """Where to go or what to open; else how it was agreed to meet."""
    return next((text for name in ("join_url", "location", "type") if (text := _text(location.get(name)))), "")


def _text(value: JSON) -> str:
    return _BAD.sub("", value).strip()[:LONGEST] if isinstance(value, str) else ""


def _line(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _time(value: JSON) -> str:
    """Only what reads as a time: recipes count on it."""
    try:
        datetime.fromisoformat(_line(value))
    except ValueError:
        return ""
    return _line(value)


def _part(holder: JSON, name: str) -> dict[str, JSON]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _entries(value: JSON) -> list[dict[str, JSON]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
