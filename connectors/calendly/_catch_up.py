"""Bookings whose webhook got lost, or that were made while webhooks are not to be had (the free plan has none).

Meetings can be listed by when they begin, not by when they were booked. So all that are still to come are listed, and those
that look otherwise than at the last look are read with their guests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.calendly._client import Calendly, path_of
from connectors.calendly._delivery import CANCELED, CREATED, event
from connectors.contract import JSON, Event

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(hours=2)
PER_ROUND = 40  # meetings whose guests are read in one look


@dataclass
class _Place:
    """The cursor: everything before `since` was seen; `looks` is how each meeting to come looked then."""

    since: datetime
    looks: dict[str, str] = field(default_factory=dict)
    is_first: bool = False

    @classmethod
    def read(cls, cursor: JSON, now: datetime) -> _Place:
        if not isinstance(cursor, dict):
            return cls(now - FIRST_LOOK, {}, True)
        return cls(min(_moment(cursor.get("since"), now - FIRST_LOOK), now), dict(cursor.get("looks") or {}))


def bookings(client: Calendly, cursor: JSON) -> tuple[list[Event], JSON]:
    """Bookings made, moved and cancelled since the cursor, in the webhook's shape and with its keys.

    Fails only if the first meeting cannot be read: what was read before a later failure is kept, and the next look begins
    with what failed.
    """
    now = datetime.now(UTC)
    place = _Place.read(cursor, now)
    listed = list(_meetings(client, place.since - OVERLAP))
    looks = {meeting["uri"]: _look(meeting) for meeting in listed}
    fresh = [meeting for meeting in listed if place.looks.get(meeting["uri"]) != looks[meeting["uri"]]]
    if place.is_first:
        fresh = [meeting for meeting in fresh if _moment(meeting.get("updated_at"), now) >= place.since]
    events, left = _read_all(client, fresh, place.since - OVERLAP)
    unread = {meeting["uri"] for meeting in left}
    known = {uri: place.looks.get(uri, "") if uri in unread else look for uri, look in looks.items()}
    return events, {"since": _iso(place.since if left else now), "looks": known}


def _meetings(client: Calendly, since: datetime) -> list[dict[str, JSON]]:
    query = {**client.whose(), "min_start_time": _iso(since), "sort": "start_time:asc"}
    found = client.listed("/scheduled_events", **query)
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("uri"), str)]


def _look(meeting: dict[str, JSON]) -> str:
    """Changes when somebody books, cancels or moves."""
    counted = meeting.get("invitees_counter") or {}
    parts = (meeting.get("updated_at"), meeting.get("status"), counted.get("active"), counted.get("total"))
    return " ".join(str(part) for part in parts)


def _read_all(
    client: Calendly, wanted: list[dict[str, JSON]], since: datetime
) -> tuple[list[Event], list[dict[str, JSON]]]:
    """The events of as many meetings as fit in one look, and the meetings that are left."""
    events: list[Event] = []
    for number, meeting in enumerate(wanted[:PER_ROUND]):
        try:
            events += _of_meeting(client, meeting, since)
        except Exception:  # whatever it is, it comes first at the next look and is heard then
            if number == 0:
                raise
            return events, wanted[number:]
    return events, wanted[PER_ROUND:]


def _of_meeting(client: Calendly, meeting: dict[str, JSON], since: datetime) -> list[Event]:
    found = []
    for guest in client.listed(f"{path_of(meeting['uri'], 'scheduled_events')}/invitees"):
        never = datetime.min.replace(tzinfo=UTC)
        if _moment(guest.get("created_at"), never) >= since:
            found.append(_event(CREATED, guest, meeting, guest.get("created_at")))
        ended = (guest.get("cancellation") or {}).get("created_at") or guest.get("updated_at")
        if guest.get("status") == "canceled" and _moment(ended, never) >= since:
            found.append(_event(CANCELED, guest, meeting, ended))
    return [one for one in found if one]


def _event(told: str, guest: dict[str, JSON], meeting: dict[str, JSON], at: JSON) -> Event | None:
    document = {"event": told, "created_at": at, "payload": {**guest, "scheduled_event": meeting}}
    return event(document, json.dumps(document, sort_keys=True).encode())


def _moment(value: JSON, otherwise: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
