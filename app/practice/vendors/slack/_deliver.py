"""What only the stand-in has: sending. https://docs.slack.dev/authentication/verifying-requests-from-slack ; the practice
token opens it, and is the Signing Secret."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Refusal, bearer, same
from app.practice.post import post
from app.practice.vendors.slack._shelf import Shelf, no

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


def blueprint(ground: Ground) -> Blueprint:
    sender, shelf = Blueprint("slack_deliveries", __name__, url_prefix="/slack"), Shelf(ground)
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))
    sender.before_request(lambda: None if same(bearer(), ground.token) else no("invalid_auth"))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "body", "keep": the same again, "lose": it happened but is never sent, "again": what number of try}.

        Events go as JSON, presses of buttons as a form with one field."""
        given = _given("address", "body")
        body = given["body"] if given.get("keep") else fresh(given["body"])
        _remember(shelf, body)
        if given.get("lose"):
            return jsonify(status=None, answer=None, lost=True, body=body)
        return jsonify({**_send(ground, given["address"], body, given.get("again")), "body": body})

    @sender.post("/verify")
    def verify() -> Response:
        """{"address"}: what Slack asks when somebody enters an address."""
        challenge = secrets.token_urlsafe(32)
        body = {"type": "url_verification", "token": "old", "challenge": challenge}
        report = _send(ground, _given("address")["address"], body, None)
        said = report["answer"]
        right = said == challenge or (isinstance(said, dict) and said.get("challenge") == challenge)
        return jsonify({**report, "valid": report["status"] == 200 and right and report["seconds"] < 3})

    return sender


def _given(*names: str) -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict) or any(name not in given for name in names):
        no("invalid_arguments")
    return given


def fresh(body: dict[str, Any]) -> dict[str, Any]:
    """The same as if it happened now."""
    body, now = copy.deepcopy(body), time.time()
    stamp = f"{now:.6f}"
    if body.get("type") == "event_callback":
        body.update(event_id=f"Ev{secrets.token_hex(5).upper()}", event_time=int(now))
        if isinstance(body.get("event"), dict) and "ts" in body["event"]:
            body["event"] |= {"ts": stamp, "event_ts": stamp}
    for one in body.get("actions") or []:
        one["action_ts"] = stamp
    return body


def _remember(shelf: Shelf, body: dict[str, Any]) -> None:
    """What somebody wrote stands in its channel, whether the event arrives or not."""
    about = body.get("event")
    if isinstance(about, dict) and about.get("type") == "message" and about.get("channel") and about.get("ts"):
        kept = {name: value for name, value in about.items() if name not in ("channel", "channel_type", "event_ts")}
        shelf.keep(about["channel"], kept)


def _send(ground: Ground, address: str, body: dict[str, Any], again: int | None) -> dict[str, Any]:
    is_press = body.get("type") not in ("event_callback", "url_verification", "app_rate_limited")
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    sent = urlencode({"payload": raw}).encode() if is_press else raw.encode()
    headers = {"Content-Type": _FORM if is_press else _JSON, **signed(ground.token, sent, int(time.time()))}
    if again:
        headers |= {"X-Slack-Retry-Num": str(again), "X-Slack-Retry-Reason": "http_timeout"}
    try:
        return post(address, sent, headers)
    except ValueError:
        no("bad_url")


def signed(token: str, raw: bytes, seconds: int) -> dict[str, str]:
    mac = hmac.new(token.encode(), b"v0:" + str(seconds).encode() + b":" + raw, hashlib.sha256)
    return {"X-Slack-Signature": f"v0={mac.hexdigest()}", "X-Slack-Request-Timestamp": str(seconds)}
