"""How Airtable signs a ping: https://airtable.com/developers/web/api/webhooks-overview#webhook-notification-delivery"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

SECRET = "ach00000000000001:" + base64.b64encode(b"thirty-two bytes of a test, here").decode()


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    """`secret`: the id of a webhook and, after a colon, what Airtable told as `macSecretBase64`."""
    try:
        key = base64.b64decode(secret.partition(":")[2], validate=True)
    except binascii.Error:
        key = b""
    return {"x-airtable-content-mac": f"hmac-sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"}
