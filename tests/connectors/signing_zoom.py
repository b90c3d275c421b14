"""How Zoom signs, written from its documentation: https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"v0:{now:.0f}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": f"{now:.0f}", "x-zm-signature": f"v0={mac}"}


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint"""
    body = f'{{"payload":{{"plainToken":"q9ibPhGeRZ6ayx5WTrXjRw"}},"event_ts":{now:.0f},"event":"endpoint.url_validation"}}'
    return body.encode(), signed(body.encode(), secret, now)
