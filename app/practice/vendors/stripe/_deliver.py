"""What only the stand-in has: sending events. https://docs.stripe.com/webhooks#verify-manually ; the practice token opens it."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Refusal, bearer, same
from app.practice.post import post
from app.practice.vendors.stripe._refusals import invalid, refuse
from app.practice.vendors.stripe._shelf import Shelf


def blueprint(ground: Ground) -> Blueprint:
    sender, shelf = Blueprint("stripe_deliveries", __name__, url_prefix="/stripe"), Shelf(ground)
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "body", "keep": the same event again, "lose": it happened but is never sent, "rolled": another
        secret that is being rolled out, too}."""
        if not same(bearer(), ground.token):
            refuse(401, "invalid_request_error", "Send the practice token as a bearer token.")
        given = request.get_json(silent=True)
        if not isinstance(given, dict) or not isinstance(given.get("body"), dict):
            invalid("Send a JSON object with address and body.")
        body = given["body"] if given.get("keep") else fresh(given["body"])
        shelf.keep("event", body)
        if given.get("lose"):
            return jsonify(status=None, answer=None, lost=True, body=body)
        return jsonify({**_send(given, body, ground.token), "body": body})

    return sender


def fresh(event: dict[str, Any]) -> dict[str, Any]:
    """The same event as if it happened now, to another object."""
    event = copy.deepcopy(event)
    event.update(id=f"evt_{secrets.token_hex(8)}", created=int(time.time()), livemode=False)
    about = (event.get("data") or {}).get("object")
    if isinstance(about, dict) and isinstance(about.get("id"), str):
        about["id"] = f"{about['id'].partition('_')[0]}_{secrets.token_hex(8)}"
    return event


def _send(given: dict[str, Any], body: dict[str, Any], token: str) -> dict[str, Any]:
    raw = json.dumps(body, ensure_ascii=False, indent=2).encode()  # Stripe sends it with its line breaks
    tokens = [given["rolled"], token] if given.get("rolled") else [token]
    try:
        return post(str(given.get("address")), raw, signed(raw, tokens, int(time.time())))
    except ValueError as problem:
        invalid(str(problem))


def signed(raw: bytes, tokens: list[str], seconds: int) -> dict[str, str]:
    """Two signatures stand in it while a secret is being rolled; v0 is none."""
    text = str(seconds).encode() + b"." + raw
    macs = [hmac.new(token.encode(), text, hashlib.sha256).hexdigest() for token in tokens]
    header = ",".join([f"t={seconds}", *(f"v1={mac}" for mac in macs), "v0=" + "0" * 64])
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": header,
    }
