"""How Typeform signs: https://www.typeform.com/developers/webhooks/secure-your-webhooks/"""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"typeform-signature": f"sha256={base64.b64encode(mac).decode()}"}
