"""The practice calendar: kinds of meetings, meetings, and their guests, who book, move and cancel."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal

SLUG = "calendly"
ROOT = "https://api.calendly.com"
USER, COMPANY = f"{ROOT}/users/uana", f"{ROOT}/organizations/oshop"
KINDS = {"t30": "30 min", "t60": "An hour"}
Facts = dict[str, Any]


def refuse(status: int, title: str, message: str, *details: Facts) -> NoReturn:
    raise Refusal(status, {"title": title, "message": message, "details": list(details)})


def seed(ground: Ground) -> None:
    for own, name in KINDS.items():
        if ground.ledger.get(SLUG, own) is None:
            link = f"https://calendly.com/practice/{own}"
            kind = {"id": own, "uri": f"{ROOT}/event_types/{own}", "name": name, "active": True, "scheduling_url": link}
            ground.ledger.put(SLUG, "event_type", kind)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def found(ground: Ground, own: str, kind: str) -> Facts:
    it = ground.ledger.get(SLUG, own, kind)
    if it is None:
        refuse(404, "Resource Not Found", "The server could not find the requested resource.")
    return it


def shown(it: Facts) -> Facts:
    return {name: value for name, value in it.items() if name not in ("id", "meeting", "key")}


def guests_of(ground: Ground, meeting: str) -> list[Facts]:
    return ground.ledger.objects(SLUG, "guest", meeting)


def _guest_of(ground: Ground, uri: str) -> Facts:
    guest = ground.ledger.get(SLUG, uri.rpartition("/")[2], "guest")
    if guest is None:
        raise ValueError(f"there is no guest {uri}")
    return guest


# --- what guests do ---------------------------------------------------------------------------------------------------


def book(ground: Ground, given: Facts, old: str = "") -> Facts:
    """Answers the guest; `at` lets it have happened earlier."""
    at, begins = given.get("at") or now(), given.get("start") or _in_a_week()
    kind = given.get("type", "t30")
    meeting = {"id": "ev" + secrets.token_hex(6), "name": KINDS[kind], "status": "active", "start_time": begins}
    meeting |= {"uri": f"{ROOT}/scheduled_events/{meeting['id']}", "end_time": _half_an_hour_after(begins)}
    meeting |= {"event_type": f"{ROOT}/event_types/{kind}", "created_at": at, "updated_at": at}
    meeting |= {"location": {"type": "zoom", "join_url": "https://zoom.us/j/1"}}
    meeting |= {"invitees_counter": {"total": 1, "active": 1, "limit": 1}, "event_memberships": [{"user": USER}]}
    ground.ledger.put(SLUG, "meeting", meeting)
    return _seat(ground, meeting, given, at, old)


def _seat(ground: Ground, meeting: Facts, given: Facts, at: str, old: str) -> Facts:
    own = "in" + secrets.token_hex(6)
    answers = given.get("answers", {})
    guest = {"id": own, "meeting": meeting["id"], "uri": f"{meeting['uri']}/invitees/{own}", "event": meeting["uri"]}
    guest |= {"name": given.get("name", "Ann Lee"), "email": given.get("email", "ann@example.com"), "status": "active"}
    guest |= {"timezone": "Europe/London", "rescheduled": False, "old_invitee": old or None, "new_invitee": None}
    guest |= {
        "cancel_url": f"https://calendly.com/cancellations/{own}",
        "no_show": None,
        "created_at": at,
        "updated_at": at,
    }
    guest |= {"reschedule_url": f"https://calendly.com/reschedulings/{own}"}
    asked = enumerate(answers.items())
    guest["questions_and_answers"] = [{"question": q, "answer": a, "position": n} for n, (q, a) in asked]
    guest["tracking"] = given.get("tracking", {"utm_source": None, "utm_campaign": None})
    ground.ledger.put(SLUG, "guest", guest, parent=meeting["id"])
    return guest


def cancel(ground: Ground, guest: Facts, by: str, reason: str, new: str = "") -> Facts:
    """Ends a booking and its meeting; `new` is the booking it was moved to."""
    ended = {"canceled_by": by, "reason": reason, "canceler_type": "invitee", "created_at": now()}
    after = {**guest, "status": "canceled", "cancellation": ended, "updated_at": now()}
    after |= {"rescheduled": bool(new), "new_invitee": new or None}
    ground.ledger.put(SLUG, "guest", after, parent=guest["meeting"])
    meeting = found(ground, guest["meeting"], "meeting")
    counted = {**meeting["invitees_counter"], "active": 0}
    changed = {"status": "canceled", "cancellation": ended, "updated_at": now(), "invitees_counter": counted}
    ground.ledger.put(SLUG, "meeting", {**meeting, **changed})
    return after


def cancel_by_guest(ground: Ground, uri: str, reason: str) -> Facts:
    guest = _guest_of(ground, uri)
    return cancel(ground, guest, str(guest["name"]), reason)


def move(ground: Ground, uri: str, start: str) -> tuple[Facts, Facts]:
    """The old booking, cancelled, and the new one: UTM parameters are not carried over."""
    old = _guest_of(ground, uri)
    answers = {one["question"]: one["answer"] for one in old["questions_and_answers"]}
    given = {"name": old["name"], "email": old["email"], "start": start, "answers": answers}
    new = book(ground, given, old["uri"])
    return cancel(ground, old, str(old["name"]), "", new["uri"]), new


def mark(ground: Ground, uri: str) -> Facts:
    guest = ground.ledger.get(SLUG, uri.rpartition("/")[2], "guest")
    if guest is None or guest["no_show"]:
        refuse(
            400,
            "Invalid Argument",
            "The supplied parameters are invalid.",
            {"parameter": "invitee", "message": "is wrong"},
        )
    own = "ns" + secrets.token_hex(6)
    made = {"id": own, "uri": f"{ROOT}/invitee_no_shows/{own}", "invitee": guest["uri"], "created_at": now()}
    ground.ledger.put(SLUG, "no_show", made)
    told = {"uri": made["uri"], "created_at": made["created_at"]}
    ground.ledger.put(SLUG, "guest", {**guest, "no_show": told}, parent=guest["meeting"])
    return made


def unmark(ground: Ground, own: str) -> None:
    made = found(ground, own, "no_show")
    ground.ledger.change("delete from objects where slug=? and id=?", SLUG, own)
    guest = _guest_of(ground, made["invitee"])
    ground.ledger.put(SLUG, "guest", {**guest, "no_show": None}, parent=guest["meeting"])


def _in_a_week() -> str:
    return (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:00:00.000000Z")


def _half_an_hour_after(begins: str) -> str:
    return (datetime.fromisoformat(begins) + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
