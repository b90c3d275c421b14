"""How Linear signs, written from its documentation: https://linear.app/developers/webhooks

A bare hex HMAC-SHA256 of the body. The time of the signature stands in the body (webhookTimestamp, milliseconds); the samples
were made at one time and are signed for another, so it comes in the header that Linear uses where the body has none.
"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    delivery = "234d1a4e-b617-4388-90fe-adc3633d6b72"
    return {"linear-signature": mac, "linear-delivery": delivery, "linear-timestamp": f"{now * 1000:.0f}"}
