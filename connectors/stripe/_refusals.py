"""What the owner should do when Stripe says no. https://docs.stripe.com/error-codes"""

from __future__ import annotations

import json
import re

from connectors.contract import JSON

_KEYS = "dashboard.stripe.com, Developers, API keys"
_PERMISSION = re.compile(r"\brak_(\w+?)_(read|write)\b")
_SECRETS = re.compile(r"\b(?:sk|rk|pk|whsec)_\S+")  # Stripe's messages quote the key, shortened
_NOT_ACTIVE = ("testmode_charges_only", "account_invalid", "not_allowed_on_standard_account")
_BY_CODE = {
    "charge_already_refunded": "This payment was refunded in full before, so nothing is left to refund.",
    "invoice_not_editable": "This invoice is no longer a draft, so it cannot be changed. Void it in Stripe and make a "
    "new one, or give a credit note.",
    "amount_too_small": "The amount is below what Stripe takes in this currency. Change it, then run this again.",
    "amount_too_large": "The amount is above what Stripe takes in this currency. Change it, then run this again.",
    "email_invalid": "This is not an e-mail address that Stripe takes. Correct it, then run this again.",
    "invoice_no_customer_line_items": "This invoice has no lines yet. Add one, then run this again.",
}


def explain(status: int, body: bytes) -> str | None:
    """What to do about a refusal; None where waiting is all there is to do (429, 5xx)."""
    error = _error(body)
    words, code = _text(error.get("message")), _text(error.get("code"))
    if status == 401:
        return (
            "Stripe no longer accepts this key: it was rolled, deleted or has expired. Make a new restricted key at "
            f"{_KEYS}, and enter it under Connections here."
        )
    if status == 403:
        return _forbidden(words)
    if status == 402:
        return f"The payment was declined; the customer has to use another way to pay.{_quoted(words)}"
    if _text(error.get("type")) == "idempotency_error":
        return "Stripe has seen this key with another request. Start this event over to send it under a new one."
    if status in (400, 404):
        return _refused(status, code, words, error)
    return None


def _refused(status: int, code: str, words: str, error: dict[str, JSON]) -> str:
    if "exists in test mode" in words or "exists in live mode" in words:
        other = "test" if "exists in test mode" in words else "live"
        return (
            f"This is from Stripe's {other} mode, but the connection is for the other one: they share nothing. "
            "Choose one that belongs to this connection, then run this again."
        )
    if code == "resource_missing" or status == 404:
        return f"Stripe has this no more: it was deleted. Choose another one, then run this again.{_quoted(words)}"
    if code in _NOT_ACTIVE:
        return f"This Stripe account may not do this yet. Finish its set-up at dashboard.stripe.com.{_quoted(words)}"
    if code in _BY_CODE:
        return _BY_CODE[code]
    about = f" (about {_text(error.get('param'))})" if error.get("param") else ""
    return f"Stripe did not accept this{about}. Change it in the recipe or in Stripe, and run it again.{_quoted(words)}"


def _forbidden(words: str) -> str:
    missing = _PERMISSION.search(words)
    if missing is None:
        return (
            "Stripe does not allow this to the key of this connection. Compare its permissions at "
            f"{_KEYS} with those that are listed under Connections here."
        )
    name, level = missing[1].replace("_", " ").capitalize(), missing[2].capitalize()
    return (
        f"The key of this connection lacks a permission: {name}, {level}. Open {_KEYS}, click ••• beside the key, then "
        f"Edit key, set “{name}” to {level}, save, and run this again."
    )


def _error(body: bytes) -> dict[str, JSON]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _quoted(words: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in _SECRETS.sub("…", words)).split())[:200]
    return f" Stripe's words: “{text}”" if text else ""
