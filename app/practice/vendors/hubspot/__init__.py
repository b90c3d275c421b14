"""The practice HubSpot: contacts, companies, deals, notes and tasks. https://developers.hubspot.com/docs/api-reference/latest/overview

Settings a test may change: `hubspot_rate` (100 calls in ten seconds), `hubspot_daily` (250000 calls a day), `hubspot_lag`
(seconds by which the search is behind, 0).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, in_time, interface
from app.practice.vendors.hubspot import deliveries, objects, properties
from app.practice.vendors.hubspot.shelf import SLUG, VERSION, Shelf, no

_KINDS = ("contacts", "companies", "deals")
SCOPES = (
    *(f"crm.objects.{kind}.{right}" for kind in _KINDS for right in ("read", "write")),
    *(f"crm.schemas.{kind}.{right}" for kind in _KINDS for right in ("read", "write")),
    "crm.objects.owners.read",
)
HABITS = oauth.Habits(
    slug=SLUG,
    title="HubSpot",
    accounts={"1001": "Practice account"},
    scopes=SCOPES,
    client="body",
    life=1800,
    rotates=False,
    answer=lambda account: {"hub_id": int(account), "user_id": 7},
)


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_hubspot", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    whole.register_blueprint(deliveries.blueprint(ground))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    shelf = Shelf(ground)
    return {
        **oauth.commands(ground, HABITS),
        "hubspot_set": lambda body: objects.set_values(shelf, body),
        "hubspot_many": lambda body: objects.make_many(shelf, body),
    }


def _api(ground: Ground) -> Blueprint:
    api, shelf = interface(SLUG, ground), Shelf(ground)
    token = f"/oauth/{VERSION}/token"
    oauth.routes(api, ground, HABITS, token, f"{token}/revoke")
    api.before_request(lambda: _admit(ground) if "/oauth/" not in request.path else None)
    objects.add_routes(api, shelf)
    properties.add_routes(api, shelf)

    @api.get(f"/account-info/{VERSION}/details")
    def details() -> Response:
        return jsonify(portalId=1001, accountType="STANDARD", timeZone="Europe/Berlin", uiDomain="app.hubspot.com")

    @api.get(f"/crm/owners/{VERSION}")
    def owners() -> Response:
        ana = {"id": "71", "email": "ana.silva@practice.example", "firstName": "Ana", "lastName": "Silva"}
        ben = {"id": "72", "email": "ben@practice.example", "firstName": "", "lastName": ""}
        first = not request.args.get("after")
        more = {"paging": {"next": {"after": "71"}}} if first else {}
        return jsonify(results=[{**(ana if first else ben), "archived": False}], **more)

    return api


def _admit(ground: Ground) -> None:
    if oauth.admit(ground, HABITS) is None:
        no(401, "EXPIRED_AUTHENTICATION", "The access token is expired or was never valid.")
    left = int(ground.ledger.note("hubspot_daily", 250_000))
    if ground.limits:
        if left <= 0:
            _slow_down("DAILY")
        ground.ledger.set_note("hubspot_daily", left - 1)
    rate = float(ground.ledger.note("hubspot_rate", 100))
    if request.path.endswith("/search") and in_time(ground, "hubspot-search", 5, 5):
        _slow_down("SECONDLY")
    if in_time(ground, "hubspot", rate / 10, rate):
        _slow_down("TEN_SECONDLY_ROLLING")


def _slow_down(policy: str) -> None:
    words = f"You have reached your {policy.lower()} limit."
    raise Refusal(429, {"status": "error", "message": words, "errorType": "RATE_LIMIT", "policyName": policy})


vendor = Vendor(
    slug=SLUG,
    title="HubSpot",
    says="Contacts, companies and deals, with the notes and tasks beside them.",
    paths=("/crm/", "/account-info/", f"/oauth/{VERSION}/"),
    blueprint=blueprint,
    seed=lambda ground: objects.seed(Shelf(ground)),
    commands=commands,
)
