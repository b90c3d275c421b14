"""Reviews: one thing each that waits for a person, and what the person may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, literal_column, select, update

from app.core import afresh, audit, events, runs
from app.core.handover import SHOWN
from app.core.hub import Hub
from app.core.ids import first_at
from app.core.paging import count, newest
from app.db import models
from app.db.models import connections, reviews, writes

# kind → decision → what the button says
DECISIONS: Mapping[str, Mapping[str, str]] = {
    "approve": {"approve": "Approve and send", "decline": "Do not send"},
    "answer": {"again": "Ask the model again", "leave": "Leave it"},
    "unknown": {
        "arrived": "It arrived",
        "look": "Look again",
        "again": "It is not there: send again",
        "leave": "Leave it",
    },
    "undo": {"again": "Look again and undo", "leave": "Leave it as it is"},
    "check": {"accept": "Accept as it is", "undo": "Undo this run"},
    "dead": {"again": "Try to read it again", "leave": "Leave it"},
    "stuck": {"again": "Try again", "leave": "Stop this run"},
    "poison": {"again": "Try again", "leave": "Stop this run"},
    "reconnect": {},
    "ending": {},
}


class Decided(ValueError):
    """Somebody was faster, or the page is old; the text says who and what."""


def listing(hub: Hub, *, state: str = "open", since: int = 0, after: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """What is open oldest first, for a list that is worked off; what is settled newest first. Goes on after the id `after`;
    `since` ms UTC."""
    query = select(reviews).where(reviews.c.state == state) if state else select(reviews)
    if state == "open":
        start = max(after, first_at(since - 1))
        query = query.where(reviews.c.id > start).order_by(reviews.c.id).limit(limit)
    else:
        query = newest(query, reviews.c.id, limit, after, since)
    with hub.db.read() as conn:
        return [_describe(hub, conn, r) for r in conn.execute(query).mappings().all()]


def get(hub: Hub, review_id: str) -> dict[str, Any]:
    """Raises LookupError."""
    with hub.db.read() as conn:
        return _describe(hub, conn, _find(conn, review_id))


def decide(
    hub: Hub, review_id: str, decision: str, *, by: str, row_version: int | None = None, arrived_as: str = ""
) -> dict[str, Any]:
    """Record what a person said and let the run go on. One decision wins. `arrived_as`: the vendor's id of what arrived, where
    `facts` say `needs_id`. Raises LookupError, ValueError, Decided."""
    review = get(hub, review_id)
    allowed = DECISIONS[review["kind"]]
    if decision not in allowed:
        raise ValueError(
            f"The answer is one of {', '.join(allowed)}" if allowed else "This is settled by reconnecting the account"
        )
    undo = review["kind"] == "check" and decision == "undo"
    facts = _named(review["facts"], decision, arrived_as)

    def save(conn: Connection) -> str | None:
        found = _find(conn, review_id, lock=True)
        if found["state"] != "open":
            raise Decided(f"{found['decided_by'] or 'The hub'} has already decided this: {found['decision']}")
        if row_version is not None and found["row_version"] != row_version:
            raise Decided("This has changed since you opened the page. Look at it again")
        kept = {"facts": hub.vault.seal_json(facts, f"reviews:{review_id}:facts")} if facts else {}
        conn.execute(update(reviews).where(reviews.c.id == review_id).values(**runs.decided(hub, decision, by), **kept))
        ended = _act(conn, hub, found, decision, undo=undo)
        audit.add(conn, hub, by, f"review: {decision}", f"review:{review_id}", {"kind": found["kind"]})
        return ended

    if recipe := hub.db.write(save):
        hub.tallies.count("runs_ended", recipe, "failed")
    if review["kind"] == "dead" and decision == "again":
        events.revive(hub, review["event"], by=by)
    return get(hub, review_id)


def _named(facts: Mapping[str, Any] | None, decision: str, arrived_as: str) -> dict[str, Any]:
    """The facts with the id of what arrived; empty where nothing is added. Raises ValueError where an id is needed."""
    if decision != "arrived":
        return {}
    if not arrived_as and (facts or {}).get("needs_id"):
        raise ValueError(
            "Patchbay goes on with what arrived, so it needs its id there. Copy the id from the vendor (often the end "
            "of the page's address) and decide again"
        )
    return {**(facts or {}), "arrived_as": arrived_as} if arrived_as else {}


def expire(hub: Hub) -> int:
    """Requests for approval that nobody answered in time: their runs end, and say so. Returns how many."""

    def save(conn: Connection) -> tuple[int, list[str]]:
        late = (reviews.c.state == "open") & (reviews.c.expires_at <= hub.now())
        gone = (
            conn.execute(update(reviews).where(late).values(state="expired").returning(reviews.c.run)).scalars().all()
        )
        why = "Nobody approved this in time, so nothing was sent. Start the event over if it is still wanted"
        ended = {"state": "failed", "error": why, "why": why, "ended_at": hub.now()}
        mine = models.runs.c.id.in_([run for run in gone if run]) & (models.runs.c.state == "waiting")
        recipes = conn.execute(update(models.runs).where(mine).values(**ended).returning(models.runs.c.recipe))
        return len(gone), list(recipes.scalars())

    with hub.db.read() as conn:
        due = conn.execute(
            select(reviews.c.id).where(reviews.c.state == "open", reviews.c.expires_at <= hub.now())
        ).first()
    number, recipes = hub.db.write(save) if due else (0, [])
    for recipe in recipes:
        hub.tallies.count("runs_ended", recipe, "failed")
    return number


def _act(conn: Connection, hub: Hub, review: RowMapping, decision: str, *, undo: bool) -> str | None:
    """What follows for the run: it goes on, or it ends. Returns the recipe of a run that has ended."""
    if not review["run"]:
        return None
    mine = models.runs.c.id == review["run"]
    if decision == "leave" and review["kind"] in ("answer", "stuck", "poison"):
        ended = {
            "state": "failed",
            "error": review["says"],
            "why": "Left by a person",
            "ended_at": hub.now(),
            "waits_for": "",
        }
        left = update(models.runs).where(mine, models.runs.c.state == "waiting").values(**ended)
        return conn.execute(left.returning(models.runs.c.recipe)).scalar()
    fresh: dict[str, Any] = {"state": "queued", "wake_at": 0, "why": "", "waits_for": "", "claims": 0}
    if undo:
        fresh["doing"] = "undo"
    if review["kind"] == "stuck":  # by accounts and settings, perhaps: those of today
        run = conn.execute(select(models.runs).where(mine).with_for_update()).mappings().one()
        fresh |= afresh.renew(conn, hub, run)
    conn.execute(update(models.runs).where(mine, models.runs.c.state == "waiting").values(**fresh))
    return None


def _find(conn: Connection, review_id: str, *, lock: bool = False) -> RowMapping:
    query = select(reviews).where(reviews.c.id == review_id)
    found = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if found is None:
        raise LookupError(f"There is no review {review_id}")
    return found


def _describe(hub: Hub, conn: Connection, row: RowMapping) -> dict[str, Any]:
    title = (
        conn.execute(select(models.runs.c.title).where(models.runs.c.id == row["run"])).scalar() if row["run"] else ""
    )
    waiting = 1 if row["run"] else 0
    if row["connection"]:
        c = models.runs.c
        held = select(c.id).where(c.waits_for == row["connection"], c.waits_for != literal_column("''"))
        waiting = count(conn, held.where(c.state.in_(("later", "waiting"))))
        title = conn.execute(select(connections.c.name).where(connections.c.id == row["connection"])).scalar()
    request = None
    if row["write"]:
        sealed = conn.execute(select(writes.c.request).where(writes.c.id == row["write"])).scalar()
        request = hub.vault.open_json(sealed, f"writes:{row['write']}:request")
    return {
        **{n: row[n] for n in SHOWN},
        "title": title or "",
        "waiting": waiting,
        "facts": hub.vault.open_json(row["facts"], f"reviews:{row['id']}:facts"),
        "request": request,
        "decisions": dict(DECISIONS[row["kind"]]),
    }
