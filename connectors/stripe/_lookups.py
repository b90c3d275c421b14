"""What people choose from: customers and invoices, by name, by id, or by the address of their page in Stripe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.contract import JSON, Choice, Refused
from connectors.stripe._client import Stripe, found_or_none, segment
from connectors.stripe._money import shown

MOST = 100  # choices that a picker shows
_PAGES = 3
_CUSTOMER = re.compile(r"\bcus_\w+")
_INVOICE = re.compile(r"\bin_\w+")


def customers(client: Stripe, query: str) -> list[Choice]:
    """The newest customers whose name or address holds the words; a whole address is looked for among all."""
    words = query.strip().lower()
    if "@" in words:
        exact = {
            one["id"]: one for text in {query.strip(), words} for one in client.all("/v1/customers", {"email": text})
        }
        if exact:
            return [_customer(one) for one in exact.values()][:MOST]
    return [choice for one in _newest(client, "/v1/customers") if words in (choice := _customer(one)).label.lower()][
        :MOST
    ]


def invoices(client: Stripe, query: str) -> list[Choice]:
    """The newest invoices that are drafts or wait for their payment."""
    words = query.strip().lower()
    open_ones = (one for one in _newest(client, "/v1/invoices") if one.get("status") in ("draft", "open"))
    return [choice for one in open_ones if words in (choice := _invoice(one)).label.lower()][:MOST]


def _newest(client: Stripe, path: str) -> Iterator[dict[str, JSON]]:
    for number, one in enumerate(client.all(path)):
        if number >= _PAGES * 100:
            return
        yield one


def _customer(one: dict[str, JSON]) -> Choice:
    name, email = one.get("name") or "", one.get("email") or ""
    return Choice(one["id"], f"{name} ({email})" if name and email else name or email or one["id"])


def _invoice(one: dict[str, JSON]) -> Choice:
    whom = one.get("customer_name") or one.get("customer_email") or "no name"
    money = f"{shown(one.get('total'), one.get('currency'))} {str(one.get('currency') or '').upper()}"
    return Choice(one["id"], f"{one.get('number') or 'Draft'}, {whom}, {money}")


def resolve_customer(client: Stripe, text: str) -> list[Choice]:
    return [_customer(_the_one(client, text, _CUSTOMER, "customer"))]


def resolve_invoice(client: Stripe, text: str) -> list[Choice]:
    return [_invoice(_the_one(client, text, _INVOICE, "invoice"))]


def _the_one(client: Stripe, text: str, pattern: re.Pattern[str], what: str) -> dict[str, JSON]:
    """What an id or a pasted address means. Raises `Refused` with what to do."""
    named = pattern.search(text)
    if named is None:
        raise Refused(
            f"“{text[:80]}” names no {what}. Open the {what} in Stripe and copy the address of its page here."
        )
    found = found_or_none(client, f"/v1/{what}s/{segment(named[0])}")
    if found is None:
        raise Refused(f"Stripe has no such {what} (any more) in this account and mode. Choose another one.")
    return found
