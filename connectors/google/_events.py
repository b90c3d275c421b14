"""New events, with and without guests, and events that are cancelled and brought back.

An event's id is ours, made of the key, so that a second request with it meets the first (409):
https://developers.google.com/workspace/calendar/api/v3/reference/events/insert . `sendUpdates` is always said: without it Google
may mail. Whoever is invited hears of it, which nothing takes back, so that a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.contract import JSON, Call, Refused
from connectors.google._calendars import find
from connectors.google._client import Google, status_of
from connectors.google._event import (
    CANCELLED,
    MARK,
    NOT_SENT,
    Place,
    fingerprint,
    get,
    gone,
    guests,
    own_id,
    place,
    present,
    result,
    words,
    writable,
)
from connectors.google._event_time import span

NOBODY, ALL = "none", "all"
MOST_GUESTS = 200  # https://support.google.com/calendar/answer/37135 ; larger groups are invited by a group's address
_MAIL = re.compile(r"[^\s@,;<>()\"]+@[^\s@,;<>()\"]+\.[^\s@,;<>()\"]+")
_NO_GUESTS: tuple[str, ...] = ()


def create_event(
    client: Google,
    key: str,
    *,
    title: str,
    start: str,
    end: str = "",
    calendar: str = "primary",
    time_zone: str = "",
    location: str = "",
    description: str = "",
) -> dict[str, JSON]:
    """`start` and `end` are times ("2026-12-01T10:00", an hour without an end), or days ("2026-12-01", the end the last one)."""
    return _insert(client, key, locals(), NOBODY)


def create_meeting(
    client: Google,
    key: str,
    *,
    title: str,
    guests: Sequence[str],
    start: str,
    end: str = "",
    calendar: str = "primary",
    time_zone: str = "",
    location: str = "",
    description: str = "",
) -> dict[str, JSON]:
    """The same with guests (e-mail addresses), to whom Google mails an invitation."""
    return _insert(client, key, locals(), ALL)


def _insert(client: Google, key: str, given: dict[str, JSON], tell: str) -> dict[str, JSON]:
    when = span(given["start"], given["end"], given["time_zone"])
    body = {
        "id": own_id(key),
        **words(given),
        **when.body(),
        "extendedProperties": {"private": {MARK: key}},
        **({"attendees": [{"email": one} for one in given["guests"]]} if given.get("guests") else {}),
    }
    call = client.calendar.events().insert(calendarId=given["calendar"], sendUpdates=tell, body=body)
    return result(given["calendar"], call.execute(num_retries=0))


def prepare_event(client: Google, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Names resolved, times complete: those without an offset are in the zone that is given, else in the calendar's own.

    Raises `Refused` for what Google would refuse, too.
    """
    title = " ".join(str(arguments.get("title") or "").split())
    if not title:
        raise Refused("An event needs a title. Give one in the recipe.")
    calendar = find(client, arguments.get("calendar"))
    zone = str(arguments.get("time_zone") or "").strip() or str(writable(client, calendar).get("timeZone") or "UTC")
    when = span(str(arguments["start"]), str(arguments.get("end") or ""), zone)
    words(arguments)
    more = {"guests": addresses(arguments["guests"])} if "guests" in arguments else {}
    times = {"start": when.start, "end": when.end, "time_zone": when.zone}
    return {**arguments, **times, **more, "title": title, "calendar": calendar}


def addresses(given: JSON) -> list[str]:
    """E-mail addresses, each once. Raises `Refused` for what is none."""
    parts = re.split(r"[,;\s]+", given) if isinstance(given, str) else [str(one).strip() for one in given or []]
    found = list(dict.fromkeys(part.lower() for part in parts if part))
    if wrong := [one for one in found if not _MAIL.fullmatch(one)]:
        raise Refused(f"“{wrong[0][:60]}” is no e-mail address. Correct it, then run this again.")
    if not 0 < len(found) <= MOST_GUESTS:
        raise Refused(f"Somebody must be invited, and at most {MOST_GUESTS} people can be. Change the guests.")
    return found


