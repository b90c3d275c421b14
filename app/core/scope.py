"""What a recipe's templates see: the event, the settings, the house, and later each step's value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.core import house
from app.core.hub import Hub
from app.core.recipe import Recipe
from app.core.stops import Failed
from app.core.work import Work
from app.db.models import events, users
from connectors.contract import JSON, Connector, Trigger

_SEEN = select(events.c.kind, events.c.body).where(events.c.id == bindparam("which"))
_NAMES = select(users.c.name).where(users.c.state == "active").order_by(users.c.made_at)


def trigger_of(hub: Hub, kind: str) -> Trigger | None:
    """`kind` with its slug: "zoom.meeting.summary_completed"."""
    slug, _, name = kind.partition(".")
    connector = hub.connectors.get(slug)
    return next((t for t in connector.triggers if t.kind == name), None) if connector else None


def trigger_for(connectors: Mapping[str, Connector], recipe: Recipe, zone: str = "UTC") -> Trigger | None:
    """What starts a recipe: an event of a connector, or a time, in `zone` unless the recipe names one."""
    if recipe.schedule is not None:
        return recipe.schedule.trigger(zone)
    slug, _, kind = recipe.trigger.partition(".")
    return next((t for t in connectors[slug].triggers if t.kind == kind), None) if slug in connectors else None


def people(conn: Connection, practice: bool) -> list[str]:
    """Names a to-do may be given to: the house's list, and everybody who signs in here."""
    if practice:
        return list(house.get(conn, "practice_people", []))
    names = list(house.get(conn, "people", []))
    signed = conn.execute(_NAMES).scalars()
    return list(dict.fromkeys([*names, *(n for n in signed if n)]))


def make(
    recipe: Recipe, event: Mapping[str, JSON], settings: Mapping[str, JSON], names: list[str], today: str = ""
) -> dict[str, Any]:
    """The scope at the start of a run. Settings that nobody filled in have their defaults, else None."""
    filled = {name: settings.get(name, s.default) for name, s in recipe.settings.items()}
    return {
        "event": dict(event),
        "settings": filled,
        "house": {"people": names, "today": today or datetime.now(UTC).strftime("%Y-%m-%d")},
    }


def scope_of(work: Work) -> dict[str, Any]:
    """The same for a claimed run: as things were when it began."""
    given = work.given
    if work.claim.event is not None:
        event = work.claim.event
    else:
        event = event_of(work.hub, work.run["event"]) if work.run["event"] else given["event"]
    return make(work.recipe, event, given["settings"], given["people"], given["today"])


def event_of(hub: Hub, event_id: str) -> dict[str, JSON]:
    """A stored event in the shape recipes see. Raises Failed when what came in was removed because of its age."""
    with hub.db.read() as conn:
        return event_in(conn, hub, event_id)


def event_in(conn: Connection, hub: Hub, event_id: str) -> dict[str, JSON]:
    """The same within a transaction."""
    row = conn.execute(_SEEN, {"which": event_id}).one()
    trigger = trigger_of(hub, row.kind)
    if row.body is None:
        raise Failed("What came in was removed because of its age")
    body = hub.vault.open(row.body, f"events:{event_id}:body")
    return trigger.shape(body) if trigger else {}
