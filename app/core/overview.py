"""Numbers for the pages: what runs, what waits, what was done, by recipe and in all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, text

from app.core.hub import Hub
from app.core.paging import beside, count, newest
from app.db.models import AT_WORK, RESTING, events, literally, recipes, reviews, runs

WAITING = ("later", "waiting")
MANY_STOPPED = 100
_DAY = 86_400_000  # ms
_RESTS = runs.c.state.in_(literally(RESTING))  # in the words of the indexes of runs that are not done
_AT_WORK = runs.c.state.in_(literally(AT_WORK))


def by_recipe(hub: Hub) -> dict[str, dict[str, int]]:
    """recipe → waiting (runs), last_run_at (ms); recipes that have run."""
    slugs = select(recipes.c.slug).distinct().subquery()
    newest_ = select(runs.c.made_at).where(runs.c.recipe == slugs.c.slug).order_by(runs.c.id.desc()).limit(1)
    waits = select(runs.c.recipe, func.count()).where(runs.c.state.in_(WAITING), _RESTS).group_by(runs.c.recipe)
    with hub.db.read() as conn:
        last = conn.execute(select(slugs.c.slug, newest_.scalar_subquery()))
        found = {str(slug): {"last_run_at": int(at), "waiting": 0} for slug, at in last if at}
        for slug, number in conn.execute(waits):
            found.setdefault(str(slug), {"last_run_at": 0, "waiting": 0})["waiting"] = int(number)
    return found


def by_state(hub: Hub, *states: str) -> dict[str, int]:
    """state → runs in it, each counted up to `paging.MANY`; all states but "done" if none is named. Without those of 0."""
    with hub.db.read() as conn:
        found = {state: _in_state(conn, state) for state in states or dict.fromkeys((*AT_WORK, *RESTING))}
    return {state: number for state, number in found.items() if number}


def _in_state(conn: Connection, state: str) -> int:
    few = _RESTS if state in RESTING else _AT_WORK
    return count(conn, select(runs.c.id).where(runs.c.state == state, few))


def done_by_recipe(hub: Hub, days: int = 7) -> dict[str, int]:
    """recipe → runs on real accounts that came to their end and wrote something, in the last days."""
    # in the words of their index, which has no recipe to go by
    mine = text("state = 'done' and not practice and level <> 'rehearse'"), runs.c.ended_at > hub.now() - days * _DAY
    slug = beside(runs.c.recipe)
    with hub.db.read() as conn:
        rows = conn.execute(select(slug, func.count()).where(*mine).group_by(slug))
        return {str(slug): int(number) for slug, number in rows}


def was_tried(hub: Hub, slug: str) -> bool:
    """Whether the recipe has lately come to its end between practice accounts."""
    lately = select(runs.c.practice, runs.c.state).where(runs.c.recipe == slug).order_by(runs.c.id.desc()).limit(100)
    with hub.db.read() as conn:
        return any(row.practice and row.state == "done" for row in conn.execute(lately))


def stopped(hub: Hub, days: int = 7) -> dict[str, Any]:
    """Runs on real accounts that stopped lately and nobody tried again: count (up to MANY_STOPPED), last_at (ms), last (id)."""
    mine = (runs.c.state == "failed", _RESTS, ~runs.c.practice)
    query = newest(
        select(runs.c.id, runs.c.ended_at).where(*mine), runs.c.id, MANY_STOPPED, since=hub.now() - days * _DAY
    )
    with hub.db.read() as conn:
        rows = conn.execute(query).all()
    return {"count": len(rows), "last_at": rows[0][1] if rows else 0, "last": rows[0][0] if rows else ""}


def open_reviews(hub: Hub) -> int:
    """Counted up to `paging.MANY`."""
    with hub.db.read() as conn:
        return count(conn, select(reviews.c.id).where(reviews.c.state == "open"))


def event_way(hub: Hub, event_id: str) -> dict[str, Any] | None:
    """How far an event has come: state, error, received_at, run (id of the newest run it started, or None)."""
    query = select(events.c.state, events.c.error, events.c.received_at).where(events.c.id == event_id)
    newest = select(runs.c.id).where(runs.c.event == event_id).order_by(runs.c.id.desc()).limit(1)
    with hub.db.read() as conn:
        row = conn.execute(query).mappings().first()
        return {**row, "run": conn.execute(newest).scalar()} if row else None
