"""HubSpot's webhooks: they ring, and the search says what happened.

A delivery has up to 100 events in any order, only with numbers in them, perhaps of several accounts, and floods at an import.
So nothing is taken from it: once its signature (version 3) is right, the polls run at once.
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence

from connectors.contract import BadSignature, Received, Unreadable

WINDOW = 300.0  # seconds, both ways: HubSpot's own helper lets future times pass
_DECODED = {"3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(", "29": ")", "2A": "*",
            "2C": ",", "3B": ";"}  # fmt: skip
_ESCAPE = re.compile("%(" + "|".join(_DECODED) + ")", re.IGNORECASE)


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify one delivery. Raises `BadSignature` or `Unreadable`. The older signatures are plain hashes without a time and
    are not taken."""
    stamp, given = headers.get("x-hubspot-request-timestamp", ""), headers.get("x-hubspot-signature-v3", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15) or abs(now - int(stamp) / 1000) > WINDOW:
        raise BadSignature("The delivery was not signed within five minutes of now: check this computer's clock.")
    method, address = headers.get(":method", "POST"), decoded(headers.get(":url", ""))
    message = f"{method}{address}".encode() + body + stamp.encode()
    macs = [base64.b64encode(hmac.new(one.encode(), message, hashlib.sha256).digest()) for one in secrets if one]
    if not any(hmac.compare_digest(mac, given.encode("utf-8", "backslashreplace")) for mac in macs):
        raise BadSignature(
            "The delivery was not signed with the client secret of this connection's app, or the hub's public address is not "
            "the one that HubSpot calls."
        )
    # One address serves all accounts that have the app, and one delivery may hold events of several of them.
    return Received(catch_up=True, accounts=_portals(body))


def decoded(address: str) -> str:
    """HubSpot signs the address with these escapes undone, but not the ? that begins the query."""
    return _ESCAPE.sub(lambda found: _DECODED[found[1].upper()], address)


def _portals(body: bytes) -> tuple[str, ...]:
    """The accounts that the events belong to, each once."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that HubSpot documents.") from problem
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        raise Unreadable("This delivery is JSON, but not the list of events that HubSpot documents.")
    numbers = (one.get("portalId") for one in events)
    return tuple(dict.fromkeys(str(one) for one in numbers if isinstance(one, int) and not isinstance(one, bool)))
