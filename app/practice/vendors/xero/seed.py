"""What stands in the practice organisations at first: accounts, tracking, and money spent that nobody has coded."""

from __future__ import annotations

import uuid
from typing import Any

from app.practice.door import Ground
from app.practice.vendors.xero.books import Books

ORGANISATIONS = {
    "c2a5f1d0-0000-4000-8000-000000000001": "Practice Bakery",
    "c2a5f1d0-0000-4000-8000-000000000002": "Practice Studio",
}
SUSPENSE = "850"
_ACCOUNTS = (
    ("090", "Business account", "BANK", ""),
    ("", "Company card", "BANK", ""),
    ("420", "Entertainment", "EXPENSE", ""),
    ("429", "General expenses", "EXPENSE", ""),
    ("310", "Cost of goods sold", "DIRECTCOSTS", ""),
    ("200", "Sales", "REVENUE", ""),
    ("610", "Accounts receivable", "CURRENT", "DEBTORS"),
    (SUSPENSE, "Suspense", "CURRLIAB", ""),
)
_SPENT = (("SQ *BLUE BOTTLE 0423", 18.75), ("AMZN MKTP US*2K1AB0C9Z", 64.1), ("PAYPAL *ADOBE INC", 59.99))


def own(tenant: str, name: str) -> str:
    """An id that is the same in every practice organisation of this number."""
    return str(uuid.uuid5(uuid.UUID(tenant), name))


def seed(ground: Ground) -> None:
    for tenant, name in ORGANISATIONS.items():
        books = Books(ground, tenant)
        if not books.all("Organisation"):
            with ground.ledger.write():
                books.keep("Organisation", {"OrganisationID": tenant, "Name": name, "CountryCode": "AU"})
                _lists(books)
                _spent(books)


def _lists(books: Books) -> None:
    tenant = books.tenant
    for code, name, kind, system in _ACCOUNTS:
        more: dict[str, Any] = {"Code": code} if code else {}
        more |= {"SystemAccount": system} if system else {}
        tax = "OUTPUT" if kind == "REVENUE" else "INPUT"
        books.keep(
            "Accounts",
            {"AccountID": own(tenant, name), "Name": name, "Type": kind, "Status": "ACTIVE", "TaxType": tax, **more},
        )
    for kind, name in (("INPUT", "GST on Expenses"), ("OUTPUT", "GST on Income"), ("NONE", "BAS Excluded")):
        books.keep("TaxRates", {"TaxType": kind, "Name": name, "Status": "ACTIVE"})
    options = [{"TrackingOptionID": own(tenant, one), "Name": one, "Status": "ACTIVE"} for one in ("North", "South")]
    region = {"TrackingCategoryID": own(tenant, "Region"), "Name": "Region", "Status": "ACTIVE", "Options": options}
    books.keep("TrackingCategories", region)
    for name in ("Blue Bottle", "Adobe Pty Ltd"):
        facts = {"ContactID": own(tenant, name), "Name": name, "ContactStatus": "ACTIVE", "IsSupplier": True}
        books.keep("Contacts", {**facts, "PurchasesDefaultAccountCode": "420" if name == "Blue Bottle" else ""})


def _spent(books: Books) -> None:
    tenant = books.tenant
    for words, amount in _SPENT:
        line = {"LineItemID": own(tenant, f"line {words}"), "Description": words, "Quantity": 1, "UnitAmount": amount,
                "AccountCode": SUSPENSE, "TaxType": "NONE", "LineAmount": amount, "Tracking": []}  # fmt: skip
        books.keep("BankTransactions", {
            "BankTransactionID": own(tenant, words), "Type": "SPEND", "Status": "AUTHORISED", "IsReconciled": False,
            "BankAccount": {"AccountID": own(tenant, "Company card"), "Name": "Company card"}, "Date": "2026-11-18",
            "Contact": {"ContactID": own(tenant, "Blue Bottle")}, "LineAmountTypes": "Inclusive", "LineItems": [line],
            "Total": amount, "SubTotal": amount, "TotalTax": 0, "CurrencyCode": "AUD",
        })  # fmt: skip
