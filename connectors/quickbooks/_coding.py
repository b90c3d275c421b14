"""Coding again what is in the books already: the lines of a purchase or a bill get another account, class or tax code.

An array of lines that is sent replaces all lines, so all of them are sent, with their ids; and a change names the version it
is about (`SyncToken`). https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/purchase#sparse-update-a-purchase
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.quickbooks._client import Books, exact, number, plain, ref
from connectors.quickbooks._names import chosen, reference
from connectors.quickbooks._shapes import ACCOUNT_LINE, amount, page

Thing = dict[str, JSON]
_ON_LINE = {"account": "AccountRef", "class_name": "ClassRef", "tax_code": "TaxCodeRef", "customer": "CustomerRef"}
_KIND = {"account": "account", "class_name": "class", "tax_code": "tax_code", "customer": "customer"}
_REPEATED = {"Purchase": ("PaymentType", "AccountRef"), "Bill": ("VendorRef",)}  # what a sparse update must say again
_PAYEE = {"Purchase": "EntityRef", "Bill": "VendorRef"}
_NOUN = {"Purchase": "purchase", "Bill": "bill", "Invoice": "invoice", "Vendor": "vendor", "Customer": "customer"}


def recode_purchase(
    client: Books,
    key: str,
    *,
    purchase: str,
    account: str = "",
    line: str = "",
    class_name: str = "",
    tax_code: str = "",
    customer: str = "",
    vendor: str = "",
    location: str = "",
    change: Any = None,
) -> Thing:
    """From prepared arguments: `change` is the body of the request, all else says in words what it does."""
    return result("Purchase", client.write("Purchase", key, change))


def recode_bill(
    client: Books,
    key: str,
    *,
    bill: str,
    account: str = "",
    line: str = "",
    class_name: str = "",
    tax_code: str = "",
    customer: str = "",
    location: str = "",
    change: Any = None,
) -> Thing:
    return result("Bill", client.write("Bill", key, change))


def prepare_purchase(client: Books, arguments: Thing) -> Thing:
    return _prepared(client, "Purchase", arguments)


def prepare_bill(client: Books, arguments: Thing) -> Thing:
    return _prepared(client, "Bill", arguments)


def _prepared(client: Books, entity: str, arguments: Thing) -> Thing:
    """Reads what stands there, and works out the whole change. Raises `Refused` where it is not clear what is meant."""
    thing = there(client, entity, arguments[entity.lower()])
    wanted = {name: chosen(client, _KIND[name], arguments.get(name)) for name in _ON_LINE}
    payee = chosen(client, "vendor", arguments.get("vendor"))
    location = chosen(client, "location", arguments.get("location"))
    if not any((*wanted.values(), payee, location)):
        raise Refused(
            "There is nothing to change: give an account, a class, a tax code, a customer, a vendor or a location."
        )
    body = _sparse(entity, thing)
    if any(wanted.values()):
        lines, own = _recoded(thing, str(arguments.get("line") or ""), wanted)
        body["Line"], arguments = lines, {**arguments, "line": own}
    if payee:
        body[_PAYEE[entity]] = {**reference(payee), "type": "Vendor"}
    if location:
        body["DepartmentRef"] = reference(location)
    return {**arguments, **wanted, **({"vendor": payee} if payee else {}), "location": location, "change": plain(body)}


def there(client: Books, entity: str, id: JSON) -> Thing:
    thing = client.read(entity, number(id))
    if thing is None:
        raise Refused(f"This {_NOUN[entity]} is no longer in QuickBooks: it was deleted. There is nothing to change.")
    return thing


def _sparse(entity: str, thing: Thing) -> Thing:
    kept = {name: thing[name] for name in _REPEATED[entity] if name in thing}
    return {"Id": thing["Id"], "SyncToken": thing["SyncToken"], "sparse": True, **kept}


def _recoded(thing: Thing, line: str, wanted: dict[str, str]) -> tuple[list[Thing], str]:
    """All lines, of which one is coded as wanted; and that one's id. Lines of products are left as they are."""
    lines: list[Thing] = list(thing.get("Line") or [])
    codable = [one for one in lines if one.get("DetailType") == ACCOUNT_LINE]
    mine = [one for one in codable if not line or str(one.get("Id")) == line]
    if len(mine) != 1:
        raise Refused(_which_line(lines, codable, line))
    detail = {**mine[0][ACCOUNT_LINE], **{_ON_LINE[name]: reference(one) for name, one in wanted.items() if one}}
    return [{**one, ACCOUNT_LINE: detail} if one is mine[0] else one for one in lines], str(mine[0].get("Id"))


def _which_line(lines: list[Thing], codable: list[Thing], line: str) -> str:
    listed = ", ".join(f"{one.get('Id')} ({amount(one.get('Amount'))})" for one in codable)
    if line and not any(str(one.get("Id")) == line for one in lines):
        return f"There is no line {line[:20]} any more; there is {listed or 'none that can be coded'}. Start this event over."
    if line or not codable:
        return "This line is of a product or service, whose account is set with the product in QuickBooks."
    return f"There are several lines: {listed}. Say in `line` which one is meant."


