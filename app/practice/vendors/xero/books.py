"""The books of the practice organisations: what may be written, and what Xero says no to.

https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal, done

JSON = Any
SLUG = "xero"
IDS = {"Accounts": "AccountID", "TrackingCategories": "TrackingCategoryID", "TaxRates": "TaxType", "Contacts": "ContactID",
       "BankTransactions": "BankTransactionID", "Invoices": "InvoiceID", "Organisation": "OrganisationID"}  # fmt: skip
WRITTEN = ("Contacts", "BankTransactions", "Invoices")
DATES = ("Date", "DueDate", "UpdatedDateUTC")
_MOVES = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED", "DELETED"),
}


def invalid(message: str, number: int = 10) -> NoReturn:
    errors = [{"ValidationErrors": [{"Message": message}]}]
    words = "A validation exception occurred"
    raise Refusal(400, {"ErrorNumber": number, "Type": "ValidationException", "Message": words, "Elements": errors})


def millis() -> int:
    return int(time.time() * 1000)


class Books:
    """One organisation. All objects lie in the ledger under `tenant`; times in milliseconds, dates as texts."""

    def __init__(self, ground: Ground, tenant: str) -> None:
        self.ground, self.tenant, self.ledger = ground, tenant, ground.ledger

    def note(self, name: str, otherwise: JSON = None) -> JSON:
        return self.ledger.note(f"{SLUG}_{name}", otherwise)

    def all(self, what: str) -> list[JSON]:
        return list(self.ledger.objects(SLUG, what, self.tenant))

    def get(self, what: str, number: str) -> JSON:
        """One that is there; 404 as Xero says it: without JSON."""
        thing = self.find(what, number)
        if thing is None:
            raise Refusal(404, "The resource you're looking for cannot be found")
        return thing

    def find(self, what: str, number: str) -> JSON:
        return self.ledger.get(SLUG, f"{self.tenant}-{what}-{number}".lower(), what)

    def keep(self, what: str, thing: JSON, updated: int = 0) -> JSON:
        own = f"{self.tenant}-{what}-{thing[IDS[what]]}".lower()
        kept = {**thing, "id": own, "UpdatedDateUTC": updated or self._later(thing)}
        self.ledger.put(SLUG, what, kept, parent=self.tenant)
        return kept

    def _later(self, thing: JSON) -> int:
        """Each change has another time than the one before."""
        return max(millis(), int(thing.get("UpdatedDateUTC") or 0) + 1)

    def shown(self, what: str, thing: JSON, lines: bool = True) -> JSON:
        """As it is read; in a list without pages the lines are left out."""
        left_out = {"id", *(() if lines else ("LineItems",))}
        own = {name: _date(name, value) for name, value in thing.items() if name not in left_out}
        if "Contact" in own:
            there = self.find("Contacts", own["Contact"].get("ContactID", ""))
            own["Contact"] = {**own["Contact"], **({"Name": there["Name"]} if there else {})}
        if lines and "LineItems" in own:
            own["LineItems"] = [self._named(line) for line in own["LineItems"]]
        return own

    def _named(self, line: JSON) -> JSON:
        if not line.get("Tracking"):
            return line
        return {**line, "Tracking": [self._option(one) or one for one in line["Tracking"]]}

    def _option(self, given: JSON) -> JSON:
        for category in self.all("TrackingCategories"):
            for option in category["Options"]:
                by_id = given.get("TrackingOptionID") == option["TrackingOptionID"]
                by_name = (given.get("Name"), given.get("Option")) == (category["Name"], option["Name"])
                if by_id or by_name:
                    ids = {
                        "TrackingCategoryID": category["TrackingCategoryID"],
                        "TrackingOptionID": option["TrackingOptionID"],
                    }
                    return {"Name": category["Name"], "Option": option["Name"], **ids}
        return None

    # --- writing ---

    def create(self, what: str, body: JSON) -> JSON:
        blank = {"Contacts": {"ContactStatus": "ACTIVE"}, "Invoices": {"Status": "DRAFT"}}.get(
            what, {"Status": "AUTHORISED"}
        )
        thing = {**blank, **body, IDS[what]: str(uuid.uuid4())}
        if what == "Invoices" and body.get("Type") == "ACCREC" and not body.get("InvoiceNumber"):
            thing["InvoiceNumber"] = f"INV-{len(self.all('Invoices')) + 1:04}"
        return self._saved(what, thing, "create")

    def change(self, what: str, number: str, body: JSON) -> JSON:
        old = self.get(what, number)
        if old.get("IsReconciled"):
            invalid("This transaction cannot be edited as it has been reconciled with a bank statement.")
        allowed = _MOVES.get(old.get("Status", ""), ())
        if "Status" in old and (not allowed or body.get("Status", old["Status"]) not in allowed):
            invalid("Invoice not of valid status for modification")
        return self._saved(what, {**old, **body, IDS[what]: old[IDS[what]]}, "update", old)

    def _saved(self, what: str, thing: JSON, verb: str, old: JSON = None) -> JSON:
        warnings: list[JSON] = []
        if what == "Contacts":
            self._name_free(thing)
        else:
            self._period_open(thing)
            thing = self._lined(thing, old, warnings)
        kept = self.keep(what, thing)
        names = {"Contacts": "contact", "Invoices": "invoice", "BankTransactions": "transaction"}
        done(self.ground, f"{names[what]}.{verb}", kept[IDS[what]])
        return {**self.shown(what, kept), **({"Warnings": warnings} if warnings else {})}

    def _name_free(self, thing: JSON) -> None:
        if not thing.get("Name"):
            invalid("The contact name must be specified.")
        for other in self.all("Contacts"):
            mine = other["ContactID"] != thing["ContactID"] and other["ContactStatus"] == "ACTIVE"
            if mine and thing["ContactStatus"] == "ACTIVE" and other["Name"].casefold() == thing["Name"].casefold():
                invalid(
                    f"The contact name {thing['Name']} is already assigned to another contact. The contact name must be unique."
                )

    def _period_open(self, thing: JSON) -> None:
        if str(thing.get("Date", "9999")) <= self.note("locked", ""):
            invalid("The document date cannot be before the end of year lock date")

    def _lined(self, thing: JSON, old: JSON, warnings: list[JSON]) -> JSON:
        """Lines without an id are new ones; sums are worked out here."""
        if "Contact" in thing and not self.find("Contacts", thing["Contact"].get("ContactID", "")):
            invalid("The Contact could not be found.")
        known = {line["LineItemID"] for line in (old or {}).get("LineItems", [])}
        lines = [self._line(line, known, warnings) for line in thing.get("LineItems", [])]
        total = sum((Decimal(str(line.get("LineAmount", 0))) for line in lines), Decimal(0))
        sums = {"Total": float(total), "SubTotal": float(total), "TotalTax": 0.0, "AmountDue": float(total)}
        return {"CurrencyCode": "AUD", **thing, "LineItems": lines, **sums}

    def _line(self, line: JSON, known: set[str], warnings: list[JSON]) -> JSON:
        if line.get("LineItemID", "") not in known:
            line = {**line, "LineItemID": str(uuid.uuid4())}
        if "UnitAmount" not in line:
            return line  # only words
        if not line.get("Description"):
            invalid("Description cannot be empty")
        line = {**line, "LineAmount": float(Decimal(str(line["UnitAmount"])) * Decimal(str(line.get("Quantity", 1))))}
        codes = {one.get("Code"): one for one in self.all("Accounts") if one["Status"] == "ACTIVE"}
        if line.get("AccountCode") and (line["AccountCode"] not in codes or self.note("drops")):
            if not self.note("drops"):
                invalid(f"Account code '{line['AccountCode']}' is not a valid code for this document.")
            warnings.append({"Message": f"Account code '{line.pop('AccountCode')}' was left out"})
        if line.get("AccountCode") and not line.get("TaxType"):
            line["TaxType"] = codes[line["AccountCode"]].get("TaxType", "NONE")
        if any(self._option(one) is None for one in line.get("Tracking") or []):
            invalid("The Tracking Option is not valid")
        return line


def _date(name: str, value: JSON) -> JSON:
    """As Xero's JSON has them."""
    if name not in DATES or value in (None, ""):
        return value
    if isinstance(value, str):
        value = int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() * 1000)
    return f"/Date({value}+0000)/"


