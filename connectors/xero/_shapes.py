"""What recipes see of Xero's objects. Amounts are texts such as "18.75", exact; dates are ISO; "" where nothing is said.

https://developer.xero.com/documentation/api/accounting/banktransactions and its neighbours
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from connectors.contract import JSON, Label, Unreadable
from connectors.xero._client import amount, day, iso, text

Thing = dict[str, JSON]
KINDS = {"bank_transaction": "BankTransactions", "invoice": "Invoices", "contact": "Contacts"}
IDS = {"BankTransactions": "BankTransactionID", "Invoices": "InvoiceID", "Contacts": "ContactID"}
_PAGES = {
    "BankTransactions": "Bank/ViewTransaction.aspx?bankTransactionID=",
    "Invoices": "AccountsReceivable/View.aspx?InvoiceID=",
    "ACCPAY": "AccountsPayable/View.aspx?InvoiceID=",
    "Contacts": "Contacts/View/",
}
_LINE = ("id", "amount", "quantity", "account_code", "tax_type", "tracking", "description")
_WORDS = ("number", "reference", "contact", "bank_account", "name", "email", "contact_number", "lines[].description",
          "lines[].tracking")  # fmt: skip


def page(what: str, id: JSON, kind: str = "") -> str:
    """Where a person sees it. `kind`: its `Type`."""
    return f"https://go.xero.com/{_PAGES['ACCPAY' if kind == 'ACCPAY' else what]}{id}"


def shape(body: bytes) -> Thing:
    """A recipe's `event`, of the bytes of an event."""
    try:
        document = json.loads(body, parse_float=Decimal)
        return shaped(document["what"], document["object"])
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Unreadable("This is nothing that Patchbay reads from Xero.") from problem


def shaped(what: str, thing: Thing) -> Thing:
    """Every name of its `fields`."""
    own = thing[IDS[what]]
    updated = iso(thing.get("UpdatedDateUTC"))
    return {"id": str(own), "url": page(what, own, text(thing, "Type")), "updated": updated, **_OWN[what](thing)}


def _document(thing: Thing) -> Thing:
    return {
        "type": text(thing, "Type"),
        "status": text(thing, "Status"),
        "contact": text(thing.get("Contact"), "Name"),
        "contact_id": text(thing.get("Contact"), "ContactID"),
        "date": day(thing.get("Date")) or text(thing, "DateString")[:10],
        "reference": text(thing, "Reference"),
        "currency": text(thing, "CurrencyCode"),
        "total": amount(thing.get("Total")),
        "tax": amount(thing.get("TotalTax")),
        "lines": [_line(line) for line in thing.get("LineItems") or []],
    }


def _bank_transaction(thing: Thing) -> Thing:
    return {
        **_document(thing),
        "bank_account": text(thing.get("BankAccount"), "Name"),
        "bank_account_id": text(thing.get("BankAccount"), "AccountID"),
        "reconciled": thing.get("IsReconciled") is True,
    }


def _invoice(thing: Thing) -> Thing:
    """A bill is an invoice of the type ACCPAY."""
    return {
        **_document(thing),
        "number": text(thing, "InvoiceNumber"),
        "due": day(thing.get("DueDate")) or text(thing, "DueDateString")[:10],
        "owed": amount(thing.get("AmountDue")),
        "paid": amount(thing.get("AmountPaid")),
    }


def _contact(thing: Thing) -> Thing:
    return {
        "status": text(thing, "ContactStatus"),
        "name": text(thing, "Name"),
        "email": text(thing, "EmailAddress"),
        "contact_number": text(thing, "ContactNumber"),
        "supplier": thing.get("IsSupplier") is True,
        "customer": thing.get("IsCustomer") is True,
        "usual_account": text(thing, "PurchasesDefaultAccountCode"),
    }


_OWN: Mapping[str, Callable[[Thing], Thing]] = {
    "BankTransactions": _bank_transaction,
    "Invoices": _invoice,
    "Contacts": _contact,
}


def _line(line: Thing) -> Thing:
    return {
        "id": text(line, "LineItemID"),
        "amount": amount(line.get("LineAmount", line.get("UnitAmount"))),
        "quantity": text(line, "Quantity"),
        "account_code": text(line, "AccountCode"),
        "tax_type": text(line, "TaxType"),
        "tracking": ", ".join(f"{text(one, 'Name')}: {text(one, 'Option')}" for one in line.get("Tracking") or []),
        "description": text(line, "Description"),
    }


def fields(what: str) -> dict[str, Label]:
    """What `shape` gives, and who vouches for it: Xero for ids, dates and amounts, nobody for words."""
    blank = shaped(what, {IDS[what]: "0"})
    names = list(blank) + ([f"lines[].{name}" for name in _LINE] if "lines" in blank else [])
    return {name: Label.OUTSIDE if name in _WORDS else Label.VENDOR for name in names}
