"""Stripe's webhooks: the signature, and the event in a delivery. https://docs.stripe.com/webhooks"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, BadSignature, Event, Received, Unreadable, read_strictly

WINDOW = 300  # seconds either way; Stripe's own libraries check the past only
_LATEST = 2**40  # seconds
_TELLS_TWICE_APART = {  # what makes two events about one object news of their own
    "invoice.payment_failed": "attempt_count",
    "charge.refunded": "amount_refunded",
}


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery. Raises `BadSignature` or `Unreadable`."""
    _verify(body, headers.get("stripe-signature", ""), secrets, now)
    document = read_strictly(body, "Stripe")
    if str(document.get("object", "")).startswith("v2."):
        raise Unreadable(
            "This is one of Stripe's thin events, which do not hold what happened. Make the destination in Stripe anew "
            "with the payload style Snapshot."
        )
    found = event(document, body)
    _same_mode(document, headers.get(":account", ""))
    return Received(events=(found,))


# --- who sent it ------------------------------------------------------------------------------------------------------


def _verify(body: bytes, header: str, secrets: Sequence[str], now: float) -> None:
    """https://docs.stripe.com/webhooks#verify-manually : any of several v1 may fit, as there are two while a secret is
    being rolled; v0 is only for test clocks and is no signature."""
    if not any(secrets):
        raise BadSignature("This connection has no signing secret yet: copy it from the destination's page in Stripe.")
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [_bytes(value) for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) <= 12):
        raise BadSignature("The delivery does not say when it was signed.")
    signed = stamps[0].encode() + b"." + body
    ours = [hmac.new(_bytes(secret), signed, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    if not any(hmac.compare_digest(mac, one) for mac in ours for one in given):
        raise BadSignature(
            "The delivery was not signed with the signing secret of this connection. Copy it again from the "
            "destination in Stripe; test mode, live mode and the command line each have another one."
        )
    if not abs(now - int(stamps[0])) <= WINDOW:
        raise BadSignature("The delivery was signed more than five minutes away from now: check this computer's clock.")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _same_mode(document: dict[str, JSON], account: str) -> None:
    """`account` is the id of the connected one, as `check` made it, or "" where it is not known."""
    if account and document.get("livemode") is not (not account.endswith(":test")):
        raise BadSignature(
            "This event is of Stripe's other mode (test or live) than the connection. Copy the signing secret of the "
            "destination in the right mode."
        )


# --- what it holds ----------------------------------------------------------------------------------------------------


def event(document: dict[str, JSON], body: bytes) -> Event:
    """The event in a delivery, or one that was listed. https://docs.stripe.com/api/events/object"""
    kind, named = document.get("type"), document.get("id")
    data = document.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    if not (isinstance(kind, str) and 0 < len(kind) <= 200 and isinstance(named, str) and 0 < len(named) <= 200):
        raise Unreadable("The delivery does not say which event it is.")
    if not isinstance(about, dict):
        raise Unreadable("The delivery does not hold what happened.")
    which = about.get("id") if isinstance(about.get("id"), str) else ""
    once = _once_key(kind, which or "", about)
    return Event(kind, named, body, serial_key=which or "", once_key=once, occurred_at=_when(document))


def _once_key(kind: str, which: str, about: dict[str, JSON]) -> str:
    """Stripe may make two events of one change (https://docs.stripe.com/webhooks#handle-duplicate-events): both start a
    recipe only once. An invoice is paid once, but its payment may fail several times."""
    if not which or kind.endswith(".updated"):
        return ""
    news = about.get(_TELLS_TWICE_APART.get(kind, ""), "")
    return f"{kind}:{hashlib.sha256(json.dumps([which, news]).encode()).hexdigest()[:40]}"


def _when(document: dict[str, JSON]) -> int | None:
    """`created` is in seconds."""
    value = document.get("created")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST:
        raise Unreadable("The time in the delivery (created) is not a number of seconds.")
    return value * 1000
