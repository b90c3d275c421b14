"""The catch-up path for recaps whose webhook got lost: Zoom gives up after three retries, 85 minutes after the first.

GET /meetings/meeting_summaries lists them by the time they were made, GET /meetings/{uuid}/meeting_summary has the
text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests

from connectors.contract import JSON, Event
from connectors.zoom._client import Zoom, encoded
from connectors.zoom._delivery import SUMMARY_COMPLETED, event
from connectors.zoom._plain import iso, moment

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(hours=2)  # recaps can be listed late, or be listed before they can be read
LONGEST = timedelta(days=28)  # one question never spans more: Zoom answers for a month at most
PER_ROUND = 50
_LISTS = ("meeting:read:list_summaries", "meeting_summary:read:admin")  # an administrator's permissions
_READ = (
    "meeting_host_id",
    "meeting_host_email",
    "meeting_id",
    "meeting_topic",
    "meeting_start_time",
    "meeting_end_time",
    "summary_start_time",
    "summary_end_time",
    "summary_created_time",
    "summary_last_modified_time",
    "summary_title",
    "summary_overview",
    "summary_details",
    "summary_content",
    "next_steps",
    "edited_summary",
)


@dataclass(frozen=True)
class _Listed:
    uuid: str
    made: datetime


def recaps(zoom: Zoom, cursor: JSON) -> tuple[list[Event], JSON]:
    """Recaps since the cursor, oldest first, at most 50 a round.

    The events have the webhook's shape and its `once_key`, so a recap that came both ways starts a recipe once. One
    that cannot be read (yet) is looked at again while it is in the overlap. Fails only if the first reading fails: what
    was read before a later failure is kept, and the next round begins with what failed.
    """
    if not zoom.connected or (zoom.person and not zoom.may(*_LISTS)):
        return [], cursor
    now = datetime.now(UTC)
    place = _Place.read(cursor, now)
    end = min(now, place.since + LONGEST)
    listed = sorted(_list(zoom, place.since - OVERLAP, end), key=lambda one: one.made)
    fresh = [one for one in listed if one.uuid not in place.seen and one.uuid not in place.missed]
    again = [one for one in listed if one.uuid in place.missed]
    events, left = _read_all(zoom, fresh + again, place)
    unread = [one.made for one in left if one.uuid not in place.missed]
    return events, place.moved(max(place.since, min(unread)) if unread else end)


@dataclass
class _Place:
    """The cursor: everything made before `since` was looked at. `seen` and `missed` (uuid → when it was made) are what
    was read, or could not be read, in the overlap before it and after."""

    since: datetime
    seen: dict[str, str]
    missed: dict[str, str]

    @classmethod
    def read(cls, cursor: JSON, now: datetime) -> _Place:
        if not isinstance(cursor, dict):
            return cls(now - FIRST_LOOK + OVERLAP, {}, {})
        since = min(moment(cursor.get("since"), now - FIRST_LOOK), now)
        return cls(since, dict(cursor.get("seen") or {}), dict(cursor.get("missed") or {}))

    def looked_at(self, one: _Listed, readable: bool) -> None:
        self.missed.pop(one.uuid, None)
        (self.seen if readable else self.missed)[one.uuid] = iso(one.made)

    def moved(self, since: datetime) -> JSON:
        oldest = iso(since - OVERLAP)
        seen, missed = ({u: made for u, made in kept.items() if made >= oldest} for kept in (self.seen, self.missed))
        return {"since": iso(since), "seen": seen, "missed": missed}


def _read_all(zoom: Zoom, wanted: list[_Listed], place: _Place) -> tuple[list[Event], list[_Listed]]:
    """The events of as many as fit in one round, and the rest."""
    events: list[Event] = []
    for number, one in enumerate(wanted[:PER_ROUND]):
        try:
            found = _recap(zoom, one)
        except Exception:  # the door's own among them; whatever it is, it comes first and is heard next time
            if number == 0:
                raise
            return events, wanted[number:]
        place.looked_at(one, found is not None)
        events += [found] if found else []
    return events, wanted[PER_ROUND:]


def _recap(zoom: Zoom, one: _Listed) -> Event | None:
    """None where it is not ready, deleted, or only its host may read it."""
    try:
        answer = zoom.get(f"/meetings/{encoded(one.uuid)}/meeting_summary")
    except requests.HTTPError as refusal:
        if refusal.response.status_code in (403, 404):
            return None
        raise
    recap = {name: answer[name] for name in _READ if answer.get(name) is not None} | {"meeting_uuid": one.uuid}
    document = {
        "event": SUMMARY_COMPLETED,
        "event_ts": int(moment(recap.get("summary_created_time"), one.made).timestamp() * 1000),
        "payload": {"account_id": zoom.account_id, "object": recap},
    }
    return event(document, json.dumps(document, sort_keys=True).encode())


def _list(zoom: Zoom, begin: datetime, end: datetime) -> Iterator[_Listed]:
    for entry in zoom.pages("/meetings/meeting_summaries", "summaries", **{"from": iso(begin), "to": iso(end)}):
        if isinstance(entry.get("meeting_uuid"), str) and entry["meeting_uuid"]:
            yield _Listed(entry["meeting_uuid"], moment(entry.get("summary_created_time"), end))
