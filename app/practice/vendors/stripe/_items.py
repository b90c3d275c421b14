"""Invoice items, and the lines that they are on their invoice. https://docs.stripe.com/api/invoiceitems"""

from __future__ import annotations

from app.practice.door import done
from app.practice.vendors.stripe._form import Form, metadata, needed, only, whole
from app.practice.vendors.stripe._refusals import invalid
from app.practice.vendors.stripe._shelf import JSON, Shelf, Thing, page

MOST = 250


def lines_in(shelf: Shelf, invoice: str) -> list[Thing]:
    """In the order of making."""
    return [_line(one) for one in reversed(shelf.every("line")) if one["invoice"] == invoice]


def _line(item: Thing) -> Thing:
    by = {"type": "invoice_item_details", "invoice_item_details": {"invoice_item": item["id"]}}
    return {**item, "object": "line_item", "quantity": 1, "parent": by}


def lines(shelf: Shelf, invoice: str, given: Form) -> JSON:
    only(given, "limit", "starting_after")
    shelf.get("invoice", invoice)
    return page(lines_in(shelf, invoice), given, f"/v1/invoices/{invoice}/lines")


def listed(shelf: Shelf, given: Form) -> JSON:
    only(given, "invoice", "customer", "limit", "starting_after")
    wanted = given.get("invoice")
    return page([one for one in shelf.every("line") if wanted in (None, one["invoice"])], given, "/v1/invoiceitems")


def read(shelf: Shelf, which: str, given: Form) -> JSON:
    return shelf.get("line", which)


def create(shelf: Shelf, given: Form) -> JSON:
    """One without an invoice would float until the customer's next one."""
    only(given, "customer", "invoice", "amount", "currency", "description", "metadata")
    customer = shelf.get("customer", needed(given, "customer"))["id"]
    where = given.get("invoice")
    if where is not None:
        invoice = _draft(shelf, where)
        if invoice["customer"] != customer:
            invalid("The invoice does not belong to this customer.", param="invoice")
        if needed(given, "currency") != invoice["currency"]:
            invalid(f"The currency of the item must be that of the invoice ({invoice['currency']}).", param="currency")
    made = _make(shelf, given, where, customer, given.get("currency", "usd"))
    done(shelf.ground, "line.create", made["id"])
    return made


def _make(shelf: Shelf, given: Form, invoice: str | None, customer: str, currency: str) -> Thing:
    facts = {"amount": whole(given, "amount"), "description": given.get("description"), "metadata": metadata(given)}
    return shelf.new("ii", "line", {"invoice": invoice, "customer": customer, "currency": currency, **facts})


def _draft(shelf: Shelf, which: str) -> Thing:
    now = shelf.get("invoice", which)
    if now["status"] != "draft":
        invalid("This invoice is no longer editable.", code="invoice_not_editable")
    return now


def add_lines(shelf: Shelf, which: str, given: Form) -> JSON:
    only(given, "lines")
    invoice, entries = _draft(shelf, which), given.get("lines")
    if not isinstance(entries, list) or not entries:
        invalid("Missing required param: lines.", code="parameter_missing", param="lines")
    if len(entries) + len(lines_in(shelf, which)) > MOST:
        invalid(f"An invoice can have at most {MOST} lines.", param="lines")
    for one in entries:
        only(one, "amount", "description", "metadata")
        _make(shelf, one, which, invoice["customer"], invoice["currency"])
    done(shelf.ground, "invoice.add_lines", which)
    return invoice


def delete(shelf: Shelf, which: str, given: Form) -> JSON:
    item = shelf.get("line", which)
    if item["invoice"]:
        _draft(shelf, item["invoice"])
    shelf.keep("line", {**item, "deleted": True})
    done(shelf.ground, "line.delete", which)
    return {"id": which, "object": "invoiceitem", "deleted": True}
