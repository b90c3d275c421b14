"""What must be there before the first page: the hub's own secret, practice accounts, recipes. Safe to do any number of times."""

from __future__ import annotations

from app.core import hold, practice, recipes
from app.core.hub import Hub


def prepare(hub: Hub) -> None:
    """After the migration, by every process that starts."""
    warm(hub)
    recipes.sync(hub)
    practice.from_environment(hub)
    practice.prepare(hub)


def warm(hub: Hub) -> None:
    """What a process asks the database once, and must not ask for the first time within a transaction."""
    _ = hub.secret
    _ = hub.steady.now()
    hold.look(hub)
