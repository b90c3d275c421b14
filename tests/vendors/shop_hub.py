"""A hub that knows the stand-in shop: its connector's folder, its recipes switched on, and its events taken in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core import connections, intake, practice, recipes
from app.core.hub import Hub
from app.settings import Settings
from tests.durability.world import World, world
from tests.vendors.shop import SHOP, signed, task

CONNECTORS = Path(__file__).parent / "connectors"
RECIPES = Path(__file__).parent / "recipes"


def switch_on(hub: Hub, level: str = "auto") -> None:
    """Every recipe of the shop, on its practice account (made by `beginning.prepare`)."""
    for folder in sorted(path.parent for path in RECIPES.glob("*/recipe.yaml")):
        recipes.publish(hub, folder, by="a test")
        recipes.switch_on(hub, folder.name, practice=True, level=level, by="a test")


def address(hub: Hub) -> str:
    """The path that the shop's webhooks go to: /hooks/shop/<key>."""
    own = connections.get(hub, practice.connection_id(hub, "shop"))
    return "/hooks/shop/" + str(own["hook_address"]).rsplit("/", 1)[1]


@dataclass
class ShopWorld(World):
    """A world with the shop in it."""

    def task(self, do: str, ref: str = "1", **more: Any) -> str:
        """Take an event that asks for one change; returns its id."""
        body = task(do, ref, **more)
        key = address(self.hub).rsplit("/", 1)[1]
        headers = {name.lower(): value for name, value in signed(practice.token(self.hub), body).items()}
        answer = intake.receive(self.hub, "shop", key, body, headers)
        assert answer.status == 200, answer
        return str(answer.body["event"])

    def effects(self, what: str = "") -> list[dict[str, Any]]:
        """What the shop did, in order; `what`: for example "order.create"."""
        found = self.served.control("state?slug=shop").get("effect", [])
        return [line for line in sorted(found, key=lambda line: line["no"]) if what in ("", line["what"])]

    def fault(self, do: str, **more: Any) -> None:
        self.served.fault("shop", do, **more)

    def set(self, **notes: Any) -> None:
        self.served.control("settings", notes)


@contextmanager
def shop_world(settings: Settings, folder: Path) -> Iterator[ShopWorld]:
    with world(replace(settings, connectors=(CONNECTORS,)), folder, further=[SHOP], also=switch_on) as made:
        shop = ShopWorld(made.hub, made.served)
        yield shop
        made.hub = shop.hub  # a test may have put another one in its place
