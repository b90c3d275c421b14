"""How Slack signs, written from its documentation: https://docs.slack.dev/authentication/verifying-requests-from-slack"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    mac = hmac.new(secret.encode(), f"v0:{now:.0f}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": f"{now:.0f}", "x-slack-signature": f"v0={mac}"}


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """https://docs.slack.dev/reference/events/url_verification"""
    body = (
        b'{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CYzmE","type":"url_verification"}'
    )
    return body, signed(body, secret, now)
