"""The stand-ins of the till and the chain, which one signs in to. `python -m tests.oauth.stands --port N --control`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice import __main__ as alone
from app.practice import oauth
from app.practice.door import Ground, Refusal, Vendor, done, interface
from app.practice.oauth import Habits

TILL_HABITS = Habits(
    slug="till",
    title="Till",
    accounts={"t-1": "Corner shop", "t-2": "Market stall"},
    scopes=("notes.write", "sales.read"),
    kills=True,
    callback=lambda account: {"till": account, "iss": "https://door.till.example"},
    answer=lambda account: {"hard_expires_in": "86400"} if request.headers.get("X-Tell-Hard-Life") else {},
)
CHAIN_HABITS = Habits(
    slug="chain",
    title="Chain",
    accounts={"c-1": "North", "c-2": "South"},
    scopes=("a", "b"),
    separator=",",
    client="body",
    json=True,
    pkce=False,
    says_life=False,
    all_accounts=True,
)


def _till(ground: Ground) -> Blueprint:
    api, ledger = interface("till", ground), ground.ledger
    oauth.routes(api, ground, TILL_HABITS, "/oauth/token", "/oauth/revoke")

    def who() -> dict[str, Any]:
        found = oauth.admit(ground, TILL_HABITS)
        return found if found is not None else _unknown()

    @api.get("/v1/me")
    def me() -> Response:
        account = who()["account"]
        return jsonify(id=account, name=TILL_HABITS.accounts[account])

    @api.post("/v1/notes")
    def note() -> Response:
        who()
        given = request.get_json()
        with ledger.write():
            ledger.put("till", "note", given)
            done(ground, "note", given["id"])
        return jsonify(id=given["id"])

    @api.get("/v1/notes")
    def notes() -> Response:
        who()
        return jsonify([one for one in ledger.objects("till", "note") if one["id"] == request.args["id"]])

    return api


def _chain(ground: Ground) -> Blueprint:
    api = interface("chain", ground)
    oauth.routes(api, ground, CHAIN_HABITS, "/oauth/token")

    @api.get("/v1/stores")
    def stores() -> Response:
        if oauth.admit(ground, CHAIN_HABITS) is None:
            _unknown()
        return jsonify([{"id": one, "name": name} for one, name in CHAIN_HABITS.accounts.items()])

    @api.after_request
    def wrapped(response: Response) -> Response:
        """This vendor's token answers look like nobody else's, and its errors come with 200."""
        if not request.path.endswith("/oauth/token") or response.status_code >= 500:
            return response
        given: Any = response.get_json()
        if response.status_code == 200:
            return jsonify(ok=True, login=given, domain="north.chain.example")
        return jsonify(ok=False, problem=given["error"])

    return api


def _unknown() -> Any:
    raise Refusal(401, {"error": "unauthorized"})


TILL = Vendor(
    "till",
    _till,
    lambda ground: oauth.commands(ground, TILL_HABITS),
    pages=lambda ground: oauth.pages(ground, TILL_HABITS, "/consent"),
)
CHAIN = Vendor(
    "chain",
    _chain,
    lambda ground: oauth.commands(ground, CHAIN_HABITS),
    pages=lambda ground: oauth.pages(ground, CHAIN_HABITS, "/consent"),
)

if __name__ == "__main__":
    alone.main([TILL, CHAIN], "python -m tests.oauth.stands")
