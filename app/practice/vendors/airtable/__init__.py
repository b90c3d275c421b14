"""The practice Airtable: two tables, their records, and webhooks on their changes.

https://airtable.com/developers/web/api/introduction . Settings a test may change: `airtable_rate` (5 a second for a base),
`airtable_penalty` (30 s), `airtable_used_up` (the month's calls), `airtable_lacks` (scopes that the token has not).
"""

from __future__ import annotations

import base64
import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, done, in_time, interface
from app.practice.look import plain_pages
from app.practice.vendors.airtable import _hooks, _tables
from app.practice.vendors.airtable._formula import test_of
from app.practice.vendors.airtable._tables import BASE, BASE_NAME, SLUG, Fields, refuse, table_of

USER = {"id": "usrpractice000001", "email": "practice@shop.example", "permissionLevel": "create"}
PERSON = {"id": "usrana00000000001", "email": "ana@shop.example", "permissionLevel": "create"}
_API = {"source": "publicApi", "sourceMetadata": {"user": USER}}
_NOT_FOUND = "Invalid permissions, or the requested model was not found."


HABITS = oauth.Habits(
    slug=SLUG,
    title="Airtable",
    accounts={USER["id"]: USER["email"]},
    scopes=(
        *("data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write"),
        *("webhook:manage", "user.email:read"),
    ),
    kills=True,
    answer=lambda account: {"refresh_expires_in": 60 * 86400},
)


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)
    api.before_request(lambda: _admit(ground))
    oauth.routes(api, ground, HABITS, "/oauth2/v1/token")
    for add in (_meta, _reading, _writing, _webhooks):
        add(api, ground)
    return api


def _admit(ground: Ground) -> None:
    if "/oauth2/" in request.path:
        return
    grant = oauth.admit(ground, HABITS)
    if grant is None or SLUG in ground.ledger.note("revoked", []):
        refuse(401, "AUTHENTICATION_REQUIRED", "Authentication required")
    g.scopes = grant["scope"].split()
    if "/meta/" in request.path:
        return
    if ground.ledger.note("airtable_used_up"):
        refuse(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "The API billing limit of this workspace was exceeded")
    _in_time(ground)


def _in_time(ground: Ground) -> None:
    """Whoever is too fast is refused for half a minute, and is told nothing about it in the headers."""
    rate, until = ground.ledger.note("airtable_rate", 5), ground.ledger.note("airtable_penalty_until", 0)
    too_fast = in_time(ground, "airtable", rate, max(rate, 1))
    if too_fast:
        ground.ledger.set_note("airtable_penalty_until", time.time() + ground.ledger.note("airtable_penalty", 30))
    if too_fast or (ground.limits and time.time() < until):
        raise Refusal(429, {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]})


