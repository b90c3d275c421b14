"""What a recipe sees of an event of a calendar."""

from __future__ import annotations

import html
import json
import re

from connectors.contract import JSON, Label, Unreadable
from connectors.google import _event_time

MOST_GUESTS = 200
LONGEST = 8192
KEPT = (
    *(
        "id",
        "status",
        "htmlLink",
        "created",
        "updated",
        "summary",
        "description",
        "location",
        "organizer",
        "start",
        "end",
    ),
    *("recurrence", "recurringEventId", "originalStartTime", "attendees", "hangoutLink", "conferenceData", "eventType"),
)
"""What is kept of an event as Google sends it."""

FIELDS = {
    "id": Label.VENDOR,
    "calendar_id": Label.VENDOR,
    "url": Label.VENDOR,
    "status": Label.VENDOR,
    "start": Label.VENDOR,
    "end": Label.VENDOR,
    "all_day": Label.VENDOR,
    "time_zone": Label.VENDOR,
    "created_at": Label.VENDOR,
    "changed_at": Label.VENDOR,
    "series_id": Label.VENDOR,
    "original_start": Label.VENDOR,
    "calendar": Label.OUTSIDE,
    "title": Label.OUTSIDE,
    "description": Label.OUTSIDE,
    "location": Label.OUTSIDE,
    "meeting_link": Label.OUTSIDE,
    "repeats": Label.OUTSIDE,
    "organizer": Label.OUTSIDE,
    "guests[].email": Label.OUTSIDE,
    "guests[].name": Label.OUTSIDE,
    "guests[].answer": Label.VENDOR,
}


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`; text, or "" where Google has nothing, as for most of a cancelled event that
    others have organised. `start` and `end`: ISO 8601 with the offset, or days if `all_day`, the end the last day. `answer`:
    needsAction, accepted, tentative or declined. `repeats`: the rule of a series (RFC 5545). `series_id` and `original_start`:
    of one date of a series that differs from it. Raises `Unreadable`."""
    try:
        document = json.loads(body)
        event, calendar = document["item"], document["calendar"]
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise Unreadable("This is no event as Patchbay reads it from Google Calendar.") from problem
    if not isinstance(event, dict) or not event.get("id") or not isinstance(calendar, dict):
        raise Unreadable("This event of Google Calendar has no id.")
    return of(event, calendar)


def of(event: JSON, calendar: JSON) -> dict[str, JSON]:
    """`calendar`: `id`, `name` and `time_zone`."""
    when, original = _event_time.read(event), event.get("originalStartTime") or {}
    return {
        "id": event["id"],
        "calendar_id": calendar.get("id") or "",
        "calendar": calendar.get("name") or "",
        "url": event.get("htmlLink") or "",
        "status": event.get("status") or "",
        "start": when.start if when else "",
        "end": when.end if when else "",
        "all_day": bool(when and when.all_day),
        "time_zone": (when.zone if when else "") or calendar.get("time_zone") or "",
        "created_at": event.get("created") or "",
        "changed_at": event.get("updated") or "",
        "series_id": event.get("recurringEventId") or "",
        "original_start": original.get("dateTime") or original.get("date") or "",
        "title": event.get("summary") or "",
        "description": plain(event.get("description") or "")[:LONGEST],
        "location": event.get("location") or "",
        "meeting_link": _link(event),
        "repeats": "\n".join(event.get("recurrence") or []),
        "organizer": (event.get("organizer") or {}).get("email") or "",
        "guests": [_guest(one) for one in (event.get("attendees") or [])[:MOST_GUESTS] if not one.get("resource")],
    }


def _guest(one: JSON) -> JSON:
    return {
        "email": one.get("email") or "",
        "name": one.get("displayName") or "",
        "answer": one.get("responseStatus") or "needsAction",
    }


def _link(event: JSON) -> str:
    """Where a video call takes place."""
    points = (event.get("conferenceData") or {}).get("entryPoints") or []
    video = next((one["uri"] for one in points if one.get("entryPointType") == "video" and one.get("uri")), "")
    return str(video or event.get("hangoutLink") or "")


def plain(text: str) -> str:
    """Descriptions may be HTML: https://developers.google.com/workspace/calendar/api/v3/reference/events"""
    if "<" not in text:
        return html.unescape(text)
    broken = re.sub(r"<br\s*/?>|</p>|</div>|</li>", "\n", text, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", broken)).strip()
