"""How Xero signs: https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/"""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    """Base64 of HMAC-SHA256 over the body, keyed with the webhooks key as it is shown; no time in it."""
    return {"x-xero-signature": base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()}


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """The "intent to receive": a delivery without events, to which the status is the answer."""
    body = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4nd0mt3xt"}'
    return body, signed(body, secret, now)
