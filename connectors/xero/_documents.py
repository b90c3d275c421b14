"""Draft bills and invoices: Xero's own approval comes after them. Found by our mark, deleted when taken back as drafts.

https://developer.xero.com/documentation/api/accounting/invoices
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from connectors.contract import JSON, Call, Refused
from connectors.xero import _names
from connectors.xero._client import Xero, amount, text
from connectors.xero._coding import fingerprint, result

Thing = dict[str, JSON]
Lines = Sequence[Mapping[str, JSON]]
_MOST = Decimal("99999999999")
_OPEN = ("DRAFT", "SUBMITTED")
_LONGEST = 255
LOOK_BACK = timedelta(days=2)


def create_bill(
    client: Xero,
    key: str,
    *,
    contact: str,
    lines: Lines,
    date: str = "",
    due: str = "",
    number: str = "",
    amounts: str = "",
) -> Thing:
    """A draft, from prepared arguments. Each line: account, amount, and perhaps description, tax_type, tracking. `amounts`:
    Inclusive, Exclusive or NoTax. The mark is a last line of words: a bill's number is its vendor's, and it may be there twice."""
    more = {"InvoiceNumber": number} if number else {}
    body = {
        **_body("ACCPAY", contact, date, due, amounts),
        **more,
        "LineItems": [*map(_line, lines), {"Description": key}],
    }
    return result("Invoices", client.create("Invoices", key, body))


def create_invoice(
    client: Xero,
    key: str,
    *,
    contact: str,
    lines: Lines,
    date: str = "",
    due: str = "",
    reference: str = "",
    amounts: str = "",
) -> Thing:
    """A draft that gets its number from Xero. The mark ends its reference."""
    body = {
        **_body("ACCREC", contact, date, due, amounts),
        "Reference": f"{reference[: _LONGEST - len(key) - 1]} {key}".strip(),
        "LineItems": [_line(line) for line in lines],
    }
    return result("Invoices", client.create("Invoices", key, body))


def _body(kind: str, contact: str, date: str, due: str, amounts: str) -> Thing:
    frame = {"Type": kind, "Status": "DRAFT", "Contact": {"ContactID": contact}, "LineAmountTypes": amounts}
    return {**frame, "Date": date, **({"DueDate": due} if due else {})}


def _line(line: Mapping[str, JSON]) -> Thing:
    more = {"TaxType": line.get("tax_type"), "Tracking": line.get("tracking")}
    return {
        "Description": line["description"],
        "Quantity": 1,
        "UnitAmount": Decimal(str(line["amount"])),
        "AccountCode": line["account"],
        **{name: value for name, value in more.items() if value},
    }


# --- before it is sent ------------------------------------------------------------------------------------------------


def prepare(client: Xero, arguments: Thing) -> Thing:
    """Names become ids and codes. Raises `Refused` for what is missing, unknown, or no amount."""
    contact = _names.contact(client, arguments["contact"])
    if not contact:
        raise Refused("Say whose it is: give a contact.")
    given = arguments["lines"]
    if not isinstance(given, list) or not given or not all(isinstance(line, dict) for line in given):
        raise Refused("Give at least one line, each with its account and its amount.")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return {
        **arguments,
        "contact": contact,
        "lines": [_prepared(client, line) for line in given],
        "date": _day(arguments.get("date") or today),
        "due": _day(arguments["due"]) if arguments.get("due") else "",
        "amounts": _amounts(arguments.get("amounts")),
    }


def _prepared(client: Xero, line: Mapping[str, JSON]) -> Thing:
    code = _names.account(client, line.get("account"))
    if not code:
        raise Refused("Each line needs its account.")
    tracking = line.get("tracking")
    marked = isinstance(tracking, list) and all(isinstance(one, dict) for one in tracking)
    return {
        "account": code,
        "amount": money(line.get("amount")),
        "description": str(line.get("description") or "").strip() or "-",
        "tax_type": _names.tax_type(client, line.get("tax_type")),
        "tracking": tracking if marked else _names.tracked(client, tracking),
    }


def money(given: JSON) -> str:
    """ "18.75". Raises `Refused` for what is no amount above zero, or has parts of cents."""
    try:
        value = Decimal(str(given).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value < _MOST or value != value.quantize(Decimal("0.01")):
        raise Refused(
            f"“{str(given)[:40]}” is no amount. Write it with a point and at most two digits after it: 1234.50"
        )
    return amount(value)


def _amounts(given: JSON) -> str:
    known = {name.lower(): name for name in ("Inclusive", "Exclusive", "NoTax")}
    wanted = str(given or "Inclusive").strip().lower()
    if wanted not in known:
        raise Refused("The amounts of a document are Inclusive, Exclusive or NoTax. Write one of these.")
    return known[wanted]


def _day(given: JSON) -> str:
    found = re.match(r"\d{4}-\d{2}-\d{2}", str(given))
    try:
        return date.fromisoformat(found[0] if found else "").isoformat()
    except ValueError:
        raise Refused(f"“{str(given)[:40]}” is no date. Write it as 2026-11-30.") from None


# --- after a lost answer, and taking back -----------------------------------------------------------------------------


def find(client: Xero, key: str, arguments: Thing) -> list[Thing]:
    """Those of this contact that our app made lately, with our mark in the reference or in a line."""
    since = datetime.now(UTC) - LOOK_BACK
    mine = client.all("Invoices", since, ContactIDs=arguments["contact"], createdByMyApp="true")
    return [result("Invoices", one) for one in mine if _marked(one, key) and text(one, "Status") != "DELETED"]


def _marked(thing: Thing, key: str) -> bool:
    return key in text(thing, "Reference") or any(
        text(line, "Description") == key for line in thing.get("LineItems") or []
    )


def changed(client: Xero, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    """A draft that nobody touched may go. What was approved, paid or edited is a person's."""
    thing = client.one("Invoices", made["id"])
    if thing is None or text(thing, "Status") == "DELETED":
        return None  # gone already
    if text(thing, "Status") not in _OPEN:
        return f"The document was approved in Xero ({text(thing, 'Status').lower()}). Void it there if it should go."
    if fingerprint(thing) != made.get("written"):
        return f"Somebody changed the draft in Xero (last change {text(thing, 'UpdatedDateUTC')})."
    return None


def back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("delete_draft", {"draft": made["id"]})


def delete_draft(client: Xero, key: str, *, draft: str) -> Thing:
    gone = client.change("Invoices", draft, key, {"InvoiceID": draft, "Status": "DELETED"})
    return result("Invoices", gone)


def find_deleted(client: Xero, key: str, arguments: Thing) -> list[Thing]:
    thing = client.one("Invoices", arguments["draft"])
    if thing is not None and text(thing, "Status") != "DELETED":
        return []
    return [{"id": arguments["draft"], "url": "", "version": "", "status": "DELETED"}]


def status(client: Xero, arguments: Thing) -> JSON:
    return text(client.one("Invoices", arguments["draft"]) or {}, "Status")
