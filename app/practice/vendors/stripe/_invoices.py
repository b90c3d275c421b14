"""Invoices and their states. https://docs.stripe.com/invoicing/integration/workflow-transitions"""

from __future__ import annotations

import time

from app.practice.door import done
from app.practice.vendors.stripe._form import Form, metadata, needed, only, whole
from app.practice.vendors.stripe._items import lines_in
from app.practice.vendors.stripe._refusals import invalid
from app.practice.vendors.stripe._shelf import JSON, Shelf, Thing, page, within

_TAKES = ("customer", "currency", "collection_method", "auto_advance", "days_until_due", "description", "metadata")
SHOWN = 10  # lines that an invoice itself shows


def listed(shelf: Shelf, given: Form) -> JSON:
    only(given, "customer", "status", "created", "limit", "starting_after")
    whose, status, fits = given.get("customer"), given.get("status"), within(given)
    found = [
        one
        for one in shelf.every("invoice")
        if fits(one) and whose in (None, one["customer"]) and status in (None, one["status"])
    ]
    return page([whole_invoice(shelf, one) for one in found], given, "/v1/invoices")


def whole_invoice(shelf: Shelf, invoice: Thing) -> Thing:
    """With what follows from its lines. `payment_intent`, `charge` and `paid` are no part of it since 2025-03-31.basil."""
    lines = lines_in(shelf, invoice["id"])
    total, paid = sum(one["amount"] for one in lines), invoice["amount_paid"]
    first = {"object": "list", "has_more": len(lines) > SHOWN, "data": lines[:SHOWN], "total_count": len(lines)}
    return {**invoice, "total": total, "amount_due": total, "amount_remaining": total - paid, "lines": first}


def create(shelf: Shelf, given: Form) -> JSON:
    only(given, *_TAKES, "pending_invoice_items_behavior")
    customer, method = shelf.get("customer", needed(given, "customer")), given.get("collection_method")
    days = whole(given, "days_until_due", -1)
    if method == "send_invoice" and days < 0:
        invalid("You must pass `days_until_due` or `due_date` when using send_invoice.", param="days_until_due")
    made = shelf.new(
        "in",
        "invoice",
        {
            "customer": customer["id"],
            "customer_name": customer["name"],
            "customer_email": customer["email"],
            "status": "draft",
            "number": None,
            "currency": given.get("currency", "usd"),
            "amount_paid": 0,
            "collection_method": method or "charge_automatically",
            "auto_advance": given.get("auto_advance") == "true",
            "description": given.get("description"),
            "metadata": metadata(given),
            "attempt_count": 0,
            "parent": None,
            "due_date": int(time.time()) + days * 86400 if days >= 0 else None,
            "hosted_invoice_url": None,
            "invoice_pdf": None,
            "status_transitions": dict.fromkeys(("finalized_at", "paid_at", "voided_at")),
        },
    )
    return _told(shelf, made, "invoice.created", "invoice.create")


def _told(shelf: Shelf, invoice: Thing, kind: str, what: str) -> Thing:
    whole_one = whole_invoice(shelf, shelf.keep("invoice", invoice))
    shelf.happened(kind, whole_one, what)
    return whole_one


def read(shelf: Shelf, which: str, given: Form) -> JSON:
    return whole_invoice(shelf, shelf.get("invoice", which))


def update(shelf: Shelf, which: str, given: Form) -> JSON:
    """Of an invoice that is no draft only the metadata may change, and little else."""
    only(given, "description", "days_until_due", "metadata", "auto_advance")
    now = shelf.get("invoice", which)
    if now["status"] != "draft" and set(given) - {"metadata", "auto_advance"}:
        invalid("This invoice is no longer editable.", code="invoice_not_editable")
    kept = {**now, "metadata": metadata(given, now["metadata"])}
    if "description" in given:
        kept["description"] = given["description"] or None
    return _told(shelf, kept, "invoice.updated", "invoice.update")


def delete(shelf: Shelf, which: str, given: Form) -> JSON:
    now = shelf.get("invoice", which)
    if now["status"] != "draft":
        invalid("You can only delete draft invoices.", code="invoice_not_editable")
    shelf.keep("invoice", {**now, "deleted": True})
    for one in lines_in(shelf, which):
        shelf.keep("line", {**shelf.get("line", one["id"]), "deleted": True})
    shelf.happened("invoice.deleted", now, "invoice.delete")
    return {"id": which, "object": "invoice", "deleted": True}


def finalize(shelf: Shelf, which: str, given: Form) -> JSON:
    only(given, "auto_advance")
    now = shelf.get("invoice", which)
    if now["status"] != "draft":
        invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    return _final(shelf, now)


def _final(shelf: Shelf, now: Thing) -> Thing:
    number = int(shelf.ledger.note("stripe_number", 0)) + 1
    shelf.ledger.set_note("stripe_number", number)
    page_of = f"https://invoice.stripe.example/i/{now['id']}"
    steps = {**now["status_transitions"], "finalized_at": int(time.time())}
    open_one = {**now, "status": "open", "number": f"PRACTICE-{number:04}", "hosted_invoice_url": page_of}
    return _told(
        shelf, {**open_one, "invoice_pdf": f"{page_of}/pdf", "status_transitions": steps}, "invoice.finalized",
        "invoice.finalize",
    )  # fmt: skip


def send(shelf: Shelf, which: str, given: Form) -> JSON:
    """Nothing is mailed in test mode, though the event says so. A draft becomes final by it."""
    only(given)
    now = shelf.get("invoice", which)
    if now["collection_method"] != "send_invoice":
        invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if now["status"] == "void":
        invalid("You can't send a void invoice.")
    if now["status"] == "draft":
        _final(shelf, now)
    sent = whole_invoice(shelf, shelf.get("invoice", which))
    shelf.event("invoice.sent", sent)
    done(shelf.ground, "invoice.send", which)
    return sent


def void(shelf: Shelf, which: str, given: Form) -> JSON:
    only(given)
    now = shelf.get("invoice", which)
    if now["status"] not in ("open", "uncollectible"):
        invalid(f"You can only void open invoices. This one is {now['status']}.")
    steps = {**now["status_transitions"], "voided_at": int(time.time())}
    return _told(shelf, {**now, "status": "void", "status_transitions": steps}, "invoice.voided", "invoice.void")
