"""Events that are changed: only if nobody changed them since they were read (If-Match), and told to guests or not.

https://developers.google.com/workspace/calendar/api/guides/version-resources
"""

from __future__ import annotations

from connectors.contract import JSON, Call, Refused
from connectors.google._client import Google
from connectors.google._event import (
    CANCELLED,
    NOT_SENT,
    Place,
    fingerprint,
    get,
    guests,
    place,
    present,
    result,
    words,
    writable,
)
from connectors.google._event_time import moved, read, span, whole
from connectors.google._events import ALL, NOBODY

_NOTICED = ("summary", "location", "start")  # what guests must hear of


def update_event(
    client: Google,
    key: str,
    *,
    event: str,
    calendar: str = "primary",
    title: str = "",
    start: str = "",
    end: str = "",
    time_zone: str = "",
    location: str = "",
    description: str = "",
    etag: str = "",
) -> dict[str, JSON]:
    """New values for what is given; what is empty stays. `etag`: which version was read when this was prepared."""
    return _patch(client, locals(), NOBODY)


def update_meeting(
    client: Google,
    key: str,
    *,
    event: str,
    calendar: str = "primary",
    title: str = "",
    start: str = "",
    end: str = "",
    time_zone: str = "",
    location: str = "",
    description: str = "",
    etag: str = "",
) -> dict[str, JSON]:
    """The same for an event with guests, to whom Google mails what has changed."""
    return _patch(client, locals(), ALL)


def _patch(client: Google, given: dict[str, JSON], tell: str) -> dict[str, JSON]:
    where = {"calendarId": given["calendar"], "eventId": given["event"]}
    call = client.calendar.events().patch(**where, sendUpdates=tell, body=_wanted(given))
    if given["etag"]:
        call.headers["If-Match"] = given["etag"]
    return result(given["calendar"], call.execute(num_retries=0))


def _wanted(given: dict[str, JSON]) -> dict[str, JSON]:
    times = whole(span(given["start"], given["end"], given["time_zone"]).body()) if given["start"] else {}
    return {**words(given), **times}


def prepare_update(client: Google, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Raises `Refused` where guests would not hear of another time, place or title."""
    made, found = _prepared(client, arguments)
    if guests(found) and set(_wanted(made)) & set(_NOTICED):
        raise Refused(
            f"The event “{found.get('summary', '')}” has guests, who would not hear of this. Use “Change a meeting and tell "
            "the guests” in the recipe."
        )
    return made


def prepare_update_meeting(client: Google, arguments: dict[str, JSON]) -> dict[str, JSON]:
    return _prepared(client, arguments)[0]


def _prepared(client: Google, arguments: dict[str, JSON]) -> tuple[dict[str, JSON], JSON]:
    """With the times complete and the version that was read; and the event."""
    where = place(client, arguments.get("calendar"), arguments["event"])
    blank = dict.fromkeys(("title", "start", "end", "time_zone", "location", "description", "etag"), "")
    given = {**blank, **arguments, "calendar": where.calendar, "event": where.event}
    if not (given["start"] or given["end"] or words(given)):
        raise Refused("There is nothing to change at this event. Give a title, a time, a place or a description.")
    given["title"] = " ".join(str(given["title"]).split())
    if where.event == NOT_SENT:
        return {**given, **(_times({}, given, "UTC") if given["start"] else {})}, {}
    zone = str(writable(client, where.calendar).get("timeZone") or "UTC")
    found = present(client, where)
    times = _times(found, given, zone) if given["start"] or given["end"] else {}
    return {**given, **times, "etag": str(found.get("etag") or "")}, found


def _times(event: JSON, given: dict[str, JSON], zone: str) -> dict[str, JSON]:
    start, end, zone = str(given["start"]), str(given["end"]), str(given["time_zone"]) or zone
    when = moved(event, start, end, zone) if event else span(start, end, zone)
    return {"start": when.start, "end": when.end, "time_zone": when.zone}


def find_updated(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The event, if it says by now what it was to say."""
    return _like(client, arguments["calendar"], arguments["event"], _wanted(arguments))


def _like(client: Google, calendar: str, event: str, wanted: dict[str, JSON]) -> list[dict[str, JSON]]:
    found = get(client, Place(calendar, event))
    if found is None or found.get("status") == CANCELLED:
        return []
    same = all(
        (found.get(name) or "") == (value or "") for name, value in wanted.items() if name not in ("start", "end")
    )
    if "start" in wanted:
        there, ours = read(found), read(wanted)
        same = same and there is not None and ours is not None and there.moments() == ours.moments()
    return [result(calendar, found)] if same else []


def still(client: Google, arguments: dict[str, JSON]) -> bool:
    found = get(client, Place(arguments["calendar"], arguments["event"]))
    return found is not None and found.get("etag") == arguments["etag"]


def before_update(client: Google, arguments: dict[str, JSON]) -> JSON:
    """What will be replaced, as Google writes it; None for what is not there."""
    found = present(client, Place(arguments["calendar"], arguments["event"]))
    return {name: found.get(name) for name in _wanted(arguments)}


def update_changed(client: Google, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    event = get(client, Place(made["calendar"], made["id"]))
    if event is None or event.get("status") == CANCELLED:
        return "The event was cancelled. There is nothing to take back."
    if fingerprint(event) != made["version"]:
        return f"Somebody changed the event “{event.get('summary', '')}”, or answered (last change {event.get('updated')})."
    return None


def undo_update(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return _put_back(made, before, NOBODY)


def undo_update_meeting(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    """The guests hear of that, too."""
    return _put_back(made, before, ALL)


def _put_back(made: dict[str, JSON], before: JSON, tell: str) -> Call:
    where = {"calendar": made["calendar"], "event": made["id"]}
    return Call("put_event_back", {**where, "values": before or {}, "tell": tell})


def put_event_back(
    client: Google, key: str, *, calendar: str, event: str, values: dict[str, JSON], tell: str
) -> dict[str, JSON]:
    """The values as they were; None takes one away."""
    times = whole({name: value for name, value in values.items() if name in ("start", "end")})
    call = client.calendar.events().patch(
        calendarId=calendar, eventId=event, sendUpdates=tell, body={**values, **times}
    )
    return result(calendar, call.execute(num_retries=0))


def find_put_back(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["calendar"], arguments["event"], arguments["values"])


def before_put_back(client: Google, arguments: dict[str, JSON]) -> JSON:
    found = present(client, Place(arguments["calendar"], arguments["event"]))
    return {name: found.get(name) for name in arguments["values"]}
