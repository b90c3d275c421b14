"""The practice Zoom: sign-in of an app or a person, recaps and recordings to read, and their webhooks, signed.

https://developers.zoom.us/docs/api/ and https://developers.zoom.us/docs/api/webhooks . Settings a test may change:
`zoom_rate` (20 a second, the Pro plan's medium category), `token_life` (3600 s), `zoom_scopes` (what the Server-to-Server app
was granted), `zoom_downloads` (False: only hosts may download), and those of `app.practice.oauth`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, bearer, in_time, interface, root, same
from app.practice.post import post
from app.practice.vendors.zoom import recaps, recordings
from app.practice.vendors.zoom.lists import refuse

SCOPES = (
    "meeting:read:summary:admin meeting:read:list_summaries:admin user:read:user:admin "
    "cloud_recording:read:list_account_recordings:admin cloud_recording:read:list_recording_files:admin"
)
HABITS = oauth.Habits(
    slug="zoom",
    title="Zoom",
    accounts={"practice-host": "Ana Silva"},
    scopes=(
        "user:read:user",
        "meeting:read:summary",
        "cloud_recording:read:list_user_recordings",
        "cloud_recording:read:list_recording_files",
    ),
)


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_zoom", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    whole.register_blueprint(_deliveries(ground))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    """`recap` {"body"}: a recap that is there to be read but was never delivered; `zoom_recording` {"body", "said"} likewise;
    `zoom_delete` {"uuid"}: its recording is deleted."""
    return {
        **oauth.commands(ground, HABITS),
        "recap": lambda body: recaps.keep(ground.ledger, body["body"]),
        "zoom_recording": lambda body: recordings.keep(ground.ledger, body["body"], body.get("said", recordings.SAID)),
        "zoom_delete": lambda body: recordings.delete(ground.ledger, body["uuid"]),
    }


def _api(ground: Ground) -> Blueprint:
    api, ledger = interface("zoom", ground), ground.ledger

    @api.before_request
    def token() -> Response | None:
        """Both kinds of apps ask at the same address; people's codes and refresh tokens are taken below."""
        if not request.path.endswith("/oauth/token") or _by_person():
            return None
        _check_login(ground)
        life = int(ledger.note("token_life", 3600))
        made = _token(ground, request.values["account_id"], time.time() + life)
        answer = {"access_token": made, "token_type": "bearer", "expires_in": life, "scope": _scopes(ground)}
        return jsonify({**answer, "api_url": request.host_url.rstrip("/")})

    oauth.routes(api, ground, HABITS, "/oauth/token", "/oauth/revoke")

    @api.get("/v2/users/<id>")
    def user(id: str) -> Response:
        account = _admit(ground, "Light", "user:read:user")
        if id not in ("me", "practice-host"):
            refuse(404, 1001, f"User does not exist: {id}.")
        person = {"id": "practice-host", "first_name": "Ana", "last_name": "Silva", "display_name": "Ana Silva"}
        return _measured({**person, "email": "ana.silva@practice.example", "type": 2, "account_id": account})

    @api.get("/v2/meetings/meeting_summaries")
    def summaries() -> Response:
        _admit(ground, "Medium", "meeting:read:list_summaries:admin")
        return _measured(recaps.listed(ledger, request.args))

    @api.get("/v2/meetings/<path:uuid>/meeting_summary")
    def summary(uuid: str) -> Response:
        _admit(ground, "Medium", "meeting:read:summary")
        return _measured(recaps.read(ledger, _meeting(uuid)))

    _recordings(api, ground)

    @api.route("/v2/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def elsewhere(rest: str) -> Response:
        _admit(ground, "Light", "")
        refuse(404, 2300, "This API endpoint is not recognized.")

    return api


def _recordings(api: Blueprint, ground: Ground) -> None:
    @api.get("/v2/accounts/me/recordings")
    def of_account() -> Response:
        _admit(ground, "Medium", "cloud_recording:read:list_account_recordings:admin")
        return _measured(recordings.listed(ground, root("zoom"), request.args))

    @api.get("/v2/users/me/recordings")
    def of_person() -> Response:
        _admit(ground, "Medium", "cloud_recording:read:list_user_recordings")
        return _measured(recordings.listed(ground, root("zoom"), request.args))

    @api.get("/v2/meetings/<path:uuid>/recordings")
    def files(uuid: str) -> Response:
        _admit(ground, "Light", "cloud_recording:read:list_recording_files")
        return _measured(recordings.read(ground, root("zoom"), _meeting(uuid)))

    @api.get("/rec/download/<recording>/<file>")
    def download(recording: str, file: str) -> Any:
        if _who(ground) is None or not ground.ledger.note("zoom_downloads", True):
            return Response(recordings.PAGE, mimetype="text/html")
        recordings.content(ground.ledger, recording, file)
        proof = recordings.proof(ground, recording, file)
        return redirect(f"{root('zoom')}/rec/signed/{recording}/{file}?proof={proof}", 302)

    @api.get("/rec/signed/<recording>/<file>")
    def signed_file(recording: str, file: str) -> Response:
        if not same(request.args.get("proof", ""), recordings.proof(ground, recording, file)):
            return Response("AccessDenied", 403, mimetype="application/xml")
        return Response(recordings.content(ground.ledger, recording, file), mimetype="text/vtt")


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
        if recordings.is_recording(body):
            body = body if given.get("keep") else recordings.fresh(body)
            recordings.keep(ground.ledger, body)
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


def _by_person() -> bool:
    return request.values.get("grant_type") in ("authorization_code", "refresh_token")


def _scopes(ground: Ground) -> str:
    return str(ground.ledger.note("zoom_scopes", SCOPES))


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


def _who(ground: Ground) -> tuple[str, str] | None:
    """The account of the access token that came along, and what it was granted; None for one that is not ours or ended."""
    words, _, mac = bearer().partition(".")
    if _revoked(ground):
        return None
    if same(mac, hmac.new(ground.token.encode(), words.encode(), hashlib.sha256).hexdigest()):
        account, ends = json.loads(base64.urlsafe_b64decode(words))
        return (str(account), _scopes(ground)) if ends >= time.time() else None
    grant = None if same(bearer(), ground.token) else oauth.admit(ground, HABITS)
    return ("practice", str(grant["scope"])) if grant else None


def _admit(ground: Ground, category: str, scope: str) -> str:
    """The account of a valid access token that was granted a scope which begins so, within the account's pace."""
    found = _who(ground)
    if found is None:
        refuse(401, 124, "Access token is expired.")
    account, scopes = found
    if not any(one.startswith(scope) for one in scopes.split()):
        refuse(400, 4711, f"Invalid access token, does not contain scopes:[{scope}].")
    rate = int(ground.ledger.note("zoom_rate", 20))
    g.pace = {"Category": category, "Type": "QPS", "Limit": str(rate), "Reset": str(int(time.time()) + 1)}
    if in_time(ground, f"zoom-{category}", rate, rate):
        words = "You have reached the maximum per-second rate limit for this API. Try again later."
        refuse(429, 429, words, {f"X-RateLimit-{name}": value for name, value in g.pace.items()})
    return account


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
        recorded = recordings.all_recordings(ground.ledger)[::-1][:100]
        return render_template(
            "practice/zoom.html", recaps=recaps.all_recaps(ground.ledger)[::-1][:100], recordings=recorded
        )

    return site


vendor = Vendor(
    slug="zoom",
    title="Zoom",
    says="Meeting recaps, recordings and transcripts. It signs and sends their news as Zoom does.",
    paths=("/v2/", "/oauth/token", "/oauth/revoke", "/rec/"),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
)
