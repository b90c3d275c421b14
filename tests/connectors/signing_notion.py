"""How Notion signs, written from its own SDK: github.com/makenotion/notion-sdk-js, src/webhooks.ts"""

from __future__ import annotations

import hashlib
import hmac
import json

SECRET = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    return {"x-notion-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    """The first delivery hands the token over, and is signed with it itself."""
    body = json.dumps({"verification_token": secret}).encode()
    return body, signed(body, secret, now)