def find_created(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The event of this key. One that somebody has cancelled since did arrive: it is not made again."""
    found = get(client, Place(arguments["calendar"], own_id(key)))
    return [result(arguments["calendar"], found)] if found else []


def created_changed(client: Google, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    event = get(client, Place(made["calendar"], made["id"]))
    if event is None or event.get("status") == CANCELLED:
        return "The event was cancelled already. There is nothing to take back."
    if fingerprint(event) != made["version"]:
        return f"Somebody changed the event “{event.get('summary', '')}”, or answered (last change {event.get('updated')})."
    return None


def undo_event(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_event", {"calendar": made["calendar"], "event": made["id"], "tell": NOBODY})


def undo_meeting(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    """The guests hear that it is cancelled, as they heard of it."""
    return Call("delete_event", {"calendar": made["calendar"], "event": made["id"], "tell": ALL})


# --- cancelling -------------------------------------------------------------------------------------------------------


def cancel_event(client: Google, key: str, *, event: str, calendar: str = "primary") -> dict[str, JSON]:
    return _delete(client, calendar, event, NOBODY)


def cancel_meeting(client: Google, key: str, *, event: str, calendar: str = "primary") -> dict[str, JSON]:
    """The same for an event with guests, to whom Google mails that it is cancelled."""
    return _delete(client, calendar, event, ALL)


def delete_event(client: Google, key: str, *, calendar: str, event: str, tell: str) -> dict[str, JSON]:
    return _delete(client, calendar, event, tell)


def _delete(client: Google, calendar: str, event: str, tell: str) -> dict[str, JSON]:
    """Gone already is as good: 410 (deleted), 404 (Google no longer remembers it)."""
    call = client.calendar.events().delete(calendarId=calendar, eventId=event, sendUpdates=tell)
    try:
        call.execute(num_retries=0)
    except Exception as error:
        if status_of(error) not in (404, 410):
            raise
    return gone(Place(calendar, event))


def prepare_cancel(client: Google, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Raises `Refused` for an event with guests, who would not hear of it."""
    where = place(client, arguments.get("calendar"), arguments["event"])
    found = present(client, where) if where.event != NOT_SENT else {}
    if guests(found):
        raise Refused(
            f"The event “{found.get('summary', '')}” has guests, who would come in vain. Use “Cancel a meeting and tell the "
            "guests” in the recipe."
        )
    return {**arguments, "calendar": where.calendar, "event": where.event}


def prepare_cancel_meeting(client: Google, arguments: dict[str, JSON]) -> dict[str, JSON]:
    where = place(client, arguments.get("calendar"), arguments["event"])
    if where.event != NOT_SENT:
        present(client, where)
    return {**arguments, "calendar": where.calendar, "event": where.event}


def find_deleted(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    where = Place(arguments["calendar"], arguments["event"])
    found = get(client, where)
    return [gone(where)] if found is None or found.get("status") == CANCELLED else []


def before_delete(client: Google, arguments: dict[str, JSON]) -> JSON:
    found = get(client, Place(arguments["calendar"], arguments["event"]))
    return fingerprint(found) if found else None


def cancel_changed(client: Google, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    event = get(client, Place(made["calendar"], made["id"]))
    if event is None:
        return "Google no longer remembers the event. Make it anew in Google Calendar."
    return None if event.get("status") == CANCELLED else "Somebody has brought the event back already."


def undo_cancel(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_event", {"calendar": made["calendar"], "event": made["id"], "tell": NOBODY})


def undo_cancel_meeting(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_event", {"calendar": made["calendar"], "event": made["id"], "tell": ALL})


def restore_event(client: Google, key: str, *, calendar: str, event: str, tell: str) -> dict[str, JSON]:
    """A deleted event keeps its id, so that it is brought back instead of made anew."""
    body = {"status": "confirmed"}
    call = client.calendar.events().patch(calendarId=calendar, eventId=event, sendUpdates=tell, body=body)
    return result(calendar, call.execute(num_retries=0))


def find_restored(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    found = get(client, Place(arguments["calendar"], arguments["event"]))
    there = found is not None and found.get("status") != CANCELLED
    return [result(arguments["calendar"], found)] if there else []
