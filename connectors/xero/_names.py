"""Accounts, tax rates, tracking options and contacts: for pickers, and for what recipes write. Read live: Xero may drop a code
that it does not know without saying no. https://developer.xero.com/documentation/api/accounting/accounts
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.contract import JSON, Choice, Refused
from connectors.xero._client import Xero, guid, text

SHOWN = 200
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_FOR_CODING = ("DEBTORS", "CREDITORS", "BANKCURRENCYGAIN", "UNREALISEDCURRENCYGAIN", "REALISEDCURRENCYGAIN")
_LEGAL = re.compile(r"\b(?:inc|llc|llp|ltd|limited|corp|co|gmbh|pty|plc|sarl|bv)\b\.?", re.IGNORECASE)
Thing = dict[str, JSON]


# --- accounts ---------------------------------------------------------------------------------------------------------


def all_accounts(client: Xero) -> list[Thing]:
    """Active ones on which something can be coded: with a code, no bank accounts, none that Xero keeps itself."""
    return [
        one
        for one in client.get("Accounts")["Accounts"]
        if text(one, "Status") == "ACTIVE"
        and text(one, "Type") != "BANK"
        and text(one, "Code")
        and text(one, "SystemAccount") not in _NOT_FOR_CODING
    ]


def accounts(client: Xero, query: str) -> list[Choice]:
    shown = [Choice(text(one, "Code"), f"{text(one, 'Code')} {text(one, 'Name')}") for one in all_accounts(client)]
    return _matching(shown, query)


def account(client: Xero, given: JSON) -> str:
    """The code of an account, given as code or exact name. Raises `Refused` for one that cannot be coded to."""
    wanted = str(given or "").strip()
    found = [one for one in all_accounts(client) if wanted.casefold() in (text(one, "Code").casefold(), _name(one))]
    if wanted and len(found) != 1:
        several = "several accounts" if found else "no active account to code to"
        raise Refused(f"Xero has {several} “{wanted[:80]}”. Choose one from the list, by its code.")
    return text(found[0], "Code") if wanted else ""


def bank_accounts(client: Xero, query: str) -> list[Choice]:
    """By id: bank accounts often have no code."""
    found = client.get("Accounts", where='Type=="BANK" AND Status=="ACTIVE"')["Accounts"]
    return _matching([Choice(text(one, "AccountID"), text(one, "Name")) for one in found], query)


def resolve_account(client: Xero, text: str) -> list[Choice]:
    return _resolved(accounts(client, ""), text, "account")


def _resolved(choices: list[Choice], text: str, noun: str) -> list[Choice]:
    """By id, or by the whole words that are shown."""
    wanted = text.strip().casefold()
    found = [one for one in choices if wanted in (one.id.casefold(), one.label.casefold())]
    if not found:
        raise Refused(f"Xero has no {noun} “{text.strip()[:80]}” to choose. Choose one from the list.")
    return found


# --- tax and tracking -------------------------------------------------------------------------------------------------


def _taxes(client: Xero) -> list[Thing]:
    return [one for one in client.get("TaxRates")["TaxRates"] if text(one, "Status") == "ACTIVE"]


def tax_rates(client: Xero, query: str) -> list[Choice]:
    return _matching([Choice(text(one, "TaxType"), text(one, "Name")) for one in _taxes(client)], query)


def resolve_tax(client: Xero, text: str) -> list[Choice]:
    return _resolved(tax_rates(client, ""), text, "tax rate")


def tax_type(client: Xero, given: JSON) -> str:
    wanted = str(given or "").strip()
    found = [
        one for one in _taxes(client) if wanted and wanted.casefold() in (text(one, "TaxType").casefold(), _name(one))
    ]
    if wanted and len(found) != 1:
        raise Refused(f"Xero has no tax rate “{wanted[:80]}”. Choose one from the list.")
    return text(found[0], "TaxType") if wanted else ""


def _options(client: Xero) -> list[Thing]:
    """Every active option of every active category (there are two at most): category, option, and both ids."""
    return [
        {"category": text(category, "Name"), "category_id": text(category, "TrackingCategoryID"),
         "option": text(option, "Name"), "option_id": text(option, "TrackingOptionID")}
        for category in client.get("TrackingCategories")["TrackingCategories"] if text(category, "Status") == "ACTIVE"
        for option in category.get("Options") or [] if text(option, "Status") == "ACTIVE"
    ]  # fmt: skip


def tracking(client: Xero, query: str) -> list[Choice]:
    found = [
        Choice(f"{one['category_id']}/{one['option_id']}", f"{one['category']}: {one['option']}")
        for one in _options(client)
    ]
    return _matching(found, query)


def resolve_tracking(client: Xero, text: str) -> list[Choice]:
    return _resolved(tracking(client, ""), text, "tracking option")


def tracked(client: Xero, given: JSON) -> list[Thing]:
    """A line's `Tracking`, of ids as the picker gives them or of words such as "Region: North". At most one option of a
    category, so two in all. Raises `Refused`."""
    wanted = [given] if isinstance(given, str) else list(given or []) if isinstance(given, Sequence) else [given]
    wanted = [str(one).strip() for one in wanted if str(one or "").strip()]
    options = _options(client) if wanted else []
    found = [_option(options, one) for one in wanted]
    if len({one["TrackingCategoryID"] for one in found}) < len(found):
        raise Refused("A line has one option of each tracking category. Leave one of them out.")
    return found


def _option(options: list[Thing], wanted: str) -> Thing:
    for one in options:
        names = (f"{one['category_id']}/{one['option_id']}", f"{one['category']}: {one['option']}")
        if wanted.casefold() in [name.casefold() for name in names]:
            return {"TrackingCategoryID": one["category_id"], "TrackingOptionID": one["option_id"]}
    raise Refused(f"Xero has no tracking option “{wanted[:80]}”. Choose one from the list, such as “Region: North”.")


def resolve_bank_account(client: Xero, text: str) -> list[Choice]:
    return _resolved(bank_accounts(client, ""), text, "bank account")


# --- contacts ---------------------------------------------------------------------------------------------------------


def contacts(client: Xero, query: str) -> list[Choice]:
    more: dict[str, str | int] = {"searchTerm": query.strip()} if query.strip() else {}
    found = client.get("Contacts", None, page=1, pageSize=SHOWN, summaryOnly="true", **more)["Contacts"]
    return [
        Choice(text(one, "ContactID"), text(one, "Name")) for one in found if text(one, "ContactStatus") == "ACTIVE"
    ]


def resolve_contact(client: Xero, text: str) -> list[Choice]:
    """By id or whole name. Raises `Refused`."""
    own = contact(client, text)
    return [Choice(own, str((client.one("Contacts", own) or {}).get("Name") or own))] if own else []


def named(client: Xero, name: str) -> list[Thing]:
    """Contacts called so, whatever the capitals; archived ones among them."""
    found = client.all("Contacts", searchTerm=name, includeArchived="true")
    return [one for one in found if _name(one) == " ".join(name.casefold().split())]


def similar(client: Xero, name: str) -> list[Thing]:
    """Active ones that are the same without capitals, legal form and marks, or have the same first word."""
    first = bare(name).partition(" ")[0]
    found = client.all("Contacts", searchTerm=first) if first else []
    alike = [one for one in found if bare(text(one, "Name")).partition(" ")[0] == first and _active(one)]
    return sorted(alike, key=lambda one: (bare(text(one, "Name")) != bare(name), text(one, "Name")))[:10]


def contact(client: Xero, given: JSON) -> str:
    """The id of a contact, given as id or exact name. Raises `Refused`."""
    wanted = str(given or "").strip()
    if not wanted:
        return ""
    if _GUID.fullmatch(wanted):
        there = client.one("Contacts", guid(wanted))
        found = [there] if there else []
    else:
        found = named(client, wanted)
    active = [one for one in found if _active(one)]
    if len(active) != 1:
        raise Refused(f"Xero has no active contact “{wanted[:80]}”. Choose one from the list, or make it first.")
    return text(active[0], "ContactID")


def _active(one: Thing) -> bool:
    return text(one, "ContactStatus") in ("ACTIVE", "")


def _name(one: Thing) -> str:
    return " ".join(text(one, "Name").casefold().split())


def bare(name: str) -> str:
    return " ".join(re.sub(r"[^\w ]", " ", _LEGAL.sub(" ", name.casefold())).split())


def _matching(choices: list[Choice], query: str) -> list[Choice]:
    return [choice for choice in choices if query.strip().lower() in choice.label.lower()][:SHOWN]
