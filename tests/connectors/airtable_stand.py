"""The practice Airtable as its tests use it: what stands in its tables, and people who work in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.connectors.stand import Stand, standing

ORDERS = "apppractice000001/tblorders00000001"
CLIENTS = "apppractice000001/tblclients0000001"
COLUMNS = (
    "Name",
    "Email",
    "Amount",
    "Status",
    "Paid",
    "Notes",
    "Due",
    "Tags",
    "Files",
    "Number",
    "Client",
    "Packed",
    "Owner",
)
IDS = {name: f"fldorder{number:09}" for number, name in enumerate(COLUMNS, 1)}


@contextmanager
def airtable(**credentials: str) -> Iterator[Stand]:
    with standing("airtable", **credentials) as stand:
        yield stand


def rows(stand: Stand) -> list[dict[str, Any]]:
    """The orders, by column name, oldest first."""
    found = stand.served.control("state?slug=airtable")["record"]
    names = {cell: name for name, cell in IDS.items()}
    return [
        {"id": one["id"], **{names.get(cell, cell): value for cell, value in one["fields"].items()}}
        for one in found
        if IDS["Number"] in one["fields"]
    ]


def row(stand: Stand, name: str) -> dict[str, Any]:
    (found,) = [one for one in rows(stand) if one.get("Name") == name]
    return found


def person(stand: Stand, fields: dict[str, Any] | None, record: str = "", **more: Any) -> dict[str, Any]:
    """Somebody makes, changes or (without fields) deletes an order by hand."""
    given = {"table": "Orders", "fields": fields, "record": record, "quiet": True, **more}
    return dict(stand.served.control("airtable_person", given))


def hooks(stand: Stand) -> list[dict[str, Any]]:
    return list(stand.served.control("state?slug=airtable").get("webhook", []))
