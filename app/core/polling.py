"""The catch-up path: asks vendors for what webhooks may have lost. Two clocks may do it at once; events fold."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, case, select, update

from app.core import echoes, hold, intake, pace, recipes, subscribing
from app.core.connections import ask_account, break_connection
from app.core.hub import Hub
from app.core.opening import NotConnected, Opened, open_connection
from app.core.patience import Patience
from app.core.statements import insert_once
from app.db.models import connections, events, polls
from connectors.contract import Connector, ConnectorError, Event, Unauthorized

log = logging.getLogger("patchbay.polling")
_LEASE = 300.0  # seconds one round may take


def due(hub: Hub, *, idle_practice: bool = True) -> list[tuple[str, str]]:
    """(connection, kind) of polls whose time has come, each leased to the caller. Without `idle_practice`, practice accounts that
    no recipe uses are left alone: there is one of each kind, and asking them all would load every vendor's SDK for nothing."""
    now = hub.steady.now()
    with hub.db.read() as conn:
        if hold.get(conn):
            return []
        usable = (connections.c.state == "ok") & connections.c.secret.is_not(None)
        columns = (connections.c.id, connections.c.slug, connections.c.practice)
        rows = conn.execute(select(*columns).where(usable)).all()
        used = {own for switch in recipes.all_on(conn) for own in switch.connections.values()}
        known = {(r.connection, r.kind): r for r in conn.execute(select(polls))}
    found = []
    for row in [row for row in rows if idle_practice or not row.practice or row.id in used]:
        for kind in _turns(hub.connectors[row.slug]) if row.slug in hub.connectors else ():
            mine = known.get((row.id, kind))
            is_due = mine is None or max(mine.next_at, mine.lease_until) <= now
            if is_due and hub.db.write(partial(_lease, hub=hub, connection_id=row.id, kind=kind, now=now)):
                found.append((str(row.id), kind))
    return found


def poll(hub: Hub, connection_id: str, kind: str) -> list[str]:
    """One round; returns the ids of new events. Failures are noted on the poll and tried again in its next round.

    The round of `subscribing.KIND` brings no events: it looks after the webhooks."""
    begun = hub.steady.now()
    with hub.db.read() as conn:
        where = (polls.c.connection == connection_id) & (polls.c.kind == kind)
        row = conn.execute(select(polls).where(where)).mappings().one()
        if hold.get(conn):  # a ring from before
            return []
    try:
        opened = open_connection(hub, connection_id)
        if kind == subscribing.KIND:
            return _look_after(hub, opened, begun)
        how = next(p for p in opened.connector.polls if p.kinds[0] == kind)
        cursor = json.loads(row["cursor"]) if row["cursor"] else None
        found, after = ask_account(hub, connection_id, pace.in_step(hub, lambda it: how.run(it.client, cursor)))
    except (ConnectorError, NotConnected) as problem:
        _failed(hub, connection_id, kind, problem, begun)
        return []
    fresh = _unknown(hub, connection_id, opened.connector.slug, list(found))
    answer = intake.store(hub, connection_id, opened.connector.slug, fresh) if fresh else intake.Answer(200)
    if answer.status == 200:  # the cursor moves only when its events are stored
        _next(hub, connection_id, kind, how.every, begun, {"cursor": json.dumps(after), "error": ""})
    return answer.event_ids


def _turns(connector: Connector) -> dict[str, float]:
    """What is looked at from time to time: the first kind of each poll, and the webhooks; after how many seconds again
    when it failed."""
    looks = {subscribing.KIND: subscribing.AGAIN} if subscribing.of(connector) else {}
    return {poll.kinds[0]: min(poll.every, subscribing.AGAIN) for poll in connector.polls} | looks


def _look_after(hub: Hub, opened: Opened, begun: int) -> list[str]:
    if how := subscribing.of(opened.connector):
        subscribing.keep(hub, opened, how)
        _next(hub, opened.id, subscribing.KIND, how.every, begun, {"error": ""})
    return []


def _lease(conn: Connection, hub: Hub, connection_id: str, kind: str, now: int) -> bool:
    insert_once(conn, polls, {"connection": connection_id, "kind": kind})
    mine = (polls.c.connection == connection_id) & (polls.c.kind == kind)
    free = (polls.c.next_at <= now) & (polls.c.lease_until <= now)
    until = now + int(_LEASE * 1000 * Patience(hub.settings.patience).scale)
    taken = update(polls).where(mine, free).values(lease_until=until).returning(polls.c.kind)
    return conn.execute(taken).first() is not None


def _unknown(hub: Hub, connection_id: str, slug: str, found: list[Event]) -> list[Event]:
    """Without those that a webhook has already brought under another dedupe key."""
    keys = [e.once_key for e in found if e.once_key]
    with hub.db.read() as conn:
        where = (events.c.connection == connection_id) & events.c.once_key.in_(keys)
        known = {(r.kind, r.once_key) for r in conn.execute(select(events.c.kind, events.c.once_key).where(where))}
    fresh = [e for e in found if (f"{slug}.{e.kind}", e.once_key) not in known or not e.once_key]
    return echoes.without(hub, connection_id, fresh)


def _next(hub: Hub, connection_id: str, kind: str, every: float, begun: int, values: dict[str, Any]) -> None:
    """Done until its next time; but if something happened meanwhile (`intake.poll_soon`), that is now."""
    later = hub.steady.now() + int(every * 1000)
    next_at = case((polls.c.next_at > begun, polls.c.next_at), else_=later)
    mine = (polls.c.connection == connection_id) & (polls.c.kind == kind)
    done = update(polls).where(mine).values(next_at=next_at, lease_until=0, **values)
    hub.db.write(lambda conn: conn.execute(done))


def _failed(hub: Hub, connection_id: str, kind: str, problem: Exception, begun: int) -> None:
    log.warning("catching up on %s of %s failed: %s", kind, connection_id, problem)
    if isinstance(problem, Unauthorized):
        hub.db.write(lambda conn: break_connection(conn, hub, connection_id, str(problem)))
    row: RowMapping | None = None
    with hub.db.read() as conn:
        row = conn.execute(select(connections.c.slug).where(connections.c.id == connection_id)).mappings().first()
    again = _turns(hub.connectors[row["slug"]]).get(kind) if row else None
    if again:
        _next(hub, connection_id, kind, again, begun, {"error": str(problem)[:8192]})
