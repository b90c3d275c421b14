"""How Asana signs, written from its documentation: https://developers.asana.com/docs/webhooks-guide#the-webhook-handshake"""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    return {"x-hook-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def handshake(secret: str, now: float) -> tuple[bytes, dict[str, str]]:
    return b"{}", {"content-type": "application/json", "x-hook-secret": "b537207f20cbfa02357cf448134da559e8bd39d6"}
