"""What stands in the practice companies at first: the accounts of a bakery, and card purchases that nobody has coded."""

from __future__ import annotations

from typing import Any

from app.practice.door import Ground
from app.practice.vendors.quickbooks.company import SLUG, Company

COMPANIES = {"9130350000000001": "Practice Bakery", "9130350000000002": "Practice Studio"}
_ACCOUNTS = (
    ("7", "Advertising", "Expense", ""),
    ("13", "Meals", "Expense", "6120"),
    ("31", "Uncategorized Expense", "Expense", ""),
    ("35", "Checking", "Bank", ""),
    ("41", "Company card", "Credit Card", ""),
    ("55", "Flour and ingredients", "Cost of Goods Sold", "5010"),
    ("63", "Office supplies", "Expense", "6300"),
    ("84", "Accounts Payable", "Accounts Payable", ""),
    ("90", "Owner draw", "Equity", ""),
)
_PURCHASES = (
    ("812", "SQ *BLUE BOTTLE 0423 OAKLAND CA", 18.75),
    ("813", "AMZN MKTP US*2K1AB0C9Z", 64.10),
    ("814", "PAYPAL *ADOBE INC 4029357733 CA", 59.99),
)


def seed(ground: Ground) -> None:
    for realm, name in COMPANIES.items():
        company = Company(ground, realm)
        if not company.all("CompanyInfo"):
            with ground.ledger.write():
                _keep(company, "CompanyInfo", "1", CompanyName=name, LegalName=f"{name} LLC", Country="US")
                _lists(company)
    first = Company(ground, next(iter(COMPANIES)))
    if ground.ledger.get(SLUG, f"{first.realm}-purchase-812") is None:
        with ground.ledger.write():
            _people(first)
            _purchases(first)


def _keep(company: Company, entity: str, number: str, **fields: Any) -> None:
    active = {} if entity in ("CompanyInfo", "Purchase") else {"Active": True}
    company.keep(entity, {"Id": number, "SyncToken": "0", **active, **fields})


def _lists(company: Company) -> None:
    for number, name, kind, code in _ACCOUNTS:
        more = {"AcctNum": code} if code else {}
        _keep(company, "Account", number, Name=name, FullyQualifiedName=name, AccountType=kind, **more)
    for number, name in (("5000000000000000001", "Shop"), ("5000000000000000002", "Market")):
        _keep(company, "Class", number, Name=name, FullyQualifiedName=name)
    _keep(company, "Department", "1", Name="Oakland", FullyQualifiedName="Oakland")
    _keep(company, "TaxCode", "TAX", Name="TAX")
    _keep(company, "TaxCode", "NON", Name="NON")
    _keep(company, "Item", "20", Name="Wedding cake", FullyQualifiedName="Wedding cake")


def _people(company: Company) -> None:
    for number, name in (("56", "Blue Bottle"), ("57", "Adobe Inc."), ("58", "Mill & Sons")):
        _keep(company, "Vendor", number, DisplayName=name, Balance=0)
    _keep(
        company,
        "Customer",
        "70",
        DisplayName="Corner Cafe",
        Balance=0,
        PrimaryEmailAddr={"Address": "cafe@example.com"},
    )


def _purchases(company: Company) -> None:
    for number, words, amount in _PURCHASES:
        detail = {"AccountRef": {"value": "31"}, "TaxCodeRef": {"value": "NON"}, "BillableStatus": "NotBillable"}
        line = {"Id": "1", "Amount": amount, "Description": words, "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": detail}  # fmt: skip
        own = {"PaymentType": "CreditCard", "AccountRef": {"value": "41"}, "TxnDate": "2026-11-18", "Line": [line]}
        _keep(company, "Purchase", number, **own, TotalAmt=amount, CurrencyRef={"value": "USD"})
