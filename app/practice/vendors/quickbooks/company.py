"""The books of the practice companies: what may be written, versions, and what QuickBooks says no to.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/purchase and its neighbours
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal, done

JSON = Any
SLUG = "quickbooks"
NAMES = ("Vendor", "Customer", "Employee")
TRANSACTIONS = ("Purchase", "Bill", "Invoice")
WRITTEN = (*TRANSACTIONS, "Vendor", "Customer", "Attachable")
LISTS = ("Account", "Class", "Department", "TaxCode", "Item")
_NEEDS = {
    "Purchase": ("PaymentType", "AccountRef", "Line"),
    "Bill": ("VendorRef", "Line"),
    "Invoice": ("CustomerRef", "Line"),
    "Vendor": ("DisplayName",),
    "Customer": ("DisplayName",),
    "Attachable": ("AttachableRef",),
}
_AGAIN = {"Purchase": ("PaymentType", "AccountRef")}  # also in a sparse update
_REFS = {"AccountRef": "Account", "ClassRef": "Class", "DepartmentRef": "Department", "VendorRef": "Vendor",
         "CustomerRef": "Customer", "EntityRef": "Vendor", "TaxCodeRef": "TaxCode", "ItemRef": "Item"}  # fmt: skip
_OWN = ("Id", "SyncToken", "MetaData", "sparse", "domain", "id", "realm", "entity", "status", "Balance", "TotalAmt")


def refuse(code: str, message: str, detail: str = "", status: int = 400, kind: str = "ValidationFault") -> NoReturn:
    error = {"Message": message, "Detail": detail or message, "code": code, "element": ""}
    raise Refusal(status, {"Fault": {"Error": [error], "type": kind}, "time": now()}, {"intuit_tid": "1-practice"})


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Company:
    """One company. All objects lie in the ledger under `realm`, entity and id."""

    def __init__(self, ground: Ground, realm: str) -> None:
        self.ground, self.realm, self.ledger = ground, realm, ground.ledger

    def note(self, name: str, otherwise: JSON = None) -> JSON:
        return self.ledger.note(f"{SLUG}_{name}", otherwise)

    def all(self, entity: str, gone: bool = False) -> list[JSON]:
        found = self.ledger.objects(SLUG, entity, self.realm)
        return [thing for thing in found if gone or thing.get("status") != "Deleted"]

    def get(self, entity: str, number: str) -> JSON:
        thing = self.ledger.get(SLUG, f"{self.realm}-{entity}-{number}", entity)
        if thing is None or thing.get("status") == "Deleted":
            refuse(
                "610",
                "Object Not Found",
                f"Object Not Found : Something you're trying to use has been made inactive: {number}",
            )
        return thing

    def keep(self, entity: str, thing: JSON) -> JSON:
        made = self.ledger.get(SLUG, f"{self.realm}-{entity}-{thing['Id']}".lower(), entity)
        created = made["MetaData"]["CreateTime"] if made else now()
        stamp = (thing.get("MetaData") or {}).get("LastUpdatedTime") if not made else None
        kept = {**thing, "id": f"{self.realm}-{entity}-{thing['Id']}".lower(), "realm": self.realm, "domain": "QBO"}
        kept["MetaData"] = {"CreateTime": created, "LastUpdatedTime": stamp or now()}
        self.ledger.put(SLUG, entity, kept, parent=self.realm)
        return kept

    def shown(self, entity: str, thing: JSON) -> JSON:
        """As it is read: references with their names, nothing of ours."""
        if thing.get("status") == "Deleted":
            return {name: thing[name] for name in ("domain", "status", "Id", "MetaData")}
        own = {name: value for name, value in thing.items() if name not in ("id", "realm")}
        return self._named({**own, "sparse": False})

    def _named(self, value: JSON, name: str = "") -> JSON:
        if isinstance(value, list):
            return [self._named(one) for one in value]
        if not isinstance(value, dict):
            return value
        if name in _REFS and "value" in value:
            there = self._referred(_REFS[name], value)
            title = (there or {}).get("DisplayName") or (there or {}).get("Name")
            return {**value, **({"name": title} if title else {})}
        return {key: self._named(one, key) for key, one in value.items()}

    def _referred(self, entity: str, ref: JSON) -> JSON:
        entity = ref.get("type", entity) if entity == "Vendor" else entity
        return self.ledger.get(SLUG, f"{self.realm}-{entity}-{ref['value']}", entity)

    # --- writing ---

    def write(self, entity: str, body: JSON, operation: str) -> JSON:
        """One POST: made, changed or deleted. Returns the object as it is shown."""
        if operation == "delete":
            return self._delete(entity, body)
        old = self._current(entity, body) if "Id" in body else None
        fields = {name: value for name, value in body.items() if name not in _OWN}
        if old is None:
            thing = {"Active": True, **fields} if entity in NAMES else fields
            thing |= {"Id": self.number(), "SyncToken": "0"}
        else:
            kept = dict(old) if body.get("sparse") else {name: old[name] for name in _OWN if name in old}
            thing = {**kept, **fields, "SyncToken": str(int(old["SyncToken"]) + 1)}
        self._check(entity, thing, body, old)
        thing = self.keep(entity, self._totalled(entity, thing))
        done(self.ground, f"{entity.lower()}.{'update' if old else 'create'}", thing["Id"])
        return self.shown(entity, thing)

    def number(self) -> str:
        number = int(self.ledger.note(f"{SLUG}_number", 1000)) + 1
        self.ledger.set_note(f"{SLUG}_number", number)
        return str(number)

    def _current(self, entity: str, body: JSON) -> JSON:
        old = self.get(entity, str(body["Id"]))
        if str(body.get("SyncToken")) != old["SyncToken"]:
            words = "Stale Object Error : You and another user were working on this at the same time."
            refuse("5010", "Stale Object Error", words)
        return old

    def _delete(self, entity: str, body: JSON) -> JSON:
        if entity in NAMES:
            refuse(
                "500",
                "Unsupported Operation",
                "Operation Delete is not supported. Unsupported Operation",
                500,
                "SystemFault",
            )
        old = self._current(entity, body)
        self._open_period(old)
        self.keep(entity, {**old, "status": "Deleted"})
        done(self.ground, f"{entity.lower()}.delete", old["Id"])
        return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}

    # --- what it says no to ---

    def _check(self, entity: str, thing: JSON, body: JSON, old: JSON) -> None:
        needed = _NEEDS[entity] if not (old and body.get("sparse")) else _AGAIN.get(entity, ())
        if lost := [name for name in needed if not (thing if not old else body).get(name)]:
            refuse("2020", "Required param missing", f"Required parameter {lost[0]} is missing in the request")
        self._open_period(old or {})
        self._open_period(thing)
        self._names_free(entity, thing)
        self._number_free(entity, thing)
        self._references(thing)

    def _open_period(self, thing: JSON) -> None:
        closed = self.note("closed", "")
        if closed and thing.get("TxnDate", "9999") <= closed:
            refuse(
                "6210",
                "Account Period Closed",
                "The account period has closed and the account books cannot be updated.",
            )

    def _names_free(self, entity: str, thing: JSON) -> None:
        """Vendors, customers and employees share their names, inactive ones too."""
        if entity not in NAMES:
            return
        mine = thing["DisplayName"].strip().casefold()
        for other in [one for kind in NAMES for one in self.all(kind)]:
            if other["Id"] != thing["Id"] and other["DisplayName"].strip().casefold() == mine:
                refuse("6240", "Duplicate Name Exists Error", f"The name supplied already exists. : Id={other['Id']}")

    def _number_free(self, entity: str, thing: JSON) -> None:
        if entity not in ("Bill", "Invoice") or not thing.get("DocNumber"):
            return
        if any(one["Id"] != thing["Id"] and one.get("DocNumber") == thing["DocNumber"] for one in self.all(entity)):
            refuse(
                "6140", "Duplicate Document Number Error", f"You must specify a different number: {thing['DocNumber']}"
            )

    def _references(self, value: JSON, name: str = "") -> None:
        if isinstance(value, list):
            for one in value:
                self._references(one)
        elif isinstance(value, dict) and name in _REFS and "value" in value:
            self._reference(name, value)
        elif isinstance(value, dict):
            for key, one in value.items():
                self._references(one, key)

    def _reference(self, name: str, ref: JSON) -> None:
        if name == "TaxCodeRef" and ref["value"] in ("TAX", "NON"):
            return
        there = self._referred(_REFS[name], ref)
        if there is None:
            refuse("2500", "Invalid Reference Id", f"Invalid Reference Id : {name} element id {ref['value']} not found")
        if there.get("Active") is False:
            refuse("610", "Object Not Found", f"Another element has been made inactive: {name} {ref['value']}")

    def _totalled(self, entity: str, thing: JSON) -> JSON:
        """Lines get numbers, the sum of them is the total."""
        if entity not in TRANSACTIONS:
            return thing
        taken = [int(line["Id"]) for line in thing["Line"] if line.get("Id")]
        for line in thing["Line"]:
            if not line.get("Id"):
                taken.append(max(taken, default=0) + 1)
                line["Id"] = str(taken[-1])
        total = sum((Decimal(str(line["Amount"])) for line in thing["Line"]), Decimal(0))
        owed = {"Balance": float(total)} if entity != "Purchase" and "Balance" not in thing else {}
        return {"TxnDate": now()[:10], "CurrencyRef": {"value": "USD"}, **thing, "TotalAmt": float(total), **owed}


# --- people -----------------------------------------------------------------------------------------------------------


def by_hand(company: Company, body: JSON) -> JSON:
    """A person changes something, or makes it: {"entity", "Id", …}. What is not named stays."""
    entity, fields = body["entity"], {name: value for name, value in body.items() if name not in ("entity", "realm")}
    old = company.ledger.get(SLUG, f"{company.realm}-{entity}-{fields.get('Id', '')}", entity)
    version = {"SyncToken": str(int(old["SyncToken"]) + 1)} if old else {"SyncToken": "0"}
    blank = {"Id": company.number(), **({} if entity in TRANSACTIONS else {"Active": True})}
    thing = {**(old or blank), **fields, **version}
    return company.keep(entity, company._totalled(entity, json.loads(json.dumps(thing))) if "Line" in thing else thing)
