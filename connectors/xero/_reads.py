"""Reading what a recipe about coding needs: one document, what lies on an account, and the accounts to choose from."""

from __future__ import annotations

from connectors.contract import JSON, Refused
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
