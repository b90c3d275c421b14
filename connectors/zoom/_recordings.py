"""The catch-up path for recordings and transcripts whose webhook got lost.

GET /accounts/me/recordings lists those of a whole account, GET /users/me/recordings those of who signed in, by the day of the
meeting, a month at most at once. https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event
from connectors.zoom._client import Zoom
from connectors.zoom._delivery import event
from connectors.zoom._plain import iso, line, moment
from connectors.zoom._recording import COMPLETED, TRANSCRIPT_COMPLETED, files_of

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(days=4)  # a recording may be complete, and its transcript be made, days after the meeting
LONGEST = timedelta(days=21)  # with the overlap never more than a month, not even in February
PER_ROUND = 50
_READ = ("uuid", "id", "host_id", "host_email", "topic", "type", "start_time", "timezone", "duration", "share_url")
_FILE = (
    *("id", "meeting_id", "recording_start", "recording_end", "file_type", "file_extension", "file_size", "play_url"),
    *("status", "recording_type"),
)
_SOME = ("cloud_recording:", "recording:")


def recordings(zoom: Zoom, cursor: JSON) -> tuple[list[Event], JSON]:
    """Recordings and transcripts that were completed since the cursor, at most 50 events a round, oldest meetings first.

    The events have the webhook's shape and its `once_key`. An app that was given no permission for recordings at all is one for
    recaps, and is left alone; where only the one for lists is missing, Zoom's refusal passes through.
    """
    if not zoom.connected or not zoom.may(*_SOME):
        return [], cursor
    now = datetime.now(UTC)
    place = _Place.read(cursor, now)
    end = min(now, place.since + LONGEST)
    made = [one for one in _ready(zoom, place.since - OVERLAP, end) if one.key not in place.seen]
    fresh = [one for one in made if cursor is not None or one.ended >= place.since]
    taken = fresh[:PER_ROUND]
    left = {one.key for one in fresh[PER_ROUND:]}
    events = [one.event(zoom) for one in taken]
    place.seen |= {one.key: one.day for one in made if one.key not in left}
    return events, place.moved(place.since if left else end)


@dataclass
class _Place:
    """The cursor: `seen` are those of the days that are listed again (key of the event → day of the meeting)."""

    since: datetime
    seen: dict[str, str]

    @classmethod
    def read(cls, cursor: JSON, now: datetime) -> _Place:
        if not isinstance(cursor, dict):
            return cls(now - FIRST_LOOK, {})
        return cls(min(moment(cursor.get("since"), now - FIRST_LOOK), now), dict(cursor.get("seen") or {}))

    def moved(self, since: datetime) -> JSON:
        first = _day(since - OVERLAP)
        return {"since": iso(since), "seen": {key: day for key, day in self.seen.items() if day >= first}}


@dataclass(frozen=True)
class _Ready:
    """One meeting whose recording, or whose transcript, is complete."""

    kind: str
    meeting: dict[str, JSON]
    begun: datetime
    ended: datetime

    @property
    def day(self) -> str:
        return _day(self.begun)

    @property
    def key(self) -> str:
        return event(*self._document({})).once_key

    def event(self, zoom: Zoom) -> Event:
        known = line(self.meeting.get("host_email"))
        return event(*self._document({"host_email": known or zoom.address_of(line(self.meeting.get("host_id")))}))

    def _document(self, more: dict[str, JSON]) -> tuple[dict[str, JSON], bytes]:
        about = {name: self.meeting[name] for name in _READ if self.meeting.get(name) is not None} | more
        files = files_of(self.kind, self.meeting.get("recording_files"))
        about["uuid"] = line(self.meeting["uuid"])
        about["recording_files"] = [
            {name: one[name] for name in _FILE if one.get(name) is not None} | {"id": line(one.get("id"))}
            for one in files
        ]
        document = {
            "event": self.kind,
            "event_ts": int(self.ended.timestamp() * 1000),
            "payload": {"account_id": line(self.meeting.get("account_id")), "object": about},
        }
        return document, json.dumps(document, sort_keys=True).encode()


def _ready(zoom: Zoom, begin: datetime, end: datetime) -> list[_Ready]:
    whose = "/users/me/recordings" if zoom.person else "/accounts/me/recordings"
    listed = zoom.pages(whose, "meetings", **{"from": _day(begin), "to": _day(end)})
    found = [one for meeting in listed if line(meeting.get("uuid")) for one in _complete(meeting, end)]
    return sorted(found, key=lambda one: one.begun)


def _complete(meeting: dict[str, JSON], otherwise: datetime) -> Iterator[_Ready]:
    """Which of the two kinds are there whole."""
    for kind in (COMPLETED, TRANSCRIPT_COMPLETED):
        files = files_of(kind, meeting.get("recording_files"))
        if files and all(one.get("status") == "completed" for one in files):
            begun = moment(meeting.get("start_time"), otherwise)
            yield _Ready(kind, meeting, begun, max(moment(one.get("recording_end"), begun) for one in files))


def _day(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d")
