"""Hands something to a person: opens a review, once for the same thing, and takes back what settled itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from app.core.hub import Hub
from app.core.ids import new_id
from app.db.models import reviews
from connectors.contract import JSON

SHOWN = (
    "id",
    "kind",
    "run",
    "event",
    "connection",
    "step",
    "item",
    "write",
    "says",
    "role",
    "state",
    "opened_at",
    "expires_at",
    "decided_by",
    "decided_at",
    "decision",
    "row_version",
)


def open_review(
    conn: Connection,
    hub: Hub,
    kind: str,
    says: str,
    *,
    role: str = "approver",
    run: str | None = None,
    event: str | None = None,
    connection: str | None = None,
    step: str = "",
    item: str = "",
    write: str | None = None,
    request_sha256: str = "",
    facts: JSON = None,
    expires_at: int | None = None,
) -> str:
    """The id of the open review of this kind about this thing, opened now if there is none. Inside the caller's transaction."""
    about: dict[str, Any] = {
        "run": run,
        "event": event,
        "connection": connection,
        "step": step,
        "item": item,
        "write": write,
    }
    same = [
        reviews.c.kind == kind,
        reviews.c.state == "open",
        *(reviews.c[name] == value for name, value in about.items()),
    ]
    found = conn.execute(select(reviews.c.id).where(*same)).scalar()
    if found:
        return str(found)
    review_id = new_id()
    row = {
        **about,
        "id": review_id,
        "kind": kind,
        "says": says,
        "role": role,
        "request_sha256": request_sha256,
        "facts": None if facts is None else hub.vault.seal_json(facts, f"reviews:{review_id}:facts"),
        "opened_at": hub.now(),
        "expires_at": expires_at,
    }
    conn.execute(reviews.insert().values(**row))
    return review_id


def settle(conn: Connection, connection_id: str, kinds: Sequence[str], decision: str, now: int) -> None:
    """Closes the open reviews of these kinds about a connection; `decision` says why nobody has to look any more. `now`: ms
    UTC."""
    mine = (reviews.c.connection == connection_id) & reviews.c.kind.in_(kinds) & (reviews.c.state == "open")
    done = {"state": "decided", "decision": decision, "decided_at": now, "row_version": reviews.c.row_version + 1}
    conn.execute(update(reviews).where(mine).values(**done))