# --- people -----------------------------------------------------------------------------------------------------------


def by_hand(books: Books, body: JSON) -> JSON:
    """A person makes or changes something: {"what", …}. What is not named stays."""
    what, fields = (
        body["what"],
        {name: value for name, value in body.items() if name not in ("what", "tenant", "updated")},
    )
    old = books.find(what, str(fields.get(IDS[what], "")))
    thing = {**(old or {IDS[what]: str(uuid.uuid4()), "Status": "AUTHORISED"}), **json.loads(json.dumps(fields))}
    if "LineItems" in thing:
        thing = books._lined(thing, old, [])
    return books.keep(what, thing, int(body.get("updated", 0)))


def matches(expression: str, thing: JSON) -> bool:
    """The few `where` that are understood: Name=="value" and Date>=DateTime(y,m,d), joined with AND."""
    for part in expression.split(" AND ") if expression else []:
        found = re.fullmatch(r'(\w+)\s*(==|>=)\s*(?:"([^"]*)"|DateTime\((\d+),\s*(\d+),\s*(\d+)\))', part.strip())
        if not found:
            invalid(f"The where expression {part[:60]} is not understood", 16)
        wanted = found[3] if found[3] is not None else f"{int(found[4]):04}-{int(found[5]):02}-{int(found[6]):02}"
        have = str(thing.get(found[1], ""))
        if not (have == wanted if found[2] == "==" else have >= wanted):
            return False
    return True
