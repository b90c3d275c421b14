"""The times that are waited for: one row per recipe with a schedule and set of accounts, with the instant that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select

from app.core import audit, hold, house, schedule, zones
from app.core.hub import Hub
from app.core.recipe import Recipe
from app.core.statements import change, upsert
from app.db.models import schedules

_UTC = "UTC"
_BY_ID = select(schedules).where(schedules.c.id == bindparam("which"))
_DUE = (
    select(schedules)
    .where(schedules.c.next_at.is_not(None), schedules.c.next_at <= bindparam("now"), ~schedules.c.paused)
    .where(hold.is_off())
    .order_by(schedules.c.next_at)
    .limit(50)
)


@dataclass(frozen=True)
class Coming:
    """When a recipe begins next, ms UTC; None while it is paused or off."""

    next_at: int | None
    last_at: int | None
    paused: bool


def id_of(slug: str, practice: bool) -> str:
    return f"{slug}:{'practice' if practice else 'real'}"


def house_zone(conn: Connection) -> str:
    return str(house.get(conn, "zone", _UTC))


def keep(conn: Connection, hub: Hub, recipe: Recipe, practice: bool) -> None:
    """Wait for this recipe's times, in the transaction that switches it on or publishes it.

    What was the same before goes on as it was; new times, and those of a recipe that was off, count from now.
    """
    which = id_of(recipe.slug, practice)
    when = recipe.schedule
    if when is None:
        conn.execute(delete(schedules).where(schedules.c.id == which))
        return
    before = conn.execute(_BY_ID, {"which": which}).mappings().first()
    own = {
        "recipe": recipe.slug,
        "spec": when.cron,
        "zone": when.zone,
        "catch_up": when.catch_up,
        "window": when.window,
    }
    same = before is not None and all(before[name] == own[name] for name in ("spec", "zone"))
    if before is None or not same or before["next_at"] is None:
        own["next_at"] = schedule.next_after(when.cron, when.zone or house_zone(conn), hub.now())
    upsert(conn, schedules, {"id": which}, own)


def leave(conn: Connection, slug: str, practice: bool) -> None:
    """The recipe was switched off: nothing is waited for, and nothing of this time is made good later."""
    change(conn, schedules, {"id": id_of(slug, practice)}, next_at=None)


def coming(hub: Hub, slug: str, practice: bool) -> Coming | None:
    """None where no time is waited for."""
    with hub.db.read() as conn:
        row = conn.execute(_BY_ID, {"which": id_of(slug, practice)}).mappings().first()
    if row is None:
        return None
    return Coming(None if row["paused"] else row["next_at"], row["last_at"], bool(row["paused"]))


def pause(hub: Hub, slug: str, *, practice: bool = False, by: str = "") -> None:
    """Begin nothing until it is resumed. Raises LookupError."""
    _change(hub, slug, practice, by, "paused the times of", lambda conn, row: {"paused": True})


def resume(hub: Hub, slug: str, *, practice: bool = False, by: str = "") -> None:
    """Go on with the next time from now; those of the pause are left out. Raises LookupError."""

    def anew(conn: Connection, row: RowMapping) -> dict[str, Any]:
        return {"paused": False, "next_at": row["next_at"] and _next(conn, row, hub.now())}

    _change(hub, slug, practice, by, "resumed the times of", anew)


def _change(hub: Hub, slug: str, practice: bool, by: str, what: str, values: Any) -> None:
    def save(conn: Connection) -> None:
        row = conn.execute(_BY_ID.with_for_update(), {"which": id_of(slug, practice)}).mappings().first()
        if row is None:
            raise LookupError(
                f"{slug} waits for no time. Only a recipe that begins at times, and was switched on, does"
            )
        change(conn, schedules, {"id": row["id"]}, **values(conn, row))
        audit.add(conn, hub, by, what, f"recipe:{slug}", {"practice": practice})

    hub.db.write(save)


def _next(conn: Connection, row: RowMapping, after: int) -> int:
    return schedule.next_after(row["spec"], row["zone"] or house_zone(conn), after)


def set_house_zone(hub: Hub, name: str, *, by: str = "") -> None:
    """The zone of every recipe that names none. Raises ValueError with a sentence."""
    zones.zone(name)

    def save(conn: Connection) -> None:
        house.put(conn, "zone", name)
        mine = select(schedules).where(schedules.c.zone == "", schedules.c.next_at.is_not(None))
        for row in conn.execute(mine).mappings().all():
            change(conn, schedules, {"id": row["id"]}, next_at=_next(conn, row, hub.now()))
        audit.add(conn, hub, by, "chose the time zone", "house", {"zone": name})

    hub.db.write(save)


# --- for the clock ----------------------------------------------------------------------------------------------------


def due(hub: Hub) -> list[RowMapping]:
    """Schedules whose next instant has come, by the wall clock."""
    with hub.db.read() as conn:
        return list(conn.execute(_DUE, {"now": hub.now()}).mappings())


def turn_back(hub: Hub) -> None:
    """The wall clock went back: wait for the next instant from now. What began ahead of its time has its run already, and its
    start key sees to it that there is no second one."""

    def save(conn: Connection) -> None:
        waited = select(schedules).where(schedules.c.next_at.is_not(None)).with_for_update()
        for row in conn.execute(waited).mappings().all():
            change(conn, schedules, {"id": row["id"]}, next_at=min(row["next_at"], _next(conn, row, hub.now())))

    hub.db.write(save)
