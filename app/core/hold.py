"""A hub whose data was put back from a backup, or turns up in another place, sends nothing until the owner says so.

The hold is a row of `house`; claiming, routing and polling look at it in statements that happen anyway. After it, whatever may
have been sent by the hub that the data was taken from is looked up at the vendor before it is sent (`Doubt`, the gate).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, exists, func, literal_column, select, text, update

from app.core import audit, house
from app.core.hub import Hub
from app.db.backup import sqlite_file
from app.db.models import calls, events, literally, polls, reviews, runs, sessions
from app.db.models import house as table

_SKEW = 5 * 60_000  # ms that a vendor's clock may be wrong
_LATE = 7 * 86_400_000  # ms after which a vendor no longer delivers what it says no time of
RESTORED, MOVED = "restored", "moved"


@dataclass(frozen=True)
class Hold:
    """`why`: "restored" or "moved". Times in ms UTC: held since, and how far the data goes."""

    why: str
    since: int
    data_until: int


@dataclass(frozen=True)
class Doubt:
    """What happened up to `resumed_at` may have been dealt with by the hub that the data, which goes to `data_until`, was
    taken from."""

    data_until: int
    resumed_at: int

    def concerns(self, occurred_at: int | None, received_at: int) -> bool:
        if occurred_at is not None:
            return min(occurred_at, received_at) <= self.resumed_at + _SKEW
        return received_at <= self.resumed_at + _LATE


def is_off() -> ColumnElement[bool]:
    """For the `where` of statements that hand out work: true while nothing holds this hub."""
    return ~exists(select(literal_column("1")).select_from(table).where(table.c.key == literal_column("'hold'")))


def get(conn: Connection) -> Hold | None:
    found = house.get(conn, "hold")
    return Hold(found["why"], found["since"], found.get("data_until", 0)) if found else None


def find(hub: Hub) -> Hold | None:
    with hub.db.read() as conn:
        return get(conn)


def sql(why: str) -> str:
    """The hold as SQL, for data that must never be there without it. Sessions end: who was signed in then may not be now."""
    value = json.dumps({"why": why, "since": int(time.time() * 1000)})
    put = f"insert into house values ('hold', '{value}')"  # noqa: S608 - both values are ours
    return ";\n".join(("delete from house where key = 'hold'", put, "delete from sessions", ""))


def look(hub: Hub) -> Hold | None:
    """By every process that starts: is this still the database that was at work here? Returns the hold, if there is one."""
    with hub.db.read() as conn:
        held, known, here = get(conn), house.get(conn, "host"), _here(conn, hub)
    if held is not None and held.data_until:
        return held
    if held is None and known == here:
        return None
    return hub.db.write(lambda conn: _look(conn, hub, here))


def _look(conn: Connection, hub: Hub, here: str) -> Hold | None:
    held, known = get(conn), house.get(conn, "host")
    if held is None:
        if not here or known in (None, here):  # it cannot be told, or this is the first start
            house.put(conn, "host", here or known)
            return None
        held = Hold(MOVED, hub.now(), 0)
        conn.execute(delete(sessions))
        audit.add(conn, hub, "", "held", "house", {"why": MOVED})
    if not held.data_until:
        held = Hold(held.why, held.since, _data_until(conn) or held.since)
        house.put(conn, "hold", held.__dict__)
    return held


def _here(conn: Connection, hub: Hub) -> str:
    """What tells this database from a copy of it: SQLite's file by its number on the disk, which a copy does not share and a
    new container on the same volume does; PostgreSQL's by server and database. Never a host name: platforms change it at every
    start. A copy of a whole disk or server cannot be told apart. "" when it cannot be told."""
    if file := sqlite_file(hub.settings):
        return f"file {file.stat().st_ino}"
    allowed = text("select has_function_privilege('pg_control_system()', 'execute')")
    if not conn.execute(allowed).scalar():
        return ""
    where = "select system_identifier, (select oid from pg_database where datname = current_database()) from pg_control_system()"
    server, number = conn.execute(text(where)).one()
    return f"postgres {server}/{number}"


def _data_until(conn: Connection) -> int:
    """The time of the youngest thing in the data, which may be a little before the backup, never after it."""
    newest = (
        select(func.max(column))
        for column in (events.c.received_at, runs.c.made_at, runs.c.ended_at, calls.c.started_at)
    )
    return max(int(conn.execute(query).scalar() or 0) for query in newest)


def resume(hub: Hub, *, by: str) -> dict[str, Any]:
    """The owner says: go on. Raises ValueError when nothing is held."""

    def go_on(conn: Connection) -> dict[str, Any]:
        held = get(conn)
        if held is None:
            raise ValueError("Nothing is held: this hub is at work.")
        counts = waiting(conn)
        doubt = {"data_until": held.data_until, "resumed_at": hub.now()}
        house.put(conn, "doubt", doubt)
        house.put(conn, "host", _here(conn, hub))
        conn.execute(delete(table).where(table.c.key == "hold"))
        conn.execute(update(polls).values(next_at=0, lease_until=0))
        audit.add(conn, hub, by, "resumed", "house", {"why": held.why, **doubt, **counts})
        return counts

    return hub.db.write(go_on)


def waiting(conn: Connection) -> dict[str, int]:
    """What goes on when it is resumed."""
    unrouted = select(func.count()).where(events.c.state != literal_column("'routed'"), events.c.state == "new")
    unfinished = runs.c.state.in_(literally(("queued", "later", "running")))
    for_people = select(func.count()).where(reviews.c.state == "open")
    count = {"events": unrouted, "runs": select(func.count()).where(unfinished), "reviews": for_people}
    return {name: int(conn.execute(query).scalar_one()) for name, query in count.items()}


def doubt(hub: Hub, run: RowMapping) -> Doubt | None:
    """Whether this run's changes may have been sent before it was restored. None for every hub that never was."""
    if hub.doubt is None:
        return None
    since = Doubt(**hub.doubt)
    with hub.db.read() as conn:
        times = select(events.c.occurred_at, events.c.received_at).where(events.c.id == run["event"])
        row = conn.execute(times).first()
    concerns = since.concerns(row.occurred_at, row.received_at) if row else run["made_at"] <= since.resumed_at
    return since if concerns else None
