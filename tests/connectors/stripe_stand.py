"""The practice Stripe on loopback, a connection opened to it through the real door, and writes as the gate makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.http import Door, Request
from app.practice.serve import Served
from connectors.stripe import connector
from connectors.stripe._client import Stripe

SAMPLES = Path(__file__).parent / "samples" / "stripe"
LINES = [
    {"description": "Consulting, October", "amount": "100.00"},
    {"description": "Train tickets", "amount": "25.50"},
]


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def changed(name: str, /, **about: Any) -> bytes:
    """A sample with other values in its object."""
    document = json.loads(sample(name))
    document["data"]["object"].update(about)
    return json.dumps(document).encode()


@dataclass
class Shop:
    """One opened connection; `do` makes a change as the gate does: drawn first, then let out, the same bytes."""

    served: Served
    door: Door
    client: Stripe

    def do(self, name: str, key: str = "hub-1", /, **arguments: Any) -> Any:
        action = connector.actions[name]
        prepared = action.prepare(self.client, arguments) if action.prepare else arguments
        result = self.send(name, key, prepared)
        for call in action.after(prepared, result) if action.after else []:
            self.send(call.action, f"{key}-after", call.arguments)
        return result

    def draw(self, name: str, key: str, arguments: dict[str, Any]) -> Request:
        return self.door.draw(lambda: connector.actions[name].run(self.client, key, **arguments))

    def send(self, name: str, key: str, arguments: dict[str, Any]) -> Any:
        backwards = dict(reversed(arguments.items()))  # a journal may give the names back in any order
        request = self.draw(name, key, arguments)
        assert self.draw(name, key, backwards) == request
        with self.door.sending(request):
            return connector.actions[name].run(self.client, key, **arguments)

    def read(self, name: str, /, **arguments: Any) -> Any:
        return connector.actions[name].run(self.client, **arguments)

    def find(self, name: str, key: str, /, **arguments: Any) -> Any:
        find = connector.actions[name].find
        assert find
        return find(self.client, key, arguments)

    def undo(self, name: str, arguments: dict[str, Any], result: Any, before: Any = None) -> str | None:
        """Takes a write back as the hub does; returns why not."""
        undo = connector.actions[name].undo
        assert undo
        if why := undo.changed(self.client, arguments, result, 0):
            return why
        call = undo.call(arguments, result, before)
        self.do(call.action, f"hub-undo-{result['id']}-{name}", **call.arguments)
        return None

    def set(self, **notes: Any) -> None:
        self.served.control("settings", notes)

    def command(self, name: str, /, **given: Any) -> Any:
        return self.served.control(f"stripe_{name}", given)

    def effects(self, what: str = "") -> list[str]:
        return [one["effect"] for one in self.served.effects("stripe", what)]


def door(served: Served) -> Door:
    return Door({"api": f"{served.url}/stripe"}, seconds=5, public_only=False)


def opened(served: Served, key: str = "") -> Shop:
    way = door(served)
    return Shop(served, way, connector.open({"key": key or f"rk_test_{served.token}"}, way))


@contextmanager
def standing() -> Iterator[Shop]:
    with Served(limits=False) as served:
        yield opened(served)


# --- what recipes would give ---


DRAFT: dict[str, Any] = {"customer": "cus_ann", "currency": "usd", "lines": LINES, "description": "October"}


def draft(shop: Shop, key: str = "hub-1", **more: Any) -> Any:
    return shop.do("create_invoice", key, **{**DRAFT, **more})


def arguments_of_line(invoice: str) -> dict[str, Any]:
    return {"customer": "cus_ann", "invoice": invoice, "amount": "9.99", "currency": "usd", "description": "Stamps"}
