"""The practice Stripe: customers, invoices, payments, refunds and the events that they make, sent with a signed webhook.

https://docs.stripe.com/api . Settings a test may change: `stripe_rate` (25 a second, as in a sandbox), `stripe_lacks`
(permissions that the key does not have, for example ["rak_invoice_write"]), `stripe_account` ("readable": the key may
read the account), `stripe_prune` (True: keys are forgotten at once), `stripe_stores` (this many changes break, and their
error is stored under their key), `revoked` (["stripe"]).
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Vendor, bearer, in_time, interface, same
from app.practice.vendors.stripe import _customers, _deliver, _events, _invoices, _items, _keys, _payments, _seed
from app.practice.vendors.stripe._form import Form, form
from app.practice.vendors.stripe._refusals import ACCOUNT, forbidden, missing, refuse
from app.practice.vendors.stripe._shelf import JSON, Shelf

Handler = Callable[[Shelf, Form], JSON]
Named = Callable[[Shelf, str, Form], JSON]

_LISTS: dict[str, tuple[Handler, str]] = {
    "customers": (_customers.listed, "customer"),
    "invoices": (_invoices.listed, "invoice"),
    "invoiceitems": (_items.listed, "invoice"),
    "invoice_payments": (_payments.of_invoice, "invoice"),
    "payment_intents": (_payments.listed, "payment_intent"),
    "refunds": (_payments.refunds, "charge"),
    "events": (_events.listed, "event"),
}
_MAKES: dict[str, tuple[Handler, str]] = {
    "customers": (_customers.create, "customer"),
    "invoices": (_invoices.create, "invoice"),
    "invoiceitems": (_items.create, "invoice"),
    "refunds": (_payments.refund, "charge"),
}
_READS: dict[str, tuple[Named, str]] = {
    "customers": (_customers.read, "customer"),
    "invoices": (_invoices.read, "invoice"),
    "invoiceitems": (_items.read, "invoice"),
    "payment_intents": (_payments.read_intent, "payment_intent"),
    "charges": (_payments.read_charge, "charge"),
    "events": (_events.read, "event"),
}
_CHANGES: dict[str, tuple[Named, str]] = {
    "customers": (_customers.update, "customer"),
    "invoices": (_invoices.update, "invoice"),
}
_DELETES: dict[str, tuple[Named, str]] = {
    "customers": (_customers.delete, "customer"),
    "invoices": (_invoices.delete, "invoice"),
    "invoiceitems": (_items.delete, "invoice"),
}
_DOES: dict[str, Named] = {
    "finalize": _invoices.finalize,
    "send": _invoices.send,
    "void": _invoices.void,
    "add_lines": _items.add_lines,
}


def blueprint(ground: Ground) -> Blueprint:
    whole = Blueprint("practice_stripe", __name__)
    whole.register_blueprint(_api(ground))
    whole.register_blueprint(_deliver.blueprint(ground))
    return whole


def _api(ground: Ground) -> Blueprint:
    api, shelf = interface("stripe", ground), Shelf(ground)

    @api.before_request
    def admit() -> None:
        if request.path.startswith("/stripe/v1/"):
            _admit(ground)

    @api.get("/v1/account")
    def account() -> Response:
        if ground.ledger.note("stripe_account") != "readable":
            forbidden("rak_accounts_kyc_basic_read")
        return jsonify(
            {"id": ACCOUNT, "object": "account", "settings": {"dashboard": {"display_name": "Practice shop"}}}
        )

    @api.get("/v1/invoices/<invoice>/lines")
    def lines(invoice: str) -> Response:
        _permit(ground, "invoice", "read")
        return jsonify(_items.lines(shelf, invoice, form(request.query_string)))

    _reads(api, shelf)
    _writes(api, shelf)
    return api


def _reads(api: Blueprint, shelf: Shelf) -> None:
    @api.get("/v1/<kind>")
    def listed(kind: str) -> Response:
        handle, permission = _known(_LISTS, kind)
        _permit(shelf.ground, permission, "read")
        return jsonify(handle(shelf, form(request.query_string)))

    @api.get("/v1/<kind>/<which>")
    def read(kind: str, which: str) -> Response:
        handle, permission = _known(_READS, kind)
        _permit(shelf.ground, permission, "read")
        return jsonify(handle(shelf, which, form(request.query_string)))


def _writes(api: Blueprint, shelf: Shelf) -> None:
    @api.post("/v1/<kind>")
    def create(kind: str) -> Response:
        handle, permission = _known(_MAKES, kind)
        _permit(shelf.ground, permission, "write")
        return _keys.once(shelf, lambda given: handle(shelf, given))

    @api.post("/v1/<kind>/<which>")
    def change(kind: str, which: str) -> Response:
        handle, permission = _known(_CHANGES, kind)
        _permit(shelf.ground, permission, "write")
        return _keys.once(shelf, lambda given: handle(shelf, which, given))

    @api.post("/v1/invoices/<which>/<what>")
    def do(which: str, what: str) -> Response:
        handle = _DOES.get(what) or missing(f"Unrecognized request URL (POST: {request.path})")
        _permit(shelf.ground, "invoice", "write")
        return _keys.once(shelf, lambda given: handle(shelf, which, given))

    @api.delete("/v1/<kind>/<which>")
    def delete(kind: str, which: str) -> Response:
        handle, permission = _known(_DELETES, kind)
        _permit(shelf.ground, permission, "write")
        with shelf.ledger.write():
            return jsonify(handle(shelf, which, form(request.query_string)))


def _known(table: dict[str, tuple[Callable[..., JSON], str]], kind: str) -> tuple[Callable[..., JSON], str]:
    return table.get(kind) or missing(f"Unrecognized request URL ({request.method}: {request.path})")


def _admit(ground: Ground) -> None:
    if not same(bearer(), f"rk_test_{ground.token}") or "stripe" in ground.ledger.note("revoked", []):
        refuse(401, "invalid_request_error", f"Invalid API Key provided: {bearer()[:8]}****")
    rate = float(ground.ledger.note("stripe_rate", 25))
    if in_time(ground, "stripe", rate, rate):
        refuse(429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit")


def _permit(ground: Ground, what: str, level: str) -> None:
    """Write includes read."""
    lacks = ground.ledger.note("stripe_lacks", [])
    if f"rak_{what}_{level}" in lacks:
        forbidden(f"rak_{what}_{level}")


vendor = Vendor(
    slug="stripe",
    title="Stripe",
    says="Customers, invoices, payments and refunds of a shop in test mode. It signs and sends events as Stripe does.",
    paths=("/v1/", "/deliver"),
    blueprint=blueprint,
    seed=_seed.seed,
    commands=_seed.commands,
)
