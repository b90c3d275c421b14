"""Writes as people see them: what this hub changed, or may have changed, in other systems."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app.core.hub import Hub
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


def listing(hub: Hub, *, state: str = "", run: str = "", since: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Newest first; `since` ms UTC."""
    query = select(writes).order_by(writes.c.made_at.desc(), writes.c.id.desc()).limit(limit)
    if state:
        query = query.where(writes.c.state == state)
    if run:
        query = query.where(writes.c.run == run)
    if since:
        query = query.where(writes.c.made_at >= since)
    with hub.db.read() as conn:
        rows = conn.execute(query).mappings().all()
    return [{**{n: r[n] for n in SHOWN}, "url": _url(hub, r)} for r in rows]


def counts(hub: Hub) -> dict[str, int]:
    with hub.db.read() as conn:
        return {str(s): int(n) for s, n in conn.execute(select(writes.c.state, func.count()).group_by(writes.c.state))}


def _url(hub: Hub, row: Any) -> str:
    result = hub.vault.open_json(row["after"], f"writes:{row['id']}:after") or {}
    return str(result.get("url") or "")
