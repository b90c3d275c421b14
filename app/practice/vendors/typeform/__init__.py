"""The practice Typeform: two forms, their responses, and signed webhooks.

https://www.typeform.com/developers/ . Settings a test may change: `typeform_rate` (2 a second), `typeform_lag` (seconds until
a response is listed), `typeform_lacks` (scopes that the token has not), `typeform_elsewhere` (the token is of another data centre).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, done, in_time, interface
from app.practice.look import plain_pages
from app.practice.vendors.typeform import _forms
from app.practice.vendors.typeform._forms import SLUG, Facts, refuse

HABITS = oauth.Habits(
    slug=SLUG,
    title="Typeform",
    accounts={"01practice": "Practice shop"},
    scopes=("accounts:read", "forms:read", "responses:read", "webhooks:read", "webhooks:write", "offline"),
    client="body",
    pkce=False,
    life=7 * 86400,
)


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)
    api.before_request(lambda: _admit(ground))
    oauth.routes(api, ground, HABITS, "/oauth/token")
    _reading(api, ground)
    _webhooks(api, ground)
    return api


def _admit(ground: Ground) -> None:
    if request.path.endswith("/oauth/token"):
        return
    grant = oauth.admit(ground, HABITS)
    if grant is None or SLUG in ground.ledger.note("revoked", []):
        refuse(401, "AUTHENTICATION_FAILED", "Authentication credentials not found on the Request Headers")
    g.scopes = grant["scope"].split()
    rate = float(ground.ledger.note("typeform_rate", 2))
    if in_time(ground, SLUG, rate, max(rate, 1)):
        raise Refusal(429, {"code": "TOO_MANY_REQUESTS", "description": "Too many requests"})


def _scope(ground: Ground, name: str) -> None:
    if name in ground.ledger.note("typeform_lacks", []) or name not in g.scopes:
        refuse(403, "FORBIDDEN", f"Token does not have the scope {name}")


def _reading(api: Blueprint, ground: Ground) -> None:
    @api.get("/me")
    def me() -> Response:
        _scope(ground, "accounts:read")
        return jsonify(user_id="01practice", alias="Practice shop", email="practice@shop.example", language="en")

    @api.get("/forms")
    def forms() -> Response:
        _scope(ground, "forms:read")
        page, size = int(request.args.get("page", 1)), min(int(request.args.get("page_size", 10)), 200)
        found = [{"id": one["id"], "title": one["title"]} for one in ground.ledger.objects(SLUG, "form")]
        shown = found[(page - 1) * size : page * size]
        return jsonify(total_items=len(found), page_count=max(1, -(-len(found) // size)), items=shown)

    @api.get("/forms/<form>")
    def one(form: str) -> Response:
        _scope(ground, "forms:read")
        return jsonify(_forms.form_of(ground, form))

    @api.get("/forms/<form>/responses")
    def responses(form: str) -> Response:
        _scope(ground, "responses:read")
        return jsonify(_forms.listed(ground, _forms.form_of(ground, form), request.args.to_dict()))


def _webhooks(api: Blueprint, ground: Ground) -> None:
    @api.get("/forms/<form>/webhooks")
    def all_hooks(form: str) -> Response:
        _scope(ground, "webhooks:read")
        _forms.form_of(ground, form)
        return jsonify(items=[_forms.shown(hook) for hook in _forms.hooks_of(ground, form)])

    @api.put("/forms/<form>/webhooks/<tag>")
    def put(form: str, tag: str) -> Response:
        """Off unless it is said: https://www.typeform.com/developers/webhooks/reference/create-or-update-webhook/"""
        _scope(ground, "webhooks:write")
        _forms.form_of(ground, form)
        given = request.get_json()
        if not str(given.get("url", "")).startswith("http"):
            refuse(400, "VALIDATION_ERROR", "url is not valid")
        hook = {"id": f"{form}.{tag}", "form": form, "tag": tag, "enabled": False, "secret": "", **given}
        with ground.ledger.write():
            ground.ledger.put(SLUG, "webhook", hook, parent=form)
            done(ground, "webhook.put", hook["id"])
        return jsonify(_forms.shown(hook))

    @api.delete("/forms/<form>/webhooks/<tag>")
    def delete(form: str, tag: str) -> tuple[str, int]:
        _scope(ground, "webhooks:write")
        with ground.ledger.write():
            ground.ledger.change("delete from objects where slug=? and id=?", SLUG, f"{form}.{tag}")
            done(ground, "webhook.delete", f"{form}.{tag}")
        return "", 204


def commands(ground: Ground) -> dict[str, Command]:
    """`typeform_fill` {"form", "answers": by reference, "at"?, "lose"?}: somebody fills in a form; answers the response and
    how its deliveries went. `typeform_resend` {"token"}: sent again by hand, with another event_id. `typeform_form` {…}: a
    form as it is given. `typeform_hook` {"id", …}: changes a webhook as only Typeform could."""
    return {
        **oauth.commands(ground, HABITS),
        "typeform_fill": lambda body: _fill(ground, body),
        "typeform_resend": lambda body: _forms.deliver(
            ground, ground.ledger.get(SLUG, body["token"], "response") or {}
        ),
        "typeform_form": lambda body: ground.ledger.put(SLUG, "form", body),
        "typeform_hook": lambda body: _forms.change_hook(ground, body),
    }


def _fill(ground: Ground, body: dict[str, Any]) -> Facts:
    try:
        form = _forms.form_of(ground, body["form"])
    except Refusal as refusal:
        raise ValueError(str(refusal.body)) from refusal
    response = _forms.fill(ground, form, body["answers"], body.get("at", ""), body.get("hidden"))
    return {"response": response, "deliveries": [] if body.get("lose") else _forms.deliver(ground, response)}


def pages(ground: Ground) -> Blueprint:
    """The page on which a person signs in, beside the plain one that shows what there is."""
    both = Blueprint("typeform_site", __name__)
    both.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    both.register_blueprint(plain_pages(vendor, ground))
    return both


vendor = Vendor(
    slug=SLUG,
    title="Typeform",
    says="Two forms, what was filled in, and signed webhooks.",
    paths=("/me", "/forms", "/oauth/token"),
    blueprint=blueprint,
    pages=pages,
    seed=_forms.seed,
    commands=commands,
)
