"""How Intuit signs: https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks/managing-webhooks-notifications"""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    """Base64 of HMAC-SHA256 over the body, with the verifier token; no time in it."""
    return {"intuit-signature": base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()}
