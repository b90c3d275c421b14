"""The practice Calendly: a calendar that guests book, move and cancel meetings in, and signed webhooks.

https://developer.calendly.com/api-docs . Settings a test may change: `calendly_plan` ("free" has no webhooks), `calendly_role`
("user" may not see the organization), `calendly_lacks` (scopes that the token has not), `calendly_page` (entries of a page),
`calendly_rate` (500 a minute); and those of `app.practice.oauth`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, done, in_time, interface
from app.practice.look import plain_pages
from app.practice.vendors.calendly import _calendar, _hooks
from app.practice.vendors.calendly._calendar import COMPANY, SLUG, USER, Facts, found, refuse, shown

SCOPES = (
    *("users:read", "scheduled_events:read", "scheduled_events:write"),
    *("event_types:read", "webhooks:read", "webhooks:write"),
)
HABITS = oauth.Habits(
    slug=SLUG,
    title="Calendly",
    accounts={"uana": "Ana Silva"},
    scopes=SCOPES,
    client="body",
    life=7200,
    answer=lambda account: {"owner": USER, "organization": COMPANY},
)


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)
    oauth.routes(api, ground, HABITS, "/oauth/token", "/oauth/revoke")
    for add in (_reading, _writing, _webhooks):
        add(api, ground)
    return api


def _admit(ground: Ground, scope: str) -> None:
    grant = oauth.admit(ground, HABITS)
    if grant is None or SLUG in ground.ledger.note("revoked", []):
        refuse(401, "Unauthenticated", "The access token is invalid")
    rate = float(ground.ledger.note("calendly_rate", 500)) / 60
    if wait := in_time(ground, SLUG, rate, max(rate * 60, 1)):
        raise Refusal(429, {"title": "Too many requests", "message": "Slow down"}, {"X-RateLimit-Reset": str(wait)})
    if scope in ground.ledger.note("calendly_lacks", []) or scope not in grant["scope"].split():
        refuse(403, "Permission Denied", f"You do not have the scope {scope}")
    everybody = request.args.get("organization") and request.args.get("scope", "organization") == "organization"
    if everybody and ground.ledger.note("calendly_role", "owner") == "user":
        refuse(403, "Permission Denied", "You do not have permission to access this resource.")


def _page(ground: Ground, entries: list[Facts]) -> Response:
    size = min(int(request.args.get("count", 20)), int(ground.ledger.note("calendly_page", 100)))
    start = int(request.args.get("page_token", "0"))
    more = start + size < len(entries)
    link = f"https://api.calendly.com{request.path.removeprefix('/calendly')}?count={size}&page_token={start + size}"
    pagination = {"count": len(entries[start : start + size]), "next_page": link if more else None}
    return jsonify(collection=[shown(one) for one in entries[start : start + size]], pagination=pagination)


def _reading(api: Blueprint, ground: Ground) -> None:
    @api.get("/users/me")
    def me() -> Response:
        _admit(ground, "users:read")
        about = {"uri": USER, "name": "Ana Silva", "email": "ana@shop.example", "current_organization": COMPANY}
        return jsonify(resource={**about, "timezone": "Europe/London"})

    @api.get("/event_types")
    def kinds() -> Response:
        _admit(ground, "event_types:read")
        return _page(ground, ground.ledger.objects(SLUG, "event_type"))

    @api.get("/scheduled_events")
    def meetings() -> Response:
        _admit(ground, "scheduled_events:read")
        if not (request.args.get("user") or request.args.get("organization")):
            refuse(400, "Invalid Argument", "Say whose meetings you want.")
        since = request.args.get("min_start_time", "")
        entries = [one for one in ground.ledger.objects(SLUG, "meeting") if str(one["start_time"]) >= since]
        return _page(ground, sorted(entries, key=lambda one: str(one["start_time"])))

    @api.get("/scheduled_events/<own>")
    def meeting(own: str) -> Response:
        _admit(ground, "scheduled_events:read")
        return jsonify(resource=shown(found(ground, own, "meeting")))

    @api.get("/scheduled_events/<own>/invitees")
    def guests(own: str) -> Response:
        _admit(ground, "scheduled_events:read")
        return _page(ground, _calendar.guests_of(ground, own))

    @api.get("/scheduled_events/<own>/invitees/<guest>")
    def one(own: str, guest: str) -> Response:
        _admit(ground, "scheduled_events:read")
        return jsonify(resource=shown(found(ground, guest, "guest")))

    @api.get("/invitee_no_shows/<own>")
    def no_show(own: str) -> Response:
        _admit(ground, "scheduled_events:read")
        return jsonify(resource=shown(found(ground, own, "no_show")))


def _writing(api: Blueprint, ground: Ground) -> None:
    @api.post("/scheduled_events/<own>/cancellation")
    def cancel(own: str) -> tuple[Response, int]:
        _admit(ground, "scheduled_events:write")
        with ground.ledger.write():
            if found(ground, own, "meeting")["status"] == "canceled":
                refuse(403, "Permission Denied", "Event in the past or already canceled")
            reason = str(request.get_json().get("reason", ""))
            for one in _calendar.guests_of(ground, own):
                _calendar.cancel(ground, one, "Ana Silva", reason)
            done(ground, "meeting.cancel", own)
        return jsonify(resource={"canceled_by": "Ana Silva", "reason": reason, "canceler_type": "host"}), 201

    @api.post("/invitee_no_shows")
    def mark() -> tuple[Response, int]:
        _admit(ground, "scheduled_events:write")
        with ground.ledger.write():
            made = _calendar.mark(ground, str(request.get_json().get("invitee", "")))
            done(ground, "no_show.create", made["id"])
        return jsonify(resource=shown(made)), 201

    @api.delete("/invitee_no_shows/<own>")
    def unmark(own: str) -> tuple[str, int]:
        _admit(ground, "scheduled_events:write")
        with ground.ledger.write():
            _calendar.unmark(ground, own)
            done(ground, "no_show.delete", own)
        return "", 204


def _webhooks(api: Blueprint, ground: Ground) -> None:
    @api.get("/webhook_subscriptions")
    def hooks() -> Response:
        _admit(ground, "webhooks:read")
        scope = request.args.get("scope", "")
        return _page(ground, [one for one in _hooks.all_hooks(ground) if one["scope"] == scope])

    @api.post("/webhook_subscriptions")
    def make() -> tuple[Response, int]:
        _admit(ground, "webhooks:write")
        with ground.ledger.write():
            made = _hooks.make(ground, request.get_json())
            done(ground, "webhook.create", made["uri"])
        return jsonify(resource=made), 201

    @api.delete("/webhook_subscriptions/<own>")
    def end(own: str) -> tuple[str, int]:
        _admit(ground, "webhooks:write")
        with ground.ledger.write():
            _hooks.end(ground, own)
            done(ground, "webhook.delete", own)
        return "", 204


def commands(ground: Ground) -> dict[str, Command]:
    """`calendly_book` {"name"?, "email"?, "start"?, "answers"?, "type"?, "tracking"?, "at"?}, `calendly_cancel` {"guest",
    "reason"?}, `calendly_move` {"guest", "start"?}: what a guest does; each with "lose" (no delivery) and "bare" (a delivery
    without the meeting); answers the guest and the deliveries. `calendly_subscription` {"id", …}: changes a webhook."""
    return {
        **oauth.commands(ground, HABITS),
        "calendly_book": lambda body: _told(ground, body, ("invitee.created", _calendar.book(ground, body))),
        "calendly_cancel": lambda body: _told(
            ground, body, ("invitee.canceled", _calendar.cancel_by_guest(ground, body["guest"], body.get("reason", "")))
        ),
        "calendly_move": lambda body: _moved(ground, body),
        "calendly_subscription": lambda body: _hooks.change(ground, body),
    }


def _moved(ground: Ground, body: dict[str, Any]) -> Facts:
    """Two deliveries, the new booking first where `reversed`."""
    old, new = _calendar.move(ground, body["guest"], body.get("start", ""))
    pair = [("invitee.canceled", old), ("invitee.created", new)]
    return _told(ground, body, *(pair[::-1] if body.get("reversed") else pair)) | {"guest": new}


def _told(ground: Ground, body: dict[str, Any], *what: tuple[str, Facts]) -> Facts:
    sent = (
        []
        if body.get("lose")
        else [_hooks.deliver(ground, event, guest, body.get("bare", False)) for event, guest in what]
    )
    return {"guest": what[-1][1], "deliveries": [one for part in sent for one in part]}


def pages(ground: Ground) -> Blueprint:
    """The page on which a person signs in, beside the plain one that shows what there is."""
    both = Blueprint("calendly_site", __name__)
    both.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    both.register_blueprint(plain_pages(vendor, ground))
    return both


vendor = Vendor(
    slug=SLUG,
    title="Calendly",
    says="A calendar, the meetings that guests booked in it, and signed webhooks.",
    paths=(
        *("/users/", "/event_types", "/scheduled_events", "/invitee_no_shows", "/webhook_subscriptions"),
        *("/oauth/token", "/oauth/revoke"),
    ),
    blueprint=blueprint,
    pages=pages,
    seed=_calendar.seed,
    commands=commands,
)
