"""The practice Google Calendar: three calendars, their events, and lists that come in pages and in what changed.

https://developers.google.com/workspace/calendar/api/v3/reference . Settings a test may change: `google_page` (entries of a page),
`google_forgotten` (tokens up to this change are gone: 410), `google_hidden` (calendars that are not shown: 404).
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request

from app.practice.control import Command
from app.practice.door import done
from app.practice.vendors.google import channels
from app.practice.vendors.google.suite import JSON, ME, Suite, now, refuse

CALENDARS: dict[str, JSON] = {
    ME: {"id": ME, "summary": ME, "timeZone": "America/New_York", "accessRole": "owner", "primary": True},
    "bookings@group.calendar.google.com": {
        "id": "bookings@group.calendar.google.com",
        "summary": "Bookings",
        "timeZone": "Europe/Berlin",
        "accessRole": "writer",
    },
    "en.usa#holiday@group.v.calendar.google.com": {
        "id": "en.usa#holiday@group.v.calendar.google.com",
        "summary": "Holidays in the United States",
        "timeZone": "UTC",
        "accessRole": "reader",
    },
}
_WITHOUT_TOKEN = (
    *(
        "iCalUID",
        "orderBy",
        "privateExtendedProperty",
        "q",
        "sharedExtendedProperty",
        "timeMin",
        "timeMax",
        "updatedMin",
    ),
)
_PLACED = ("calendarId", "pageToken", "syncToken")
_OWN = "/calendar/v3/calendars/<calendar>/events"


def routes(api: Blueprint, suite: Suite) -> None:
    @api.get("/calendar/v3/users/me/calendarList")
    def calendar_list() -> Response:
        shown = [one for one in CALENDARS.values() if one["id"] not in suite.note("hidden", [])]
        return jsonify(kind="calendar#calendarList", items=shown)

    @api.get("/calendar/v3/users/me/calendarList/<calendar>")
    def calendar_entry(calendar: str) -> Response:
        return jsonify(find_calendar(suite, calendar))

    @api.get(_OWN)
    def event_list(calendar: str) -> Response:
        return _list(suite, find_calendar(suite, calendar))

    @api.get(f"{_OWN}/<event>")
    def event_get(calendar: str, event: str) -> Response:
        return jsonify(shown(_find(suite, find_calendar(suite, calendar)["id"], event)))

    @api.post(_OWN)
    def event_insert(calendar: str) -> Response:
        with suite.ground.ledger.write():
            return jsonify(shown(_insert(suite, find_calendar(suite, calendar))))

    @api.patch(f"{_OWN}/<event>")
    def event_patch(calendar: str, event: str) -> Response:
        with suite.ground.ledger.write():
            return jsonify(shown(_patch(suite, find_calendar(suite, calendar), event)))

    @api.delete(f"{_OWN}/<event>")
    def event_delete(calendar: str, event: str) -> tuple[str, int]:
        with suite.ground.ledger.write():
            _delete(suite, find_calendar(suite, calendar), event)
        return "", 204

    channels.routes(api, suite, find_calendar)


def find_calendar(suite: Suite, calendar: str) -> JSON:
    """ "primary" is the account's own."""
    found = CALENDARS.get(ME if calendar == "primary" else calendar)
    if found is None or found["id"] in suite.note("hidden", []):
        refuse(404, "notFound", "Not Found")
    return found


def _find(suite: Suite, calendar: str, event: str) -> JSON:
    """Deleted ones, too, until Google forgets them."""
    found = next((one for one in suite.all("event", calendar) if one["id"] == event), None)
    if found is None:
        refuse(404, "notFound", "Not Found")
    return found


def shown(event: JSON) -> JSON:
    return {name: value for name, value in event.items() if not name.startswith("_")}


# --- lists ------------------------------------------------------------------------------------------------------------


def _list(suite: Suite, calendar: JSON) -> Response:
    given = request.args
    if "syncToken" in given and (both := [name for name in _WITHOUT_TOKEN if name in given]):
        refuse(400, "badRequest", f"{both[0]} cannot be used with syncToken")
    place = _place(suite, calendar["id"])
    found = _matching(suite, calendar, place["since"])
    size = min(int(given.get("maxResults", 250)), int(suite.note("page", 250)))
    page = found[place["start"] : place["start"] + size]
    facts = {"summary": calendar["summary"], "timeZone": calendar["timeZone"], "accessRole": calendar["accessRole"]}
    answer = {"kind": "calendar#events", **facts, "updated": now(), "items": [shown(one) for one in page]}
    if place["start"] + size < len(found):
        following = {**place, "start": place["start"] + size}
        return jsonify({**answer, "nextPageToken": _seal(following)})
    if "timeMin" in given or "q" in given or "orderBy" in given:  # such lists cannot be followed by what changed
        return jsonify(answer)
    token = {"since": place["until"], "start": 0, "calendar": calendar["id"], "same": _same()}
    return jsonify({**answer, "nextSyncToken": _seal(token)})


