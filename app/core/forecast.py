"""When each connection will end if nobody does anything, why, and which recipes hang on it.

What the vendors document is data in their connectors (`Life`, `Subscription.days`); what their answers said is stored with the
connection. What the hub renews by itself is averted for as long as renewing works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from app.core import recipes
from app.core.hub import Hub
from app.core.recipes import Switch
from app.db.models import connections, polls
from connectors.contract import Connector

DAY = 86_400_000  # ms
WARN, URGENT = 7, 2  # days ahead
_WORKS = 2 * DAY  # renewed within this time: the daily renewal works


@dataclass(frozen=True)
class End:
    """Something that will end a connection. `averted`: not as long as this hub runs."""

    at: int  # ms UTC
    why: str
    averted: bool = False


@dataclass(frozen=True)
class Forecast:
    """`at` and `days`: until the first end that is not averted, else the first of all; None where none is known. `tone`:
    good, warn (a week ahead) or bad (two days ahead, or ended). `words` are whole sentences."""

    at: int | None = None
    days: int | None = None
    averted: bool = True
    tone: str = "good"
    words: str = ""
    recipes: tuple[str, ...] = field(default=())


def read(hub: Hub) -> dict[str, Forecast]:
    """The forecast of every connection that was not removed, by its id."""
    with hub.db.read() as conn:
        rows = conn.execute(select(connections).where(connections.c.state != "removed")).mappings().all()
        hooks = _hooks(conn)
        switches = recipes.all_on(conn)
    titles = {switch.slug: _title(hub, switch.slug) for switch in switches}
    known = [row for row in rows if row["slug"] in hub.connectors]
    return {row["id"]: _forecast(hub, row, hooks.get(row["id"]), _hanging(row, switches, titles)) for row in known}


def _hooks(conn: Connection) -> dict[str, RowMapping]:
    found = conn.execute(select(polls).where(polls.c.kind == "webhooks")).mappings()
    return {str(row["connection"]): row for row in found}


def _hanging(row: RowMapping, switches: list[Switch], titles: Mapping[str, str]) -> tuple[str, ...]:
    """The titles of the recipes that are switched on and use this connection."""
    slugs = {switch.slug for switch in switches if row["id"] in switch.connections.values()}
    return tuple(sorted(titles[slug] for slug in slugs))


def _title(hub: Hub, slug: str) -> str:
    found = recipes.get(hub, slug).recipe
    return found.title if found else slug


def _forecast(hub: Hub, row: RowMapping, hook: RowMapping | None, hanging: tuple[str, ...]) -> Forecast:
    connector, now = hub.connectors[row["slug"]], hub.now()
    if row["state"] == "reconnect":
        return Forecast(now, 0, averted=False, tone="bad", words=f"It has ended. {_stops(hanging)}", recipes=hanging)
    ends = sorted(_ends(hub, row, connector, hook), key=lambda end: (end.averted, end.at))
    if not ends:
        return Forecast(words="Nothing is known that would end it by itself.", recipes=hanging)
    first = ends[0]
    days = max((first.at - now) // DAY, 0)
    if first.averted:
        words = f"It stays connected by itself. If this hub stood still, it would end on {day(first.at)}: {first.why}."
        return Forecast(first.at, days, words=words, recipes=hanging)
    act = "Sign in again" if row["consented_at"] else "Renew it"
    words = f"{act} before {day(first.at)}: {first.why}. {_stops(hanging)}"
    tone = "bad" if days < URGENT else "warn" if days < WARN else "good"
    return Forecast(first.at, days, averted=False, tone=tone, words=words, recipes=hanging)


def _ends(hub: Hub, row: RowMapping, connector: Connector, hook: RowMapping | None) -> list[End]:
    found, title = [], connector.title
    if row["ends_at"]:
        found.append(End(row["ends_at"], f"{title} ends each sign-in after a time, whatever happens"))
    renews = bool(row["renewed_at"])
    if row["idle_until"]:
        works = renews and not row["refresh_error"] and row["renewed_at"] > hub.now() - _WORKS
        why = "tokens that nobody renews die" if works else row["refresh_error"] or "its tokens were not renewed lately"
        found.append(End(row["idle_until"], why.rstrip("."), averted=works))
    if row["consented_at"] and not renews and row["expires_at"]:
        found.append(End(row["expires_at"], f"{title} gave no way to renew this sign-in"))
    return [*found, *_hook_end(hub, connector, hook)]


def _hook_end(hub: Hub, connector: Connector, hook: RowMapping | None) -> list[End]:
    """Webhooks that live for some days and are renewed by the clock. After one that failed it is not known which day."""
    how = connector.hook.subscription if connector.hook else None
    if how is None or how.days is None or hook is None or hook["error"] or not hook["next_at"]:
        return []
    ahead = hook["next_at"] - hub.steady.now() - int(how.every * 1000)  # since the last time, at most 0
    why = f"{connector.title} ends webhooks that nobody renews"
    return [End(hub.now() + ahead + int(how.days * DAY), why, averted=True)]


def _stops(hanging: tuple[str, ...]) -> str:
    if not hanging:
        return "No recipe uses it."
    named = ", ".join(f"“{title}”" for title in hanging[:3])
    more = f" and {len(hanging) - 3} more" if len(hanging) > 3 else ""
    return f"Then {named}{more} {'stops' if len(hanging) == 1 else 'stop'} until it works again."


def day(ms: int) -> str:
    """5 March 2027 (UTC)."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%-d %B %Y")


def plain(found: Forecast) -> dict[str, Any]:
    return {**found.__dict__, "recipes": list(found.recipes)}
