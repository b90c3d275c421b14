"""How Stripe signs, written from its documentation: https://docs.stripe.com/webhooks#verify-manually"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"{now:.0f}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "stripe-signature": f"t={now:.0f},v1={mac},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
    }
