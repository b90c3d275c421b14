"""What recipes see of QuickBooks' objects. Amounts are texts such as "18.75", exact; ids are texts; "" where nothing is said.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/purchase and its neighbours
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from connectors.contract import JSON, Label, Unreadable
from connectors.quickbooks._client import named, ref

Thing = dict[str, JSON]
_LINE = ("id", "amount", "account_id", "class_id", "tax_code", "customer_id", "item_id", "description", "account",
         "class_name", "item")  # fmt: skip
_WORDS = ("number", "payee", "vendor", "customer", "memo", "name", "company", "email", "phone", "paid_from", "location",
          "lines[].description", "lines[].account", "lines[].class_name", "lines[].item")  # fmt: skip
ACCOUNT_LINE, ITEM_LINE, SALES_LINE = (
    "AccountBasedExpenseLineDetail",
    "ItemBasedExpenseLineDetail",
    "SalesItemLineDetail",
)
_PAGES = {"Purchase": "expense?txnId", "Bill": "bill?txnId", "Invoice": "invoice?txnId",
          "Vendor": "vendordetail?nameId", "Customer": "customerdetail?nameId"}  # fmt: skip


def page(entity: str, id: JSON) -> str:
    """Where a person sees it."""
    return f"https://qbo.intuit.com/app/{_PAGES[entity]}={id}" if entity in _PAGES else ""


def shape(body: bytes) -> Thing:
    """A recipe's `event`, of the bytes of an event."""
    try:
        document = json.loads(body, parse_float=Decimal)
        return shaped(document["entity"], document["object"])
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Unreadable("This is nothing that Patchbay reads from QuickBooks.") from problem


def shaped(entity: str, thing: Thing) -> Thing:
    """Every name of the entity's `FIELDS`. Of a deleted one there is only the id."""
    gone = str(thing.get("status") or "").lower() == "deleted"
    version = str(thing.get("SyncToken") or "")
    common = {
        "id": str(thing["Id"]),
        "version": version,
        "change": "deleted" if gone else "created" if version == "0" else "updated",
        "updated": str((thing.get("MetaData") or {}).get("LastUpdatedTime") or ""),
        "url": "" if gone else page(entity, thing["Id"]),
    }
    return {**common, **_OWN[entity](thing)}


def _document(thing: Thing) -> Thing:
    return {
        "number": text(thing, "DocNumber"),
        "date": text(thing, "TxnDate"),
        "currency": ref(thing.get("CurrencyRef")),
        "total": amount(thing.get("TotalAmt")),
        "memo": text(thing, "PrivateNote"),
        "lines": [_line(line) for line in thing.get("Line") or [] if _is_item(line)],
    }


def _purchase(thing: Thing) -> Thing:
    return {
        **_document(thing),
        "payee": named(thing.get("EntityRef")),
        "payee_id": ref(thing.get("EntityRef")),
        "paid_from": named(thing.get("AccountRef")),
        "paid_from_id": ref(thing.get("AccountRef")),
        "payment": text(thing, "PaymentType"),
        "refund": bool(thing.get("Credit")),
        "location": named(thing.get("DepartmentRef")),
    }


def _bill(thing: Thing) -> Thing:
    return {
        **_document(thing),
        "vendor": named(thing.get("VendorRef")),
        "vendor_id": ref(thing.get("VendorRef")),
        "due": text(thing, "DueDate"),
        "balance": amount(thing.get("Balance")),
        "location": named(thing.get("DepartmentRef")),
    }


def _invoice(thing: Thing) -> Thing:
    return {
        **_document(thing),
        "customer": named(thing.get("CustomerRef")),
        "customer_id": ref(thing.get("CustomerRef")),
        "email": text(thing.get("BillEmail") or {}, "Address"),
        "due": text(thing, "DueDate"),
        "balance": amount(thing.get("Balance")),
        "sent": text(thing, "EmailStatus") == "EmailSent",
    }


def _name(thing: Thing) -> Thing:
    return {
        "name": text(thing, "DisplayName"),
        "company": text(thing, "CompanyName"),
        "email": text(thing.get("PrimaryEmailAddr") or {}, "Address"),
        "phone": text(thing.get("PrimaryPhone") or {}, "FreeFormNumber"),
        "balance": amount(thing.get("Balance")),
        "active": thing.get("Active") is not False,
    }


_OWN: Mapping[str, Callable[[Thing], Thing]] = {
    "Purchase": _purchase,
    "Bill": _bill,
    "Invoice": _invoice,
    "Customer": _name,
    "Vendor": _name,
}


def _is_item(line: Thing) -> bool:
    return line.get("DetailType") in (ACCOUNT_LINE, ITEM_LINE, SALES_LINE)


def _line(line: Thing) -> Thing:
    detail = line.get(line["DetailType"]) or {}
    found = {
        "id": text(line, "Id"),
        "amount": amount(line.get("Amount")),
        "description": text(line, "Description"),
        "account": named(detail.get("AccountRef")),
        "account_id": ref(detail.get("AccountRef")),
        "class_name": named(detail.get("ClassRef")),
        "class_id": ref(detail.get("ClassRef")),
        "tax_code": ref(detail.get("TaxCodeRef")),
        "customer_id": ref(detail.get("CustomerRef")),
        "item": named(detail.get("ItemRef")),
        "item_id": ref(detail.get("ItemRef")),
    }
    return {name: found[name] for name in _LINE}


def text(holder: Thing, name: str) -> str:
    value = holder.get(name)
    return "" if value is None else str(value)


def amount(value: JSON) -> str:
    """ "18.75", with two digits at least; "" for none."""
    if value is None or isinstance(value, bool):
        return ""
    number = Decimal(str(value))
    cents = number.quantize(Decimal("0.01"))
    return str(cents if cents == number else number)


def fields(entity: str) -> dict[str, Label]:
    """What `shape` gives, and who vouches for it: QuickBooks for ids, dates and amounts, nobody for words."""
    blank = shaped(entity, {"Id": "0", "Line": []})
    names = list(blank)
    names += [f"lines[].{name}" for name in _LINE] if "lines" in blank else []
    return {name: Label.OUTSIDE if name in _WORDS else Label.VENDOR for name in names}
