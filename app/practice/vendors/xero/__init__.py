"""The practice Xero: two organisations that one consent opens, their books, and webhooks that only say what changed.

https://developer.xero.com/documentation/api/accounting/overview . Settings a test may change: `xero_locked` (a day up to which the
period is locked), `xero_drops` (unknown codes are dropped with a warning), `xero_key_life` (seconds a key is remembered), `xero_used_up`
(the calls of the day), `xero_scopes` (False: a permission is missing), and those of `app.practice.oauth`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, in_time, interface
from app.practice.look import plain_pages
from app.practice.oauth import Habits
from app.practice.post import post
from app.practice.vendors.xero.books import IDS, SLUG, WRITTEN, Books, by_hand, invalid, matches
from app.practice.vendors.xero.seed import ORGANISATIONS, seed

HABITS = Habits(
    slug=SLUG,
    title="Xero",
    accounts=ORGANISATIONS,
    scopes=(
        "offline_access",
        "accounting.banktransactions",
        "accounting.invoices",
        "accounting.contacts",
        "accounting.settings.read",
    ),
    life=1800,
    grace=1800,
    all_accounts=True,
)


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)
    oauth.routes(api, ground, HABITS, "/connect/token", "/connect/revocation")

    @api.get("/connections")
    def connections() -> Response:
        _grant(ground)
        return jsonify([
            {"id": secrets.token_hex(8), "tenantId": tenant, "tenantType": "ORGANISATION", "tenantName": name}
            for tenant, name in ORGANISATIONS.items()
        ])  # fmt: skip

    @api.get("/api.xro/2.0/<what>")
    def listed(what: str) -> Response:
        books = _admit(ground, what)
        name = "Organisations" if what == "Organisation" else what
        return jsonify({name: _list(books, what)})

    @api.get("/api.xro/2.0/<what>/<number>")
    def read(what: str, number: str) -> Response:
        books = _admit(ground, what)
        return jsonify({what: [books.shown(what, books.get(what, number))]})

    @api.put("/api.xro/2.0/<what>")
    def create(what: str) -> Response:
        books = _admit(ground, what)
        return _once(books, what, lambda body: books.create(what, body))

    @api.post("/api.xro/2.0/<what>/<number>")
    def change(what: str, number: str) -> Response:
        books = _admit(ground, what)
        return _once(books, what, lambda body: books.change(what, number, body))

    return api


# --- who asks ---------------------------------------------------------------------------------------------------------


def _grant(ground: Ground) -> Any:
    grant = oauth.admit(ground, HABITS)
    if grant is None or SLUG in ground.ledger.note("revoked", []):
        raise Refusal(401, {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired"})
    return grant


def _admit(ground: Ground, what: str) -> Books:
    _grant(ground)
    tenant = request.headers.get("Xero-tenant-id", "")
    books = Books(ground, tenant)
    if tenant not in ORGANISATIONS or books.note("scopes", True) is False:
        raise Refusal(403, {"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"})
    if books.note("used_up"):
        raise Refusal(429, "", {"Retry-After": "66975", "X-Rate-Limit-Problem": "day", "X-DayLimit-Remaining": "0"})
    if wait := in_time(ground, f"{SLUG}-{tenant}", 1, 60):
        raise Refusal(429, "", {"Retry-After": str(wait), "X-Rate-Limit-Problem": "minute"})
    if "application/json" not in request.headers.get("Accept", ""):
        raise Refusal(406, "<Response>XML unless JSON is asked for</Response>")
    if what not in IDS:
        raise Refusal(404, "The resource you're looking for cannot be found")
    return books


# --- reading ----------------------------------------------------------------------------------------------------------


def _list(books: Books, what: str) -> list[Any]:
    given = request.args
    found = [thing for thing in books.all(what) if _wanted(what, thing, given)]
    found.sort(key=lambda thing: thing["UpdatedDateUTC"] if "UpdatedDateUTC" in given.get("order", "") else 0)
    if "page" not in given:
        return [books.shown(what, thing, lines=False) for thing in found]
    size, page = int(given.get("pageSize", 100)), int(given["page"])
    return [books.shown(what, thing) for thing in found[(page - 1) * size : page * size]]


def _wanted(what: str, thing: Any, given: Any) -> bool:
    archived = what == "Contacts" and thing["ContactStatus"] == "ARCHIVED" and given.get("includeArchived") != "true"
    words = json.dumps(
        [thing.get(name) for name in ("Name", "ContactNumber", "EmailAddress")], ensure_ascii=False
    ).lower()
    contacts = [one for one in given.get("ContactIDs", "").split(",") if one]
    return (
        not archived
        and thing["UpdatedDateUTC"] >= _since()
        and matches(given.get("where", ""), thing)
        and json.dumps(given.get("searchTerm", ""), ensure_ascii=False)[1:-1].lower() in words
        and (not contacts or thing["Contact"]["ContactID"] in contacts)
    )


def _since() -> float:
    text = request.headers.get("If-Modified-Since", "")
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000 if text else 0


# --- writing ----------------------------------------------------------------------------------------------------------


def _once(books: Books, what: str, write: Any) -> Response:
    """One element; the same key gets the first answer again as long as it is remembered."""
    if what not in WRITTEN:
        raise Refusal(404, "The resource you're looking for cannot be found")
    key = request.headers.get("Idempotency-Key", "")
    with books.ledger.write():
        mark = f"key-{books.tenant}-{key}".lower()
        before = books.ledger.get(SLUG, mark, "key") if key else None
        if before and time.time() - before["at"] < books.note("key_life", 360):
            return jsonify(before["answer"])
        elements = (request.get_json(silent=True) or {}).get(what)
        if not isinstance(elements, list) or len(elements) != 1 or len(key) > 128:
            invalid("Send one element, and a key of at most 128 characters")
        answer = {what: [write(elements[0])]}
        if key:
            books.ledger.put(SLUG, "key", {"id": mark, "at": time.time(), "answer": answer})
    return jsonify(answer)


# --- webhooks and people ----------------------------------------------------------------------------------------------


def signature(secret: str, raw: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def deliver(body: dict[str, Any]) -> dict[str, Any]:
    """{"address", "secret", "changes": [[tenant, category, id, type], …]}; without changes it is the "intent to receive", of which
    `wrong` makes one with a wrong signature."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    names = ("tenantId", "eventCategory", "resourceId", "eventType")
    events = [
        {**dict(zip(names, change, strict=True)), "tenantType": "ORGANISATION", "eventDateUtc": stamp}
        for change in body.get("changes", [])
    ]
    frame = {"events": events, "firstEventSequence": 0, "lastEventSequence": 0, "entropy": secrets.token_hex(10)}
    raw = json.dumps(frame).encode()
    signed = signature("another" if body.get("wrong") else body["secret"], raw)
    return post(body["address"], raw, {"Content-Type": "application/json", "x-xero-signature": signed})


