"""The practice Pipedrive: deals, persons, organizations, activities and notes. https://developers.pipedrive.com/docs/api/v1

Version 2 for all but notes, users, kinds of activities and webhooks. Settings a test may change: `pipedrive_burst` (20 calls
in two seconds, a token on the smallest plan), `pipedrive_budget` (30000 tokens a day).
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, in_time, interface, same
from app.practice.vendors.pipedrive import deliveries, notes, records
from app.practice.vendors.pipedrive.shelf import SLUG, Shelf, no, told

_BURST, _BUDGET = 20, 30_000
_COSTS = {"GET": 10, "POST": 5, "PATCH": 5, "PUT": 5, "DELETE": 3}
_USER = {"id": 7, "name": "Ana Silva", "email": "ana.silva@practice.example", "active_flag": True, "is_admin": 1}
_KINDS = {"call": "Call", "meeting": "Meeting", "task": "Task", "deadline": "Deadline", "email": "E-mail"}


HABITS = oauth.Habits(
    slug=SLUG,
    title="Pipedrive",
    accounts={"1001": "Practice company"},
    pkce=False,
    rotates=False,
    answer=lambda account: {"api_domain": "https://practice.pipedrive.com", "scope": "base deals:full contacts:full"},
)


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_pipedrive", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    whole.register_blueprint(deliveries.blueprint(ground))
    return whole


def _api(ground: Ground) -> Blueprint:
    api, shelf = interface(SLUG, ground), Shelf(ground)
    oauth.routes(api, ground, HABITS, "/oauth/token", "/oauth/revoke")
    api.before_request(lambda: _admit(ground) if "/oauth/" not in request.path else None)
    records.add_routes(api, shelf)
    notes.add_routes(api, shelf)

    @api.get("/api/v1/users/me")
    def me() -> Response:
        company = {"company_id": 1001, "company_name": "Practice company", "company_domain": "practice"}
        return told({**_USER, **company})

    @api.get("/api/v1/users")
    def users() -> Response:
        return told([_USER, {**_USER, "id": 8, "name": "Ben Koch", "email": "ben@practice.example", "is_admin": 0}])

    @api.get("/api/v1/activityTypes")
    def kinds() -> Response:
        found = [{"id": n, "name": name, "key_string": key} for n, (key, name) in enumerate(_KINDS.items(), 1)]
        return told([{**one, "active_flag": True} for one in found])

    @api.route("/api/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def elsewhere(rest: str) -> Response:
        old = rest.startswith(("v1/deals", "v1/persons", "v1/organizations", "v1/activities"))
        no(410 if old else 404, "This endpoint is out of support" if old else "Unknown method .")

    return api


def commands(ground: Ground) -> dict[str, Command]:
    shelf = Shelf(ground)
    return {
        **oauth.commands(ground, HABITS),
        "pipedrive_set": lambda body: records.set_values(shelf, body),
        "pipedrive_many": lambda body: records.make_many(shelf, body),
    }


def _admit(ground: Ground) -> None:
    by_token = same(request.headers.get("x-api-token", ""), ground.token)
    if not (by_token or oauth.admit(ground, HABITS)) or request.args.get("api_token"):
        no(401, "unauthorized access", error_info="Please check developers.pipedrive.com")
    _keep_budget(ground)
    burst = int(ground.ledger.note("pipedrive_burst", _BURST))
    if wait := in_time(ground, "pipedrive", burst / 2, burst):
        raise Refusal(429, {"success": False, "error": "request over limit"}, {"x-ratelimit-reset": str(wait)})


def _keep_budget(ground: Ground) -> None:
    """One for a single object, ten for a list, twenty for a search."""
    cost = 20 if request.path.endswith("/search") else _COSTS[request.method]
    if request.method == "GET" and request.path.rpartition("/")[2].isdecimal():
        cost = 1
    with ground.ledger.write():
        left = int(ground.ledger.note("pipedrive_budget", _BUDGET)) - cost
        if left < 0 and ground.limits:
            headers = {"x-daily-ratelimit-token-remaining": "0", "x-ratelimit-reset": "2"}
            raise Refusal(429, {"success": False, "error": "daily token budget exceeded"}, headers)
        ground.ledger.set_note("pipedrive_budget", max(left, 0) if ground.limits else _BUDGET)


vendor = Vendor(
    slug=SLUG,
    title="Pipedrive",
    says="Deals of a small firm, with the people and organizations behind them.",
    paths=("/api/", "/oauth/token", "/oauth/revoke"),
    blueprint=blueprint,
    seed=lambda ground: records.seed(Shelf(ground)),
    commands=commands,
)
