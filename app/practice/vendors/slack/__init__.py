"""The practice Slack: channels with messages and threads, sign-in, and signed events and presses of buttons.

https://docs.slack.dev/apis/web-api/ . It says no as Slack does, with status 200 and `"ok": false`. Settings a test may change:
`slack_rate` (messages a second in a channel, 1), `slack_lacks` (scopes that the token has not), `slack_error` (the error that
every call gets), `revoked` (["slack"]).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, bearer, in_time, interface, same
from app.practice.vendors.slack import _channels, _deliver, _messages
from app.practice.vendors.slack._shelf import APP, BOT, TEAM, URL, Given, Shelf, no

SCOPES = ("chat:write", "channels:read", "groups:read", "channels:history", "groups:history")
HABITS = oauth.Habits(
    slug="slack",
    title="Slack",
    accounts={TEAM: "Practice shop"},
    scopes=SCOPES,
    separator=",",
    pkce=False,
    life=43200,
    answer=lambda account: {
        "ok": True,
        "token_type": "bot",
        "app_id": APP,
        "bot_user_id": "U0BOT",
        "team": {"id": account, "name": "Practice shop"},
        "authed_user": {"id": "U0ANA", "access_token": "a person's, which is none of our business"},
    },
)
_ERRORS = {"invalid_grant": "invalid_code", "invalid_client": "bad_client_secret"}

Method = Callable[[Shelf, Given], dict[str, Any]]
_READS: Mapping[str, tuple[Method, str]] = {
    "conversations.list": (_channels.listed, "channels:read"),
    "users.conversations": (_channels.own, "channels:read"),
    "conversations.info": (_channels.info, "channels:read"),
    "conversations.history": (_messages.history, "channels:history"),
    "conversations.replies": (_messages.replies, "channels:history"),
}
_WRITES: Mapping[str, tuple[Method, str]] = {
    "chat.postMessage": (_messages.post, "chat:write"),
    "chat.update": (_messages.update, "chat:write"),
    "chat.delete": (_messages.delete, "chat:write"),
}


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_slack", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(_deliver.blueprint(ground))
    whole.register_blueprint(oauth.pages(ground, HABITS, "/oauth/v2/authorize"))
    return whole


def _api(ground: Ground) -> Blueprint:
    api, shelf = interface("slack", ground), Shelf(ground)
    oauth.routes(api, ground, HABITS, "/api/oauth.v2.access")
    api.after_request(_say_it_as_slack)

    @api.route("/api/auth.test", methods=["GET", "POST"])
    def test() -> Response:
        _admit(ground)
        me = {"team": "Practice shop", "team_id": TEAM, "user": "patchbay", "user_id": "U0BOT", "bot_id": BOT}
        return _ok({**me, "url": URL, "is_enterprise_install": False})

    @api.get("/api/<method>")
    def read(method: str) -> Response:
        return _call(ground, shelf, _READS, method, dict(request.args))

    @api.post("/api/<method>")
    def write(method: str) -> Response:
        return _call(ground, shelf, _WRITES, method, _body())

    return api


def _call(
    ground: Ground, shelf: Shelf, methods: Mapping[str, tuple[Method, str]], method: str, given: Given
) -> Response:
    _admit(ground)
    if method not in methods:
        no("unknown_method", req_method=method)
    do, scope = methods[method]
    if scope in ground.ledger.note("slack_lacks", []):
        no("missing_scope", needed=scope, provided=",".join(s for s in SCOPES if s != scope))
    if method == "chat.postMessage":
        _pace(ground, str(given.get("channel")))
    with ground.ledger.write():
        return _ok(do(shelf, given))


def _body() -> Given:
    if request.mimetype == "application/json":
        given = request.get_json(silent=True)
        return given if isinstance(given, dict) else no("invalid_json")
    form: Given = dict(request.form)
    return {name: json.loads(v) if name in ("blocks", "metadata") else v for name, v in form.items()}


def _admit(ground: Ground) -> None:
    token = bearer()
    if not token:
        no("not_authed")
    theirs = same(token, f"xoxb-{ground.token}") or oauth.admit(ground, HABITS) is not None
    if not theirs or "slack" in ground.ledger.note("revoked", []):
        no("token_revoked" if theirs else "invalid_auth")
    g.scopes = ",".join(scope for scope in SCOPES if scope not in ground.ledger.note("slack_lacks", []))
    if error := ground.ledger.note("slack_error"):
        no(error)


def _pace(ground: Ground, channel: str) -> None:
    """About one message a second in each channel, with short bursts."""
    if wait := in_time(ground, f"slack-{channel}", float(ground.ledger.note("slack_rate", 1)), 3):
        raise Refusal(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})


def _ok(answer: Mapping[str, Any]) -> Response:
    return jsonify({"ok": True, **answer})


def _say_it_as_slack(response: Response) -> Response:
    """Also the token address says no with 200. The header names what the token may do."""
    if "scopes" in g:
        response.headers["x-oauth-scopes"] = g.scopes
    if request.path.endswith("/oauth.v2.access") and response.status_code in (400, 401):
        error = (response.get_json(silent=True) or {}).get("error", "")
        response.set_data(json.dumps({"ok": False, "error": _ERRORS.get(error, error)}))
        response.status_code = 200
    return response


def commands(ground: Ground) -> Mapping[str, Command]:
    """`slack_say` {"channel", "text", "user"?, "thread_ts"?, "ts"?}: a person writes, and no event is sent. `slack_forget`
    {"channel", "ts"}: a person deletes it. `slack_channel` {"id", …}: a channel is made or changed. `slack_revoke`."""
    shelf = Shelf(ground)
    return {
        "slack_say": lambda given: _messages.say(shelf, given),
        "slack_forget": lambda given: _messages.forget(shelf, given["channel"], given["ts"]),
        "slack_channel": lambda given: _channels.put(shelf, given),
        **oauth.commands(ground, HABITS),
    }


vendor = Vendor(
    slug="slack",
    title="Slack",
    says="Channels with messages. It signs and sends what people write and which buttons they press, as Slack does.",
    paths=("/api/", "/deliver", "/verify"),
    blueprint=blueprint,
    seed=_channels.seed,
    commands=commands,
)
