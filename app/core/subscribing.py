"""Webhooks that the hub sets up and renews at the vendor by itself, so that nobody has to and none ends unnoticed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy import RowMapping, update

from app.core import apps, masks, opening, pace
from app.core.connections import ask_account
from app.core.hub import Hub
from app.core.opening import Opened
from app.db.models import connections
from connectors.contract import Connector, Subscription

KIND = "webhooks"
"""The row of this in the table of polls, among which it takes its turn."""
AGAIN = 900.0  # seconds after one that failed


def of(connector: Connector) -> Subscription | None:
    return connector.hook.subscription if connector.hook else None


def keep(hub: Hub, opened: Opened, how: Subscription) -> None:
    """One round. A secret is saved before the vendor hears of it, so that no delivery comes too early for it."""
    row = opening.row(hub, opened.id)
    assert row is not None
    known = _known(hub, row, how)
    to = address(hub, row)
    masks.know(*known)
    kept = ask_account(hub, opened.id, pace.in_step(hub, lambda it: how.keep(it.client, to, known)))
    if list(kept) != known:
        _save(hub, row, kept)


def _known(hub: Hub, row: RowMapping, how: Subscription) -> list[str]:
    """What is saved, and what the vendor may sign with by now: a secret of ours, or that of our app."""
    known = _secrets(hub, row) or [_offered(hub, row["id"])]
    app = apps.get(hub, row["slug"]) if how.app_signs and row["consented_at"] else None
    if app is not None and app.client_secret not in known:
        known = [app.client_secret, *known]
    return known if known == _secrets(hub, row) else _save(hub, row, known)


def address(hub: Hub, row: RowMapping) -> str:
    """Where this vendor reaches us; "" where it cannot. The stand-ins are on this machine."""
    public = hub.settings.address.startswith("https://")
    return f"{hub.settings.address}/hooks/{row['slug']}/{row['hook_key']}" if public or row["practice"] else ""


def _offered(hub: Hub, connection_id: str) -> str:
    """A secret of our own, the same each time: one that was told but not saved is not lost."""
    return hmac.new(hub.secret, f"webhooks {connection_id}".encode(), hashlib.sha256).hexdigest()


def _secrets(hub: Hub, row: RowMapping) -> list[str]:
    return list(hub.vault.open_json(row["hook_secrets"], _place(row)) or [])


def _save(hub: Hub, row: RowMapping, secrets: Sequence[str]) -> list[str]:
    """Unless somebody removed the connection meanwhile."""
    sealed = hub.vault.seal_json(list(secrets)[:100], _place(row))
    here = (connections.c.id == row["id"]) & (connections.c.state != "removed")
    hub.db.write(lambda conn: conn.execute(update(connections).where(here).values(hook_secrets=sealed)))
    return list(secrets)


def _place(row: RowMapping) -> str:
    return f"connections:{row['id']}:hook_secrets"
