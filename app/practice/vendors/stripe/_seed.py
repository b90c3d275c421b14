"""What stands in the practice Stripe at first, and what people do in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from app.practice.control import Command
from app.practice.door import Ground
from app.practice.vendors.stripe._invoices import whole_invoice
from app.practice.vendors.stripe._shelf import SLUG, VERSION, Shelf, Thing

_PEOPLE = (("cus_harbor", "Harbor Café", "ops@harbor.example"), ("cus_ann", "Ann Kovač", "ann@example.com"))
PAYMENT = "pi_harbor"


def seed(ground: Ground) -> None:
    """Two customers, and a payment of 120.00 US dollars that can be given back."""
    shelf = Shelf(ground)
    if shelf.maybe("customer", "cus_harbor"):
        return
    with ground.ledger.write():
        for which, name, email in _PEOPLE:
            facts: Thing = {"name": name, "email": email, "phone": None, "description": None, "metadata": {}}
            shelf.keep("customer", {**_thing(which, "customer"), **facts, "currency": None, "balance": 0})
        _payment(shelf, "harbor", "cus_harbor", 12000, "usd")


def _thing(which: str, kind: str) -> Thing:
    return {"id": which, "object": kind, "created": int(time.time()), "livemode": False}


def _payment(shelf: Shelf, name: str, customer: str, amount: int, currency: str) -> Thing:
    """A payment intent with its charge."""
    money = {"amount": amount, "currency": currency, "customer": customer, "status": "succeeded", "metadata": {}}
    charge = {**_thing(f"ch_{name}", "charge"), **money, "amount_refunded": 0, "refunded": False}
    shelf.keep("charge", {**charge, "payment_intent": f"pi_{name}", "paid": True, "receipt_url": None})
    intent = {**_thing(f"pi_{name}", "payment_intent"), **money, "amount_received": amount}
    return shelf.keep("payment_intent", {**intent, "latest_charge": f"ch_{name}"})


def commands(ground: Ground) -> Mapping[str, Command]:
    """`stripe_edit` {"id", …}: a person changes an object. `stripe_remove` {"id"}. `stripe_pay` {"invoice"}: the customer
    pays. `stripe_payment` {"name", "customer", "amount", "currency"}. `stripe_event` {"type", "object", "created"}: what
    happened without our doing, and was never delivered; `stripe_events` {"events": [those]}."""
    shelf = Shelf(ground)
    return {
        "stripe_edit": lambda given: _edit(shelf, given),
        "stripe_remove": lambda given: _edit(shelf, {"id": given["id"], "deleted": True}),
        "stripe_pay": lambda given: _pay(shelf, given["invoice"]),
        "stripe_payment": lambda given: _payment(
            shelf, given["name"], given["customer"], given["amount"], given["currency"]
        ),
        "stripe_event": lambda given: _event(shelf, given["type"], given["object"], given.get("created")),
        "stripe_events": lambda given: _events(shelf, given["events"]),
    }


def _edit(shelf: Shelf, given: dict[str, Any]) -> Thing:
    rows = shelf.ledger.rows("select kind from objects where slug=? and id=?", SLUG, given["id"])
    if not rows:
        raise KeyError(given["id"])
    now = shelf.ledger.get(SLUG, given["id"]) or {}
    return shelf.keep(rows[0]["kind"], {**now, **given})


def _pay(shelf: Shelf, which: str) -> Thing:
    now = shelf.get("invoice", which)
    total, when = whole_invoice(shelf, now)["total"], int(time.time())
    name = which.removeprefix("in_")
    _payment(shelf, name, now["customer"], total, now["currency"])
    paid = {"invoice": which, "amount_paid": total, "currency": now["currency"], "status": "paid"}
    by = {"type": "payment_intent", "payment_intent": f"pi_{name}"}
    shelf.keep("invoice_payment", {
        **_thing(f"inpay_{name}", "invoice_payment"), **paid, "payment": by, "status_transitions": {"paid_at": when},
    })  # fmt: skip
    steps = {**now["status_transitions"], "paid_at": when}
    after = {**now, "status": "paid", "amount_paid": total, "status_transitions": steps}
    _event(shelf, "invoice.paid", whole_invoice(shelf, shelf.keep("invoice", after)), None)
    return after


def _events(shelf: Shelf, several: list[dict[str, Any]]) -> int:
    with shelf.ledger.write():
        for one in several:
            _event(shelf, one["type"], one["object"], one.get("created"))
    return len(several)


def _event(shelf: Shelf, kind: str, about: Thing, created: int | None) -> Thing:
    number = int(shelf.ledger.note("stripe_events", 0)) + 1
    shelf.ledger.set_note("stripe_events", number)
    told = {"api_version": VERSION, "type": kind, "data": {"object": about}, "request": {"id": None}}
    made = {**_thing(f"evt_{number:06}", "event"), **told, "pending_webhooks": 0}
    return shelf.keep("event", {**made, "created": created or made["created"]})
