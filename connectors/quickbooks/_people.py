"""Vendors and customers: made under a name that nobody has yet, and made inactive when taken back (they cannot be deleted).

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/vendor
"""

from __future__ import annotations

from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.quickbooks._client import Books
from connectors.quickbooks._coding import changed, result, there, unmoved
from connectors.quickbooks._names import KINDS, by_name, similar, title
from connectors.quickbooks._shapes import amount

Thing = dict[str, JSON]
_LONGEST = 500


def create_vendor(client: Books, key: str, *, name: str, company: str = "", email: str = "", phone: str = "") -> Thing:
    return result("Vendor", client.write("Vendor", key, _person(name, company, email, phone)))


def create_customer(
    client: Books, key: str, *, name: str, company: str = "", email: str = "", phone: str = ""
) -> Thing:
    return result("Customer", client.write("Customer", key, _person(name, company, email, phone)))


def _person(name: str, company: str, email: str, phone: str) -> Thing:
    return {
        "DisplayName": name,
        **({"CompanyName": company} if company else {}),
        **({"PrimaryEmailAddr": {"Address": email}} if email else {}),
        **({"PrimaryPhone": {"FreeFormNumber": phone}} if phone else {}),
    }


def prepare_person(client: Books, arguments: Thing) -> Thing:
    """Customers and vendors share their names, capitals do not count, and a second vendor of a name would split its history.
    Raises `Refused` for a name that is taken."""
    name = " ".join(str(arguments["name"]).split())
    if not name or len(name) > _LONGEST or any(mark in name for mark in ":\t\n"):
        raise Refused("A name in QuickBooks has 1 to 500 characters and no colon. Give another one.")
    for kind in ("vendor", "customer"):
        for taken in by_name(client, kind, name):
            state = "" if taken.get("Active") is not False else ", which is inactive"
            raise Refused(
                f"QuickBooks has the {KINDS[kind].noun} “{title(kind, taken)}” already (number {taken['Id']}{state}). "
                "Use that one, or give another name."
            )
    return {**arguments, "name": name}


def find_vendor(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return [result("Vendor", one) for one in by_name(client, "vendor", arguments["name"])]


def find_customer(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return [result("Customer", one) for one in by_name(client, "customer", arguments["name"])]


def vendor_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return _person_changed(client, "Vendor", made)


def customer_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return _person_changed(client, "Customer", made)


def _person_changed(client: Books, entity: str, made: Thing) -> str | None:
    thing = client.read(entity, made["id"])
    balance = amount((thing or {}).get("Balance"))
    if balance not in ("", "0.00"):
        return f"There are open amounts ({balance}) with this {entity.lower()}. Settle or delete these first."
    if thing is not None and thing.get("Active") is False:
        return None  # taken back already
    return changed(client, entity, made)


def vendor_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("deactivate_vendor", {"vendor": made["id"], "change": _inactive(made)})


def customer_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("deactivate_customer", {"customer": made["id"], "change": _inactive(made)})


def _inactive(made: Thing) -> Thing:
    return {"Id": made["id"], "SyncToken": made["sync_token"], "sparse": True, "Active": False}


def deactivate_vendor(client: Books, key: str, *, vendor: str, change: Any) -> Thing:
    return result("Vendor", client.write("Vendor", key, change))


def deactivate_customer(client: Books, key: str, *, customer: str, change: Any) -> Thing:
    return result("Customer", client.write("Customer", key, change))


def current_vendor(client: Books, arguments: Thing) -> Thing:
    return _current(client, "Vendor", arguments)


def current_customer(client: Books, arguments: Thing) -> Thing:
    return _current(client, "Customer", arguments)


def _current(client: Books, entity: str, arguments: Thing) -> Thing:
    """Transactions that named it in the meantime may have moved its version."""
    thing = there(client, entity, arguments["change"]["Id"])
    return {**arguments, "change": {**arguments["change"], "SyncToken": thing["SyncToken"]}}


def find_inactive_vendor(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find_inactive(client, "Vendor", arguments)


def find_inactive_customer(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find_inactive(client, "Customer", arguments)


def _find_inactive(client: Books, entity: str, arguments: Thing) -> list[Thing]:
    thing = client.read(entity, arguments["change"]["Id"])
    return [result(entity, thing)] if thing is not None and thing.get("Active") is False else []


def vendor_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Vendor", arguments["change"])


def customer_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Customer", arguments["change"])


def find_name(client: Books, *, kind: str, name: str) -> JSON:
    """The one of this name (`id`, "" for none) and those that resemble it, so that none is made twice."""
    if kind not in KINDS:
        raise Refused(f"There is no list of “{kind[:40]}”. There is {', '.join(KINDS)}.")
    same = [one for one in by_name(client, kind, name) if one.get("Active") is not False]
    alike = [{"id": str(one["Id"]), "name": title(kind, one)} for one in similar(client, kind, name)]
    return {"id": str(same[0]["Id"]) if len(same) == 1 else "", "similar": alike}
