"""Names and numbers of accounts, classes, people and the like: for pickers, and for what recipes write.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectors.contract import JSON, Choice, Refused
from connectors.quickbooks._client import Books, quoted

SHOWN = 200
NOT_FOR_CODING = ("Bank", "Credit Card", "Accounts Receivable", "Accounts Payable", "Non-Posting")
_LEGAL = re.compile(r"\b(?:inc|llc|llp|ltd|limited|corp|co|gmbh|pty|plc|sarl|bv)\b\.?", re.IGNORECASE)


@dataclass(frozen=True)
class Kind:
    """A list of names: QuickBooks' entity, the field that is shown, and its name for people."""

    entity: str
    field: str
    noun: str


KINDS = {
    "account": Kind("Account", "FullyQualifiedName", "account"),
    "class": Kind("Class", "FullyQualifiedName", "class"),
    "location": Kind("Department", "FullyQualifiedName", "location"),
    "vendor": Kind("Vendor", "DisplayName", "vendor"),
    "customer": Kind("Customer", "DisplayName", "customer"),
    "tax_code": Kind("TaxCode", "Name", "tax code"),
    "item": Kind("Item", "FullyQualifiedName", "product or service"),
}


def lookup(kind: str) -> Callable[[Books, str], list[Choice]]:
    """Fills a picker with the active ones whose name holds the words."""

    def choices(client: Books, query: str) -> list[Choice]:
        found = [one for one in active(client, kind) if query.strip().lower() in title(kind, one).lower()]
        return [Choice(str(one["Id"]), shown(kind, one)) for one in found[:SHOWN]]

    return choices


def resolver(kind: str) -> Callable[[Books, str], list[Choice]]:
    """What an id or a whole name means. Raises `Refused` for what is not there."""

    def choices(client: Books, text: str) -> list[Choice]:
        wanted = text.strip()
        found = _by_id(client, kind, wanted) if wanted.isdigit() else by_name(client, kind, wanted)
        if not found:
            raise Refused(_why_not(kind, wanted, found))
        return [Choice(str(one["Id"]), shown(kind, one)) for one in found]

    return choices


def active(client: Books, kind: str) -> list[dict[str, JSON]]:
    """All that may be chosen: active, and of accounts only those on which something can be coded."""
    return [one for one in client.query(KINDS[kind].entity, "Active = true") if usable(kind, one)]


def usable(kind: str, one: dict[str, JSON]) -> bool:
    return one.get("Active") is not False and not (kind == "account" and one.get("AccountType") in NOT_FOR_CODING)


def title(kind: str, one: dict[str, JSON]) -> str:
    return str(one.get(KINDS[kind].field) or one.get("Name") or one["Id"])


def shown(kind: str, one: dict[str, JSON]) -> str:
    if kind != "account":
        return title(kind, one)
    number = f"{one['AcctNum']} " if one.get("AcctNum") else ""
    return f"{number}{title(kind, one)} ({one.get('AccountType')})"


def chosen(client: Books, kind: str, given: JSON) -> str:
    """The id behind an id or an exact name. Raises `Refused` for one that is not there or cannot be used."""
    text = str(given or "").strip()
    if not text or (kind == "tax_code" and text in ("TAX", "NON")):  # the two of companies in the US
        return text
    found = _by_id(client, kind, text) if text.isdigit() else by_name(client, kind, text)
    usable_ones = [one for one in found if usable(kind, one)]
    if len(usable_ones) == 1:
        return str(usable_ones[0]["Id"])
    raise Refused(_why_not(kind, text, found))


def _by_id(client: Books, kind: str, id: str) -> list[dict[str, JSON]]:
    found = client.read(KINDS[kind].entity, id)
    return [found] if found else []


def by_name(client: Books, kind: str, name: str) -> list[dict[str, JSON]]:
    """Those called so, whatever the capitals; inactive ones among them, because they hold their name."""
    field = KINDS[kind].field
    where = f"{field} = {quoted(name)} AND Active IN (true, false)"
    wanted = _plain(name)
    return [one for one in client.query(KINDS[kind].entity, where) if _plain(title(kind, one)) == wanted]


def similar(client: Books, kind: str, name: str) -> list[dict[str, JSON]]:
    """Active ones whose name is the same without capitals, legal form and marks, or has the same first word."""
    wanted = bare(name)
    first = wanted.partition(" ")[0]
    alike = [one for one in active(client, kind) if first and bare(title(kind, one)).partition(" ")[0] == first]
    return sorted(alike, key=lambda one: (bare(title(kind, one)) != wanted, title(kind, one)))[:10]


def bare(name: str) -> str:
    return " ".join(re.sub(r"[^\w ]", " ", _LEGAL.sub(" ", name.casefold())).split())


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _why_not(kind: str, text: str, found: Iterable[dict[str, JSON]]) -> str:
    noun, there = KINDS[kind].noun, list(found)
    if len(there) > 1:
        return f"QuickBooks has several called “{text[:80]}”. Give the number of the {noun} instead."
    if there and there[0].get("Active") is False:
        return f"The {noun} “{title(kind, there[0])}” is inactive in QuickBooks. Choose another one, or make it active there."
    if there:
        kind_of = there[0].get("AccountType")
        return f"“{title(kind, there[0])}” is an account of the type {kind_of}, on which nothing is coded. Choose another one."
    return f"QuickBooks has no {noun} “{text[:80]}”. Choose one from the list, or make it in QuickBooks first."


def reference(id: str) -> dict[str, str]:
    return {"value": id}
