"""Calendly's webhooks: the signature, the booking in a delivery, and keeping the subscription alive.

https://developer.calendly.com/api-docs/overview/webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.calendly._client import Calendly, path_of
from connectors.contract import JSON, BadSignature, Event, Received, Unreadable

WINDOW = 180  # seconds: developer.calendly.com/api-docs/overview/webhooks/webhook-signatures
CREATED, CANCELED = "invitee.created", "invitee.canceled"
MADE, MOVED, CANCELLED = "booking.made", "booking.moved", "booking.cancelled"


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery.

    A move comes as two: a cancellation that says `rescheduled`, which is no event here, and a new booking that names the old
    one; so it does not matter in which order they come. A delivery without its meeting is fetched whole by the poll.
    """
    _check(body, headers.get("calendly-webhook-signature", ""), secrets, now)
    document = _parsed(body)
    if document.get("event") not in (CREATED, CANCELED):
        return Received()
    payload = document.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("uri"), str) or not payload["uri"]:
        raise Unreadable("This delivery does not say which booking it is.")
    if not isinstance(payload.get("scheduled_event"), dict):
        return Received(catch_up=True)
    found = event(document, body)
    return Received(events=(found,) if found else ())


def _check(body: bytes, header: str, secrets: Sequence[str], now: float) -> None:
    """`t` is signed, too: a signature of the body alone is none."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11 and abs(now - int(stamp)) <= WINDOW):
        raise BadSignature("The delivery does not say when it was signed, or it was signed too long ago.")
    given = [value.encode("utf-8", "backslashreplace") for name, _, value in parts if name == "v1"]
    for secret in secrets:
        mac = hmac.new(secret.encode("utf-8", "backslashreplace"), stamp.encode() + b"." + body, hashlib.sha256)
        if secret and any(hmac.compare_digest(mac.hexdigest().encode(), one) for one in given):
            return
    raise BadSignature("The delivery was not signed with the key of this connection.")


def _parsed(body: bytes) -> dict[str, JSON]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that Calendly documents.") from problem
    if not isinstance(document, dict):
        raise Unreadable("This delivery is JSON, but not an object as Calendly documents it.")
    return document


def event(document: dict[str, JSON], body: bytes) -> Event | None:
    """What happened, or None for the half of a move that says nothing of its own. A booking's address is its own: there is
    no id of the delivery."""
    payload = document["payload"]
    kind = _kind(str(document.get("event")), payload)
    if not kind:
        return None
    key = f"{kind}:{hashlib.sha256(payload['uri'].encode()).hexdigest()[:40]}"
    return Event(kind, key, body, payload["uri"], once_key=key, occurred_at=_ms(document.get("created_at")))


def _kind(told: str, payload: dict[str, JSON]) -> str:
    if told == CREATED:
        return MOVED if payload.get("old_invitee") else MADE
    return "" if payload.get("rescheduled") else CANCELLED


def _ms(value: JSON) -> int | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment and moment.tzinfo and 2000 <= moment.year < 2200 else None


# --- keeping it alive -------------------------------------------------------------------------------------------------


def keep(client: Calendly, address: str, secrets: Sequence[str]) -> list[str]:
    """One active subscription to our address, signed with our own key. Calendly disables one for good after a day of
    failures, so that it must be made anew; what was missed meanwhile is fetched by the poll."""
    if not address:
        return list(secrets)
    ours = [one for one in _listed(client) if one.get("callback_url") == address]
    good = [one for one in ours if one.get("state") == "active" and set(one.get("events") or ()) >= {CREATED, CANCELED}]
    for one in ours:
        if one not in good[:1]:
            client.ask("DELETE", path_of(str(one["uri"]), "webhook_subscriptions"))
    if not good:
        client.ask("POST", "/webhook_subscriptions", body=_wanted(client, address, secrets[0]))
    return list(secrets)


def _scope(client: Calendly) -> dict[str, str]:
    me = client.me()
    where = {"organization": me["current_organization"], "scope": "organization" if client.everybody else "user"}
    return where if client.everybody else {**where, "user": me["uri"]}


def _listed(client: Calendly) -> list[dict[str, JSON]]:
    return list(client.listed("/webhook_subscriptions", **_scope(client)))


def _wanted(client: Calendly, address: str, key: str) -> dict[str, JSON]:
    return {**_scope(client), "url": address, "events": [CREATED, CANCELED], "signing_key": key}
