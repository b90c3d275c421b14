"""Looking into calendars: one event, those of a time, and the picker of events."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import JSON, Choice, Refused
from connectors.google import _event_shape, _event_time
from connectors.google._calendars import PRIMARY, READ, find, watched
from connectors.google._client import Google
from connectors.google._event import Place, get, place, present
from connectors.google._scopes import EVENTS

MOST = 100  # events of a search
_SHOWN = 50  # choices


def get_event(client: Google, *, event: str, calendar: str = "primary") -> dict[str, JSON]:
    """The event with the fields that triggers have. Raises `Refused` for one that is not there."""
    where = place(client, calendar, event)
    return _event_shape.of(present(client, where), {"id": where.calendar})


def find_events(
    client: Google, *, after: str, before: str, search: str = "", calendar: str = "primary"
) -> dict[str, JSON]:
    """`events`: those that lie at least partly between two times or days, the earliest first, each date of a series by itself;
    at most 100. `more` says whether there are others. Times without an offset are in the calendar's zone; `before` may be a
    day, which then counts, too."""
    client.require(EVENTS, what=READ)
    where = find(client, calendar)
    facts = client.calendar.events().list(calendarId=where, maxResults=1).execute(num_retries=0)
    zone = str(facts.get("timeZone") or "UTC")
    first, last = _event_time.instant(after, zone), _event_time.instant(before, zone, ends=True)
    if last <= first:
        raise Refused("The time to look at ends before it begins. Change `after` or `before` in the recipe.")
    asked = {"timeMin": first.isoformat(), "timeMax": last.isoformat(), "singleEvents": True, "orderBy": "startTime"}
    page = (
        client.calendar.events()
        .list(calendarId=where, maxResults=MOST, q=search.strip() or None, **asked)
        .execute(num_retries=0)
    )
    about = {"id": where, "name": page.get("summary") or "", "time_zone": zone}
    return {
        "events": [_event_shape.of(one, about) for one in page.get("items", [])],
        "more": bool(page.get("nextPageToken")),
    }


def choices(client: Google, query: str) -> list[Choice]:
    """Coming events of the watched calendars, as "calendar/id", the earliest first."""
    client.require(EVENTS, what=READ)
    found: list[tuple[str, Choice]] = []
    for calendar in watched(client):
        asked = {"timeMin": datetime.now(UTC).isoformat(), "singleEvents": True, "orderBy": "startTime"}
        call = client.calendar.events().list(calendarId=calendar, maxResults=_SHOWN, q=query.strip() or None, **asked)
        found += [(_when(one), _choice(calendar, one)) for one in call.execute(num_retries=0).get("items", [])]
    return [choice for _, choice in sorted(found, key=lambda one: one[0])[:_SHOWN]]


def _when(event: JSON) -> str:
    when = _event_time.read(event)
    return when.start if when else ""


def _choice(calendar: str, event: JSON) -> Choice:
    return Choice(
        f"{calendar}/{event['id']}", f"{event.get('summary') or 'No title'}, {_when(event)[:16].replace('T', ' ')}"
    )


def resolve(client: Google, text: str) -> list[Choice]:
    """What a person pasted: an address of an event, or an id. Raises `Refused` if no watched calendar has it."""
    given = place(client, PRIMARY, text)
    for calendar in dict.fromkeys([given.calendar, *watched(client)]):
        event = get(client, Place(calendar, given.event))
        if event is not None:
            return [_choice(calendar, event)]
    raise Refused("The calendars that start recipes have no such event. Choose another one, or name its calendar, too.")
