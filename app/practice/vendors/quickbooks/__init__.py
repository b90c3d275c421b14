"""The practice QuickBooks: two companies with books in them, signing in, and webhooks that only say that something changed.

https://developer.intuit.com/app/developer/qbo/docs/develop . Settings a test may change: `quickbooks_closed` (a day up to which
the books are closed), `quickbooks_plan` ("essentials": no classes and locations), `quickbooks_lapsed`, `quickbooks_admin` (False:
whoever connected lost the rights), and those of `app.practice.oauth`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, in_time, interface
from app.practice.look import plain_pages
from app.practice.oauth import Habits
from app.practice.post import post
from app.practice.vendors.quickbooks import query
from app.practice.vendors.quickbooks.company import LISTS, SLUG, WRITTEN, Company, by_hand, now, refuse
from app.practice.vendors.quickbooks.seed import COMPANIES, seed

CHANGES_MOST = 1000
_NAMES = {entity.lower(): entity for entity in (*WRITTEN, *LISTS)}
_YEAR = 365 * 86400


def _lives(account: str) -> dict[str, Any]:
    hard = request.headers.get("x-include-refresh-token-hard-expires-in") == "true"
    return {"x_refresh_token_expires_in": 8726400, **({"x_refresh_token_hard_expires_in": 5 * _YEAR} if hard else {})}


HABITS = Habits(
    slug=SLUG,
    title="QuickBooks",
    accounts=COMPANIES,
    scopes=("com.intuit.quickbooks.accounting",),
    pkce=False,
    json_revoke=True,
    callback=lambda account: {"realmId": account},
    answer=_lives,
)


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)
    oauth.routes(api, ground, HABITS, "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke")

    @api.get("/v3/company/<realm>/companyinfo/<number>")
    def info(realm: str, number: str) -> Response:
        company = _admit(ground, realm)
        return jsonify(CompanyInfo=company.shown("CompanyInfo", company.all("CompanyInfo")[0]), time=now())

    @api.route("/v3/company/<realm>/query", methods=["GET", "POST"])
    def ask(realm: str) -> Response:
        return jsonify(QueryResponse=_queried(_admit(ground, realm)), time=now())

    @api.get("/v3/company/<realm>/cdc")
    def changes(realm: str) -> Response:
        return jsonify(CDCResponse=[{"QueryResponse": _changes(_admit(ground, realm))}], time=now())

    @api.get("/v3/company/<realm>/<entity>/<number>")
    def read(realm: str, entity: str, number: str) -> Response:
        company, name = _admit(ground, realm), _entity(entity)
        return jsonify({name: company.shown(name, company.get(name, number)), "time": now()})

    @api.post("/v3/company/<realm>/<entity>")
    def write(realm: str, entity: str) -> Response:
        company, name = _admit(ground, realm), _entity(entity)
        if name not in WRITTEN:
            refuse("500", "Unsupported Operation", "Unsupported Operation", 500, "SystemFault")
        with ground.ledger.write():
            return jsonify(_once(company, name))

    return api


# --- who asks ---------------------------------------------------------------------------------------------------------


def _admit(ground: Ground, realm: str) -> Company:
    grant = oauth.admit(ground, HABITS)
    if grant is None or SLUG in ground.ledger.note("revoked", []):
        _gate(401, "3200", "message=AuthenticationFailed; errorCode=003200; statusCode=401")
    if grant["account"] != realm:
        _gate(403, "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403")
    company = Company(ground, realm)
    if company.note("admin", True) is False:
        refuse("120", "Authorization Failure", "User is not authorized to perform this", 400, "AUTHENTICATION")
    if company.note("lapsed"):
        refuse(
            "6190", "Invalid Company Status", "Subscription period has ended or canceled or there was a billing problem"
        )
    if in_time(ground, f"{SLUG}-{realm}", 500 / 60, 100):
        refuse(
            "003001", "ThrottleExceeded", "message=ThrottleExceeded; errorCode=003001; statusCode=429", 429, "SERVICE"
        )
    return company


def _gate(status: int, code: str, words: str) -> NoReturn:
    """The gateway before the interface writes its errors in small letters."""
    raise Refusal(status, {"fault": {"error": [{"message": words, "detail": words, "code": code}], "type": "SERVICE"}})


def _entity(name: str) -> str:
    if name not in _NAMES:  # small letters in the path
        refuse("500", "Unsupported Operation", "Unsupported Operation", 500, "SystemFault")
    return _NAMES[name]


# --- reading ----------------------------------------------------------------------------------------------------------


def _queried(company: Company) -> dict[str, Any]:
    text = request.args.get("query") or request.get_data(as_text=True)
    try:
        asked = query.parse(text)
    except query.Wrong as problem:
        refuse("4000", "Error parsing query", str(problem))
    if company.note("plan") == "essentials" and asked.entity in ("Class", "Department"):
        refuse("5030", "Feature Not Supported Error", f"The feature {asked.entity} is not supported by this plan.")
    found = asked.run([company.shown(asked.entity, thing) for thing in company.all(asked.entity)])
    return {asked.entity: found, "startPosition": asked.start, "maxResults": len(found)} if found else {}


def _changes(company: Company) -> list[dict[str, Any]]:
    """At most 1,000 objects in all, and nobody is told that there are more."""
    since = datetime.fromisoformat(request.args["changedSince"])
    if since < datetime.now(UTC) - timedelta(days=30):
        refuse("2170", "Invalid Enumeration", "changedSince is more than 30 days ago")
    left, parts = CHANGES_MOST, []
    for entity in request.args["entities"].split(","):
        found = [one for one in company.all(entity, gone=True) if _changed(one) >= since][:left]
        left -= len(found)
        shown = [company.shown(entity, one) for one in found]
        parts.append({entity: shown, "startPosition": 1, "maxResults": len(shown)} if shown else {})
    return parts


def _changed(thing: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(thing["MetaData"]["LastUpdatedTime"])


# --- writing ----------------------------------------------------------------------------------------------------------


def _once(company: Company, entity: str) -> dict[str, Any]:
    """The same `requestid` gets the first answer again, and nothing is done twice."""
    body, given = request.get_json(silent=True), request.args.get("requestid", "")
    if not isinstance(body, dict) or len(given) > 50:
        refuse(
            "2010",
            "Request has invalid or unsupported property",
            "The request is no object, or its requestid is too long",
        )
    mark = f"request-{company.realm}-{given}".lower()
    before = company.ledger.get(SLUG, mark, "request") if given else None
    if before:
        return dict(before["answer"])
    answer = {entity: company.write(entity, body, request.args.get("operation", "")), "time": now()}
    if given:
        company.ledger.put(SLUG, "request", {"id": mark, "answer": answer})
    return answer


# --- webhooks and people ----------------------------------------------------------------------------------------------


def signature(secret: str, raw: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def deliver(body: dict[str, Any]) -> dict[str, Any]:
    """{"address", "secret", "changes": [[realm, entity, id, operation], …], "old"}: signed and sent."""
    changes = body["changes"]
    document = _old_format(changes) if body.get("old") else [_cloud_event(*change) for change in changes]
    raw = json.dumps(document).encode()
    headers = {"Content-Type": "application/json", "intuit-signature": signature(body["secret"], raw)}
    return post(body["address"], raw, headers)


def _cloud_event(realm: str, entity: str, number: str, operation: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": secrets.token_hex(16),
        "source": "intuit.practice=",
        "type": f"qbo.{entity.lower()}.{operation}.v1",
        "time": now(),
        "intuitentityid": number,
        "intuitaccountid": realm,
    }


def _old_format(changes: list[list[str]]) -> dict[str, Any]:
    def entity(name: str, number: str, operation: str) -> dict[str, str]:
        return {"name": name, "id": number, "operation": operation.rstrip("d").title(), "lastUpdated": now()}

    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": [entity(*rest)]}} for realm, *rest in changes
        ]
    }


def commands(ground: Ground) -> dict[str, Command]:
    """`quickbooks_put`: a person changes or makes something; `quickbooks_many` {"entity", "count", …}; `quickbooks_deliver`."""

    def company(body: dict[str, Any]) -> Company:
        return Company(ground, body.get("realm") or next(iter(COMPANIES)))

    def put(body: dict[str, Any]) -> Any:
        with ground.ledger.write():
            return by_hand(company(body), body)

    def many(body: dict[str, Any]) -> int:
        with ground.ledger.write():
            for n in range(body["count"]):
                by_hand(company(body), {"entity": body["entity"], "DisplayName": f"Number {n}"})
        return int(body["count"])

    more = {f"{SLUG}_put": put, f"{SLUG}_many": many, f"{SLUG}_deliver": deliver}
    return {**oauth.commands(ground, HABITS), **more}


def pages(ground: Ground) -> Blueprint:
    """The page on which one agrees, and what stands in the books."""
    site = Blueprint("quickbooks_for_people", __name__)
    site.register_blueprint(oauth.pages(ground, HABITS, "/connect/oauth2"))
    site.register_blueprint(plain_pages(vendor, ground))
    return site


vendor = Vendor(
    slug=SLUG,
    title="QuickBooks",
    says="The books of a bakery: accounts, vendors, and purchases on the card that nobody has coded.",
    paths=("/v3/", "/oauth2/", "/v2/"),
    blueprint=blueprint,
    pages=pages,
    seed=seed,
    commands=commands,
)
