"""Numbers for the pages: what runs, what waits, what was done, by recipe and in all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app.core.hub import Hub
from app.db.models import events, reviews, runs

WAITING = ("later", "waiting")


def by_recipe(hub: Hub) -> dict[str, dict[str, int]]:
    """recipe → waiting (runs), last_run_at (ms)."""
    last = select(runs.c.recipe, func.max(runs.c.made_at)).group_by(runs.c.recipe)
    waits = select(runs.c.recipe, func.count()).where(runs.c.state.in_(WAITING)).group_by(runs.c.recipe)
    with hub.db.read() as conn:
        found = {str(slug): {"last_run_at": int(at), "waiting": 0} for slug, at in conn.execute(last)}
        for slug, count in conn.execute(waits):
            found[str(slug)]["waiting"] = int(count)
    return found


def by_state(hub: Hub, *, practice: bool | None = None) -> dict[str, int]:
    """state → runs; `practice` picks one side."""
    query = select(runs.c.state, func.count()).group_by(runs.c.state)
    if practice is not None:
        query = query.where(runs.c.practice == practice)
    with hub.db.read() as conn:
        return {str(state): int(count) for state, count in conn.execute(query)}


def done_by_recipe(hub: Hub) -> dict[str, int]:
    """recipe → runs on real accounts that came to their end and wrote something."""
    mine = (runs.c.state == "done") & ~runs.c.practice & (runs.c.level != "rehearse")
    query = select(runs.c.recipe, func.count()).where(mine).group_by(runs.c.recipe)
    with hub.db.read() as conn:
        return {str(slug): int(count) for slug, count in conn.execute(query)}


def stopped(hub: Hub, days: int = 7) -> dict[str, Any]:
    """Runs on real accounts that stopped lately and nobody tried again: count, last_at (ms), last (id of the newest)."""
    mine = (runs.c.state == "failed") & ~runs.c.practice & (runs.c.made_at > hub.now() - days * 86_400_000)
    query = select(runs.c.id, runs.c.ended_at).where(mine).order_by(runs.c.ended_at.desc())
    with hub.db.read() as conn:
        rows = conn.execute(query).all()
    return {"count": len(rows), "last_at": rows[0][1] if rows else 0, "last": rows[0][0] if rows else ""}


def open_reviews(hub: Hub) -> int:
    with hub.db.read() as conn:
        return int(conn.execute(select(func.count()).where(reviews.c.state == "open")).scalar_one())


def event_way(hub: Hub, event_id: str) -> dict[str, Any] | None:
    """How far an event has come: state, error, received_at, run (id of the newest run it started, or None)."""
    query = select(events.c.state, events.c.error, events.c.received_at).where(events.c.id == event_id)
    newest = select(runs.c.id).where(runs.c.event == event_id).order_by(runs.c.id.desc()).limit(1)
    with hub.db.read() as conn:
        row = conn.execute(query).mappings().first()
        return {**row, "run": conn.execute(newest).scalar()} if row else None
