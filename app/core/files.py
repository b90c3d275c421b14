"""Files that were dropped: stored with their event in one commit, once for each content and place, and read again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, select

from app.core import connections, intake
from app.core.hub import Hub
from app.core.ids import new_id
from app.db.models import connections as table
from app.db.models import events, file_parts
from connectors.files import dropped
from connectors.files.dropped import name_of as name_of

SLUG = "files"
LARGEST = 25 * 1024 * 1024  # bytes of one file
_PART = 256 * 1024  # bytes of one part: small enough for whoever goes through the whole table


@dataclass(frozen=True)
class Place:
    id: str
    title: str
    practice: bool


@dataclass(frozen=True)
class Taken:
    """What became of a file. `state`: "taken", "copy" (its content was there already, as the event `event`), "refused", or
    "later" (it could not be stored just now). `words` say what to do."""

    name: str
    state: str
    event: str = ""
    words: str = ""


def place(hub: Hub, place_id: str) -> Place:
    """Raises LookupError."""
    mine = (table.c.id == place_id) & (table.c.slug == SLUG) & (table.c.state != "removed")
    with hub.db.read() as conn:
        row = conn.execute(select(table).where(mine)).mappings().first()
    if row is None:
        raise LookupError(f"There is no place {place_id}")
    return Place(row["id"], row["name"], bool(row["practice"]))


def places(hub: Hub) -> list[Place]:
    """Practice last."""
    mine = (table.c.slug == SLUG) & (table.c.state != "removed")
    with hub.db.read() as conn:
        rows = conn.execute(select(table).where(mine).order_by(table.c.practice, table.c.made_at)).mappings().all()
    return [Place(row["id"], row["name"], bool(row["practice"])) for row in rows]


def create(hub: Hub, title: str, *, by: str) -> str:
    """A new place; returns its id. Raises `Refused` with what to change."""
    return str(connections.create(hub, SLUG, {"title": title}, by=by)["id"])


def take(hub: Hub, at: Place, given: str, data: bytes, who: str) -> Taken:
    """Commits a file and its event. Raises SQLAlchemyError, OSError."""
    name = name_of(given)
    if problem := refusal(len(data)):
        return Taken(name, "refused", words=problem)
    event = dropped.event(at.id, at.title, given, data, who, hub.now(), _since(hub, at.id, dropped.digest(data)))
    answer = intake.store_whole(hub, at.id, SLUG, event, lambda event_id: (file_parts, _parts(hub, event_id, data)))
    if answer.status != 200:
        return Taken(name, "later", words="It could not be saved just now. Try again in a minute.")
    is_copy = not answer.event_ids
    hub.tallies.count("deliveries", SLUG, "copy" if is_copy else "taken")
    return Taken(name, "copy" if is_copy else "taken", answer.body["event"])


def refusal(size: int) -> str:
    """Why a file of so many bytes is not taken, or ""."""
    if size == 0:
        return "It is empty. Look whether it was saved, then drop it again."
    return "It is larger than 25 MB. Make it smaller, or split it." if size > LARGEST else ""


def _since(hub: Hub, place_id: str, sha256: str) -> str:
    """The id of the last event with this content whose content was removed because of its age; "" if there is none. Then
    what is dropped again is news."""
    since = ""
    with hub.db.read() as conn:
        while True:
            same = (events.c.connection == place_id) & (events.c.dedupe_key == dropped.key(sha256, since))
            row = conn.execute(select(events.c.id, events.c.body.is_(None).label("gone")).where(same)).first()
            if row is None or not row.gone:
                return since
            since = str(row.id)


def _parts(hub: Hub, event_id: str, data: bytes) -> list[dict[str, Any]]:
    cut = [data[start : start + _PART] for start in range(0, len(data), _PART)]
    return [
        {"event": event_id, "part": number, "content": hub.vault.seal(piece, f"file_parts:{event_id}/{number}:content")}
        for number, piece in enumerate(cut)
    ]


def content(hub: Hub, place_id: str, event_id: str) -> tuple[str, bytes]:
    """(name, bytes). Raises LookupError for what is not there, or not any more."""
    with hub.db.read() as conn:
        mine = (events.c.id == event_id) & (events.c.connection == place_id)
        row = conn.execute(select(events).where(mine)).mappings().first()
        query = select(file_parts).where(file_parts.c.event == event_id).order_by(file_parts.c.part)
        parts = conn.execute(query).mappings().all() if row is not None else []
    if row is None or row["body"] is None or not parts:
        raise LookupError("This file is no longer kept here")
    pieces = [hub.vault.open(p["content"], f"file_parts:{event_id}/{p['part']}:content") for p in parts]
    return str(_told(hub, row)["name"]), b"".join(pieces)


def latest(hub: Hub, place_id: str, number: int = 20) -> list[dict[str, Any]]:
    """The files that came last: event, name, size, type, who, at (ms UTC), copies; name None where it is no longer kept."""
    query = select(events).where(events.c.connection == place_id).order_by(events.c.id.desc()).limit(number)
    with hub.db.read() as conn:
        rows = conn.execute(query).mappings().all()
    return [_listed(hub, row) for row in rows]


def _listed(hub: Hub, row: RowMapping) -> dict[str, Any]:
    told = _told(hub, row) if row["body"] is not None else {}
    shown = {name: told.get(name) for name in ("name", "size", "type", "who")}
    return {"event": row["id"], "at": row["received_at"], "copies": row["copies"], **shown}


def _told(hub: Hub, row: RowMapping) -> dict[str, Any]:
    return dict(json.loads(hub.vault.open(row["body"], f"events:{row['id']}:body")))


def fresh_number() -> str:
    """For a page's button, so that pressing it twice is once."""
    return new_id()
