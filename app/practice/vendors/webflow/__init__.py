"""The practice Webflow: a site with two collections, a form, and webhooks that are signed as Webflow signs them.

https://developers.webflow.com/data/reference . Settings a test may change: `webflow_missing` (scopes that the token lacks),
`webflow_rate` (requests a minute, 60), `webflow_duplicates` ("refuse": a second item with the same slug is refused instead of
renamed), `webflow_order` ("oldest": answers to forms come oldest first), `webflow_unpublished` (the site was not published
since the form was made).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Vendor, in_time, interface
from app.practice.vendors.webflow import forms, items, webhooks
from app.practice.vendors.webflow.studio import COLLECTIONS, FORMS, HABITS, SITES, Studio, refuse

ALL = ["GET", "POST", "PATCH", "PUT", "DELETE"]
# What begins a path, and the scope that reading there needs; writing needs ":write" in its place.
_SCOPES = {"sites": "sites:read", "collections": "cms:read", "forms": "forms:read", "webhooks": "sites:read"}


def blueprint(ground: Ground) -> Blueprint:
    api = interface("webflow", ground)
    oauth.routes(api, ground, HABITS, "/oauth/access_token")

    @api.route("/v2/<path:rest>", methods=ALL)
    def answer(rest: str) -> tuple[Response, int]:
        parts = rest.split("/")
        studio = _admit(ground, parts)
        body, status = _route(studio, request.method, parts)
        return (Response(status=204), 204) if status == 204 else (jsonify(body), status)

    @api.after_request
    def as_webflow(response: Response) -> Response:
        """Tokens never end, and there is nothing to renew them with; every answer says how many requests are left."""
        if request.path.endswith("/access_token") and response.status_code == 200:
            given: Any = response.get_json()
            return jsonify({name: given.get(name, "") for name in ("access_token", "token_type", "scope")})
        response.headers["X-RateLimit-Limit"] = str(g.get("rate", 60))
        return response

    return api


def _admit(ground: Ground, parts: list[str]) -> Studio:
    grant = oauth.admit(ground, HABITS)
    if grant is None or "webflow" in ground.ledger.note("revoked", []):
        refuse(401, "not_authorized", "Request not authorized")
    studio = Studio(ground, signed_in="id" in grant)
    g.rate = int(studio.note("rate", 60))
    if in_time(ground, "webflow", g.rate / 60, g.rate):
        refuse(429, "too_many_requests", "Too Many Requests", headers={"Retry-After": "60"})
    scope = "forms:read" if "forms" in parts else "cms:read" if "collections" in parts else _SCOPES.get(parts[0], "")
    scope = scope if request.method == "GET" or scope == "forms:read" else scope.replace(":read", ":write")
    held = set(str(grant["scope"]).split(" ")) - set(studio.note("missing", []))
    if scope and scope not in held:
        refuse(403, "missing_scopes", f"OAuthForbidden: You are missing the following scopes - {scope}")
    return studio


def _route(studio: Studio, verb: str, parts: list[str]) -> tuple[Any, int]:
    match verb, parts:
        case "GET", ["sites"]:
            return {"sites": SITES}, 200
        case "GET", ["sites", site, "collections"] if site == SITES[0]["id"]:
            return {"collections": [{k: v for k, v in c.items() if k != "fields"} for c in COLLECTIONS.values()]}, 200
        case "GET", ["sites", site, "forms"] if site == SITES[0]["id"]:
            return forms.listed(studio), 200
        case _, ["sites", site, "webhooks"] if site == SITES[0]["id"]:
            return webhooks.of_site(studio, verb)
        case "GET", ["collections", collection] if collection in COLLECTIONS:
            return COLLECTIONS[collection], 200
        case _, ["collections", collection, "items", *rest] if collection in COLLECTIONS:
            return items.handle(studio, verb, collection, rest)
        case "GET", ["forms", form, "submissions"] if form in FORMS:
            return forms.submissions(studio, form), 200
        case _, ["webhooks", hook]:
            return webhooks.one(studio, verb, hook)
    return refuse(404, "resource_not_found", "Requested resource not found")


def commands(ground: Ground) -> dict[str, Command]:
    """`webflow_item` {…}: a person makes or changes an item; `webflow_submit` {…}: somebody fills in the form;
    `webflow_forget` {"id"}; `webflow_deliver`: sends what happened to the webhooks; `webflow_hook` {…}: puts one there."""
    studio = Studio(ground)
    return {
        **oauth.commands(ground, HABITS),
        "webflow_item": lambda body: items.by_hand(studio, body),
        "webflow_submit": lambda body: forms.by_hand(studio, body),
        "webflow_forget": lambda body: studio.drop(body["id"]),
        "webflow_deliver": lambda body: webhooks.deliver(studio),
        "webflow_hook": lambda body: studio.keep("webhook", body),
    }


def pages(ground: Ground) -> Blueprint:
    site = oauth.pages(ground, HABITS, "/oauth/authorize")

    @site.get("/")
    def index() -> str:
        studio = Studio(ground)
        found = list(reversed(studio.all("item")))[:100]
        answers = list(reversed(studio.all("submission")))[:100]
        return render_template("practice/webflow.html", items=found, answers=answers, collections=COLLECTIONS)

    return site


vendor = Vendor(
    slug="webflow",
    title="Webflow",
    says="A site with events and jobs, and a contact form. Items that recipes make stand here.",
    paths=("/v2/", "/oauth/access_token"),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
)
