"""Giving money back for a payment. https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from connectors.contract import JSON, Refused
from connectors.stripe._client import KEY, Stripe, page_of, segment
from connectors.stripe._money import code, counted

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def refund(
    client: Stripe, key: str, *, payment: str, amount: str = "", currency: str = "", reason: str = ""
) -> dict[str, JSON]:
    """From prepared arguments. `payment` is a payment (pi_…) or a charge (ch_…); without `amount` all that is left of it."""
    body: dict[str, JSON] = {_kind(payment): payment, "metadata": {KEY: key}}
    if amount:
        body["amount"] = counted(amount, code(currency))
    if reason:
        body["reason"] = reason
    return _result(client, client.post("/v1/refunds", key, body))


def prepare(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Reads the payment's currency, without which nobody knows what an amount means."""
    payment, amount = str(arguments["payment"]), str(arguments.get("amount") or "").strip()
    reason = str(arguments.get("reason") or "")
    if reason and reason not in REASONS:
        raise Refused(f"“{reason[:40]}” is not a reason that Stripe knows. Choose one of: {', '.join(REASONS)}.")
    kind = "charges" if _kind(payment) == "charge" else "payment_intents"
    currency = client.get(f"/v1/{kind}/{segment(payment)}")["currency"]
    if amount and counted(amount, currency) <= 0:
        raise Refused("The amount to give back must be above zero.")
    return {"payment": payment, "amount": amount, "currency": currency, "reason": reason}


def _kind(payment: str) -> str:
    if payment.startswith("pi_"):
        return "payment_intent"
    if payment.startswith(("ch_", "py_")):
        return "charge"
    raise Refused(f"“{payment[:40]}” is not a payment. Give its id, which starts with pi_ or ch_.")


def find(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    payment = arguments["payment"]
    listed = client.all("/v1/refunds", {_kind(payment): payment})
    return [_result(client, one) for one in listed if (one.get("metadata") or {}).get(KEY) == key]


def _result(client: Stripe, one: dict[str, JSON]) -> dict[str, JSON]:
    payment = str(one.get("payment_intent") or one.get("charge") or "")
    return {"id": one["id"], "url": page_of(client, "payments", payment), "status": one.get("status") or ""}
