"""Xero's webhooks. They say which contact or invoice changed and nothing of it, so the organisation is asked at once.

One address serves all organisations of an app. There is no time in the signature; an old delivery only makes us look again.
https://developer.xero.com/documentation/guides/webhooks/overview/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, BadSignature, Received, Reply, Unreadable


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify, and say whose books to look at. Xero's "intent to receive" has no events: it is answered by the status alone, 200
    for a right signature and 401 for a wrong one, and with nothing in it."""
    _verify(body, headers.get("x-xero-signature", ""), secrets)
    try:
        events = json.loads(body)["events"]
        about = sorted({str(event["tenantId"]) for event in events if event["eventCategory"] in ("CONTACT", "INVOICE")})
    except (ValueError, RecursionError, KeyError, TypeError) as problem:
        raise Unreadable("This delivery is not as Xero documents its webhooks.") from problem
    reply = None if _any(events) else Reply(None)
    return Received(reply=reply, catch_up=bool(about), accounts=tuple(about))


def _any(events: JSON) -> bool:
    if not isinstance(events, list):
        raise Unreadable("The events of this delivery are no list.")
    return bool(events)


def _verify(body: bytes, given: str, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 of the raw body in Base64; the key is the text that Xero shows, not what Base64 would make of it."""
    found = given.encode("utf-8", "backslashreplace")
    for secret in secrets:
        key = secret.encode("utf-8", "backslashreplace")
        if secret and hmac.compare_digest(base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()), found):
            return
    raise BadSignature("The delivery was not signed with this connection's webhooks key: copy it from Xero again.")
