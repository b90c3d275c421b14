"""How Calendly signs: https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"{now:.0f}.".encode() + body, hashlib.sha256).hexdigest()
    return {"calendly-webhook-signature": f"t={now:.0f},v1={mac}"}
