"""Writes as people see them: what this hub changed, or may have changed, in other systems."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal_column, select

from app.core.hub import Hub
from app.core.paging import newest
from app.db.models import writes

SHOWN = (
    "id",
    "run",
    "step",
    "item",
    "connection",
    "action",
    "safety",
    "key",
    "state",
    "tries",
    "found_by",
    "result_id",
    "error",
    "undoes",
    "made_at",
    "ended_at",
    "request_sha256",
)


def listing(
    hub: Hub, *, state: str = "", run: str = "", since: int = 0, before: str = "", limit: int = 50
) -> list[dict[str, Any]]:
    """Newest first, those older than the id `before`; `since` ms UTC."""
    query = select(*(writes.c[n] for n in (*SHOWN, "after")))
    if state:
        query = query.where(writes.c.state == state)
    if state and state != "done":  # in the words of the index of what is not done
        query = query.where(writes.c.state != literal_column("'done'"))
    if run:
        query = query.where(writes.c.run == run)
    with hub.db.read() as conn:
        rows = conn.execute(newest(query, writes.c.id, limit, before, since)).mappings().all()
    return [{**{n: r[n] for n in SHOWN}, "url": _url(hub, r)} for r in rows]


def _url(hub: Hub, row: Any) -> str:
    result = hub.vault.open_json(row["after"], f"writes:{row['id']}:after") or {}
    return str(result.get("url") or "")
