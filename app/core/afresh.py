"""Trying a run again that stopped: what a vendor refused is made anew, and it follows the form as it is filled in now.

Whoever is told "choose another database, then run this again" does so and presses "Try again". So a refused write is set
aside (it stays as evidence, under a name of its own) and a new one, with a new key, takes its place. The settings and
accounts are today's as long as nothing of this run can have reached a vendor; later they would mix two sets in one run.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, RowMapping, select, update

from app.core.hub import Hub
from app.db.models import switches, writes

LEFT = "Left as it is by a person"  # may have arrived: never sent again by itself
_NOT_SENT = ("failed", "asked", "drawn", "pending")


def renew(conn: Connection, hub: Hub, run: RowMapping) -> dict[str, bytes]:
    """Sets refused writes of this run aside. Returns the columns of the run that change."""
    mine = conn.execute(select(writes).where(writes.c.run == run["id"])).mappings().all()
    for row in mine:
        if row["state"] == "failed" and not row["undoes"] and row["error"] != LEFT:
            aside = f"{row['item']}~{row['id'][-8:]}"
            conn.execute(update(writes).where(writes.c.id == row["id"]).values(item=aside))
    if any(row["state"] not in _NOT_SENT or row["error"] == LEFT for row in mine):
        return {}
    return _form(conn, hub, run)


def _form(conn: Connection, hub: Hub, run: RowMapping) -> dict[str, bytes]:
    c = switches.c
    query = select(c.settings, c.connections).where(c.slug == run["recipe"], c.practice == run["practice"])
    now = conn.execute(query).first()
    if now is None:
        return {}
    place = f"runs:{run['id']}:input"
    given = hub.vault.open_json(run["input"], place)
    filled = {"settings": json.loads(now.settings), "connections": json.loads(now.connections)}
    return {"input": hub.vault.seal_json({**given, **filled}, place)}
