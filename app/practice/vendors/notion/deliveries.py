"""Webhooks of the practice Notion: a token handed over once, then signed events without content.

https://developers.notion.com/reference/webhooks . In Notion they are set up by clicks; here `/_control` clicks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from app.practice.control import Command
from app.practice.door import Ground
from app.practice.post import post
from app.practice.vendors.notion.people import ANA, BOT
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf

_NOTE = "notion_subscription"


def commands(ground: Ground) -> dict[str, Command]:
    """`notion_subscribe` {"address", "token"?}: hands a verification token over → {…, "token"};
    `notion_deliver` {"page", "type"?, "bot"?, "attempt"?, "id"?}: one event → the report."""
    return {
        "notion_subscribe": lambda body: subscribe(ground, body),
        "notion_deliver": lambda body: deliver(Shelf(ground), body),
    }


def subscribe(ground: Ground, body: dict[str, Any]) -> Object:
    token = body.get("token") or f"secret_{secrets.token_urlsafe(32)}"
    ground.ledger.set_note(_NOTE, {"address": body["address"], "token": token})
    return {**_send(ground, {"verification_token": token}), "token": token}


def deliver(shelf: Shelf, body: dict[str, Any]) -> Object:
    page = shelf.ledger.get(SLUG, body["page"], "page")
    if page is None:
        raise ValueError(f"There is no page {body['page']} here.")
    author = {"id": BOT, "type": "bot"} if body.get("bot") else {"id": ANA, "type": "person"}
    parent = page["parent"]
    event = {
        "id": body.get("id") or str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "workspace_id": "dddddddd-dddd-4ddd-8ddd-dddddddddddd",
        "workspace_name": "Practice Notion",
        "subscription_id": "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee",
        "integration_id": "ffffffff-ffff-4fff-8fff-ffffffffffff",
        "api_version": "2026-03-11",
        "attempt_number": body.get("attempt", 1),
        "authors": [author],
        "type": body.get("type", "page.properties_updated"),
        "entity": {"id": page["id"], "type": "page"},
        "data": {"parent": {"id": parent[parent["type"]], "type": parent["type"].removesuffix("_id")}},
    }
    return _send(shelf.ground, event)


def _send(ground: Ground, event: Object) -> Object:
    where = ground.ledger.note(_NOTE)
    body = json.dumps(event).encode()
    seal = hmac.new(where["token"].encode(), body, hashlib.sha256).hexdigest()
    return post(where["address"], body, {"Content-Type": "application/json", "X-Notion-Signature": f"sha256={seal}"})
