"""The audit trail: append only, each line's HMAC covers the line before. No personal text."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import Connection, select, text

from app.core.hub import Hub
from app.db.models import audit


def add(conn: Connection, hub: Hub, who: str, what: str, thing: str, facts: dict[str, Any]) -> None:
    """One line. On PostgreSQL the table is locked for the moment, so the numbers have no gap and no fork."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("select pg_advisory_xact_lock(708224)"))
    last = conn.execute(select(audit.c.no, audit.c.hash).order_by(audit.c.no.desc()).limit(1)).first()
    line = {
        "no": (last.no if last else 0) + 1,
        "at": hub.now(),
        "who": who or "hub",
        "what": what,
        "object": thing,
        "facts": json.dumps(facts, sort_keys=True),
        "prev": last.hash if last else "",
    }
    conn.execute(audit.insert().values(**line, hash=_hash(hub, line)))


def verify(hub: Hub) -> tuple[int, int | None]:
    """(number of lines, the first line that does not fit or None)."""
    prev, number = "", 0
    with hub.db.read() as conn:
        for row in conn.execute(select(audit).order_by(audit.c.no)).mappings():
            number += 1
            line = {k: row[k] for k in ("no", "at", "who", "what", "object", "facts", "prev")}
            if row["no"] != number or row["prev"] != prev or not hmac.compare_digest(row["hash"], _hash(hub, line)):
                return number, number
            prev = row["hash"]
    return number, None


def _hash(hub: Hub, line: dict[str, Any]) -> str:
    text_ = json.dumps(line, sort_keys=True, ensure_ascii=False)
    return hmac.new(b"audit" + hub.secret, text_.encode(), hashlib.sha256).hexdigest()
