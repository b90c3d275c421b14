"""How the practice website proves itself, written from the documentation of each way.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md and
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

NAMES = {
    "standard": "Standard Webhooks",
    "svix": "Standard Webhooks, as Svix names its headers",
    "github": "GitHub, as JSON",
    "github-form": "GitHub, as a form",
    "header": "A secret in the header X-Hub-Secret",
    "bearer": "Authorization: Bearer",
    "basic": "HTTP Basic, as patchbay",
    "address": "A secret in the address",
}


def key_of(secret: str) -> bytes:
    """Raises ValueError for a secret that is none of this kind."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as problem:
        raise ValueError("A secret of Standard Webhooks begins with whsec_ and goes on in base64.") from problem


def sign(secret: str, number: str, seconds: str, body: bytes) -> str:
    mac = hmac.new(key_of(secret), b".".join([number.encode(), seconds.encode(), body]), hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def delivery(
    scheme: str, secret: str, message: Mapping[str, Any], number: str, now: int
) -> tuple[bytes, dict[str, str], str]:
    """(body, headers, what to put behind the address) of one message. Raises ValueError."""
    body = json.dumps(message, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Practice website"}
    if scheme in ("standard", "svix"):
        name, seconds = ("webhook" if scheme == "standard" else "svix"), str(now)
        signed = {f"{name}-id": number, f"{name}-timestamp": seconds}
        return body, {**headers, **signed, f"{name}-signature": sign(secret, number, seconds, body)}, ""
    if scheme in ("github", "github-form"):
        return _github(scheme, secret, body, headers, str(message.get("type", "issues")), number)
    if scheme == "address":
        return body, headers, f"?secret={quote(secret, safe='')}"
    return body, {**headers, **_plain(scheme, secret)}, ""


def _github(
    scheme: str, secret: str, body: bytes, headers: dict[str, str], event: str, number: str
) -> tuple[bytes, dict[str, str], str]:
    if scheme == "github-form":
        body = urlencode({"payload": body.decode()}).encode()
        headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    about = {"X-GitHub-Event": event, "X-GitHub-Delivery": number, "X-Hub-Signature-256": f"sha256={mac}"}
    return body, {**headers, **about}, ""


def _plain(scheme: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"patchbay:{secret}".encode()).decode()
    known = {
        "header": {"X-Hub-Secret": secret},
        "bearer": {"Authorization": f"Bearer {secret}"},
        "basic": {"Authorization": f"Basic {pair}"},
    }
    if scheme not in known:
        raise ValueError(f"The practice website knows these ways: {', '.join(NAMES)}.")
    return known[scheme]
