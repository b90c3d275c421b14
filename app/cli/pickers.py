"""What `--set` means for a setting that people pick from a live list: an id, or a pasted address, looked up at the vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.cli.speak import JSON, Failed

if TYPE_CHECKING:
    from app.core.hub import Hub
    from app.core.recipe_parts import Recipe
    from connectors.contract import Choice


def settled(
    hub: Hub, recipe: Recipe, given: Mapping[str, JSON], accounts: Mapping[str, str], *, practice: bool
) -> dict[str, JSON]:
    """The same settings with the vendor's ids. Raises Failed where the vendor knows no such thing, or several."""
    found = dict(given)
    for name, text in given.items():
        slug, _, lookup = recipe.settings[name].type.partition(".")
        account = accounts.get(slug) or _only(hub, slug, practice=practice)
        if lookup and text and account and hub.connectors[slug].lookups[lookup].resolve:
            found[name] = _id(hub, account, lookup, name, str(text))
    return found


def _id(hub: Hub, account: str, lookup: str, name: str, text: str) -> str:
    from app.core import connections
    from app.core.opening import NotConnected
    from connectors.contract import ConnectorError

    try:
        choices = connections.resolve(hub, account, lookup, text)
    except (ConnectorError, NotConnected) as problem:
        raise Failed(f"--set {name}: {problem}") from None
    if len(choices) == 1:
        return choices[0].id
    raise Failed(f"--set {name}: {_which(choices)}")


def _which(choices: list[Choice]) -> str:
    if not choices:
        return "nothing was found there. Give the address of something that is shared with Patchbay."
    return "it holds several; give one of " + ", ".join(f"{one.id} ({one.label})" for one in choices) + "."


def _only(hub: Hub, slug: str, *, practice: bool) -> str:
    """The account that a recipe takes by itself: the only one of its kind, or ""."""
    from app.core import connections

    mine = [c["id"] for c in connections.listing(hub) if c["slug"] == slug and bool(c["practice"]) == practice]
    return mine[0] if len(mine) == 1 else ""
