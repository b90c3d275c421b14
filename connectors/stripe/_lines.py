"""The lines of invoices. https://docs.stripe.com/api/invoices/add_lines and https://docs.stripe.com/api/invoiceitems"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.contract import JSON, Call, Refused
from connectors.stripe._client import KEY, Stripe, found_or_none, gone_is_as_good, page_of, segment
from connectors.stripe._money import code, counted, shown

MOST = 250  # lines of one invoice


def lines_of(client: Stripe, invoice: str) -> Iterator[dict[str, JSON]]:
    """All lines, as the invoice itself shows only the first ten."""
    return client.all(f"/v1/invoices/{segment(invoice)}/lines")


def readable(lines: JSON, currency: str) -> list[dict[str, JSON]]:
    """[{"description", "amount": "125.00"}], each amount written in full. `amount` is that of the whole line.

    Raises `Refused` for anything else, in words that say which line.
    """
    if not isinstance(lines, list) or len(lines) > MOST:
        raise Refused(f"The lines of an invoice are a list of at most {MOST} entries with a description and an amount.")
    return [_line(number, one, currency) for number, one in enumerate(lines, 1)]


def _line(number: int, one: JSON, currency: str) -> dict[str, JSON]:
    if not isinstance(one, dict) or set(one) != {"description", "amount"} or not str(one["description"]).strip():
        raise Refused(f"Line {number} of the invoice needs a description and an amount, and nothing else.")
    try:
        amount = shown(counted(one["amount"], currency), currency)
    except Refused as problem:
        raise Refused(f"Line {number} of the invoice: {problem}") from problem
    return {"amount": amount, "description": str(one["description"]).strip()[:500]}


# --- all lines of a draft at once -------------------------------------------------------------------------------------


def add_lines(
    client: Stripe, key: str, *, invoice: str, currency: str, lines: Sequence[dict[str, JSON]]
) -> dict[str, JSON]:
    """From prepared lines. They belong to this invoice from the start: an item without one would land on the next bill."""
    counted_lines = [{**one, "amount": counted(one["amount"], currency), "metadata": {KEY: key}} for one in lines]
    made = client.post(f"/v1/invoices/{segment(invoice)}/add_lines", key, {"lines": counted_lines})
    return {"id": invoice, "url": page_of(client, "invoices", invoice), "status": made.get("status") or ""}


def find_lines(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    which = arguments["invoice"]
    if found_or_none(client, f"/v1/invoices/{segment(which)}") is None:
        return []
    there = any((one.get("metadata") or {}).get(KEY) == key for one in lines_of(client, which))
    return [{"id": which, "url": page_of(client, "invoices", which)}] if there else []


# --- one more line ----------------------------------------------------------------------------------------------------


def add_invoice_line(
    client: Stripe, key: str, *, customer: str, invoice: str, currency: str, amount: str, description: str
) -> dict[str, JSON]:
    """A line more on a draft, `amount` for the whole line like "125.00"."""
    unit = code(currency)
    body = {
        "amount": counted(amount, unit),
        "currency": unit,
        "customer": customer,
        "description": description.strip()[:500],
        "invoice": invoice,
        "metadata": {KEY: key},
    }
    return _result(client, client.post("/v1/invoiceitems", key, body))


def _result(client: Stripe, item: dict[str, JSON]) -> dict[str, JSON]:
    invoice = str(item.get("invoice") or "")
    return {"id": item["id"], "url": page_of(client, "invoices", invoice), "invoice": invoice}


def find_line(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    listed = client.all("/v1/invoiceitems", {"invoice": arguments["invoice"]})
    return [_result(client, one) for one in listed if (one.get("metadata") or {}).get(KEY) == key]


def line_changed(client: Stripe, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Nothing to protect where the line, or the whole draft, is gone or void."""
    now = found_or_none(client, f"/v1/invoiceitems/{segment(made['id'])}")
    invoice = found_or_none(client, f"/v1/invoices/{segment(arguments['invoice'])}")
    if now is None or invoice is None or invoice.get("status") == "void":
        return None
    if invoice.get("status") != "draft":
        return f"The invoice {invoice.get('number') or ''} is final by now, so its lines stay as they are."
    ours = (counted(arguments["amount"], code(arguments["currency"])), arguments["description"].strip()[:500])
    return None if (now.get("amount"), now.get("description")) == ours else "Somebody has changed this line since."


def line_back(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("remove_invoice_line", {"line": made["id"], "invoice": arguments["invoice"]})


def how_to_remove(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    invoice = found_or_none(client, f"/v1/invoices/{segment(arguments['invoice'])}")
    void = invoice is not None and invoice.get("status") == "void"
    return {**arguments, "how": "note" if void else "delete"}


def remove_invoice_line(client: Stripe, key: str, *, line: str, invoice: str, how: str = "delete") -> dict[str, JSON]:
    """Of a draft it is deleted; a void invoice keeps its lines and gets a note."""
    if how == "note":
        client.post(f"/v1/invoices/{segment(invoice)}", key, {"metadata": {f"{KEY}_undone": key}})
        return {"id": line, "url": page_of(client, "invoices", invoice)}
    gone_is_as_good(client, f"/v1/invoiceitems/{segment(line)}")
    return {"id": line, "url": page_of(client, "invoices", invoice)}


def find_removed(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    done = [{"id": arguments["line"], "url": page_of(client, "invoices", arguments["invoice"])}]
    if arguments.get("how") == "note":
        invoice = found_or_none(client, f"/v1/invoices/{segment(arguments['invoice'])}") or {}
        return done if (invoice.get("metadata") or {}).get(f"{KEY}_undone") == key else []
    return [] if found_or_none(client, f"/v1/invoiceitems/{segment(arguments['line'])}") else done


def line_there(client: Stripe, arguments: dict[str, JSON]) -> JSON:
    return found_or_none(client, f"/v1/invoiceitems/{segment(arguments['line'])}") is not None
