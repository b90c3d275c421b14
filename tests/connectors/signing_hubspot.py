"""How HubSpot signs (version 3), written from its documentation:
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation"""

from __future__ import annotations

import base64
import hashlib
import hmac

ADDRESS = "https://hub.example/hooks/hubspot/key"


def signed(body: bytes, secret: str, now: float, *, signed_as: str = ADDRESS, called: str = ADDRESS) -> dict[str, str]:
    """`signed_as` is the address as HubSpot writes it down, `called` the one that the hub knows itself under."""
    stamp = f"{now * 1000:.0f}"
    source = b"".join([b"POST", signed_as.encode(), body, stamp.encode()])
    mac = base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()
    return {"x-hubspot-signature-v3": mac, "x-hubspot-request-timestamp": stamp, ":method": "POST", ":url": called}
