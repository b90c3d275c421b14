"""The practice Linear: issues, comments and links of one workspace, behind one address. https://linear.app/developers/graphql

Settings a test may change: `linear_rate` (1500 calls an hour), `linear_status` (400: the HTTP status of errors, 200 as well).
"""

from __future__ import annotations

import time

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Vendor, in_time, interface, same
from app.practice.vendors.linear import deliveries, graphql, schema
from app.practice.vendors.linear.shelf import SLUG, Problem, Shelf

HABITS = oauth.Habits(
    slug=SLUG,
    title="Linear",
    accounts={"practice": "Practice workspace"},
    scopes=("read", "write", "issues:create", "comments:create"),
    separator=",",
    client="body",
    life=86_400,
)


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_linear", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(oauth.pages(ground, HABITS, "/oauth/authorize"))
    whole.register_blueprint(deliveries.blueprint(ground))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    shelf = Shelf(ground)
    return {
        **oauth.commands(ground, HABITS),
        "linear_edit": lambda body: schema.edit(shelf, body),
        "linear_many": lambda body: schema.make_many(shelf, body),
    }


def _api(ground: Ground) -> Blueprint:
    api, shelf = interface(SLUG, ground), Shelf(ground)
    oauth.routes(api, ground, HABITS, "/oauth/token", "/oauth/revoke")

    @api.post("/graphql")
    def ask() -> Response:
        given = request.get_json(silent=True) or {}
        try:
            _admit(ground)
            with ground.ledger.write():
                known = schema.queries(shelf), schema.mutations(shelf)
                data = graphql.answer(str(given.get("query")), given.get("variables") or {}, *known)
            return _measured(ground, jsonify(data=data))
        except graphql.BadQuery as problem:
            return _error(ground, Problem(str(problem), "graphql error", 400))
        except Problem as problem:
            return _error(ground, problem)

    return api


def _admit(ground: Ground) -> None:
    """A personal key goes without Bearer; with it, it is taken for a token from signing in."""
    header = request.headers.get("Authorization", "")
    by_key = same(header, ground.token)
    if not by_key and (same(header, f"Bearer {ground.token}") or oauth.admit(ground, HABITS) is None):
        raise Problem("Authentication required, not authenticated", "authentication error", 401)
    rate = float(ground.ledger.note("linear_rate", 1500))
    if in_time(ground, SLUG, rate / 3600, rate):
        raise Problem("Rate limit exceeded", "ratelimited", 400, code="RATELIMITED")


def _error(ground: Ground, problem: Problem) -> Response:
    extensions = {"type": problem.kind, "code": problem.code, "userPresentableMessage": problem.words}
    response = jsonify(errors=[{"message": problem.words, "extensions": extensions}], data=None)
    response.status_code = int(ground.ledger.note("linear_status", 0)) or problem.status
    response.headers["X-RateLimit-Requests-Remaining"] = "0" if problem.code == "RATELIMITED" else "1"
    response.headers["X-RateLimit-Requests-Reset"] = str(int((time.time() + 120) * 1000))
    return response


def _measured(ground: Ground, response: Response) -> Response:
    limit = str(ground.ledger.note("linear_rate", 1500))
    response.headers.update({"X-RateLimit-Requests-Limit": limit, "X-Complexity": "10"})
    return response


vendor = Vendor(
    slug=SLUG,
    title="Linear",
    says="Issues of a small team, with their comments and links.",
    paths=("/graphql", "/oauth/token", "/oauth/revoke"),
    blueprint=blueprint,
    seed=lambda ground: schema.seed(Shelf(ground)),
    commands=commands,
)
