"""Reading what a recipe about coding needs: one document, and the accounts among which one is chosen."""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import JSON, Choice, Refused
from connectors.quickbooks._client import Books, quoted, ref
from connectors.quickbooks._coding import there
from connectors.quickbooks._documents import _day
from connectors.quickbooks._names import active, chosen, title
from connectors.quickbooks._notes import ENTITIES
from connectors.quickbooks._shapes import shaped

MOST = 500


def read_record(client: Books, *, kind: str, id: str) -> JSON:
    """A purchase, bill, invoice, customer or vendor, as events show them."""
    entity = ENTITIES.get(kind.strip().lower())
    if entity is None:
        raise Refused(f"There is no “{kind[:40]}” to read. There is {', '.join(ENTITIES)}.")
    return shaped(entity, there(client, entity, id))


def lookup(entity: str) -> Callable[[Books, str], list[Choice]]:
    """Fills a picker with the latest documents: number, date, who, and how much."""

    def choices(client: Books, query: str) -> list[Choice]:
        found = client.get("query", query=f"SELECT * FROM {entity} ORDERBY TxnDate DESC MAXRESULTS 100")  # noqa: S608 (no database, fixed names)
        named = [_choice(entity, one) for one in found["QueryResponse"].get(entity, [])]
        return [choice for choice in named if query.strip().lower() in choice.label.lower()]

    return choices


def resolver(entity: str) -> Callable[[Books, str], list[Choice]]:
    """What a number, or the address of the document's page, means. Raises `Refused`."""

    def choices(client: Books, text: str) -> list[Choice]:
        return [_choice(entity, there(client, entity, text.rpartition("txnId=")[2].partition("&")[0]))]

    return choices


def _choice(entity: str, thing: dict[str, JSON]) -> Choice:
    one = shaped(entity, thing)
    who = one.get("payee") or one.get("vendor") or next((line["description"] for line in one["lines"]), "")
    return Choice(one["id"], " ".join(part for part in (one["date"], one["number"], who, one["total"]) if part))


def list_accounts(client: Books) -> JSON:
    """All accounts on which something can be coded: id, name, number and type."""
    return [
        {
            "id": str(one["Id"]),
            "name": title("account", one),
            "number": str(one.get("AcctNum") or ""),
            "type": str(one.get("AccountType") or ""),
        }
        for one in active(client, "account")
    ]


def purchases_in(client: Books, *, account: str, since: str) -> JSON:
    """Purchases from `since` on with a line on this account, such as Uncategorized Expense; oldest first, at most 500."""
    parked = chosen(client, "account", account)
    where = f"TxnDate >= {quoted(_day(since))}"
    found = []
    for one in client.query("Purchase", where, "TxnDate"):
        if any(ref((line.get(str(line.get("DetailType"))) or {}).get("AccountRef")) == parked for line in one["Line"]):
            found.append(shaped("Purchase", one))
        if len(found) == MOST:
            break
    return found
