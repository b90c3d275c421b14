"""One event of a calendar: where it is, what it says, and what a change of it leaves behind.

https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from connectors.contract import JSON, Refused
from connectors.google import _event_time
from connectors.google._calendars import PRIMARY, READ, decoded, find
from connectors.google._client import Google, there
from connectors.google._scopes import EVENTS

NOT_SENT = "not sent"  # the id of what was only drawn
CANCELLED = "cancelled"
MARK = "patchbay"  # the name of our key among the event's private properties
_ID = re.compile(r"[A-Za-z0-9_]{1,1024}")
_LONGEST = {"summary": 1024, "location": 1024, "description": 8192}


@dataclass(frozen=True)
class Place:
    """An event in its calendar."""

    calendar: str
    event: str


def place(client: Google, calendar: JSON, event: JSON) -> Place:
    """`event`: an id, "calendar/id" as the picker gives it, or the address of an event. Raises `Refused` for anything else."""
    given = str(event or "").strip()
    if "://" in given:
        given = _in_address(given)
    where, _, own = given.rpartition("/")
    if not _ID.fullmatch(own) and own != NOT_SENT:
        raise Refused(f"“{own[:60]}” is no event of Google Calendar. Choose one, or give the id from an event.")
    return Place(find(client, where or calendar), own)


def _in_address(text: str) -> str:
    """The id in "…?eid=…", which is base64 of the id and a short form of the calendar."""
    asked = parse_qs(urlsplit(text).query)
    own = next((decoded(value).partition(" ")[0] for value in asked.get("eid", [])), "")
    if not own:
        raise Refused("This address names no event. Open the event in Google Calendar and copy the address from there.")
    return own


def own_id(key: str) -> str:
    """The id of an event that is made with this key; letters a to v and digits are allowed."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_ours(event: JSON) -> bool:
    """Whether Patchbay made it. A copy that somebody made of it has our key, too, but an id of its own."""
    key = str(((event.get("extendedProperties") or {}).get("private") or {}).get(MARK) or "")
    return bool(key) and bool(event.get("id") == own_id(key))


def get(client: Google, where: Place) -> JSON:
    """The event, also a deleted one (`status` "cancelled") as long as Google keeps it; None if there is none."""
    client.require(EVENTS, what=READ)
    call = client.calendar.events().get(calendarId=where.calendar, eventId=where.event)
    return there(lambda: call.execute(num_retries=0))


def present(client: Google, where: Place) -> JSON:
    """Raises `Refused` for one that is not there."""
    found = get(client, where)
    if found is None:
        raise Refused(
            "Google Calendar has no such event any more, or does not show it to this account. Choose another one."
        )
    if found.get("status") == CANCELLED:
        raise Refused(f"The event “{found.get('summary', '')}” was cancelled in Google Calendar. Choose another one.")
    return found


def calendar_facts(client: Google, calendar: str) -> JSON:
    """`timeZone` and `accessRole`, from a list of one event: that needs no more than the right to read events."""
    client.require(EVENTS, what=READ)
    return client.calendar.events().list(calendarId=calendar, maxResults=1).execute(num_retries=0)


def writable(client: Google, calendar: str) -> JSON:
    """The same. Raises `Refused` if this account may only read."""
    facts = calendar_facts(client, calendar)
    if facts.get("accessRole") not in ("writer", "owner"):
        raise Refused(
            f"This Google account may only read the calendar “{facts.get('summary', calendar)}”. Let its owner share it with "
            "the right to make changes, or choose another one."
        )
    return facts


def words(arguments: dict[str, JSON]) -> dict[str, str]:
    """Title, place and description as Google calls them; what is empty is left out. Raises `Refused` for what is too long."""
    named = {"summary": "title", "location": "location", "description": "description"}
    found = {field: str(arguments.get(name) or "").strip() for field, name in named.items()}
    for field, text in found.items():
        if len(text) > _LONGEST[field]:
            raise Refused(
                f"The {named[field]} is too long for Google Calendar, which takes {_LONGEST[field]} characters."
            )
    return {field: text for field, text in found.items() if text}


def guests(event: JSON) -> list[JSON]:
    """Those invited besides this account and its rooms."""
    return [one for one in event.get("attendees") or [] if not one.get("self") and not one.get("resource")]


def fingerprint(event: JSON) -> str:
    """Of what people write into an event and answer to it. Google touches events for reasons of its own, too, which moves `etag`
    and `updated`; that is no news, and no change of somebody's."""
    answers = sorted([str(one.get("email")), str(one.get("responseStatus"))] for one in event.get("attendees") or [])
    times = _event_time.read(event)
    when = [str(part) for part in times.moments()] if times else []
    said = [event.get(name) or "" for name in ("summary", "location", "description", "recurrence", "sequence")]
    cancelled = event.get("status") == CANCELLED
    return hashlib.sha256(json.dumps([cancelled, said, when, answers]).encode()).hexdigest()[:16]


def result(calendar: str, event: JSON) -> dict[str, JSON]:
    """What a change returns: id, address, calendar, title, times, and the version by which our own change is known again."""
    times = _event_time.read(event)
    return {
        "id": event["id"],
        "url": event.get("htmlLink") or "",
        "calendar": calendar or PRIMARY,
        "title": event.get("summary") or "",
        "start": times.start if times else "",
        "end": times.end if times else "",
        "version": fingerprint(event),
    }


def gone(where: Place) -> dict[str, JSON]:
    """What a cancelled one leaves behind; the same version as its cancellation has as an event."""
    return {"id": where.event, "url": "", "calendar": where.calendar, "version": CANCELLED}
