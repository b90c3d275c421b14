"""How Webflow signs, from its documentation: https://developers.webflow.com/data/docs/working-with-webhooks#validating-request-signatures"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    stamp = str(int(now * 1000))
    mac = hmac.new(secret.encode(), f"{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-webflow-timestamp": stamp, "x-webflow-signature": mac}
