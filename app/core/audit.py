"""The audit trail: append only, each line's HMAC covers the line before, and the last one is known elsewhere. No personal text."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, delete, select, text

from app.core import house
from app.core.hub import Hub
from app.db.models import audit

_BEGIN = "audit_begin"  # of the trail, once its oldest lines were removed by age
_END = "audit_end"  # its last line, so that nobody can cut it off there unseen


def add(conn: Connection, hub: Hub, who: str, what: str, thing: str, facts: dict[str, Any]) -> None:
    """One line. On PostgreSQL the table is locked for the moment, so the numbers have no gap and no fork."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("select pg_advisory_xact_lock(708224)"))
    no, prev = _last(conn)
    line = {
        "no": no + 1,
        "at": hub.now(),
        "who": who or "hub",
        "what": what,
        "object": thing,
        "facts": json.dumps(facts, sort_keys=True),
        "prev": prev,
    }
    hash_ = _hash(hub, line)
    conn.execute(audit.insert().values(**line, hash=hash_))
    house.put(conn, _END, {"no": no + 1, "hash": hash_, "seal": _seal(hub, _END, no + 1, hash_)})


def _last(conn: Connection) -> tuple[int, str]:
    """(number, hash) of the last line. One that was cut off counts, so that what comes next does not take its place."""
    end: dict[str, Any] = house.get(conn, _END, {"no": 0, "hash": ""})
    last = conn.execute(select(audit.c.no, audit.c.hash).order_by(audit.c.no.desc()).limit(1)).first()
    return (last.no, last.hash) if last is not None and last.no >= end["no"] else (int(end["no"]), str(end["hash"]))


def verify(hub: Hub) -> tuple[int, int | None]:
    """(number of the last line, the first line that does not fit or is no longer there, or None).

    Lines behind the last one that is known elsewhere are of an older release, which is at work beside this one.
    """
    with hub.db.read() as conn:
        begin: dict[str, Any] = house.get(conn, _BEGIN, {"no": 0, "hash": ""})
        end: dict[str, Any] = house.get(conn, _END, {"no": 0, "hash": ""})
        number, prev = int(begin["no"]), str(begin["hash"])
        if number and not hmac.compare_digest(begin["seal"], _seal(hub, _BEGIN, number, prev)):
            return number, number + 1
        if end["no"] and not hmac.compare_digest(end["seal"], _seal(hub, _END, end["no"], end["hash"])):
            return number, int(end["no"])
        for row in conn.execute(select(audit).order_by(audit.c.no)).mappings():
            number += 1
            line = {k: row[k] for k in ("no", "at", "who", "what", "object", "facts", "prev")}
            if row["no"] != number or row["prev"] != prev or not hmac.compare_digest(row["hash"], _hash(hub, line)):
                return number, number
            prev = row["hash"]
            if number == end["no"] and prev != end["hash"]:
                return number, number
    return number, number + 1 if number < end["no"] else None


def trim(conn: Connection, hub: Hub, before: int, most: int = 1000) -> int:
    """Removes lines older than `before` (ms UTC), at most so many and never the last. Returns how many.

    The hash of the last one that went is kept under a seal of ours, so that nobody else can cut the trail unseen.
    """
    lines = conn.execute(select(audit.c.no, audit.c.at, audit.c.hash).order_by(audit.c.no).limit(most + 1)).all()
    gone = list(takewhile(lambda line: line.at < before, lines[:-1]))
    if not gone:
        return 0
    no, hash_ = int(gone[-1].no), str(gone[-1].hash)
    house.put(conn, _BEGIN, {"no": no, "hash": hash_, "seal": _seal(hub, _BEGIN, no, hash_)})
    conn.execute(delete(audit).where(audit.c.no <= no))
    return len(gone)


_WORDS = {_BEGIN: b"audit begins", _END: b"audit ends"}


def _seal(hub: Hub, which: str, no: int, hash_: str) -> str:
    return hmac.new(_WORDS[which] + hub.secret, f"{no} {hash_}".encode(), hashlib.sha256).hexdigest()


def _hash(hub: Hub, line: dict[str, Any]) -> str:
    text_ = json.dumps(line, sort_keys=True, ensure_ascii=False)
    return hmac.new(b"audit" + hub.secret, text_.encode(), hashlib.sha256).hexdigest()