def _scope(ground: Ground, name: str, base: str = BASE) -> None:
    if name in ground.ledger.note("airtable_lacks", []) or name not in g.scopes or base.lower() != BASE:
        refuse(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", _NOT_FOUND)


# --- what there is ----------------------------------------------------------------------------------------------------


def _meta(api: Blueprint, ground: Ground) -> None:
    @api.get("/v0/meta/whoami")
    def whoami() -> Response:
        return jsonify(id=USER["id"], email=USER["email"])

    @api.get("/v0/meta/bases")
    def bases() -> Response:
        """In two pages, as if there were many."""
        _scope(ground, "schema.bases:read")
        if not request.args.get("offset"):
            return jsonify(bases=[], offset="second")
        return jsonify(bases=[{"id": BASE, "name": BASE_NAME, "permissionLevel": "create"}])

    @api.get("/v0/meta/bases/<base>/tables")
    def tables(base: str) -> Response:
        _scope(ground, "schema.bases:read", base)
        return jsonify(tables=[_tables.shown(one) for one in ground.ledger.objects(SLUG, "table", base)])

    @api.post("/v0/meta/bases/<base>/tables/<table>/fields")
    def add_column(base: str, table: str) -> Response:
        _scope(ground, "schema.bases:write", base)
        with ground.ledger.write():
            made = _tables.add_column(ground, table_of(ground, base, table), request.get_json())
            done(ground, "column.create", made["id"])
        return jsonify(made)


# --- records ----------------------------------------------------------------------------------------------------------


def _reading(api: Blueprint, ground: Ground) -> None:
    @api.get("/v0/<base>/<table>")
    def listing(base: str, table: str) -> Response:
        return _page(ground, base, table, request.args.to_dict())

    @api.post("/v0/<base>/<table>/listRecords")
    def long_listing(base: str, table: str) -> Response:
        return _page(ground, base, table, request.get_json())

    @api.get("/v0/<base>/<table>/<record>")
    def one(base: str, table: str, record: str) -> Response:
        _scope(ground, "data.records:read", base)
        found = table_of(ground, base, table)
        by_id = request.args.get("returnFieldsByFieldId") == "1"
        return jsonify(_tables.answer(found, _tables.record_of(ground, found, record), by_id))


def _page(ground: Ground, base: str, table: str, given: Fields) -> Response:
    _scope(ground, "data.records:read", base)
    if len(request.full_path) > 16_000:
        refuse(414, "URL_TOO_LONG", "The URL is too long")
    found = table_of(ground, base, table)
    fits = test_of(found, str(given.get("filterByFormula", "")))
    rows = [one for one in _tables.all_records(ground, found) if fits(one)]
    start, size = _start(str(given.get("offset", ""))), min(int(given.get("pageSize", 100)), 100)
    by_id = given.get("returnFieldsByFieldId") in ("1", "true", True)
    shown = [_tables.answer(found, one, by_id) for one in rows[start : start + size]]
    more = {"offset": f"itr/{_offset(start + size)}"} if start + size < len(rows) else {}
    return jsonify(records=shown, **more)


def _offset(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode()


def _start(offset: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(offset.partition("/")[2])) if offset else 0
    except ValueError:
        refuse(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "The iterator is no longer available")


def _writing(api: Blueprint, ground: Ground) -> None:
    @api.patch("/v0/<base>/<table>")
    def merge(base: str, table: str) -> Response:
        """`performUpsert` only: https://airtable.com/developers/web/api/update-multiple-records"""
        _scope(ground, "data.records:write", base)
        given, found = request.get_json(), table_of(ground, base, table)
        if len(given["records"]) > 10:
            refuse(422, "INVALID_REQUEST_UNKNOWN", "Invalid request: at most 10 records")
        with ground.ledger.write():
            return jsonify(_merged(ground, found, given))

    @api.patch("/v0/<base>/<table>/<record>")
    def update(base: str, table: str, record: str) -> Response:
        _scope(ground, "data.records:write", base)
        given, found = request.get_json(), table_of(ground, base, table)
        with ground.ledger.write():
            before = _tables.record_of(ground, found, record)
            after = _tables.change(ground, found, before, _tables.checked(found, given["fields"]))
            _told(ground, found, _hooks.changed(before, after), "record.update", record)
        return jsonify(_tables.answer(found, after, bool(given.get("returnFieldsByFieldId"))))

    @api.delete("/v0/<base>/<table>/<record>")
    def delete(base: str, table: str, record: str) -> Response:
        _scope(ground, "data.records:write", base)
        found = table_of(ground, base, table)
        with ground.ledger.write():
            _tables.delete(ground, _tables.record_of(ground, found, record))
            _told(ground, found, {"destroyedRecordIds": [record]}, "record.delete", record)
        return jsonify(id=record, deleted=True)


def _merged(ground: Ground, table: Fields, given: Fields) -> Fields:
    on = [_tables.column_of(table, name)["id"] for name in given["performUpsert"]["fieldsToMergeOn"]]
    records, made = [], []
    for one in given["records"]:
        cells = _tables.checked(table, one["fields"])
        same_ones = [r for r in _tables.all_records(ground, table) if all(r["fields"].get(c) == cells[c] for c in on)]
        if len(same_ones) > 1:
            refuse(422, "INVALID_REQUEST_UNKNOWN", "Cannot update more than one record with the same values")
        if same_ones:
            record = _tables.change(ground, table, same_ones[0], cells)
            _told(ground, table, _hooks.changed(same_ones[0], record), "record.update", record["id"])
        else:
            record = _tables.create(ground, table, cells)
            made.append(record["id"])
            _told(ground, table, _hooks.created(record), "record.create", record["id"])
        records.append(_tables.answer(table, record, bool(given.get("returnFieldsByFieldId"))))
    changed = [one["id"] for one in records if one["id"] not in made]
    return {"records": records, "createdRecords": made, "updatedRecords": changed}


def _told(ground: Ground, table: Fields, what: Fields, effect: str, id: str) -> None:
    done(ground, effect, id)
    _hooks.ping_soon(_hooks.note(ground, table["base"], _API, {table["id"]: what}))


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _webhooks(api: Blueprint, ground: Ground) -> None:
    @api.get("/v0/bases/<base>/webhooks")
    def hooks(base: str) -> Response:
        _scope(ground, "webhook:manage", base)
        return jsonify(webhooks=[_hooks.shown(hook) for hook in _hooks.all_hooks(ground, base)])

    @api.post("/v0/bases/<base>/webhooks")
    def make_hook(base: str) -> Response:
        _scope(ground, "webhook:manage", base)
        with ground.ledger.write():
            made = _hooks.make(ground, base, request.get_json())
            done(ground, "webhook.create", made["id"])
        return jsonify(made)

    @api.delete("/v0/bases/<base>/webhooks/<id>")
    def end(base: str, id: str) -> tuple[str, int]:
        _scope(ground, "webhook:manage", base)
        with ground.ledger.write():
            _tables.delete(ground, _hooks.hook_of(ground, base, id))
            done(ground, "webhook.delete", id)
        return "", 204

    @api.post("/v0/bases/<base>/webhooks/<id>/refresh")
    def renew(base: str, id: str) -> Response:
        _scope(ground, "webhook:manage", base)
        with ground.ledger.write():
            return jsonify(expirationTime=_hooks.renew(ground, _hooks.hook_of(ground, base, id)))

    @api.post("/v0/bases/<base>/webhooks/<id>/enableNotifications")
    def enable(base: str, id: str) -> tuple[str, int]:
        _scope(ground, "webhook:manage", base)
        _hooks.put(ground, {**_hooks.hook_of(ground, base, id), "notify": bool(request.get_json()["enable"])})
        return "", 204

    @api.get("/v0/bases/<base>/webhooks/<id>/payloads")
    def payloads(base: str, id: str) -> Response:
        _scope(ground, "webhook:manage", base)
        cursor, limit = int(request.args.get("cursor", 1)), int(request.args.get("limit", 50))
        with ground.ledger.write():
            return jsonify(_hooks.listed(ground, _hooks.hook_of(ground, base, id), cursor, limit))


# --- what tests do ----------------------------------------------------------------------------------------------------


def commands(ground: Ground) -> dict[str, Command]:
    """`airtable_person` {"table", "record"?, "fields"?, "source"?, "user"?, "quiet"?}: a person makes, changes or (without
    fields) deletes a record; answers the record and how the pings went. `airtable_age` {"days"}: time passes for the
    webhooks. `airtable_hook` {"id", …}: changes one as only Airtable could."""
    return {
        **oauth.commands(ground, HABITS),
        "airtable_person": lambda body: _person(ground, body),
        "airtable_age": lambda body: _hooks.age(ground, body["days"]),
        "airtable_hook": lambda body: _hooks.put(ground, {**_hooks.hook_of(ground, BASE, body["id"]), **body}),
    }


def _person(ground: Ground, body: dict[str, Any]) -> Fields:
    user = body.get("user", PERSON)
    source = {"source": body.get("source", "client"), "sourceMetadata": {"user": user} if user else {}}
    try:
        with ground.ledger.write():
            table = table_of(ground, BASE, body["table"])
            record, what = _by_hand(ground, table, body)
            hooks = _hooks.note(ground, BASE, source, {table["id"]: what})
    except Refusal as refusal:
        raise ValueError(str(refusal.body)) from refusal
    return {"record": record, "pings": [] if body.get("quiet") else [_hooks.ping(hook) for hook in hooks]}


def _by_hand(ground: Ground, table: Fields, body: dict[str, Any]) -> tuple[Fields, Fields]:
    if not body.get("record"):
        made = _tables.create(ground, table, _tables.checked(table, body["fields"]))
        return made, _hooks.created(made)
    before = _tables.record_of(ground, table, body["record"])
    if body.get("fields") is None:
        _tables.delete(ground, before)
        return before, {"destroyedRecordIds": [before["id"]]}
    after = _tables.change(ground, table, before, _tables.checked(table, body["fields"]))
    return after, _hooks.changed(before, after)


def pages(ground: Ground) -> Blueprint:
    """The page on which a person signs in, beside the plain one that shows what there is."""
    both = Blueprint("airtable_site", __name__)
    both.register_blueprint(oauth.pages(ground, HABITS, "/oauth2/v1/authorize"))
    both.register_blueprint(plain_pages(vendor, ground))
    return both


vendor = Vendor(
    slug=SLUG,
    title="Airtable",
    says="Two tables, their records, and webhooks on their changes.",
    paths=("/v0/", "/oauth2/v1/token"),
    blueprint=blueprint,
    pages=pages,
    seed=_tables.seed,
    commands=commands,
)
