"""A vendor of tests whose webhooks have every habit of webhooks: see tests/web/test_hook_habits.py."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import (
    Account,
    ApiKey,
    BadSignature,
    Connector,
    Event,
    Field,
    Hook,
    Label,
    Poll,
    Received,
    Reply,
    Trigger,
)


def sign(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    signed = f"{headers[':method']}{headers[':url']}".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    if secret := headers.get("x-hand-over", ""):
        return Received(reply=Reply(None, headers={"X-Hand-Over": secret}), secret=secret)
    if not any(hmac.compare_digest(sign(s, headers, body), headers.get("x-signature", "")) for s in secrets):
        raise BadSignature
    if not body:
        return Received(catch_up=True)
    if body.startswith(b"mail-for="):
        return Received(catch_up=True, accounts=tuple(body.decode().removeprefix("mail-for=").split("+")))
    if body.startswith(b"challenge="):
        return Received(reply=Reply(body.decode().removeprefix("challenge="), 202))
    if body == b'"whose?"':
        return Received(reply=Reply(headers[":account"]))
    given = json.loads(body)
    return Received(tuple(Event("letter", e["id"], json.dumps(e).encode(), account=e["to"]) for e in given))


def letters(client: Any, cursor: Any) -> tuple[list[Event], Any]:
    return [], cursor


connector = Connector(
    slug="post_office",
    title="Post office",
    says="Letters.",
    hosts={"api": "https://post.example"},
    auth=ApiKey((Field("key", "Key"),)),
    open=lambda credentials, http: None,
    check=lambda client: Account("1", "One"),
    explain=lambda status, body: None,
    hook=Hook(
        receive,
        "Signing secret",  # the label of a field
        content_types=("application/json", "application/x-www-form-urlencoded", ""),
        refused=401,
        hands_over=True,
        pasted_back=True,
    ),
    triggers=(Trigger("letter", "A letter has come", lambda body: dict(json.loads(body)), {"id": Label.VENDOR}),),
    polls=(Poll(("letter",), letters, every=900.0),),
)
