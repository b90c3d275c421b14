"""What only the stand-in has: a webhook sent on demand. It is not signed; it carries a user and a password."""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Refusal, bearer, same
from app.practice.post import post
from app.practice.vendors.pipedrive.shelf import SLUG, Shelf, given, no


def blueprint(ground: Ground) -> Blueprint:
    sender, shelf = Blueprint("pipedrive_deliveries", __name__, url_prefix=f"/{SLUG}"), Shelf(ground)
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "entity": "deal", "id", "action": "change", "attempt": 1}. The practice token opens it."""
        if not same(bearer(), ground.token):
            no(401, "Send the practice token as a bearer token.")
        body = given()
        record = shelf.get(body.get("entity", "deal"), body.get("id", 1))
        raw = json.dumps(_event(body, record)).encode()
        try:
            return jsonify(post(str(body.get("address")), raw, signed(ground.token)))
        except ValueError as problem:
            no(400, str(problem))

    return sender


def signed(password: str) -> dict[str, str]:
    login = base64.b64encode(f"patchbay:{password}".encode()).decode()
    return {"Content-Type": "application/json", "User-Agent": "Pipedrive Webhooks", "Authorization": f"Basic {login}"}


def _event(body: dict[str, Any], record: dict[str, Any] | None) -> dict[str, Any]:
    action = body.get("action", "change")
    moment = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = {"action": action, "entity": body.get("entity", "deal"), "entity_id": str(body.get("id", 1))}
    meta |= {"company_id": "1001", "user_id": "7", "id": secrets.token_hex(16), "timestamp": moment, "version": "2.0"}
    meta |= {"webhook_id": "88", "change_source": "app", "attempt": body.get("attempt", 1), "host": request.host}
    return {
        "meta": meta,
        "data": None if action == "delete" else record,
        "previous": None if action == "create" else {},
    }
