"""What a vendor delivers: verified, stored, folded. The answer is a 2xx only after the commit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.core import disk, echoes, hook_keys, reach
from app.core.handover import open_review
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.statements import insert_once
from app.core.vault import Vault
from app.db.models import connections, events, polls
from connectors.contract import BadSignature, Event, Hook, Unreadable

LARGEST = 1024 * 1024  # bytes of one delivery

_c = connections.c
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
    """What the vendor gets. `event_ids` are new and to be rung for; `refused` says why it was not taken, in one word."""

    status: int
    body: Any = None
    event_ids: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


_UNKNOWN = Answer(404, {"error": "not found"}, refused="address")
_AWAY = Answer(503, {"error": "unavailable"}, headers={"Retry-After": "30"})


def receive(
    hub: Hub,
    slug: str,
    key: str,
    body: bytes,
    headers: Mapping[str, str],
    content_type: str = "application/json",
    query: str = "",
) -> Answer:
    """One delivery. `headers` has lower-case names; `query` is what followed the address after its question mark."""
    connector = hub.connectors.get(slug)
    if connector is None or connector.hook is None:
        return _UNKNOWN
    arrived = slug, key, body, {**headers, ":query": query}, content_type
    try:
        row, is_fresh = hook_keys.find(hub, slug, key)
        if row is not None and (reached := reach.answer_to(hub, headers, body)):
            return Answer(200, reached)
        answer = _answer(hub, connector.hook, row, *arrived)
        if answer.refused and not is_fresh:
            row, _ = hook_keys.find(hub, slug, key, anew=True)
            answer = _answer(hub, connector.hook, row, *arrived)
        return replace(answer, body=None) if row and connector.hook.quiet and answer.status < 500 else answer
    except (SQLAlchemyError, OSError):
        return _AWAY


def _answer(
    hub: Hub,
    hook: Hook,
    row: RowMapping | None,
    slug: str,
    key: str,
    body: bytes,
    headers: Mapping[str, str],
    content_type: str,
) -> Answer:
    secrets = _opened(hub.vault, row["hook_secrets"], row["id"]) if row is not None else []
    if row is None or not (secrets or hook.hands_over):
        return _UNKNOWN
    if len(body) > LARGEST:
        return Answer(413, {"error": "too large"}, refused="size")
    if not {"*", content_type.partition(";")[0].strip().lower()} & set(hook.content_types):
        return Answer(415, {"error": "content type"}, refused="type")
    url = f"{hub.settings.address}/hooks/{slug}/{key}"
    called = {**headers, **_told(hub, hook, row), ":method": "POST", ":url": url, ":account": row["account_id"]}
    return _verified(hub, hook, row, slug, body, called, secrets)


def _told(hub: Hub, hook: Hook, row: RowMapping) -> dict[str, str]:
    """What the connection's fields say about how its sender proves itself."""
    saved = _credentials(hub.vault, row["secret"], row["id"]) if hook.told else {}
    return {f":{name}": saved.get(name, "") for name in hook.told}


def _verified(
    hub: Hub, hook: Hook, row: RowMapping, slug: str, body: bytes, headers: Mapping[str, str], secrets: list[str]
) -> Answer:
    """What the connector makes of it."""
    try:
        received = hook.receive(body, headers, secrets, time.time())
    except BadSignature:
        return Answer(hook.refused, {"error": "signature"}, refused="signature")
    except Unreadable as problem:
        return _dead(hub, row, body, str(problem))
    if received.secret and not (hook.hands_over and _keep(hub, row, received.secret)):
        return Answer(hook.refused, {"error": "signature"}, refused="signature")
    if hook.pasted_back and not row["hook_heard_at"] and received.reply is None:
        _pasted(hub, row["id"])
    if received.catch_up:
        _poll_soon(hub, {_owner(hub, row, slug, account) for account in received.accounts or ("",)} - {""})
    if received.reply is not None and not received.events:
        if not received.secret:
            hub.db.write(lambda conn: _note_heard(conn, row["id"], hub.now()))
        return Answer(received.reply.status, received.reply.body, headers=received.reply.headers)
    return _stored(hub, row, slug, received.events)


def _keep(hub: Hub, row: RowMapping, secret: str) -> bool:
    """Keeps what the vendor hands over, unless there is a secret already: then it may be anybody who hands it over."""
    place = f"connections:{row['id']}:hook_secrets"
    sealed = hub.vault.seal_json([secret], place)

    def save(conn: Connection) -> bool:
        stands = conn.execute(select(_c.hook_secrets).where(_c.id == row["id"])).scalar()
        if hub.vault.open_json(stands, place):
            return False
        same = _c.hook_secrets.is_(None) if stands is None else _c.hook_secrets == stands
        kept = update(connections).where(_c.id == row["id"], same).values(hook_secrets=sealed).returning(_c.id)
        return conn.execute(kept).first() is not None

    return bool(hub.db.write(save))


def _pasted(hub: Hub, connection_id: str) -> None:
    """The secret that was handed over is in use, so that nobody has to see it any more."""
    heard = update(connections).where(_c.id == connection_id).values(hook_heard_at=hub.now())
    hub.db.write(lambda conn: conn.execute(heard))


def _poll_soon(hub: Hub, connection_ids: set[str]) -> None:
    now = hub.steady.now()

    def due(conn: Connection) -> None:
        for connection_id in sorted(connection_ids):
            poll_soon(conn, connection_id, now)

    hub.db.write(due)


