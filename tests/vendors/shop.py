"""A shop that offers each of the six ways to deal with a lost answer. `python -m tests.vendors.shop --port N --control`.

It stands beside the practice vendors, under `/shop`, and shares their faults, their ledger and their control (see
`app/practice/faults.py`): `GET /_control/ledger?slug=shop` has every request, `GET /_control/state?slug=shop` every object
and under `effect` every change that was applied: {what, object, key, ref, note, body_sha256, at: ms UTC, no: of the request}.

| path | how it behaves |
|---|---|
| POST /orders, /charges | `Idempotency-Key`: the same answer again while it is remembered (`shop_key_life`, 86400 s) |
| POST /parcels | with an id that the caller chose; 409 `already_exists` |
| PUT /stock/<id> | only with `If-Match` and today's version; else 412 |
| PATCH, DELETE /customers/<id> | plain |
| POST /mails, /mails/<id>/send | an inert draft, then switched on; 409 `already_sent` |
| POST /tickets, /payouts | no key, but `GET /<what>?key=` finds them, `shop_lag` (0) seconds late |
| POST /messages, /notices | nothing |

Further settings of `POST /_control/settings`: `shop_lag`, `shop_key_life`. A fault with `"stored": true` (`status`,
`status_after`) is answered again for the same key, with `Idempotent-Replayed: true`, as Stripe does:
https://docs.stripe.com/api/idempotent_requests . While a request is held, the same key gets 409 `in_progress`.
`POST /_control/shop_edit` {"id", …} is a person who changes an object, `shop_remove` {"id"} one who removes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify, request

from app.practice import __main__ as alone
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, bearer, done, interface, same, visit
from app.practice.ledger import Ledger
from app.practice.post import post

SLUG = "shop"
KEYED = ("orders", "charges")
_DAY = 86_400.0

Thing = dict[str, Any]


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_shop", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(_deliveries(ground))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    ledger = ground.ledger

    def edit(body: Thing) -> Thing:
        thing = _thing(ledger, body["id"])
        changed = {**thing, **body, "version": thing["version"] + 1}
        ledger.put(SLUG, thing["kind"], changed)
        return changed

    def remove(body: Thing) -> int:
        return ledger.change("delete from objects where slug=? and id=?", SLUG, body["id"])

    return {"shop_edit": edit, "shop_remove": remove}


# --- what the connector calls -----------------------------------------------------------------------------------------


def _api(ground: Ground) -> Blueprint:
    api, ledger = interface(SLUG, ground), ground.ledger
    api.before_request(lambda: _admit(ground))
    api.after_request(lambda response: _store(ledger, response))

    @api.get("/me")
    def me() -> Response:
        return jsonify(id="shop-1", name="The shop")

    @api.post("/<any(orders, charges, mails, tickets, payouts, messages, notices):kind>")
    def create(kind: str) -> Response:
        with ledger.write():  # two requests with one key at the same time make one thing
            if kind in KEYED and (known := _remembered(ledger)) is not None:
                return known
            made = _made(ground, kind, uuid.uuid4().hex)
            if kind in KEYED:
                _remember(ledger, made.status_code, made.get_data(as_text=True))
        return made

    @api.post("/parcels")
    def parcel() -> Response:
        own = str(_given()["id"]).lower()
        with ledger.write():
            if ledger.get(SLUG, own):
                _refuse(409, "already_exists", f"There is a parcel {own}.")
            return _made(ground, "parcels", own)

    _reads(api, ledger)
    _changes(api, ground)
    return api


def _reads(api: Blueprint, ledger: Ledger) -> None:
    @api.get("/<any(orders, mails, tickets, payouts):kind>")
    def search(kind: str) -> Response:
        until = time.time() - float(ledger.note("shop_lag", 0))
        found = ledger.objects_made(SLUG, kind, "", until)
        return jsonify(found=[thing for thing in found if thing["key"] == request.args.get("key")])

    @api.get("/<any(parcels, mails, stock, customers):kind>/<own>")
    def read(kind: str, own: str) -> Response:
        if kind in ("stock", "customers"):
            _ensure(ledger, kind, own)
        return jsonify(_thing(ledger, own, kind))


def _changes(api: Blueprint, ground: Ground) -> None:
    ledger = ground.ledger

    @api.put("/stock/<own>")
    def stock(own: str) -> Response:
        with ledger.write():
            thing = _ensure(ledger, "stock", own)
            if request.headers.get("If-Match") != str(thing["version"]):
                _refuse(412, "version", f"This is version {thing['version']} now.")
            return _changed(ground, thing, "stock.set", _given())

    @api.patch("/customers/<own>")
    def note(own: str) -> Response:
        with ledger.write():
            return _changed(ground, _ensure(ledger, "customers", own), "customer.set", _given())

    @api.delete("/customers/<own>")
    def remove(own: str) -> Response:
        with ledger.write():
            thing = _ensure(ledger, "customers", own)
            return _changed(ground, thing, "customer.remove", {"gone": True})

    @api.post("/mails/<own>/send")
    def send(own: str) -> Response:
        with ledger.write():
            thing = _thing(ledger, own, "mails")
            if thing["state"] == "sent":
                _refuse(409, "already_sent", "This mail has been sent.")
            return _changed(ground, thing, "mail.send", {"state": "sent"})


def _made(ground: Ground, kind: str, own: str) -> Response:
    given = _given()
    key = str(given.get("key") or request.headers.get("Idempotency-Key") or "")
    thing = {**given, "id": own, "kind": kind, "key": key, "state": "draft", "version": 1}
    with ground.ledger.write():
        ground.ledger.put(SLUG, kind, thing)
        _effect(ground, f"{kind.removesuffix('s')}.create", thing)
    return jsonify(thing)


def _changed(ground: Ground, thing: Thing, what: str, fields: Thing) -> Response:
    changed = {**thing, **fields, "id": thing["id"], "version": thing["version"] + 1}
    ground.ledger.put(SLUG, thing["kind"], changed)
    _effect(ground, what, changed)
    return jsonify(changed)


def _effect(ground: Ground, what: str, thing: Thing) -> None:
    done(ground, what, thing["id"])
    about = {"what": what, "object": thing["id"], "key": thing.get("key", ""), "ref": thing.get("ref", "")}
    about |= {"note": thing.get("note", "")}
    body = hashlib.sha256(request.get_data()).hexdigest()
    line = {**about, "id": uuid.uuid4().hex, "body_sha256": body, "at": int(time.time() * 1000), "no": visit().no}
    ground.ledger.put(SLUG, "effect", line, rank=visit().no)


def _ensure(ledger: Ledger, kind: str, own: str) -> Thing:
    """Stock and customers are there as soon as anybody names them."""
    own = own.lower()  # as the ledger looks ids up
    if (thing := ledger.get(SLUG, own)) is not None:
        return thing
    fresh = {"id": own, "kind": kind, "key": "", "count": 0, "note": "", "gone": False, "version": 1}
    ledger.put(SLUG, kind, fresh)
    return fresh


def _thing(ledger: Ledger, own: str, kind: str = "") -> Thing:
    thing = ledger.get(SLUG, own, kind)
    return thing if thing is not None else _refuse(404, "missing", f"There is no {own}.")


# --- keys -------------------------------------------------------------------------------------------------------------


def _remembered(ledger: Ledger) -> Response | None:
    """What this key was answered before, for as long as it is remembered."""
    key = request.headers.get("Idempotency-Key", "")
    kept = ledger.get(SLUG, f"key:{key}") if key else None
    if kept is None or kept["at"] < time.time() - float(ledger.note("shop_key_life", _DAY)):
        return None
    if kept["body_sha256"] != hashlib.sha256(request.get_data()).hexdigest():
        _refuse(422, "another_request", "This key belongs to another request.")
    if any(row["held"] for row in ledger.rows("select held from requests where no=?", kept["no"])):
        _refuse(409, "in_progress", "A request with this key is being worked on.")
    answer = Response(kept["answer"], kept["status"], content_type="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _remember(ledger: Ledger, status: int, answer: str) -> None:
    if key := request.headers.get("Idempotency-Key", ""):
        body = hashlib.sha256(request.get_data()).hexdigest()
        kept = {"id": f"key:{key}".lower(), "status": status, "answer": answer, "body_sha256": body}
        ledger.put(SLUG, "key", {**kept, "at": time.time(), "no": visit().no})


def _store(ledger: Ledger, response: Response) -> Response:
    """Runs before a fault garbles the answer: a fault that is to be answered again is remembered."""
    fault = visit().fault or {}
    if fault.get("stored"):
        answer = fault.get("body", {"message": "ordered by the test"})
        _remember(ledger, int(fault.get("status", 500)), json.dumps(answer))
    return response


# --- who and what -----------------------------------------------------------------------------------------------------


def _admit(ground: Ground) -> None:
    if not same(bearer(), ground.token) or SLUG in ground.ledger.note("revoked", []):
        _refuse(401, "key", "This key is not known.")


def _given() -> Thing:
    given = request.get_json(silent=True)
    return given if isinstance(given, dict) else _refuse(400, "body", "Send a JSON object.")


def _refuse(status: int, code: str, message: str) -> NoReturn:
    raise Refusal(status, {"error": {"code": code, "message": message}})


# --- webhooks ---------------------------------------------------------------------------------------------------------


def signed(secret: str, raw: bytes, seconds: int | None = None) -> dict[str, str]:
    """The headers of a delivery at `seconds` (Unix; now)."""
    stamp = str(int(time.time()) if seconds is None else seconds)
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Shop-Time": stamp, "X-Shop-Signature": mac}


def task(do: str, ref: str, customer: str = "", **more: Any) -> bytes:
    """The body of an event that asks for one change: `do` is the name of an action of the connector, such as "order"."""
    about = {"ref": ref, "customer": customer, "text": f"Task {ref}", "amount": 100, **more}
    return json.dumps({"id": f"evt-{do}-{ref}", "type": f"task.{do}", **about}).encode()


def _deliveries(ground: Ground) -> Blueprint:
    """`POST /shop/deliver` {"address", "body"} with the token: sends a body as a webhook and tells the answer."""
    sender = Blueprint("shop_deliveries", __name__, url_prefix=f"/{SLUG}")
    sender.register_error_handler(Refusal, lambda refusal: (jsonify(refusal.body), refusal.status))

    @sender.post("/deliver")
    def deliver() -> Response:
        _admit(ground)
        given: Mapping[str, Any] = _given()
        raw = json.dumps(given["body"]).encode()
        return jsonify(post(str(given["address"]), raw, signed(ground.token, raw)))

    return sender


SHOP = Vendor(SLUG, blueprint, commands)

if __name__ == "__main__":
    alone.main([SHOP], "python -m tests.vendors.shop")