# --- after a lost answer ----------------------------------------------------------------------------------------------


def find_purchase(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find(client, "Purchase", arguments)


def find_bill(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return _find(client, "Bill", arguments)


def _find(client: Books, entity: str, arguments: Thing) -> list[Thing]:
    """The object, if it is as our change would make it."""
    body = arguments["change"]
    thing = client.read(entity, body["Id"])
    base = thing or {} if body.get("sparse") else {}  # what a whole update leaves out is cleared
    same = thing is not None and _codes(entity, {**base, **exact(body)}) == _codes(entity, thing)
    return [result(entity, thing)] if thing is not None and same else []


def purchase_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Purchase", arguments["change"])


def bill_unmoved(client: Books, arguments: Thing) -> bool:
    return unmoved(client, "Bill", arguments["change"])


def unmoved(client: Books, entity: str, body: Thing) -> bool:
    """Whether it has the version that the change names; a late copy of it loses otherwise."""
    thing = client.read(entity, body["Id"])
    return thing is not None and thing["SyncToken"] == body["SyncToken"]


# --- what it is now ---------------------------------------------------------------------------------------------------


def result(entity: str, thing: Thing) -> Thing:
    """What later steps and undo need. `written` is a fingerprint of all that people see of it."""
    token = str(thing["SyncToken"])
    return {
        "id": str(thing["Id"]),
        "url": page(entity, thing["Id"]),
        "version": f"{entity} {token}",
        "sync_token": token,
        "written": fingerprint(entity, thing),
    }


def fingerprint(entity: str, thing: Thing) -> str:
    return hashlib.sha256(json.dumps(_codes(entity, thing), sort_keys=True).encode()).hexdigest()[:32]


def _codes(entity: str, thing: Thing) -> Thing:
    """Dates, notes, amounts, people and lines, as ids: names in references come and go with renamed accounts."""
    refs = ("EntityRef", "VendorRef", "CustomerRef", "AccountRef", "APAccountRef", "DepartmentRef", "CurrencyRef")
    texts = ("TxnDate", "DueDate", "DocNumber", "PrivateNote", "DisplayName", "PaymentType")
    return {
        **{name: ref(thing.get(name)) for name in refs},
        **{name: str(thing.get(name) or "") for name in texts},
        "active": thing.get("Active") is not False,
        "lines": [
            _line_codes(line) for line in thing.get("Line") or [] if line.get("DetailType") != "SubTotalLineDetail"
        ],
    }


def _line_codes(line: Thing) -> list[JSON]:
    kind = str(line.get("DetailType"))
    detail = line.get(kind) or {}
    codes = {name: ref(value) for name, value in sorted(detail.items()) if name.endswith("Ref") and ref(value)}
    return [str(line.get("Id") or ""), amount(line.get("Amount")), str(line.get("Description") or ""), kind, codes]


# --- taking back ------------------------------------------------------------------------------------------------------


def purchase_before(client: Books, arguments: Thing) -> JSON:
    return plain(there(client, "Purchase", arguments["purchase"]))


def bill_before(client: Books, arguments: Thing) -> JSON:
    return plain(there(client, "Bill", arguments["bill"]))


def purchase_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return changed(client, "Purchase", made)


def bill_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    return changed(client, "Bill", made)


def changed(client: Books, entity: str, made: Thing) -> str | None:
    """Who touched it after us. Compared by what stands there: its version moves with our own taking back, too."""
    thing = client.read(entity, made["id"])
    if thing is None:
        return f"The {_NOUN[entity]} is no longer in QuickBooks. There is nothing to take back."
    if fingerprint(entity, thing) != made.get("written"):
        when = (thing.get("MetaData") or {}).get("LastUpdatedTime") or "since"
        return f"Somebody changed the {_NOUN[entity]} in QuickBooks ({when})."
    return None


def purchase_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("restore_purchase", {"purchase": made["id"], "change": _old("Purchase", made, before)})


def bill_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("restore_bill", {"bill": made["id"], "change": _old("Bill", made, before)})


def _old(entity: str, made: Thing, before: Thing) -> Thing:
    """The old object as a whole, not sparse: only so a payee or location that we added goes away again."""
    kept = {name: value for name, value in before.items() if name not in ("MetaData", "domain", "sparse", "status")}
    return {**kept, "SyncToken": made["sync_token"], "sparse": False}


def restore_purchase(client: Books, key: str, *, purchase: str, change: Any) -> Thing:
    return result("Purchase", client.write("Purchase", key, change))


def restore_bill(client: Books, key: str, *, bill: str, change: Any) -> Thing:
    return result("Bill", client.write("Bill", key, change))


def current_purchase(client: Books, arguments: Thing) -> Thing:
    return with_version(client, "Purchase", arguments)


def current_bill(client: Books, arguments: Thing) -> Thing:
    return with_version(client, "Bill", arguments)


def with_version(client: Books, entity: str, arguments: Thing) -> Thing:
    """A taking back names the version of now: an earlier one of the same run may have moved it."""
    thing = there(client, entity, arguments["change"]["Id"])
    return {**arguments, "change": {**arguments["change"], "SyncToken": thing["SyncToken"]}}
