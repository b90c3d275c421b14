"""When an event is: whole days or times, as people say it and as Google writes it.

https://developers.google.com/workspace/calendar/api/concepts/events-calendars . Google's end of whole days is the day after the
last one; here, and in what recipes see, it is the last day itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import JSON, Refused

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """`start` and `end`: days ("2026-12-01", the end the last day), or times ("2026-12-01T10:00:00", with or without the offset).
    `zone`: for times, "" where each has its offset."""

    start: str
    end: str
    zone: str = ""

    @property
    def all_day(self) -> bool:
        return len(self.start) == 10

    def body(self) -> dict[str, JSON]:
        """As Google takes it for a new event."""
        if self.all_day:
            after = date.fromisoformat(self.end) + _DAY
            return {"start": {"date": self.start}, "end": {"date": after.isoformat()}}
        zone = {"timeZone": self.zone} if self.zone else {}
        return {"start": {"dateTime": self.start, **zone}, "end": {"dateTime": self.end, **zone}}

    def moments(self) -> tuple[JSON, JSON]:
        """What can be compared with another one: days, or instants."""
        if self.all_day:
            return date.fromisoformat(self.start), date.fromisoformat(self.end)
        return _moment(self.start, self.zone), _moment(self.end, self.zone)


def span(start: str, end: str, zone: str) -> Span:
    """What a person or a recipe says. Without an end it takes an hour, or the one day. `zone` is for times without an offset.

    Raises `Refused` in words.
    """
    first, last = _part(start, "start"), _part(end, "end") if end else None
    if last is None:
        last = first + _HOUR if isinstance(first, datetime) else first
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise Refused("Start and end are either both days or both times. Change one of them in the recipe.")
    if not isinstance(first, datetime):
        made = Span(first.isoformat(), last.isoformat())
    else:
        made = Span(_text(first), _text(last), _known(zone))
    begins, ends = made.moments()
    if ends < begins or (ends == begins and not made.all_day):
        raise Refused(f"This event would end ({made.end}) before it begins ({made.start}). Change one of them.")
    return made


def read(event: JSON) -> Span | None:
    """When an event of Google's is; None where it does not say (deleted ones)."""
    start, end = event.get("start") or {}, event.get("end") or {}
    if start.get("date") and end.get("date"):
        last = date.fromisoformat(end["date"]) - _DAY
        return Span(start["date"], max(last.isoformat(), start["date"]))
    if start.get("dateTime") and end.get("dateTime"):
        return Span(start["dateTime"], end["dateTime"], start.get("timeZone") or "")
    return None


def whole(times: JSON) -> JSON:
    """Start and end as Google takes them in a change: what the other kind of event had is taken away."""
    blank = {"date": None, "dateTime": None, "timeZone": None}
    return {name: {**blank, **value} for name, value in times.items()}


def moved(event: JSON, start: str, end: str, zone: str) -> Span:
    """An event at another time. What is not said stays: with a new start only, it takes as long as before.

    Raises `Refused` in words.
    """
    present = read(event)
    if present is None:
        raise Refused("This event has no time that could be changed. Look at it in Google Calendar.")
    if start and end:
        return span(start, end, zone)
    if end:
        return span(present.start, end, zone)
    first = _part(start, "start")
    if isinstance(first, datetime) == present.all_day:
        return span(start, "", zone)
    begins, ends = present.moments()
    return span(start, (first + (ends - begins)).isoformat(), zone)


def instant(text: str, zone: str, *, ends: bool = False) -> datetime:
    """A day or a time as an instant; of a day its beginning, or with `ends` its end. Raises `Refused` in words."""
    given = _part(text, "time")
    if not isinstance(given, datetime):
        given = datetime.combine(given + _DAY if ends else given, datetime.min.time())
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(_known(zone) or "UTC"))


def _part(text: str, what: str) -> date:
    """A `datetime` where a time of day stands in it."""
    given = str(text).strip()
    try:
        return date.fromisoformat(given) if len(given) == 10 else datetime.fromisoformat(given)
    except ValueError:
        raise Refused(
            f"“{given[:40]}” is no {what} that Google Calendar takes. Write a day such as 2026-12-01, or a time such as "
            "2026-12-01T10:00."
        ) from None


def _text(part: date) -> str:
    return part.isoformat(timespec="seconds") if isinstance(part, datetime) else part.isoformat()


def _known(zone: str) -> str:
    try:
        return ZoneInfo(zone).key if zone else ""
    except (ValueError, OSError, KeyError):
        raise Refused(f"“{zone[:40]}” is no time zone. Write one such as America/New_York.") from None


def _moment(text: str, zone: str) -> datetime:
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone or "UTC"))