def poll_soon(conn: Connection, connection_id: str, now: int) -> None:
    """The polls of this connection are due. One that is under way is due again (`core.polling`)."""
    _due(conn, (polls.c.connection == connection_id) & (polls.c.kind != "webhooks"), now)


def all_soon(conn: Connection, connection_id: str, now: int) -> None:
    """The polls, and a look at the webhooks (`core.subscribing`): with new credentials everything may be different."""
    _due(conn, polls.c.connection == connection_id, now)


def _due(conn: Connection, which: ColumnElement[bool], now: int) -> None:
    conn.execute(update(polls).where(which).values(next_at=now))


def _stored(hub: Hub, row: RowMapping, slug: str, received: tuple[Event, ...]) -> Answer:
    """Stores each event under the connection of its account: a vendor may send those of all accounts to one address.
    Events of an account that is not connected are nobody's."""
    if not any(event.account for event in received):
        return store(hub, row["id"], slug, echoes.without(hub, row["id"], received))
    owners = {account: _owner(hub, row, slug, account) for account in {event.account for event in received}}
    answers = [
        store(hub, owner, slug, echoes.without(hub, owner, [one for one in received if owners[one.account] == owner]))
        for owner in sorted({owner for owner in owners.values() if owner})
    ]
    away = next((answer for answer in answers if answer.status != 200), None)
    fresh = [event_id for answer in answers for event_id in answer.event_ids]
    return away or Answer(200, {"events": [{"event": event_id} for event_id in fresh]}, fresh)


def _owner(hub: Hub, row: RowMapping, slug: str, account: str) -> str:
    """The id of the connection of an account, or ""."""
    if not account or account == row["account_id"] or not row["account_id"]:
        return str(row["id"])
    theirs = (_c.slug == slug) & (_c.account_id == account) & (_c.practice == row["practice"])
    with hub.db.read() as conn:
        found = conn.execute(select(_c.id).where(theirs, _c.state != "removed").order_by(_c.made_at)).first()
    return str(found.id) if found else ""


def store(hub: Hub, connection_id: str, slug: str, received: tuple[Event, ...] | list[Event]) -> Answer:
    """Commit events that are known to be genuine; copies only count."""
    if disk.is_full(hub):
        return _AWAY
    rows = [(_row(hub, connection_id, slug, event), event.window) for event in received]
    results = hub.db.write_each(lambda conn: _insert(conn, connection_id, rows, hub.now()))
    fresh = [event_id for event_id, is_new in results if is_new]
    told = [{"event": i} if is_new else {"event": i, "copy": True} for i, is_new in results]
    return Answer(200, told[0] if len(told) == 1 else {"events": told}, fresh)


def store_whole(
    hub: Hub, connection_id: str, slug: str, event: Event, beside: Callable[[str], tuple[Table, list[dict[str, Any]]]]
) -> Answer:
    """Like `store`, with what belongs to the event: `beside(event_id)` makes rows of another table, and all of it is committed
    together or not at all."""
    if disk.is_full(hub):
        return _AWAY
    row = _row(hub, connection_id, slug, event)
    table, parts = beside(row["id"])

    def save(conn: Connection) -> tuple[str, bool]:
        ((event_id, is_new),) = _insert(conn, connection_id, [(row, event.window)], hub.now())
        for part in parts if is_new else ():
            conn.execute(table.insert().values(**part))
        return event_id, is_new

    event_id, is_new = hub.db.write(save)
    return Answer(
        200, {"event": event_id} if is_new else {"event": event_id, "copy": True}, [event_id] if is_new else []
    )


@lru_cache(maxsize=100)
def _opened(vault: Vault, sealed: bytes | None, connection_id: str) -> list[str]:
    """The hook's secrets; opened once, for every delivery needs them."""
    return vault.open_json(sealed, f"connections:{connection_id}:hook_secrets") or []


@lru_cache(maxsize=100)
def _credentials(vault: Vault, sealed: bytes | None, connection_id: str) -> dict[str, str]:
    return vault.open_json(sealed, f"connections:{connection_id}:secret") or {}


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


def _insert(
    conn: Connection, connection_id: str, rows: list[tuple[dict[str, Any], float]], now: int
) -> list[tuple[str, bool]]:
    """`rows`: each with the seconds in which its key counts once; 0: for ever."""
    results = []
    for given, window in rows:
        row = {**given, "dedupe_key": _key_in(conn, given, int(window * 1000), now)} if window else given
        if insert_once(conn, events, row):
            results.append((row["id"], True))
        else:
            results.append((_count_copy(conn, row, now), False))
    _note_heard(conn, connection_id, now)
    return results


def _note_heard(conn: Connection, connection_id: str, now: int) -> None:
    if now - _heard.get(connection_id, 0) > _HEARD_AGAIN:
        conn.execute(_HEARD, {"which": connection_id, "now": now, "old": now - _HEARD_AGAIN})
        _heard[connection_id] = now


def _key_in(conn: Connection, row: dict[str, Any], window: int, now: int) -> str:
    """The key of the event that came with the same one less than `window` ms ago, else a new one. The connection's row is
    locked, so that two at once do not both find none."""
    conn.execute(select(_c.id).where(_c.id == row["connection"]).with_for_update())
    span = now // window
    known = [f"{row['dedupe_key']}@{one}" for one in (span, span - 1)]
    e = events.c
    same = (e.connection == row["connection"]) & e.dedupe_key.in_(known) & (e.received_at > now - window)
    return str(conn.execute(select(e.dedupe_key).where(same).limit(1)).scalar() or known[0])


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
