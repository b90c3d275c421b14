"""Signing in at a practice vendor: a page on which a person agrees, a token address, and tokens that end as real ones do.

A stand-in takes `pages` and `routes` with the habits of its vendor, and asks `admit` who calls. Settings a test may change, each
with the slug in front: `<slug>_life` (seconds of an access token), `<slug>_grace` (seconds a used refresh token still works),
`<slug>_rotates`. `POST /_control/<slug>_revoke` ends all tokens, as an owner does who removes the app.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request

from app.practice.door import Ground, Refusal, bearer, done, same
from app.practice.look import POLICY

_CODE_LIFE = 600

Facts = dict[str, Any]


@dataclass(frozen=True)
class Habits:
    """How this vendor does it. Client id is "practice", client secret the practice token.

    `accounts`: id → name, of which the person chooses one on the vendor's page; `all_accounts`: one consent opens all of
    them instead. `callback(account)` adds to the return address, `answer(account)` to token answers. `kills`: a refresh
    ends the access tokens before it, too. `says_life`: answers have `expires_in`.
    """

    slug: str
    title: str
    accounts: Mapping[str, str]
    scopes: tuple[str, ...] = ()
    separator: str = " "
    client: Literal["basic", "body", "none"] = "basic"
    json: bool = False
    json_revoke: bool = False
    pkce: bool = True
    life: float = 3600
    rotates: bool = True
    grace: float = 0
    kills: bool = False
    says_life: bool = True
    all_accounts: bool = False
    callback: Callable[[str], Mapping[str, str]] = field(default=lambda account: {})
    answer: Callable[[str], Mapping[str, Any]] = field(default=lambda account: {})


def pages(ground: Ground, habits: Habits, authorize: str) -> Blueprint:
    """The page on which a person agrees; `authorize` is its path below the slug."""
    site = Blueprint(f"{habits.slug}_consent", __name__, url_prefix=f"/{habits.slug}")

    @site.get(authorize)
    def ask() -> Response:
        wrong = _wrong(habits, request.args)
        scopes = [] if wrong else _split(request.args.get("scope", ""), habits)
        words = render_template("practice/consent.html", habits=habits, wrong=wrong, scopes=scopes)
        response = make_response(words, 400 if wrong else 200)
        if not wrong:  # browsers hold a form's redirect to the policy, too
            back = urlsplit(request.args["redirect_uri"])
            allowed = f"form-action 'self' {back.scheme}://{back.netloc}"
            response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", allowed)
        return response

    @site.post(authorize)
    def agree() -> Any:
        if wrong := _wrong(habits, request.args):
            return wrong, 400
        back, state = request.args["redirect_uri"], request.args.get("state", "")
        if request.form.get("answer") != "allow":
            return redirect(f"{back}?{urlencode({'error': 'access_denied', 'state': state})}", 303)
        code = _code(ground, habits, request.args, request.form)
        account = request.form.get("account", next(iter(habits.accounts)))
        return redirect(f"{back}?{urlencode({'code': code, 'state': state, **habits.callback(account)})}", 303)

    return site


def routes(api: Blueprint, ground: Ground, habits: Habits, token: str, revoke: str = "") -> None:
    """The token address and, where there is one, that at which tokens are given back; paths below the slug."""

    @api.post(token)
    def give() -> Response:
        given = _given(habits.json)
        _check_app(ground, habits, given)
        with ground.ledger.write():
            grant = _by_code(ground, habits, given) if given.get("grant_type") == "authorization_code" else None
            grant = grant or _by_refresh(ground, habits, given)
            return jsonify(_answer(ground, habits, grant))

    if revoke:

        @api.post(revoke)
        def take_back() -> Response:
            given = _given(habits.json or habits.json_revoke)
            _check_app(ground, habits, given)
            with ground.ledger.write():
                for grant in _grants(ground, habits):
                    if given.get("token") in (grant["refresh"], grant["access"]):
                        _put(ground, habits, {**grant, "ended": True})
                        done(ground, "token.revoke", grant["id"])
            return jsonify({})


def admit(ground: Ground, habits: Habits) -> Facts | None:
    """The grant of the access token that came along: its `account` (or `accounts`) and `scope`; the practice token itself
    opens the first account. None for any other."""
    if same(bearer(), ground.token):
        return {"account": next(iter(habits.accounts)), "scope": habits.separator.join(habits.scopes)}
    return holder(ground, habits, bearer())


def holder(ground: Ground, habits: Habits, token: str) -> Facts | None:
    """The grant of this access token, while it lives."""
    now = time.time()
    for grant in _grants(ground, habits):
        alive = [one for one in grant["tokens"] if one["until"] > now]
        if not grant["ended"] and any(same(token, one["token"]) for one in alive):
            return grant
    return None


def commands(ground: Ground, habits: Habits) -> Mapping[str, Callable[[Facts], Any]]:
    def revoke(body: Facts) -> int:
        with ground.ledger.write():
            found = _grants(ground, habits)
            for grant in found:
                _put(ground, habits, {**grant, "ended": True})
        return len(found)

    return {f"{habits.slug}_revoke": revoke}


# --- asking -----------------------------------------------------------------------------------------------------------


def _wrong(habits: Habits, given: Mapping[str, str]) -> str:
    if given.get("client_id") != "practice":
        return "Nobody has registered an app with this client ID. The practice vendors know one, called practice."
    if not given.get("redirect_uri", "").startswith(("http://", "https://")):
        return "The return address is missing."
    if habits.pkce and given.get("code_challenge_method") != "S256":
        return "This vendor wants PKCE with S256."
    unknown = set(_split(given.get("scope", ""), habits)) - set(habits.scopes)
    return f"There are no scopes called {', '.join(sorted(unknown))}." if unknown else ""


def _code(ground: Ground, habits: Habits, asked: Mapping[str, str], form: Any) -> str:
    code = secrets.token_urlsafe(24)
    facts = {
        "id": f"code-{code}".lower(),
        "code": code,
        "account": form.get("account", next(iter(habits.accounts))),
        "scope": habits.separator.join(form.getlist("scope")),
        "challenge": asked.get("code_challenge", ""),
        "back": asked["redirect_uri"],
        "until": time.time() + _CODE_LIFE,
        "used": False,
    }
    ground.ledger.put(habits.slug, "code", facts)
    return code


# --- tokens -----------------------------------------------------------------------------------------------------------


def _given(as_json: bool) -> Facts:
    if as_json:
        given = request.get_json(silent=True)
        return given if isinstance(given, dict) else _refuse("invalid_request", "Send a JSON object.")
    return dict(request.form)


def _check_app(ground: Ground, habits: Habits, given: Facts) -> None:
    name, secret = str(given.get("client_id", "")), str(given.get("client_secret", ""))
    if habits.client == "basic":
        name, secret = _basic()
    elif request.headers.get("Authorization"):
        _refuse("invalid_request", "Prove who you are in the body.")
    if name != "practice" or (habits.client != "none" and not same(secret, ground.token)):
        raise Refusal(401, {"error": "invalid_client", "error_description": "Client authentication failed."})


def _basic() -> tuple[str, str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (name, secret) if scheme.lower() == "basic" else ("", "")


def _by_code(ground: Ground, habits: Habits, given: Facts) -> Facts:
    facts = ground.ledger.get(habits.slug, f"code-{given.get('code', '')}", "code")
    if facts is None or facts["used"] or facts["until"] < time.time() or facts["back"] != given.get("redirect_uri"):
        _refuse("invalid_grant", "The authorization code is invalid or expired.")
    proof = base64.urlsafe_b64encode(hashlib.sha256(str(given.get("code_verifier", "")).encode()).digest())
    if facts["challenge"] and facts["challenge"] != proof.decode().rstrip("="):
        _refuse("invalid_grant", "The code verifier is wrong.")
    ground.ledger.put(habits.slug, "code", {**facts, "used": True})
    made = {"id": secrets.token_hex(8), "account": facts["account"], "scope": facts["scope"], "ended": False}
    if habits.all_accounts:
        made["accounts"] = list(habits.accounts)
    return {**made, "tokens": [], "access": "", "refresh": "", "before": "", "before_until": 0.0}


def _by_refresh(ground: Ground, habits: Habits, given: Facts) -> Facts:
    if given.get("grant_type") != "refresh_token":
        _refuse("unsupported_grant_type", "There is authorization_code and refresh_token.")
    token, now = str(given.get("refresh_token", "")), time.time()
    for grant in _grants(ground, habits):
        graced = grant["before"] and same(token, grant["before"]) and grant["before_until"] > now
        if not grant["ended"] and (same(token, grant["refresh"]) or graced):
            return grant
    return _refuse("invalid_grant", "The refresh token is invalid, expired or was used before.")


def _answer(ground: Ground, habits: Habits, grant: Facts) -> Facts:
    """New tokens, and the answer that has them."""
    note = ground.ledger.note
    life = float(note(f"{habits.slug}_life", habits.life))
    rotates = bool(note(f"{habits.slug}_rotates", habits.rotates)) or not grant["refresh"]
    access, now = f"at-{secrets.token_urlsafe(24)}", time.time()
    kept = [] if habits.kills else [one for one in grant["tokens"] if one["until"] > now]
    changed = {**grant, "access": access, "tokens": [*kept, {"token": access, "until": now + life}][-20:]}
    if rotates:
        until = now + float(note(f"{habits.slug}_grace", habits.grace))
        fresh = f"rt-{secrets.token_urlsafe(24)}"
        changed |= {"refresh": fresh, "before": grant["refresh"], "before_until": until}
    _put(ground, habits, changed)
    done(ground, "token.refresh" if grant["refresh"] else "token.code", grant["id"])
    answer = {"access_token": access, "token_type": "bearer", "refresh_token": changed["refresh"]}
    answer |= {"expires_in": int(life)} if habits.says_life else {}
    answer |= {"scope": grant["scope"]} if habits.scopes else {}
    return {**answer, **habits.answer(grant["account"])}


def _grants(ground: Ground, habits: Habits) -> list[Facts]:
    return list(ground.ledger.objects(habits.slug, "grant"))


def _put(ground: Ground, habits: Habits, grant: Facts) -> None:
    ground.ledger.put(habits.slug, "grant", grant)


def _split(scope: str, habits: Habits) -> list[str]:
    return [one for one in scope.split(habits.separator) if one]


def _refuse(error: str, words: str) -> NoReturn:
    raise Refusal(400, {"error": error, "error_description": words})
