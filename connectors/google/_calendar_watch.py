"""What happens in the watched calendars: a look with Google's sync token finds it, with or without a delivery before it.

https://developers.google.com/workspace/calendar/api/guides/sync . With the token only what changed comes back; which of it is new,
changed or cancelled is told by what was remembered. The same parameters go along each time, or the token counts for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Unavailable
from connectors.google._calendars import watched
from connectors.google._client import Google, status_of
from connectors.google._event import CANCELLED as IS_CANCELLED
from connectors.google._event import fingerprint, is_ours
from connectors.google._event_shape import KEPT

CREATED, CHANGED, CANCELLED = "event.created", "event.changed", "event.cancelled"
KINDS = (CREATED, CHANGED, CANCELLED)
REMEMBERED = 500  # events of a calendar
PAGES = 400
# Without details of deleted ones nobody could say what was cancelled; 250 is what Google gives anyway.
SAME = {"showDeleted": True, "maxResults": 250}
_OVERLAP = timedelta(minutes=10)  # our clock and Google's differ
_NOT_MEETINGS = ("birthday", "workingLocation")


def changes(client: Google, cursor: JSON) -> tuple[list[Event], JSON]:
    """Events that were made, changed or cancelled. The first look at a calendar only remembers what is there.

    What was read before a failure is kept; the calendar that failed comes first in the next round, and is heard then.
    """
    known = dict(cursor.get("calendars") or {}) if isinstance(cursor, dict) else {}
    first = cursor.get("first") if isinstance(cursor, dict) else None
    calendars = sorted(watched(client), key=lambda calendar: calendar != first)
    events, done, failed = list[Event](), dict[str, JSON](), ""
    for calendar in calendars:
        try:
            found, place = _look(client, calendar, known.get(calendar))
        except Exception:  # the door's own among them
            if not done:
                raise
            failed = calendar
            break
        events += found
        done[calendar] = place
    kept = {calendar: known[calendar] for calendar in calendars if calendar in known}
    return events, {"calendars": {**kept, **done}, "first": failed}


@dataclass
class _Place:
    """Of one calendar: `begun`, when it was first looked at; `since`, when last; `token`, Google's; `seen`, the events of late,
    each with [fingerprint, updated]."""

    begun: str
    since: str
    token: str = ""
    anew: bool = False  # everything there is is looked at once more, because the token was forgotten
    seen: dict[str, list[str]] = field(default_factory=dict)

    def remember(self, event: JSON) -> None:
        self.seen[event["id"]] = [fingerprint(event), str(event.get("updated") or "")]
        if len(self.seen) > 4 * REMEMBERED:
            self.seen = self.newest()

    def newest(self) -> dict[str, list[str]]:
        return dict(sorted(self.seen.items(), key=lambda one: one[1][1])[-REMEMBERED:])

    def saved(self) -> JSON:
        return {"begun": self.begun, "since": self.since, "token": self.token, "seen": self.newest()}


def _look(client: Google, calendar: str, known: JSON) -> tuple[list[Event], JSON]:
    now = _iso(datetime.now(UTC))
    if not known:
        place = _Place(now, now)
        for page in _pages(client, calendar, ""):
            place.token = page.get("nextSyncToken", "")
            for event in page.get("items", []):
                place.remember(event)
        return [], place.saved()
    place = _Place(known["begun"], known["since"], known["token"], seen=dict(known["seen"]))
    found = [event for page in _since(client, calendar, place) for event in _of_page(calendar, place, page)]
    place.since = now
    return found, place.saved()


def _since(client: Google, calendar: str, place: _Place) -> Iterator[JSON]:
    """What changed; all there is if Google has forgotten the token (410), of which old things are left out later."""
    try:
        pages = list(_pages(client, calendar, place.token))
    except Exception as error:
        if status_of(error) != 410:
            raise
        pages, place.anew = list(_pages(client, calendar, "")), True
    for page in pages:
        place.token = page.get("nextSyncToken", "")
        yield page


def _pages(client: Google, calendar: str, token: str) -> Iterator[JSON]:
    """Every page; only the last one has the next sync token. One that fails ends it: half a list moves no cursor."""
    following: dict[str, str] = {"syncToken": token} if token else {}
    for _ in range(PAGES):
        page = client.calendar.events().list(calendarId=calendar, **SAME, **following).execute(num_retries=0)
        yield page
        if not page.get("nextPageToken"):
            return
        following = {**({"syncToken": token} if token else {}), "pageToken": page["nextPageToken"]}
    raise Unavailable("Google Calendar's list does not end; this is tried again later.")


def _of_page(calendar: str, place: _Place, page: JSON) -> Iterator[Event]:
    about = {"id": calendar, "name": page.get("summary") or "", "time_zone": page.get("timeZone") or ""}
    for event in page.get("items", []):
        if event.get("eventType") not in _NOT_MEETINGS and (kind := _kind(place, event)):
            yield _event(kind, about, event)
        place.remember(event)


def _kind(place: _Place, event: JSON) -> str:
    """What happened to an event since the last look; "" if nothing did that people would call so."""
    before, cancelled = place.seen.get(event["id"]), event.get("status") == IS_CANCELLED
    said = [fingerprint(event), str(event.get("updated") or "")]
    if before is not None and before[0] == said[0]:
        return ""
    since = _iso(datetime.fromisoformat(place.since) - _OVERLAP)
    if place.anew and before is None and _utc(said[1]) < since:
        return ""
    if cancelled:
        return CANCELLED
    is_new = before is None and _utc(str(event.get("created") or "")) >= since
    return ("" if is_ours(event) else CREATED) if is_new else CHANGED


def _event(kind: str, calendar: JSON, event: JSON) -> Event:
    kept = {name: event[name] for name in KEPT if name in event}
    body = json.dumps({"event": kind, "calendar": calendar, "item": kept}, sort_keys=True).encode()
    version = IS_CANCELLED if kind == CANCELLED else fingerprint(event)
    which = "" if kind == CREATED else f"{event.get('updated') or event.get('etag') or ''}:{version}"
    key = ":".join(part for part in (kind, calendar["id"], event["id"], which) if part)
    serial = f"event:{event.get('recurringEventId') or event['id']}"
    own = {"object": event["id"], "version": version}  # our own changes are no news
    return Event(kind, key, body, serial_key=serial, occurred_at=_ms(event.get("updated")), **own)


def _ms(value: JSON) -> int | None:
    try:
        return int(datetime.fromisoformat(str(value)).timestamp() * 1000)
    except ValueError:
        return None


def _utc(text: str) -> str:
    """Google's times as ours, so that they can be compared as text; "" for none."""
    try:
        return _iso(datetime.fromisoformat(text))
    except ValueError:
        return ""


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
