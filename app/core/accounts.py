"""Accounts that were opened by signing in at the vendor: saved as connections, and renewed without losing what they were."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from app.core import audit, extras, intake, opening
from app.core.connections import mend, wake
from app.core.handover import settle
from app.core.hub import Hub
from app.core.ids import new_id
from app.db.models import connections
from connectors.contract import Account, Connector

Credentials = Mapping[str, str]


def known(hub: Hub, slug: str, account_id: str) -> str:
    """The id of the connection of this account, or ""."""
    c = connections.c
    theirs = (c.slug == slug) & (c.account_id == account_id) & (c.state != "removed") & ~c.practice
    with hub.db.read() as conn:
        found = conn.execute(select(c.id).where(theirs, c.consented_at.is_not(None)).order_by(c.made_at)).scalar()
    return str(found) if found and account_id else ""


def add(
    hub: Hub,
    connector: Connector,
    account: Account,
    credentials: Credentials,
    times: Mapping[str, Any],
    *,
    name: str,
    by: str,
) -> str:
    """A new connection; returns its id."""
    connection_id = new_id()
    row = {
        "id": connection_id,
        "slug": connector.slug,
        "name": name or account.name or connector.title,
        "account_id": account.id,
        "account_name": account.name,
        "hook_key": secrets.token_urlsafe(24),
        "secret": hub.vault.seal_json(dict(credentials), f"connections:{connection_id}:secret"),
        "hook_secrets": hub.vault.seal_json([], f"connections:{connection_id}:hook_secrets"),
        "made_at": hub.now(),
        **times,
    }

    def save(conn: Connection) -> None:
        conn.execute(connections.insert().values(**row))
        wake(conn, connection_id, connector.slug)
        facts = {"slug": connector.slug, "practice": False}
        audit.add(conn, hub, by, "connected", f"connection:{connection_id}", facts)

    hub.db.write(save)
    return connection_id


def renew(
    hub: Hub, connection_id: str, account: Account, credentials: Credentials, times: Mapping[str, Any], *, by: str
) -> None:
    """Fresh tokens for a connection that keeps its id, name, hooks, settings and history. What waited for it goes on.

    Raises ValueError for another account than before, LookupError for a connection that is not there.
    """
    row = opening.row(hub, connection_id)
    if row is None or row["state"] == "removed":
        raise LookupError("This connection was removed meanwhile. Make a new one")
    if row["account_id"] and account.id != row["account_id"]:
        raise ValueError(
            f"You signed in as {account.name}, but this connection is {row['account_name']}. "
            "Sign in with that account, or make a new connection for the other one"
        )
    place = f"connections:{connection_id}:secret"
    more = extras.of(hub.connectors[row["slug"]], hub.vault.open_json(row["secret"], place) or {})
    sealed = hub.vault.seal_json({**credentials, **more}, place)
    values = {"account_id": account.id, "account_name": account.name, "secret": sealed, "secret_before": None, **times}
    soon = (
        hub.steady.now()
    )  # not within the change: a process that has done nothing yet learns it by a change of its own

    def save(conn: Connection) -> None:
        conn.execute(update(connections).where(connections.c.id == connection_id).values(**values))
        mend(conn, connection_id, row["slug"], hub.now())
        settle(conn, connection_id, ["ending"], "signed in again", hub.now())
        intake.all_soon(conn, connection_id, soon)
        audit.add(conn, hub, by, "signed in again", f"connection:{connection_id}", {})

    hub.db.write(save)