def _place(suite: Suite, calendar: str) -> dict[str, JSON]:
    """Where a list goes on: from the start, from what changed since, or from a page."""
    blank = {"since": 0, "start": 0, "calendar": calendar, "same": _same(), "until": suite.note("last", 0)}
    sealed = request.args.get("pageToken") or request.args.get("syncToken")
    if not sealed:
        return blank
    place = {**blank, **_open(sealed)}
    if place["calendar"] != calendar or place["same"] != _same():
        refuse(400, "invalid", "Sync token is not for this request")
    if "syncToken" in request.args and place["since"] <= int(suite.note("forgotten", -1)):
        refuse(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    return place


def _same() -> list[list[str]]:
    """The parameters that must be the same in all requests that belong together."""
    return sorted([name, value] for name, value in request.args.items() if name not in _PLACED)


def _seal(place: dict[str, JSON]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _open(text: str) -> dict[str, JSON]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        refuse(400, "invalid", "Invalid token")
    return dict(found)


def _matching(suite: Suite, calendar: JSON, since: int) -> list[JSON]:
    given, zone = request.args, calendar["timeZone"]
    with_deleted = given.get("showDeleted") == "true" or "syncToken" in given
    found = [one for one in suite.all("event", calendar["id"]) if one["_n"] > since]
    found = [one for one in found if with_deleted or one["status"] != "cancelled"]
    if text := given.get("q", "").lower():
        found = [one for one in found if text in f"{one.get('summary', '')} {one.get('description', '')}".lower()]
    if "timeMin" in given:
        found = [one for one in found if _moment(one["end"], zone) > datetime.fromisoformat(given["timeMin"])]
    if "timeMax" in given:
        found = [one for one in found if _moment(one["start"], zone) < datetime.fromisoformat(given["timeMax"])]
    if given.get("orderBy") == "startTime":
        if given.get("singleEvents") != "true":
            refuse(400, "badRequest", "The requested ordering is not available for the particular query.")
        return sorted(found, key=lambda one: _moment(one["start"], zone))
    return found


def _moment(when: JSON, zone: str) -> datetime:
    given = datetime.fromisoformat(when.get("dateTime") or when["date"])
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(when.get("timeZone") or zone))


# --- writing ----------------------------------------------------------------------------------------------------------


def _insert(suite: Suite, calendar: JSON) -> JSON:
    given = _given(calendar)
    _tell(suite)
    own = str(given.get("id") or f"made{suite.next():06d}")
    if not 5 <= len(own) <= 1024 or set(own) - set("0123456789abcdefghijklmnopqrstuv"):
        refuse(400, "invalid", "Invalid resource id value.")
    if any(one["id"] == own for one in suite.all("event", calendar["id"])):
        refuse(409, "duplicate", "The requested identifier already exists.")
    done(suite.ground, "event.insert", own)
    return put(suite, calendar, {**given, "id": own, "created": now()})


def _patch(suite: Suite, calendar: JSON, event: str) -> JSON:
    before = _find(suite, calendar["id"], event)
    _check_version(before)
    given = _given(calendar)
    _tell(suite)
    done(suite.ground, "event.patch", event)
    return put(suite, calendar, merged(before, given))


def _delete(suite: Suite, calendar: JSON, event: str) -> None:
    _may_write(calendar)
    found = _find(suite, calendar["id"], event)
    if found["status"] == "cancelled":
        refuse(410, "deleted", "Resource has been deleted")
    _check_version(found)
    _tell(suite)
    done(suite.ground, "event.delete", event)
    put(suite, calendar, {**found, "status": "cancelled"})


def _given(calendar: JSON) -> dict[str, JSON]:
    _may_write(calendar)
    return dict(request.get_json())


def _may_write(calendar: JSON) -> None:
    if calendar["accessRole"] not in ("writer", "owner"):
        refuse(403, "requiredAccessLevel", "You need to have writer access to this calendar.")


def _check_version(event: JSON) -> None:
    if request.headers.get("If-Match", event["etag"]) != event["etag"]:
        refuse(412, "conditionNotMet", "Precondition Failed")


def _tell(suite: Suite) -> None:
    """Guests hear of a change if that is asked for; not to say it is a mistake that the stand-in does not forgive."""
    if "sendUpdates" not in request.args:
        refuse(400, "required", "Required parameter: sendUpdates")
    if request.args["sendUpdates"] == "all":
        suite.set_note("mailed", int(suite.note("mailed", 0)) + 1)


def merged(before: JSON, given: dict[str, JSON]) -> JSON:
    """A patch: parts of `start` and `end` are merged, null takes a value away."""
    made = {**before}
    for name, value in given.items():
        if name in ("start", "end") and isinstance(value, dict):
            value = {k: v for k, v in {**before.get(name, {}), **value}.items() if v is not None}
        made[name] = value
    return {name: value for name, value in made.items() if value is not None}


def put(suite: Suite, calendar: JSON, event: JSON) -> JSON:
    """The event as it is kept, with another version. Raises the refusals that Google has for times."""
    for name in ("start", "end"):
        when = event.get(name) or refuse(400, "required", f"Missing {name} time.")
        if ("date" in when) == ("dateTime" in when):
            refuse(400, "invalid", f"Invalid {name} time.")
        if "dateTime" in when and not datetime.fromisoformat(when["dateTime"]).tzinfo and not when.get("timeZone"):
            refuse(400, "required", f"Missing time zone definition for {name} time.")
    if _moment(event["end"], calendar["timeZone"]) < _moment(event["start"], calendar["timeZone"]):
        refuse(400, "timeRangeEmpty", "The specified time range is empty.")
    number, own = suite.next(), {"email": ME, "self": True}
    eid = base64.urlsafe_b64encode(f"{event['id']} {calendar['id']}".encode()).decode().rstrip("=")
    stamp = event.pop("_updated", None) or now()
    kept = {
        "kind": "calendar#event",
        "status": "confirmed",
        "creator": own,
        "organizer": own,
        "sequence": 0,
        "eventType": "default",
        "htmlLink": f"https://www.google.com/calendar/event?eid={eid}",
        **{name: value for name, value in event.items() if not name.startswith("_")},
        "start": _resolved(event["start"]),
        "end": _resolved(event["end"]),
        "updated": stamp,
        "etag": f'"{3_500_000_000_000_000 + number}"',
        "_n": number,
    }
    suite.keep("event", kept, calendar["id"])
    return kept


def _resolved(when: JSON) -> JSON:
    """Times come back with their offset."""
    if "dateTime" not in when or datetime.fromisoformat(when["dateTime"]).tzinfo:
        return when
    local = datetime.fromisoformat(when["dateTime"]).replace(tzinfo=ZoneInfo(when["timeZone"]))
    return {**when, "dateTime": local.isoformat()}


# --- people -----------------------------------------------------------------------------------------------------------


def commands(suite: Suite) -> dict[str, Command]:
    """`google_event` {…}: a person makes, changes or cancels an event; `google_forget` {"id"}; `google_deliver`: channels are told
    what happened."""
    return {
        "google_event": lambda body: by_hand(suite, body),
        "google_forget": lambda body: forget(suite, body),
        "google_deliver": lambda body: channels.deliver(suite),
    }


def by_hand(suite: Suite, body: dict[str, JSON]) -> JSON:
    """A person makes an event, or changes the one with this `id`, in `calendar`. `ago`: seconds before now; `cancel`: it goes;
    `touch`: Google itself touches it."""
    calendar = find_calendar(suite, body.pop("calendar", "primary"))
    past = datetime.now(UTC) - timedelta(seconds=float(body.pop("ago", 0)))
    stamp = past.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    cancelled = {"status": "cancelled"} if body.pop("cancel", False) else {}
    body.pop("touch", None)
    with suite.ground.ledger.write():
        own = body.get("id")
        before = next((one for one in suite.all("event", calendar["id"]) if one["id"] == own), None)
        if before is None:
            times = {"start": {"dateTime": "2030-05-06T10:00:00Z"}, "end": {"dateTime": "2030-05-06T11:00:00Z"}}
            before = {
                "id": own or f"hand{suite.next():06d}",
                "created": stamp,
                **{k: v for k, v in times.items() if k not in body},
            }
        return shown(put(suite, calendar, {**merged(before, body), **cancelled, "_updated": stamp}))


def forget(suite: Suite, body: dict[str, JSON]) -> None:
    """Google forgets a deleted event, or all but the id of one (`but_id`)."""
    calendar = find_calendar(suite, body.get("calendar", "primary"))["id"]
    with suite.ground.ledger.write():
        before = _by_id(suite, calendar, body["id"])
        suite.drop("event", body["id"], calendar)
        if body.get("but_id"):
            bare = {"id": body["id"], "status": "cancelled", "etag": before["etag"], "_n": suite.next()}
            suite.keep("event", bare, calendar)


def _by_id(suite: Suite, calendar: str, event: str) -> JSON:
    return next(one for one in suite.all("event", calendar) if one["id"] == event)


def seed(suite: Suite) -> None:
    """A meeting that is there already."""
    if suite.note("seeded"):
        return
    suite.set_note("seeded", True)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
    guests = [
        {"email": ME, "self": True, "responseStatus": "accepted"},
        {"email": "kim@client.example", "responseStatus": "needsAction"},
    ]
    meeting = {"id": "practice0meeting", "summary": "Call with Kim", "location": "Main Street 1", "attendees": guests}
    times = {
        "start": {"dateTime": tomorrow.isoformat()},
        "end": {"dateTime": (tomorrow + timedelta(hours=1)).isoformat()},
    }
    by_hand(suite, {**meeting, **times, "ago": 86_400})
