"""A whole hub with one recipe on the practice account of a connector: catch up, run, lose an answer, undo, reconnect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core import connections, polling, practice, recipes, undo
from app.settings import Settings
from tests.durability.world import World, world


@contextmanager
def hub(settings: Settings, folder: Path, when: str, event: Mapping[str, Any], steps: list[Any]) -> Iterator[World]:
    """`event` is the body of such an event; `steps` as in a recipe (JSON is YAML)."""
    with world(settings, folder / "practice") as made:
        place = folder / "told"
        place.mkdir()
        recipe = {"recipe": "told", "title": "Told", "purpose": "A test.", "when": when, "steps": steps}
        (place / "recipe.yaml").write_text(json.dumps(recipe))
        writes = [{"action": step["do"]} for step in steps if "do" in step]
        case = {"name": "It writes", "event": event, "expect": {"writes": writes}}
        (place / "cases.yaml").write_text(json.dumps([case]))
        recipes.publish(made.hub, place, by="a test")
        recipes.switch_on(made.hub, "told", practice=True, by="a test")
        yield made


@contextmanager
def with_recipe(settings: Settings, folder: Path, recipe: Path) -> Iterator[World]:
    """With a recipe of `tests/connectors/recipes`, which does what it says without asking."""
    with world(settings, folder / "practice") as made:
        recipes.publish(made.hub, recipe, by="a test")
        recipes.switch_on(made.hub, recipe.name, practice=True, level="auto", by="a test")
        yield made


def catch_up(here: World, slug: str) -> list[str]:
    """One round of this connection's polls, as if its webhook had rung. Returns the ids of new events."""
    here.skip(1_000_000)
    return due(here, slug)


def due(here: World, slug: str) -> list[str]:
    """Those of its polls whose time has come."""
    mine = [one for one in polling.due(here.hub) if one[0] == here.connection(slug)]
    return [event for one in mine for event in polling.poll(here.hub, *one)]


def take_back(here: World, run: str) -> None:
    undo.start(here.hub, run, by="Ana")
    here.work()


def change_credentials(here: World, slug: str, **credentials: str) -> dict[str, Any]:
    """The connection with other credentials; raises what a person would read."""
    return connections.change(here.hub, here.connection(slug), credentials, by="Ana")


def own_token(here: World) -> str:
    return practice.token(here.hub)
