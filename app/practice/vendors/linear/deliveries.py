"""What only the stand-in has: a webhook sent on demand, signed as Linear signs. https://linear.app/developers/webhooks"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, bearer, same
from app.practice.post import post
from app.practice.vendors.linear.shelf import SLUG, Problem, Shelf


def blueprint(ground: Ground) -> Blueprint:
    sender, shelf = Blueprint("linear_deliveries", __name__, url_prefix=f"/{SLUG}"), Shelf(ground)
    sender.register_error_handler(Problem, lambda problem: (jsonify(error=problem.words), problem.status))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "id": an issue's, "action": "update", "updatedFrom": {}}. The practice token opens it."""
        if not same(bearer(), ground.token):
            raise Problem("Send the practice token as a bearer token.", "authentication error", 401)
        given = request.get_json(silent=True) or {}
        raw = json.dumps(_event(given, shelf.find("issue", given.get("id", "ENG-1")))).encode()
        try:
            return jsonify(post(str(given.get("address")), raw, signed(ground.token, raw)))
        except ValueError as problem:
            raise Problem(str(problem), "invalid input", 400) from problem

    return sender


def signed(secret: str, raw: bytes) -> dict[str, str]:
    mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    told = {"Linear-Delivery": str(uuid.uuid4()), "Linear-Event": "Issue", "Linear-Signature": mac}
    return {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Linear-Webhook", **told}


def _event(given: dict[str, Any], issue: dict[str, Any]) -> dict[str, Any]:
    action = given.get("action", "update")
    told = {"action": action, "type": "Issue", "createdAt": issue["updatedAt"], "data": issue, "url": issue["url"]}
    told |= {"actor": {"id": "user-ana", "type": "user", "name": "Ana Silva"}, "organizationId": "practice"}
    before = (
        {"updatedFrom": given.get("updatedFrom") or {"updatedAt": issue["createdAt"]}} if action == "update" else {}
    )
    return {**told, **before, "webhookId": "3e9c", "webhookTimestamp": int(time.time() * 1000)}
