"""Invoices: drafts with lines, made final and sent by a person's decision, deleted or voided to take them back.

https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import JSON, Call, Refused
from connectors.stripe import _events
from connectors.stripe._client import KEY, Stripe, found_or_none, gone_is_as_good, page_of, segment
from connectors.stripe._lines import lines_of, readable
from connectors.stripe._money import code, counted, shown

UNDONE = "patchbay_undone"


def path(invoice: str, more: str = "") -> str:
    return f"/v1/invoices/{segment(invoice)}{more}"


# --- reading ----------------------------------------------------------------------------------------------------------


def read_invoice(client: Stripe, *, invoice: str) -> dict[str, JSON]:
    """The invoice as it is now, with all its lines: an event holds the first few only, and may be old news."""
    found = client.get(path(invoice))
    every = [_events.line(one, found.get("currency")) for one in lines_of(client, invoice)]
    return {**_events.invoice(found), "lines": every, "all_lines": True}


def read_payments(client: Stripe, *, invoice: str) -> dict[str, JSON]:
    """What was paid on an invoice. Since version 2025-03-31.basil an invoice may have several payments and does not name
    them itself: https://docs.stripe.com/api/invoice-payment/list"""
    query = {"invoice": invoice, "expand": ["data.payment.payment_intent"]}
    return {"payments": [_payment(one) for one in client.all("/v1/invoice_payments", query)]}


def _payment(one: dict[str, JSON]) -> dict[str, JSON]:
    by, currency = one.get("payment") or {}, one.get("currency")
    intent = by.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else by.get("charge")
    return {
        "id": one["id"],
        "status": one.get("status") or "",
        "amount": shown(one.get("amount_paid"), currency),
        "currency": currency or "",
        "payment": _events.reference(intent),
        "charge": _events.reference(charge),
        "paid_at": _events.moment((one.get("status_transitions") or {}).get("paid_at")),
    }


# --- a draft ----------------------------------------------------------------------------------------------------------


def create_invoice(
    client: Stripe,
    key: str,
    *,
    customer: str,
    currency: str,
    lines: Sequence[dict[str, JSON]] = (),
    days_until_due: int = 30,
    description: str = "",
) -> dict[str, JSON]:
    """A draft, which nobody is sent and which waits until somebody makes it final. Its lines follow in `after`.

    `collection_method` is always said: Stripe's default would charge a saved card as soon as the invoice is final.
    """
    body: dict[str, JSON] = {
        "auto_advance": False,
        "collection_method": "send_invoice",
        "currency": code(currency),
        "customer": customer,
        "days_until_due": _days(days_until_due),
        "metadata": {KEY: key},
        "pending_invoice_items_behavior": "exclude",
    }
    if description.strip():
        body["description"] = description.strip()[:1500]
    return result(client, client.post("/v1/invoices", key, body))


