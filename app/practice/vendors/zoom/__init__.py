"""The practice Zoom: sign-in, recaps to read, and recaps delivered with a signed webhook.

https://developers.zoom.us/docs/api/ and https://developers.zoom.us/docs/api/webhooks . Settings a test may change:
`zoom_rate` (20 a second, the Pro plan's medium category), `token_life` (3600 s).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import Any, NoReturn
from urllib.parse import unquote

from flask import Blueprint, Response, g, jsonify, render_template, request

from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, bearer, in_time, interface, same
from app.practice.post import post
from app.practice.vendors.zoom import recaps

SCOPES = "meeting:read:summary:admin meeting:read:list_summaries:admin user:read:user:admin"


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_zoom", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(_deliveries(ground))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    """`recap` {"body"}: a recap that is there to be read but was never delivered."""
    return {"recap": lambda body: recaps.keep(ground.ledger, body["body"])}


def _api(ground: Ground) -> Blueprint:
    api, ledger = interface("zoom", ground), ground.ledger

    @api.post("/oauth/token")
    def token() -> Response:
        _check_login(ground)
        life = int(ledger.note("token_life", 3600))
        made = _token(ground, request.values["account_id"], time.time() + life)
        answer = {"access_token": made, "token_type": "bearer", "expires_in": life, "scope": SCOPES}
        return jsonify({**answer, "api_url": request.host_url.rstrip("/")})

    @api.get("/v2/users/me")
    def me() -> Response:
        account = _admit(ground, "Light")
        person = {"id": "practice-host", "first_name": "Ana", "last_name": "Silva", "display_name": "Ana Silva"}
        return _measured({**person, "email": "ana.silva@practice.example", "type": 2, "account_id": account})

    @api.get("/v2/meetings/meeting_summaries")
    def summaries() -> Response:
        _admit(ground, "Medium")
        return _measured(recaps.listed(ledger, request.args))

    @api.get("/v2/meetings/<path:uuid>/meeting_summary")
    def summary(uuid: str) -> Response:
        _admit(ground, "Medium")
        return _measured(recaps.read(ledger, _meeting(uuid)))

    @api.route("/v2/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def elsewhere(rest: str) -> Response:
        _admit(ground, "Light")
        refuse(404, 2300, "This API endpoint is not recognized.")

    return api


def _deliveries(ground: Ground) -> Blueprint:
    """What only the stand-in has: sending. The practice token opens it."""
    sender = Blueprint("zoom_deliveries", __name__, url_prefix="/zoom")
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))
    sender.before_request(lambda: _only_ours(ground))

    @sender.post("/deliver")
    def deliver() -> Response:
        """{"address", "body", "keep": same meeting and time again, "lose": made but never sent}."""
        given = _given("address", "body")
        body = given["body"] if given.get("keep") else recaps.fresh(given["body"])
        if recaps.is_recap(body):
            recaps.keep(ground.ledger, body)
        if given.get("lose"):
            return jsonify(status=None, answer=None, lost=True, body=body)
        return jsonify({**_send(ground, given["address"], body), "body": body})

    @sender.post("/validate")
    def validate() -> Response:
        """{"address"}: the check Zoom makes at set-up and every 72 hours."""
        plain = secrets.token_urlsafe(16)
        event = {
            "payload": {"plainToken": plain},
            "event_ts": int(time.time() * 1000),
            "event": "endpoint.url_validation",
        }
        report = _send(ground, _given("address")["address"], event)
        answer = report["answer"] if isinstance(report["answer"], dict) else {}
        expected = hmac.new(ground.token.encode(), plain.encode(), hashlib.sha256).hexdigest()
        right = answer.get("plainToken") == plain and answer.get("encryptedToken") == expected
        return jsonify({**report, "valid": report["status"] == 200 and right and report["seconds"] < 3})

    return sender


# --- webhooks ---------------------------------------------------------------------------------------------------------


def signed(token: str, raw: bytes, seconds: int) -> dict[str, str]:
    """The headers of a delivery: https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header ."""
    mac = hmac.new(token.encode(), b"v0:" + str(seconds).encode() + b":" + raw, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zoom Marketplace/1.0a",
        "x-zm-request-timestamp": str(seconds),
        "x-zm-signature": f"v0={mac.hexdigest()}",
        "x-zm-trackingid": f"WEB_{secrets.token_hex(16)}",
    }


def _send(ground: Ground, address: str, event: dict[str, Any]) -> dict[str, Any]:
    raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        return post(address, raw, signed(ground.token, raw, int(time.time())))
    except ValueError as problem:
        refuse(400, 300, str(problem))


def _only_ours(ground: Ground) -> None:
    if not same(bearer(), ground.token):
        refuse(401, 124, "Send the practice token as a bearer token.")


def _given(*names: str) -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict) or any(name not in given for name in names):
        refuse(400, 300, f"Send a JSON object with {' and '.join(names)}.")
    if "body" in names and not isinstance(given["body"], dict):
        refuse(400, 300, "body must be the webhook's JSON object.")
    return given


# --- signing in -------------------------------------------------------------------------------------------------------


def refuse(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> NoReturn:
    raise Refusal(status, {"code": code, "message": message}, headers)


def _check_login(ground: Ground) -> None:
    """https://developers.zoom.us/docs/internal-apps/s2s-oauth/ ; a wrong secret is a 400 there, not a 401."""
    scheme, _, login = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(login, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = secret = ""
    if scheme.lower() != "basic" or not name or not same(secret, ground.token) or _revoked(ground):
        raise Refusal(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
    if request.values.get("grant_type") != "account_credentials":
        raise Refusal(400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"})
    if not request.values.get("account_id"):
        raise Refusal(400, {"reason": "Bad Request", "error": "invalid_request"})


def _token(ground: Ground, account: str, ends: float) -> str:
    """Nothing is stored for it: it says itself until when it lives, and for whom."""
    words = base64.urlsafe_b64encode(json.dumps([account, ends]).encode()).decode()
    return f"{words}.{hmac.new(ground.token.encode(), words.encode(), hashlib.sha256).hexdigest()}"


def _admit(ground: Ground, category: str) -> str:
    """The account of a valid access token, within the account's pace."""
    words, _, mac = bearer().partition(".")
    if not same(mac, hmac.new(ground.token.encode(), words.encode(), hashlib.sha256).hexdigest()) or _revoked(ground):
        refuse(401, 124, "Invalid access token.")
    account, ends = json.loads(base64.urlsafe_b64decode(words))
    if ends < time.time():
        refuse(401, 124, "Access token is expired.")
    rate = int(ground.ledger.note("zoom_rate", 20))
    g.pace = {"Category": category, "Type": "QPS", "Limit": str(rate), "Reset": str(int(time.time()) + 1)}
    if in_time(ground, f"zoom-{category}", rate, rate):
        words = "You have reached the maximum per-second rate limit for this API. Try again later."
        refuse(429, 429, words, {f"X-RateLimit-{name}": value for name, value in g.pace.items()})
    return str(account)


def _revoked(ground: Ground) -> bool:
    return "zoom" in ground.ledger.note("revoked", [])


def _measured(answer: dict[str, Any]) -> Response:
    response = jsonify(answer)
    response.headers.update({f"X-RateLimit-{name}": value for name, value in g.pace.items()})
    return response


def _meeting(uuid: str) -> str:
    """The server decoded the path once. A uuid that begins with a slash or holds two must still be encoded now:
    https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid ."""
    if uuid.startswith("/") or "//" in uuid:
        refuse(404, 3001, f"Meeting does not exist: {uuid}.")
    return unquote(uuid)


# --- for people -------------------------------------------------------------------------------------------------------


def pages(ground: Ground) -> Blueprint:
    site = Blueprint("zoom_pages", __name__, url_prefix="/zoom")

    @site.get("/")
    def index() -> str:
        return render_template("practice/zoom.html", recaps=recaps.all_recaps(ground.ledger)[::-1][:100])

    return site


vendor = Vendor(
    slug="zoom",
    title="Zoom",
    says="Meeting recaps. It signs and sends them as Zoom does.",
    paths=("/v2/", "/oauth/"),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
)
