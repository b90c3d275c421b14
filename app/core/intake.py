"""What a vendor delivers: verified, stored, folded. The answer is a 2xx only after the commit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.core import disk
from app.core.handover import open_review
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.statements import insert_once
from app.core.vault import Vault
from app.db.models import connections, events
from connectors.contract import BadSignature, Event, Unreadable

LARGEST = 1024 * 1024  # bytes of one delivery

_c = connections.c
_HOOK = select(_c.id, _c.hook_secrets).where(
    _c.hook_key == bindparam("key"), _c.slug == bindparam("slug"), _c.state != "removed"
)
_HEARD = (
    update(connections)
    .where(_c.id == bindparam("which"), (_c.last_event_at.is_(None)) | (_c.last_event_at < bindparam("old")))
    .values(last_event_at=bindparam("now"))
)
_HEARD_AGAIN = 10_000  # ms
_heard: dict[str, int] = {}  # connection → when this process last wrote down that something came
_COPY = (
    update(events)
    .where(events.c.connection == bindparam("account"), events.c.dedupe_key == bindparam("same"))
    .values(copies=events.c.copies + 1, last_copy_at=bindparam("now"))
    .returning(events.c.id)
)


@dataclass(frozen=True)
class Answer:
    """What the vendor gets. `event_ids` are new and to be rung for."""

    status: int
    body: Any = None
    event_ids: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


_UNKNOWN = Answer(404, {"error": "not found"})
_AWAY = Answer(503, {"error": "unavailable"}, headers={"Retry-After": "30"})


def receive(
    hub: Hub, slug: str, key: str, body: bytes, headers: Mapping[str, str], content_type: str = "application/json"
) -> Answer:
    """One delivery. `headers` has lower-case names."""
    connector = hub.connectors.get(slug)
    if connector is None or connector.hook is None:
        return _UNKNOWN
    try:
        row = _connection(hub, slug, key)
        secrets = _opened(hub.vault, row["hook_secrets"], row["id"]) if row is not None else []
        if row is None or not secrets:
            return _UNKNOWN
        if len(body) > LARGEST:
            return Answer(413, {"error": "too large"})
        if content_type.partition(";")[0].strip().lower() != "application/json":
            return Answer(415, {"error": "content type"})
        try:
            received = connector.hook.receive(body, headers, secrets, time.time())
        except BadSignature:
            return Answer(400, {"error": "signature"})
        except Unreadable as problem:
            return _dead(hub, row, body, str(problem))
        if received.reply is not None and not received.events:
            return Answer(received.reply.status, received.reply.body)
        return store(hub, row["id"], slug, received.events)
    except (SQLAlchemyError, OSError):
        return _AWAY


def store(hub: Hub, connection_id: str, slug: str, received: tuple[Event, ...] | list[Event]) -> Answer:
    """Commit events that are known to be genuine; copies only count."""
    if disk.is_full(hub):
        return _AWAY
    rows = [_row(hub, connection_id, slug, event) for event in received]
    results = hub.db.write_each(lambda conn: _insert(conn, connection_id, rows, hub.now()))
    fresh = [event_id for event_id, is_new in results if is_new]
    told = [{"event": i} if is_new else {"event": i, "copy": True} for i, is_new in results]
    return Answer(200, told[0] if len(told) == 1 else {"events": told}, fresh)


def _connection(hub: Hub, slug: str, key: str) -> RowMapping | None:
    with hub.db.read() as conn:
        return conn.execute(_HOOK, {"key": key, "slug": slug}).mappings().first()


@lru_cache(maxsize=100)
def _opened(vault: Vault, sealed: bytes | None, connection_id: str) -> list[str]:
    """The hook's secrets; opened once, for every delivery needs them."""
    return vault.open_json(sealed, f"connections:{connection_id}:hook_secrets") or []


def _row(hub: Hub, connection_id: str, slug: str, event: Event) -> dict[str, Any]:
    event_id = new_id()
    return {
        "id": event_id,
        "connection": connection_id,
        "kind": f"{slug}.{event.kind}",
        "dedupe_key": event.dedupe_key,
        "serial_key": event.serial_key,
        "once_key": event.once_key,
        "occurred_at": event.occurred_at,
        "received_at": hub.now(),
        "body": hub.vault.seal(event.body, f"events:{event_id}:body"),
        "body_sha256": hashlib.sha256(event.body).hexdigest(),
    }


def _insert(conn: Connection, connection_id: str, rows: list[dict[str, Any]], now: int) -> list[tuple[str, bool]]:
    results = []
    for row in rows:
        if insert_once(conn, events, row):
            results.append((row["id"], True))
        else:
            results.append((_count_copy(conn, row, now), False))
    if now - _heard.get(connection_id, 0) > _HEARD_AGAIN:
        conn.execute(_HEARD, {"which": connection_id, "now": now, "old": now - _HEARD_AGAIN})
        _heard[connection_id] = now
    return results


def _count_copy(conn: Connection, row: dict[str, Any], now: int) -> str:
    """The id of the event that is there already."""
    same = {"account": row["connection"], "same": row["dedupe_key"], "now": now}
    return str(conn.execute(_COPY, same).scalar_one())


def _dead(hub: Hub, row: RowMapping, body: bytes, why: str) -> Answer:
    """Rightly signed but unreadable: kept, and shown to a person."""
    if disk.is_full(hub):
        return _AWAY
    unreadable = Event("unreadable", f"unreadable:{hashlib.sha256(body).hexdigest()}", body)
    event = _row(hub, row["id"], "hub", unreadable) | {"state": "dead", "error": why}

    def save(conn: Connection) -> dict[str, Any]:
        if not insert_once(conn, events, event):
            return {"event": _count_copy(conn, event, hub.now()), "copy": True}
        says = f"A delivery was signed rightly but cannot be read: {why}"
        open_review(conn, hub, "dead", says, role="builder", event=event["id"])
        return {"event": event["id"]}

    return Answer(202, hub.db.write(save))
