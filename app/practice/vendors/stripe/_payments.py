"""Payments, the charges behind them, and refunds. https://docs.stripe.com/api/payment_intents"""

from __future__ import annotations

from app.practice.vendors.stripe._form import Form, metadata, only, whole
from app.practice.vendors.stripe._refusals import invalid
from app.practice.vendors.stripe._shelf import JSON, Shelf, Thing, page


def listed(shelf: Shelf, given: Form) -> JSON:
    only(given, "customer", "limit", "starting_after")
    whose = given.get("customer")
    found = [one for one in shelf.every("payment_intent") if whose in (None, one["customer"])]
    return page(found, given, "/v1/payment_intents")


def read_intent(shelf: Shelf, which: str, given: Form) -> JSON:
    return shelf.get("payment_intent", which)


def read_charge(shelf: Shelf, which: str, given: Form) -> JSON:
    return shelf.get("charge", which)


def of_invoice(shelf: Shelf, given: Form) -> JSON:
    """`expand[]=data.payment.payment_intent` puts the payment itself there."""
    only(given, "invoice", "limit", "starting_after")
    wide = "data.payment.payment_intent" in (given.get("expand") or [])
    found = [one for one in shelf.every("invoice_payment") if given.get("invoice") in (None, one["invoice"])]
    return page([_expanded(shelf, one) if wide else one for one in found], given, "/v1/invoice_payments")


def _expanded(shelf: Shelf, one: Thing) -> Thing:
    intent = shelf.get("payment_intent", one["payment"]["payment_intent"])
    return {**one, "payment": {**one["payment"], "payment_intent": intent}}


def refunds(shelf: Shelf, given: Form) -> JSON:
    only(given, "charge", "payment_intent", "limit", "starting_after")
    wanted = {name: given[name] for name in ("charge", "payment_intent") if name in given}
    found = [one for one in shelf.every("refund") if all(one[name] == value for name, value in wanted.items())]
    return page(found, given, "/v1/refunds")


def refund(shelf: Shelf, given: Form) -> JSON:
    only(given, "charge", "payment_intent", "amount", "reason", "metadata")
    charge = _charged(shelf, given)
    left = charge["amount"] - charge["amount_refunded"]
    if left <= 0:
        invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = whole(given, "amount", left)
    if not 0 < amount <= left:
        invalid(f"Refund amount is greater than unrefunded amount on charge ({left}).", param="amount")
    facts = {"amount": amount, "currency": charge["currency"], "charge": charge["id"], "status": "succeeded"}
    more = {"payment_intent": charge["payment_intent"], "reason": given.get("reason"), "metadata": metadata(given)}
    made = shelf.new("re", "refund", {**facts, **more})
    back = charge["amount_refunded"] + amount
    now = shelf.keep("charge", {**charge, "amount_refunded": back, "refunded": back == charge["amount"]})
    shelf.event("refund.created", made)
    shelf.happened("charge.refunded", now, "refund.create")
    return made


def _charged(shelf: Shelf, given: Form) -> Thing:
    if ("charge" in given) == ("payment_intent" in given):
        invalid("One of charge and payment_intent must be given.", param="charge")
    if "charge" in given:
        return shelf.get("charge", given["charge"])
    return shelf.get("charge", shelf.get("payment_intent", given["payment_intent"])["latest_charge"])
