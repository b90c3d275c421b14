"""Undo as people ask for it: the plan first, then a run that takes itself back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from app.core import audit, line, runs
from app.core.connections import ask_account
from app.core.hub import Hub
from app.core.opening import NotConnected
from app.db import models
from app.db.models import writes
from connectors.contract import ConnectorError

TOO_OLD = "what is needed for it was removed because of its age (Settings, How long things are kept)"


def plan(hub: Hub, run_id: str) -> list[dict[str, Any]]:
    """What would happen to each write: {write, action, label, url, goes, why}. `goes` False: it stays, `why` says why.

    Looks at the vendor now; nothing is changed.
    """
    runs.get(hub, run_id)
    query = select(writes).where(writes.c.run == run_id, writes.c.undoes == "", writes.c.state.in_(("done", "unknown")))
    with hub.db.read() as conn:
        rows = conn.execute(query.order_by(writes.c.id.desc())).mappings().all()
    last = max((int(r["ended_at"] or 0) for r in rows), default=0)
    return [_line(hub, row, last) for row in rows]


def start(hub: Hub, run_id: str, *, by: str = "") -> dict[str, Any]:
    """Queue the undo of an ended or waiting run. Raises LookupError, ValueError."""

    def save(conn: Connection) -> None:
        run = runs.find(conn, run_id, lock=True)
        if run["state"] not in ("done", "failed", "waiting", "cancelled"):
            raise ValueError(f"This run is {run['state']}; undo it when it has ended")
        there = (writes.c.run == run_id) & (writes.c.state == "done") & (writes.c.undoes == "")
        if conn.execute(select(writes.c.id).where(there)).first() is None:
            raise ValueError("This run wrote nothing that could be undone")
        if run["input"] is None:
            raise ValueError(f"This run can no longer be taken back: {TOO_OLD}")
        fresh = {
            "state": "queued",
            "doing": "undo",
            "why": "Taking back what this run wrote",
            "wake_at": 0,
            "claims": 0,
            "aside": line.aside(run),
        }
        conn.execute(update(models.runs).where(models.runs.c.id == run_id).values(**fresh, waits_for="", error=""))
        audit.add(conn, hub, by, "undo", f"run:{run_id}", {})

    hub.db.write(save)
    return runs.get(hub, run_id)


def _line(hub: Hub, row: Any, last: int) -> dict[str, Any]:
    slug, _, name = row["action"].partition(".")
    connector = hub.connectors.get(slug)
    action = connector.actions.get(name) if connector else None
    result = hub.vault.open_json(row["after"], f"writes:{row['id']}:after") or {}
    line = {
        "write": row["id"],
        "action": row["action"],
        "label": action.label if action else row["action"],
        "url": str(result.get("url") or ""),
        "goes": False,
        "why": "",
    }
    if row["state"] == "unknown":
        return {**line, "why": "Whether it arrived is not known yet"}
    if action is None or action.undo is None:
        return {**line, "why": "This kind of change has no undo of its own"}
    if row["arguments"] is None:
        return {**line, "why": TOO_OLD[0].upper() + TOO_OLD[1:]}
    arguments = hub.vault.open_json(row["arguments"], f"writes:{row['id']}:arguments")
    changed = action.undo.changed
    try:
        why = ask_account(hub, row["connection"], lambda opened: changed(opened.client, arguments, result, last))
    except (ConnectorError, NotConnected) as problem:
        why = str(problem)
    return {**line, "goes": not why, "why": why or ""}
