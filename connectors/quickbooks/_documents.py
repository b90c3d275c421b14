"""Bills and invoices: made unpaid and unsent, found by our mark in the note, deleted when taken back untouched.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/bill
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.quickbooks._client import Books, gone, number, quoted
from connectors.quickbooks._coding import changed, result, unmoved
from connectors.quickbooks._names import chosen, reference
from connectors.quickbooks._shapes import ACCOUNT_LINE, SALES_LINE, amount

Thing = dict[str, JSON]
Lines = Sequence[Mapping[str, JSON]]
_NOTE = 4000
_MOST = Decimal("99999999999")


def create_bill(
    client: Books,
    key: str,
    *,
    vendor: str,
    lines: Lines,
    date: str = "",
    due: str = "",
    number: str = "",
    memo: str = "",
    location: str = "",
) -> Thing:
    """From prepared arguments. Each line: account, amount, and perhaps description, class_name, tax_code."""
    body = {
        "VendorRef": reference(vendor),
        "Line": [_expense(line) for line in lines],
        **_common(key, date, due, number, memo, location),
    }
    return result("Bill", client.write("Bill", key, body))


def create_invoice(
    client: Books,
    key: str,
    *,
    customer: str,
    lines: Lines,
    date: str = "",
    due: str = "",
    number: str = "",
    memo: str = "",
    email: str = "",
    location: str = "",
) -> Thing:
    """Nothing is sent: a person sends it in QuickBooks. Each line: item, amount, and perhaps description, class_name, tax_code."""
    body = {
        "CustomerRef": reference(customer),
        "Line": [_sale(line) for line in lines],
        "EmailStatus": "NotSet",
        **({"BillEmail": {"Address": email}} if email else {}),
        **_common(key, date, due, number, memo, location),
    }
    return result("Invoice", client.write("Invoice", key, body))


def _common(key: str, date: str, due: str, number: str, memo: str, location: str) -> Thing:
    return {
        "TxnDate": date,
        "PrivateNote": _note(memo, key),
        **({"DueDate": due} if due else {}),
        **({"DocNumber": number} if number else {}),
        **({"DepartmentRef": reference(location)} if location else {}),
    }


def _note(memo: str, key: str) -> str:
    """The note of the bookkeeper, and our mark behind it."""
    return f"{memo[: _NOTE - len(key) - 1]} {key}".strip()


def _expense(line: Mapping[str, JSON]) -> Thing:
    return _line(line, ACCOUNT_LINE, {"AccountRef": reference(line["account"])})


def _sale(line: Mapping[str, JSON]) -> Thing:
    return _line(line, SALES_LINE, {"ItemRef": reference(line["item"])} if line.get("item") else {})


def _line(line: Mapping[str, JSON], kind: str, detail: Thing) -> Thing:
    codes = {"ClassRef": line.get("class_name"), "TaxCodeRef": line.get("tax_code")}
    detail |= {name: reference(str(one)) for name, one in codes.items() if one}
    words = {"Description": line["description"]} if line.get("description") else {}
    return {"Amount": Decimal(str(line["amount"])), "DetailType": kind, kind: detail, **words}


# --- before it is sent ------------------------------------------------------------------------------------------------


def prepare_bill(client: Books, arguments: Thing) -> Thing:
    vendor = chosen(client, "vendor", arguments["vendor"])
    lines = [_prepared(client, line, "account") for line in _lines(arguments)]
    return {**_dated(client, arguments), "vendor": vendor, "lines": lines}


def prepare_invoice(client: Books, arguments: Thing) -> Thing:
    customer = chosen(client, "customer", arguments["customer"])
    lines = [_prepared(client, line, "item") for line in _lines(arguments)]
    return {**_dated(client, arguments), "customer": customer, "lines": lines}


def _lines(arguments: Thing) -> list[Mapping[str, JSON]]:
    given = arguments["lines"]
    if not isinstance(given, list) or not given or not all(isinstance(line, dict) for line in given):
        raise Refused("Give at least one line, each with what it is for and its amount.")
    return given


def _prepared(client: Books, line: Mapping[str, JSON], what: str) -> Thing:
    if not line.get(what):
        raise Refused(f"Each line needs its {'account' if what == 'account' else 'product or service (item)'}.")
    codes = {what: what, "class_name": "class", "tax_code": "tax_code"}
    found = {name: chosen(client, kind, line.get(name)) for name, kind in codes.items()}
    return {**found, "amount": money(line.get("amount")), "description": str(line.get("description") or "")}


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


def _dated(client: Books, arguments: Thing) -> Thing:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    number = str(arguments.get("number") or "")
    if len(number) > 21:
        raise Refused("QuickBooks takes document numbers of at most 21 characters. Give a shorter one.")
    return {
        **arguments,
        "date": _day(arguments.get("date") or today),
        "due": _day(arguments["due"]) if arguments.get("due") else "",
        "number": number,
        "memo": str(arguments.get("memo") or ""),
        "location": chosen(client, "location", arguments.get("location")),
    }


def _day(given: JSON) -> str:
    found = re.match(r"\d{4}-\d{2}-\d{2}", str(given))
    try:
        return date.fromisoformat(found[0] if found else "").isoformat()
    except ValueError:
        raise Refused(f"“{str(given)[:40]}” is no date. Write it as 2026-11-30.") from None


# --- after a lost answer, and taking back -----------------------------------------------------------------------------


def find_bill(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find(client, "Bill", key, arguments)


def find_invoice(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find(client, "Invoice", key, arguments)


def _find(client: Books, entity: str, key: str, arguments: Thing) -> list[Thing]:
    """Those of its date with our mark: notes cannot be searched, dates can."""
    where = f"TxnDate = {quoted(arguments['date'])}"
    return [result(entity, one) for one in client.query(entity, where) if key in str(one.get("PrivateNote") or "")]


def bill_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return _document_changed(client, "Bill", made)


def invoice_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return _document_changed(client, "Invoice", made)


def _document_changed(client: Books, entity: str, made: Thing) -> str | None:
    """What was paid, matched or sent is not deleted: a person decides."""
    thing = client.read(entity, made["id"])
    if thing is None:
        return None  # gone already
    name = entity.lower()
    if thing.get("LinkedTxn") or ("Balance" in thing and thing["Balance"] != thing.get("TotalAmt")):
        return f"The {name} was paid or matched in QuickBooks. Undo the payment there first."
    if thing.get("EmailStatus") == "EmailSent":
        return f"The {name} was sent to the customer. Void it in QuickBooks instead."
    return changed(client, entity, made)


def bill_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("delete_bill", {"bill": made["id"], "change": {"Id": made["id"], "SyncToken": made["sync_token"]}})


def invoice_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call(
        "delete_invoice", {"invoice": made["id"], "change": {"Id": made["id"], "SyncToken": made["sync_token"]}}
    )


def delete_bill(client: Books, key: str, *, bill: str, change: Any) -> Thing:
    return client.delete("Bill", key, change)


def delete_invoice(client: Books, key: str, *, invoice: str, change: Any) -> Thing:
    return client.delete("Invoice", key, change)


def current_bill(client: Books, arguments: Thing) -> Thing:
    return _current(client, "Bill", arguments)


def current_invoice(client: Books, arguments: Thing) -> Thing:
    return _current(client, "Invoice", arguments)


def _current(client: Books, entity: str, arguments: Thing) -> Thing:
    """Another change of the same run may have moved the version."""
    thing = client.read(entity, arguments["change"]["Id"])
    token = thing["SyncToken"] if thing else arguments["change"]["SyncToken"]
    return {**arguments, "change": {**arguments["change"], "SyncToken": token}}


def find_deleted_bill(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find_deleted(client, "Bill", arguments)


def find_deleted_invoice(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find_deleted(client, "Invoice", arguments)


def _find_deleted(client: Books, entity: str, arguments: Thing) -> list[Thing]:
    own = number(arguments["change"]["Id"])
    return [] if client.read(entity, own) else [gone(entity, own)]


def bill_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Bill", arguments["change"])


def invoice_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Invoice", arguments["change"])