def commands(ground: Ground) -> dict[str, Command]:
    """`xero_put`: a person changes or makes something; `xero_many` {"count"}: contacts; `xero_deliver`."""

    def books(body: dict[str, Any]) -> Books:
        return Books(ground, body.get("tenant") or next(iter(ORGANISATIONS)))

    def put(body: dict[str, Any]) -> Any:
        with ground.ledger.write():
            return by_hand(books(body), body)

    def many(body: dict[str, Any]) -> int:
        with ground.ledger.write():
            for n in range(body["count"]):
                by_hand(books(body), {"what": "Contacts", "Name": f"Number {n}", "ContactStatus": "ACTIVE"})
        return int(body["count"])

    return {**oauth.commands(ground, HABITS), f"{SLUG}_put": put, f"{SLUG}_many": many, f"{SLUG}_deliver": deliver}


def pages(ground: Ground) -> Blueprint:
    """The page on which one agrees, and what stands in the books."""
    site = Blueprint("xero_for_people", __name__)
    site.register_blueprint(oauth.pages(ground, HABITS, "/identity/connect/authorize"))
    site.register_blueprint(plain_pages(vendor, ground))
    return site


vendor = Vendor(
    slug=SLUG,
    title="Xero",
    says="The books of a bakery: accounts, contacts, and money spent on the card that nobody has coded.",
    paths=("/api.xro/", "/connections", "/connect/"),
    blueprint=blueprint,
    pages=pages,
    seed=seed,
    commands=commands,
)
