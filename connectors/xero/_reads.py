"""Reading what a recipe about coding needs: one document, what lies on an account, and the accounts to choose from."""

from __future__ import annotations

from connectors.contract import JSON, Choice, Refused
from connectors.xero._client import Xero, text
from connectors.xero._documents import _day
from connectors.xero._names import account as account_code
from connectors.xero._names import all_accounts
from connectors.xero._shapes import KINDS, shaped

MOST = 500


def read_record(client: Xero, *, kind: str, id: str) -> JSON:
    """A bank_transaction, invoice (bills are invoices, too) or contact, as events show them."""
    what = KINDS.get(kind.strip().lower())
    if what is None:
        raise Refused(f"There is no “{kind[:40]}” to read. There is {', '.join(KINDS)}.")
    thing = client.one(what, id)
    if thing is None:
        raise Refused("Xero has nothing of this id in this organisation. Choose another one.")
    return shaped(what, thing)


def latest(client: Xero, query: str) -> list[Choice]:
    """Fills a picker with the latest bank transactions: when, who or what, and how much."""
    found = client.get("BankTransactions", None, page=1, pageSize=100, order="Date DESC")["BankTransactions"]
    return [one for one in map(_choice, found) if query.strip().lower() in one.label.lower()]


def resolve(client: Xero, text: str) -> list[Choice]:
    """What an id, or the address of its page, means. Raises `Refused`."""
    own = text.strip().rpartition("=")[2]
    thing = client.one("BankTransactions", own)
    if thing is None:
        raise Refused("Xero has no such bank transaction in this organisation. Choose another one.")
    return [_choice(thing)]


def _choice(thing: dict[str, JSON]) -> Choice:
    one = shaped("BankTransactions", thing)
    what = next((line["description"] for line in one["lines"]), "")
    return Choice(one["id"], " ".join(part for part in (one["date"], one["contact"], what, one["total"]) if part))


def list_accounts(client: Xero) -> JSON:
    """All accounts on which something can be coded: code, name, type and usual tax."""
    names = {"code": "Code", "name": "Name", "type": "Type", "tax_type": "TaxType"}
    return [{name: text(one, own) for name, own in names.items()} for one in all_accounts(client)]


def transactions_in(client: Xero, *, account: str, since: str) -> JSON:
    """Money spent and received from `since` on, not reconciled, with a line on this account, such as a suspense account; at
    most 500, oldest first."""
    code, begin = account_code(client, account), _day(since).split("-")
    where = f'Status=="AUTHORISED" AND Date>=DateTime({",".join(begin)})'
    found = []
    for one in client.all("BankTransactions", where=where, order="Date ASC"):
        lies_there = any(text(line, "AccountCode") == code for line in one.get("LineItems") or [])
        if lies_there and one.get("IsReconciled") is not True and text(one, "Type") in ("SPEND", "RECEIVE"):
            found.append(shaped("BankTransactions", one))
        if len(found) == MOST:
            break
    return found
