"""What only the stand-in has: a webhook sent on demand, signed as HubSpot signs (version 3).

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from flask import Blueprint, Response, jsonify

from app.practice.door import Ground, Refusal, bearer, same
from app.practice.post import post
from app.practice.vendors.hubspot.shelf import SLUG, given, no


def blueprint(ground: Ground) -> Blueprint:
    sender = Blueprint("hubspot_deliveries", __name__, url_prefix=f"/{SLUG}")
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "signed_as": the address that the hub believes to have, "events"}. The practice token opens it."""
        if not same(bearer(), ground.token):
            no(401, "UNAUTHORIZED", "Send the practice token as a bearer token.")
        body = given()
        raw = json.dumps(body.get("events") or [_event()]).encode()
        address = str(body.get("address"))
        headers = signed(ground.token, str(body.get("signed_as") or address), raw, int(time.time() * 1000))
        try:
            return jsonify(post(address, raw, headers))
        except ValueError as problem:
            no(400, "VALIDATION_ERROR", str(problem))

    return sender


def signed(secret: str, address: str, raw: bytes, stamp: int) -> dict[str, str]:
    message = f"POST{address}".encode() + raw + str(stamp).encode()
    mac = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()
    times = {"X-HubSpot-Signature-v3": mac, "X-HubSpot-Request-Timestamp": str(stamp)}
    return {"Content-Type": "application/json", "User-Agent": "HubSpot Connect 2.0", **times}


def _event() -> dict[str, Any]:
    about = {"eventId": 3816279340, "subscriptionId": 25, "portalId": 1001, "appId": 1160, "objectId": 501}
    what = {"subscriptionType": "contact.propertyChange", "propertyName": "lifecyclestage", "propertyValue": "customer"}
    return {**about, **what, "occurredAt": int(time.time() * 1000), "attemptNumber": 0, "changeSource": "CRM_UI"}
