"""Coding a bank transaction again. Lines that are sent replace all lines, so each goes along with its id; what is reconciled
stays as it is. https://developer.xero.com/documentation/api/accounting/banktransactions#post-banktransactions
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.xero import _names
from connectors.xero._catch_up import version
from connectors.xero._client import Xero, amount, day, plain, text
from connectors.xero._shapes import IDS, page

Thing = dict[str, JSON]
_PLAIN = ("SPEND", "RECEIVE")  # transfers, overpayments and prepayments hang together with other things
_NOTHING: Sequence[str] = ()
_KEPT_OF_LINE = ("LineItemID", "Description", "Quantity", "UnitAmount", "ItemCode", "AccountCode", "TaxType", "DiscountRate",
                 "Tracking")  # fmt: skip


def recode_bank_transaction(
    client: Xero,
    key: str,
    *,
    transaction: str,
    account: str = "",
    line: str = "",
    tax_type: str = "",
    tracking: Sequence[str] = _NOTHING,
    contact: str = "",
    version: str = "",
    change: Any = None,
) -> Thing:
    """From prepared arguments: `change` is the body of the request, `version` what it was made of."""
    return result("BankTransactions", client.change("BankTransactions", transaction, key, change))


def prepare(client: Xero, arguments: Thing) -> Thing:
    """Reads what stands there, and works out the whole change. Raises `Refused` where it is not clear what is meant."""
    thing = _codable(client, arguments["transaction"])
    wanted = {
        "AccountCode": _names.account(client, arguments.get("account")),
        "TaxType": _names.tax_type(client, arguments.get("tax_type")),
        "Tracking": _names.tracked(client, arguments.get("tracking")),
    }
    contact = _names.contact(client, arguments.get("contact"))
    if not any((*wanted.values(), contact)):
        raise Refused("There is nothing to change: give an account, a tax rate, tracking or a contact.")
    own, lines = _recoded(thing, str(arguments.get("line") or ""), wanted)
    body = {**_frame(thing), "LineItems": lines}
    if contact:
        body["Contact"] = {"ContactID": contact}
    return {
        **arguments,
        "account": wanted["AccountCode"],
        "tax_type": wanted["TaxType"],
        "contact": contact,
        "line": own,
        "version": fingerprint(thing),
        "change": plain(body),
    }


def _codable(client: Xero, transaction: JSON) -> Thing:
    thing = client.one("BankTransactions", str(transaction))
    if thing is None or text(thing, "Status") in ("DELETED", "VOIDED"):
        raise Refused("This bank transaction is no longer in Xero: it was deleted. There is nothing to change.")
    if thing.get("IsReconciled") is True:
        raise Refused(
            "This bank transaction is reconciled with the bank already, so it stays as it is. Undo the reconciliation in Xero "
            "first, or code it there."
        )
    if text(thing, "Type") not in _PLAIN:
        raise Refused(f"This is a {text(thing, 'Type').lower()}, which is not coded to an account. Change it in Xero.")
    return thing


def _frame(thing: Thing) -> Thing:
    """What a change of the lines has to say again."""
    return {
        "BankTransactionID": thing["BankTransactionID"],
        "Type": thing["Type"],
        "BankAccount": {"AccountID": thing["BankAccount"]["AccountID"]},
        "LineAmountTypes": thing.get("LineAmountTypes") or "Exclusive",
        **({"Date": day(thing["Date"])} if day(thing.get("Date")) else {}),
    }


def _recoded(thing: Thing, line: str, wanted: Thing) -> tuple[str, list[Thing]]:
    lines = [_line(one) for one in thing.get("LineItems") or []]
    if not any(wanted.values()):
        return line, lines
    mine = [one for one in lines if not line or text(one, "LineItemID") == line]
    if len(mine) != 1:
        listed = ", ".join(f"{text(one, 'LineItemID')} ({text(one, 'Description')[:40]})" for one in lines)
        raise Refused(f"It is not clear which line is meant. Say in `line` which of: {listed}.")
    coded = {**mine[0], **{name: value for name, value in wanted.items() if value}}
    return text(mine[0], "LineItemID"), [coded if one is mine[0] else one for one in lines]


def _line(line: Thing) -> Thing:
    """What of a line is sent: no sums, which Xero works out again with another tax."""
    kept = {name: line[name] for name in _KEPT_OF_LINE if name in line and line[name] is not None}
    if "Tracking" in kept:
        ids = ("TrackingCategoryID", "TrackingOptionID", "Name", "Option")
        kept["Tracking"] = [{name: one[name] for name in ids if name in one} for one in kept["Tracking"]]
    return kept


# --- after a lost answer ----------------------------------------------------------------------------------------------


def find(client: Xero, key: str, arguments: Thing) -> list[Thing]:
    """The transaction, if it is as our change would make it."""
    body = arguments["change"]
    thing = client.one("BankTransactions", body["BankTransactionID"])
    if thing is None or _codes({**thing, **body}) != _codes(thing):
        return []
    return [result("BankTransactions", thing)]


def before(client: Xero, arguments: Thing) -> JSON:
    """The old coding. Raises `Refused` if somebody changed the transaction after it was read: what was approved is not what
    would be overwritten."""
    thing = _codable(client, arguments["transaction"])
    if arguments.get("version") and fingerprint(thing) != arguments["version"]:
        raise Refused("Somebody changed this bank transaction in Xero after it was read. Start this event over.")
    return plain(
        {**_frame(thing), "LineItems": [_line(one) for one in thing.get("LineItems") or []], **_contact(thing)}
    )


def _contact(thing: Thing) -> Thing:
    own = text(thing.get("Contact"), "ContactID")
    return {"Contact": {"ContactID": own}} if own else {}


def result(what: str, thing: Thing) -> Thing:
    """What later steps and undo need. `written` is a fingerprint of all that people see of it."""
    own = str(thing[IDS[what]])
    return {
        "id": own,
        "url": page(what, own, text(thing, "Type")),
        "version": version(thing),
        "status": text(thing, "Status"),
        "written": fingerprint(thing),
    }


def fingerprint(thing: Thing) -> str:
    return hashlib.sha256(json.dumps(_codes(thing), sort_keys=True).encode()).hexdigest()[:32]


def _codes(thing: Thing) -> Thing:
    """People, dates, references and lines, without sums, times and states: those move by themselves."""
    return {
        "contact": text(thing.get("Contact"), "ContactID"),
        "date": day(thing.get("Date")),
        "due": day(thing.get("DueDate")),
        "reference": text(thing, "Reference"),
        "number": text(thing, "InvoiceNumber"),
        "lines": [_line_codes(line) for line in thing.get("LineItems") or []],
    }


def _line_codes(line: Thing) -> list[JSON]:
    options = sorted(text(one, "TrackingOptionID") or text(one, "Option") for one in line.get("Tracking") or [])
    words = [text(line, name) for name in ("LineItemID", "Description", "AccountCode", "TaxType")]
    return [*words, amount(line.get("Quantity")), amount(line.get("UnitAmount")), options]


# --- taking back ------------------------------------------------------------------------------------------------------


def changed(client: Xero, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    """Who touched it after us. Compared by what stands there: its time moves with our own taking back, too."""
    thing = client.one("BankTransactions", made["id"])
    if thing is None or text(thing, "Status") in ("DELETED", "VOIDED"):
        return "The bank transaction is no longer in Xero. There is nothing to take back."
    if thing.get("IsReconciled") is True:
        return "The bank transaction was reconciled in Xero since. Undo that there first."
    if fingerprint(thing) != made.get("written"):
        return f"Somebody changed the bank transaction in Xero (last change {text(thing, 'UpdatedDateUTC')})."
    return None


def back(arguments: Thing, made: Thing, old: JSON) -> Call:
    return Call("restore_bank_transaction", {"transaction": made["id"], "change": old})


def restore_bank_transaction(client: Xero, key: str, *, transaction: str, change: Any) -> Thing:
    return result("BankTransactions", client.change("BankTransactions", transaction, key, change))


def present(client: Xero, arguments: Thing) -> JSON:
    return fingerprint(_codable(client, arguments["transaction"]))