def prepare_invoice(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Everything that could be wrong with the lines is said before there is a draft."""
    currency = code(arguments["currency"])
    _days(arguments.get("days_until_due", 30))
    return {**arguments, "currency": currency, "lines": readable(arguments.get("lines") or [], currency)}


def _days(value: JSON) -> int:
    try:
        days = int(str(value))
    except ValueError:
        days = -1
    if not 0 <= days <= 3650:
        raise Refused(f"“{str(value)[:40]}” is not a number of days in which to pay. Write one, for example 30.")
    return days


def then_lines(arguments: dict[str, JSON], made: dict[str, JSON]) -> list[Call]:
    lines = arguments.get("lines") or []
    return (
        [Call("add_lines", {"invoice": made["id"], "currency": arguments["currency"], "lines": lines})] if lines else []
    )


def result(client: Stripe, invoice: dict[str, JSON]) -> dict[str, JSON]:
    return {
        "id": invoice["id"],
        "url": page_of(client, "invoices", invoice["id"]),
        "status": invoice.get("status") or "",
        "number": invoice.get("number") or "",
        "pay_url": invoice.get("hosted_invoice_url") or "",
    }


def find_invoice(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    listed = client.all("/v1/invoices", {"customer": arguments["customer"]})
    return [result(client, one) for one in listed if (one.get("metadata") or {}).get(KEY) == key]


def invoice_changed(client: Stripe, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """A draft that is as we left it, or one that is void or gone, has nothing to protect."""
    now = found_or_none(client, path(made["id"]))
    if now is None or now.get("status") == "void":
        return None
    if now.get("status") != "draft":
        return f"The invoice {now.get('number') or made['id']} is final by now. Void it in Stripe if it was a mistake."
    currency = arguments["currency"]
    ours = [(one["description"], counted(one["amount"], currency)) for one in arguments.get("lines") or []]
    there = [(one.get("description"), one.get("amount")) for one in lines_of(client, made["id"])]
    if (now.get("description") or "") != (arguments.get("description") or "").strip()[:1500] or set(there) - set(ours):
        return "Somebody has changed the draft of the invoice since."
    return None


def take_back(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("withdraw_invoice", {"invoice": made["id"]})


# --- making it final, sending it --------------------------------------------------------------------------------------


def finalize_invoice(client: Stripe, key: str, *, invoice: str) -> dict[str, JSON]:
    """Gives the invoice its number and makes it payable. `auto_advance` stays off, so that Stripe does nothing by itself."""
    return result(client, client.post(path(invoice, "/finalize"), key, {"auto_advance": False}))


def find_final(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    now = found_or_none(client, path(arguments["invoice"]))
    return [result(client, now)] if now is not None and now.get("status") not in (None, "draft") else []


def final_changed(client: Stripe, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    now = found_or_none(client, path(arguments["invoice"]))
    if now is None or now.get("status") == "void":
        return None
    number = now.get("number") or arguments["invoice"]
    if now.get("status") == "paid" or now.get("amount_paid"):
        return f"The invoice {number} has been paid. Give the money back or a credit note in Stripe."
    if now.get("status") == "uncollectible":
        return f"Somebody has written the invoice {number} off as uncollectible."
    return None


def send_invoice(client: Stripe, key: str, *, invoice: str) -> dict[str, JSON]:
    """Stripe mails it to the customer; a draft becomes final by that. In test mode no mail leaves."""
    return result(client, client.post(path(invoice, "/send"), key, {}))


def find_sent(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Events name the key of the request that caused them: https://docs.stripe.com/api/events/object#event_object-request"""
    for one in client.all("/v1/events", {"types": ["invoice.sent"]}):
        about = (one.get("data") or {}).get("object") or {}
        by = one.get("request") or {}
        if about.get("id") == arguments["invoice"] and isinstance(by, dict) and by.get("idempotency_key") == key:
            return [result(client, about)]
    return []


# --- taking it back ---------------------------------------------------------------------------------------------------


def withdraw_invoice(client: Stripe, key: str, *, invoice: str, how: str = "delete") -> dict[str, JSON]:
    """A draft is deleted, a final one voided, and one that is void already only gets a note, so that there is one request."""
    if how == "delete":
        gone_is_as_good(client, path(invoice))
        return {"id": invoice, "url": "", "status": "deleted"}
    if how == "void":
        return result(client, client.post(path(invoice, "/void"), key, {}))
    return result(client, client.post(path(invoice), key, {"metadata": {UNDONE: key}}))


def how_to_withdraw(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    now = found_or_none(client, path(arguments["invoice"])) or {"status": "draft"}
    ways = {"draft": "delete", "void": "note"}
    return {**arguments, "how": ways.get(str(now.get("status")), "void")}


def find_withdrawn(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    which = arguments["invoice"]
    now = found_or_none(client, path(which))
    if now is None:
        return [{"id": which, "url": "", "status": "deleted"}]
    noted = (now.get("metadata") or {}).get(UNDONE) == key
    done = noted if arguments.get("how") == "note" else now.get("status") == "void"
    return [result(client, now)] if done else []


def standing(client: Stripe, arguments: dict[str, JSON]) -> JSON:
    now = found_or_none(client, path(arguments["invoice"]))
    return None if now is None else now.get("status")
