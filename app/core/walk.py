"""The order in which a recipe's steps happen. What a step does is the business of the hands it is walked with:
the engine's are durable, a rehearsal's only draw, a case's answer from the case file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.recipe import Recipe, Step
from connectors.contract import JSON

MOST_ITEMS = 500  # of one for_each
MOST_ENTRIES = 1000  # of one run


class TooMuch(Exception):
    """The recipe would do more in one run than this hub allows."""


class Hands(Protocol):
    """Does the steps. `item` is "0" for a plain step, else the place in the list."""

    def ask(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON: ...

    def do(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON: ...

    def wait(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON: ...

    def skip(self, step: Step) -> None: ...

    def known(self, step: Step, item: str) -> tuple[bool, JSON]:
        """(True, value) when this was done before and its value stands."""


def walk(recipe: Recipe, scope: dict[str, Any], hands: Hands) -> dict[str, Any]:
    """Take the steps in order; returns the scope with every step's value (None for a skipped one)."""
    entries = 0
    for step in recipe.steps:
        if step.condition is not None and not step.condition.holds(scope):
            hands.skip(step)
            scope[step.id] = None
            continue
        items = _items(step, scope)
        entries += len(items)
        if entries > MOST_ENTRIES:
            raise TooMuch(
                f"This run would take more than {MOST_ENTRIES} entries. Split the recipe, or filter the list earlier"
            )
        values = [_one(step, str(n), item_scope, hands) for n, item_scope in enumerate(items)]
        scope[step.id] = values if step.each is not None else values[0]
    return scope


def _one(step: Step, item: str, scope: Mapping[str, JSON], hands: Hands) -> JSON:
    is_known, value = hands.known(step, item)
    if is_known:
        return value
    act = {"ask": hands.ask, "do": hands.do, "wait": hands.wait}[step.kind]
    return act(step, item, scope)


def _items(step: Step, scope: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    if step.each is None:
        return [scope]
    found = step.each.render(scope)
    if found is None or found == "":
        found = []
    if not isinstance(found, list):
        raise TooMuch(f"`for_each` of step `{step.id}` is not a list")
    if len(found) > MOST_ITEMS:
        raise TooMuch(f"`for_each` of step `{step.id}` has {len(found)} entries; at most {MOST_ITEMS} are allowed")
    return [{**scope, "item": item, "index": n} for n, item in enumerate(found)]
