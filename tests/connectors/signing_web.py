"""How senders prove themselves: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

What is said about nothing else is the first choice of the connect form, Standard Webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"


def signed(body: bytes, secret: str, now: float, number: str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W") -> dict[str, str]:
    seconds = str(int(now))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{number}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": number,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """GitHub's first delivery: https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping"""
    body = b'{"zen":"Keep it logically awesome.","hook_id":1}'
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    about = {"x-github-event": "ping", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    return body, {":scheme": "github", "x-hub-signature-256": f"sha256={mac}", **about}
