"""Contacts: made under a name that nobody has yet, found by our mark in `ContactNumber`, archived when taken back.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from __future__ import annotations

from connectors.contract import JSON, Call, Refused
from connectors.xero import _names
from connectors.xero._catch_up import version
from connectors.xero._client import Xero, text
from connectors.xero._shapes import page

Thing = dict[str, JSON]
_LONGEST = 255


def create_contact(
    client: Xero, key: str, *, name: str, email: str = "", first_name: str = "", last_name: str = ""
) -> Thing:
    body = {
        "Name": name,
        "ContactNumber": key,
        **({"EmailAddress": email} if email else {}),
        **({"FirstName": first_name} if first_name else {}),
        **({"LastName": last_name} if last_name else {}),
    }
    return _result(client.create("Contacts", key, body))


def prepare(client: Xero, arguments: Thing) -> Thing:
    """Raises `Refused` for a name that is taken: a second contact would split its history."""
    name = " ".join(str(arguments["name"]).split())
    if not name or len(name) > _LONGEST:
        raise Refused("A contact's name has 1 to 255 characters. Give another one.")
    for taken in _names.named(client, name):
        state = "" if text(taken, "ContactStatus") == "ACTIVE" else ", which is archived"
        raise Refused(
            f"Xero has the contact “{text(taken, 'Name')}” already (id {text(taken, 'ContactID')}{state}). Use that one, or "
            "give another name."
        )
    return {**arguments, "name": name}


def find(client: Xero, key: str, arguments: Thing) -> list[Thing]:
    return [_result(one) for one in _names.named(client, arguments["name"]) if text(one, "ContactNumber") == key]


def changed(client: Xero, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    thing = client.one("Contacts", made["id"])
    if thing is None or text(thing, "ContactStatus") != "ACTIVE":
        return None  # archived already
    if _owed(thing):
        return "There are open documents with this contact. Settle or delete these first."
    if _own(thing) != made.get("written"):
        return "Somebody changed the contact in Xero."
    return None


def _owed(thing: Thing) -> bool:
    balances = thing.get("Balances") or {}
    sums = [side.get("Outstanding") for side in balances.values() if isinstance(side, dict)]
    return any(sums)


def back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("archive_contact", {"contact": made["id"]})


def archive_contact(client: Xero, key: str, *, contact: str) -> Thing:
    return _result(client.change("Contacts", contact, key, {"ContactID": contact, "ContactStatus": "ARCHIVED"}))


def find_archived(client: Xero, key: str, arguments: Thing) -> list[Thing]:
    thing = client.one("Contacts", arguments["contact"])
    return [_result(thing)] if thing is not None and text(thing, "ContactStatus") == "ARCHIVED" else []


def status(client: Xero, arguments: Thing) -> JSON:
    return text(client.one("Contacts", arguments["contact"]) or {}, "ContactStatus")


def find_contact(client: Xero, *, name: str) -> JSON:
    """The one of this name (`id`, "" for none), its usual account, and those that resemble it."""
    same = [one for one in _names.named(client, name) if text(one, "ContactStatus") == "ACTIVE"]
    found = same[0] if len(same) == 1 else {}
    alike = [{"id": text(one, "ContactID"), "name": text(one, "Name")} for one in _names.similar(client, name)]
    return {
        "id": text(found, "ContactID"),
        "usual_account": text(found, "PurchasesDefaultAccountCode"),
        "similar": alike,
    }


def _own(thing: Thing) -> str:
    return "|".join(text(thing, name) for name in ("Name", "EmailAddress", "FirstName", "LastName", "ContactNumber"))


def _result(thing: Thing) -> Thing:
    own = str(thing["ContactID"])
    return {"id": own, "url": page("Contacts", own), "version": version(thing), "written": _own(thing)}
