"""The stand-in shop's events: one change each, of one safety class."""

from __future__ import annotations

import time
from typing import Any

from app.core import practice
from app.core.hub import Hub
from tests.faults.stand import Books
from tests.faults.stories import Delivery, Effect, sha256
from tests.vendors.shop import signed, task
from tests.vendors.shop_hub import address

SLUG = "shop"


class Tasks:
    """`do` is an action of the shop; its changes are `places` in the shop's books, the last one made by a request to `path`."""

    def __init__(self, hub: Hub, books: Books, do: str, safety: str, places: tuple[str, ...], path: str) -> None:
        self.title = f"{safety} ({do})"
        self.places, self.asks = places, safety == "opaque"
        self.books, self._do, self._path = books, do, path
        self._hook, self._secret = address(hub), practice.token(hub)

    def delivery(self, name: str, *, serial: str = "", age: int = 0) -> Delivery:
        body = task(self._do, name, serial or name.strip(".").replace(" ", "-").lower())
        return Delivery(self._hook, body, signed(self._secret, body, int(time.time()) - age))

    def fault(self, do: str, name: str = "", **more: Any) -> None:
        # The request that sends a draft holds nothing but the draft's id.
        where = {
            "method": "POST" if self._do == "mail" else "",
            "path": self._path,
            "contains": "" if self._path.endswith("/") else name,
        }
        self.books.fault(SLUG, do, **{**where, **more})

    def effects(self, after: int) -> list[Effect]:
        made = self.books.ask(f"state?slug={SLUG}").get("effect", [])
        rows = {row["no"]: row for row in self.books.ledger(SLUG, after)}
        return [_effect(line, rows[line["no"]]) for line in sorted(made, key=lambda x: x["no"]) if line["no"] in rows]

    def known(self, after: int) -> set[str]:
        return {row["id"] for row in self.books.ledger(SLUG, after, bodies=False) if row["effect"]}


def _effect(line: dict[str, Any], row: dict[str, Any]) -> Effect:
    name = line["ref"] or line["note"].removeprefix("Task ")
    return Effect(name, line["what"], line["object"], "" if line["what"] == "mail.send" else line["key"], sha256(row))


def tasks(hub: Hub, books: Books) -> list[Tasks]:
    """One story of every class, and of every kind of one that differs."""
    kinds = (
        ("order", "keyed", ("order.create",), "/orders"),
        ("parcel", "keyed", ("parcel.create",), "/parcels"),
        ("stock", "conditional", ("stock.set",), "/stock/"),
        ("note", "set", ("customer.set",), "/customers/"),
        ("mail", "staged", ("mail.create", "mail.send"), "/mails/"),
        ("ticket", "findable", ("ticket.create",), "/tickets"),
        ("message", "opaque", ("message.create",), "/messages"),
    )
    return [Tasks(hub, books, *kind) for kind in kinds]
