"""Stripe's events as the plain values that recipes see. Amounts are text like "125.00", times ISO 8601, "" is nothing.

Only fields that kept their place over the versions of the API are read: an endpoint's own version decides how its
deliveries look, and the list of events has the account's. https://docs.stripe.com/webhooks/versioning
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from connectors.contract import JSON, Label, Trigger, read_strictly
from connectors.stripe._money import shown

_EVENT = {"livemode": Label.VENDOR, "happened_at": Label.VENDOR}
_MONEY = {"currency": Label.VENDOR, "amount": Label.VENDOR}
_LATEST = 253_402_300_799  # the last second of the year 9999

INVOICE_FIELDS = {
    **dict.fromkeys(("id", "number", "status", "customer", "currency", "total", "amount_due"), Label.VENDOR),
    **dict.fromkeys(("amount_paid", "amount_remaining", "due_at", "paid_at", "attempts"), Label.VENDOR),
    **dict.fromkeys(("url", "pdf", "all_lines"), Label.VENDOR),
    **dict.fromkeys(("customer_name", "customer_email", "description"), Label.OUTSIDE),
    "lines[].description": Label.OUTSIDE,
    "lines[].amount": Label.VENDOR,
    "lines[].quantity": Label.VENDOR,
}
CUSTOMER_FIELDS = {
    "id": Label.VENDOR,
    "created_at": Label.VENDOR,
    **dict.fromkeys(("name", "email", "phone", "description"), Label.OUTSIDE),
}
_PAYMENT_FIELDS = {
    **_MONEY,
    **dict.fromkeys(("id", "status", "customer", "charge", "received", "failure_code"), Label.VENDOR),
    **dict.fromkeys(("description", "receipt_email", "failure"), Label.OUTSIDE),
}
_REFUND_FIELDS = {
    **_MONEY,
    **dict.fromkeys(("id", "payment", "customer", "refunded", "whole", "receipt_url"), Label.VENDOR),
    **dict.fromkeys(("description", "receipt_email"), Label.OUTSIDE),
}
_PAYOUT_FIELDS = {
    **_MONEY,
    **dict.fromkeys(("id", "status", "arrives_at", "automatic", "failure_code"), Label.VENDOR),
    **dict.fromkeys(("description", "statement_descriptor", "failure"), Label.OUTSIDE),
}
_DISPUTE_FIELDS = {
    **_MONEY,
    **dict.fromkeys(("id", "status", "charge", "payment", "reason", "answer_by"), Label.VENDOR),
}


def invoice(about: dict[str, JSON]) -> dict[str, JSON]:
    """An invoice, of an event or of the API. `all_lines` is false where there are more lines than were sent along."""
    currency, lines = about.get("currency"), _part(about, "lines")
    steps = _part(about, "status_transitions")
    return {
        **{name: text(about.get(name)) for name in ("id", "number", "status", "currency", "description")},
        **{name: text(about.get(name)) for name in ("customer_name", "customer_email")},
        **{name: shown(about.get(name), currency) for name in ("total", "amount_due", "amount_paid")},
        "customer": reference(about.get("customer")),
        "amount_remaining": shown(about.get("amount_remaining"), currency),
        "due_at": moment(about.get("due_date")),
        "paid_at": moment(steps.get("paid_at")),
        "attempts": about.get("attempt_count") if isinstance(about.get("attempt_count"), int) else 0,
        "url": text(about.get("hosted_invoice_url")),
        "pdf": text(about.get("invoice_pdf")),
        "lines": [line(one, currency) for one in lines.get("data") or [] if isinstance(one, dict)],
        "all_lines": lines.get("has_more") is not True,
    }


def line(one: dict[str, JSON], currency: JSON) -> dict[str, JSON]:
    quantity = one.get("quantity")
    return {
        "description": text(one.get("description")),
        "amount": shown(one.get("amount"), one.get("currency") or currency),
        "quantity": quantity if isinstance(quantity, int) else 1,
    }


def customer(about: dict[str, JSON]) -> dict[str, JSON]:
    named = {name: text(about.get(name)) for name in ("id", "name", "email", "phone", "description")}
    return {**named, "created_at": moment(about.get("created"))}


def _payment(about: dict[str, JSON]) -> dict[str, JSON]:
    failed = _part(about, "last_payment_error")
    return {
        **_money(about),
        **{name: text(about.get(name)) for name in ("id", "status", "description", "receipt_email")},
        "customer": reference(about.get("customer")),
        "charge": reference(about.get("latest_charge")),
        "received": shown(about.get("amount_received"), about.get("currency")),
        "failure": text(failed.get("message")),
        "failure_code": text(failed.get("decline_code") or failed.get("code")),
    }


def _refund(about: dict[str, JSON]) -> dict[str, JSON]:
    return {
        **_money(about),
        **{name: text(about.get(name)) for name in ("id", "description", "receipt_email", "receipt_url")},
        "payment": reference(about.get("payment_intent")),
        "customer": reference(about.get("customer")),
        "refunded": shown(about.get("amount_refunded"), about.get("currency")),
        "whole": about.get("refunded") is True,
    }


def _payout(about: dict[str, JSON]) -> dict[str, JSON]:
    return {
        **_money(about),
        **{name: text(about.get(name)) for name in ("id", "status", "description", "statement_descriptor")},
        "arrives_at": moment(about.get("arrival_date")),
        "automatic": about.get("automatic") is True,
        "failure": text(about.get("failure_message")),
        "failure_code": text(about.get("failure_code")),
    }


def _dispute(about: dict[str, JSON]) -> dict[str, JSON]:
    return {
        **_money(about),
        **{name: text(about.get(name)) for name in ("id", "status", "reason")},
        "charge": reference(about.get("charge")),
        "payment": reference(about.get("payment_intent")),
        "answer_by": moment(_part(about, "evidence_details").get("due_by")),
    }


def _trigger(
    kind: str, label: str, of: Callable[[dict[str, JSON]], dict[str, JSON]], fields: Mapping[str, Label]
) -> Trigger:
    def shape(body: bytes) -> dict[str, JSON]:
        document = read_strictly(body, "Stripe")
        found = of(_part(_part(document, "data"), "object"))
        return {
            **found,
            "livemode": document.get("livemode") is True,
            "happened_at": moment(document.get("created")),
        }

    return Trigger(kind, label, shape, {**fields, **_EVENT})


TRIGGERS = (
    # Prefer it to invoice.payment_succeeded: it also comes for an invoice that was paid outside of Stripe.
    _trigger("invoice.paid", "An invoice was paid", invoice, INVOICE_FIELDS),
    _trigger("invoice.payment_failed", "The payment of an invoice failed", invoice, INVOICE_FIELDS),
    _trigger("invoice.finalized", "An invoice was made final", invoice, INVOICE_FIELDS),
    _trigger("invoice.voided", "An invoice was voided", invoice, INVOICE_FIELDS),
    _trigger("payment_intent.succeeded", "A payment arrived", _payment, _PAYMENT_FIELDS),
    _trigger("payment_intent.payment_failed", "A payment failed", _payment, _PAYMENT_FIELDS),
    _trigger("charge.refunded", "A payment was refunded", _refund, _REFUND_FIELDS),
    _trigger("charge.dispute.created", "A customer disputes a payment", _dispute, _DISPUTE_FIELDS),
    _trigger("payout.paid", "A payout is on its way to the bank", _payout, _PAYOUT_FIELDS),
    _trigger("payout.failed", "A payout failed", _payout, _PAYOUT_FIELDS),
    _trigger("customer.created", "A customer was created", customer, CUSTOMER_FIELDS),
)


# --- details ----------------------------------------------------------------------------------------------------------


def text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def reference(value: JSON) -> str:
    """The id of another object, which may be there itself (expanded) in its place."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def moment(value: JSON) -> str:
    """Unix seconds as ISO 8601."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LATEST:
        return ""
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(about: dict[str, JSON]) -> dict[str, JSON]:
    return {"currency": text(about.get("currency")), "amount": shown(about.get("amount"), about.get("currency"))}


def _part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}
