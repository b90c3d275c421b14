"""Opens a connection: its credentials out of the vault, the right address, a door, the vendor's own client."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, bindparam, select

from app.core.http import Door
from app.core.hub import Hub
from app.core.patience import Patience
from app.db.models import connections
from connectors.contract import Connector

_ROW = select(connections).where(connections.c.id == bindparam("which"))
FROM_ENVIRONMENT = "environment-openai"  # the connection that OPENAI_API_KEY makes


@dataclass(frozen=True)
class Opened:
    """A connection ready to be called, by one thread."""

    id: str
    connector: Connector
    client: Any
    door: Door
    practice: bool


class NotConnected(Exception):
    """There is no such connection (any more), or it cannot be used now; the text says what to do."""

    def __init__(self, words: str, waits_for: str) -> None:
        super().__init__(words)
        self.waits_for = waits_for


_cache = threading.local()


def row(hub: Hub, connection_id: str) -> RowMapping | None:
    with hub.db.read() as conn:
        return conn.execute(_ROW, {"which": connection_id}).mappings().first()


def open_connection(hub: Hub, connection_id: str) -> Opened:
    """The connection, opened once per thread and state of its credentials. Raises NotConnected."""
    found = row(hub, connection_id)
    if found is None or found["state"] == "removed" or found["slug"] not in hub.connectors:
        raise NotConnected("This connection was removed. Choose another account on the recipe's page", connection_id)
    known: dict[str, tuple[bytes, Opened]] = _cache.__dict__.setdefault(hub.settings.database, {})
    secret = bytes(found["secret"] or b"")
    if connection_id not in known or known[connection_id][0] != secret:
        credentials = hub.vault.open_json(found["secret"], f"connections:{connection_id}:secret") or {}
        known[connection_id] = (
            secret,
            open_with(hub, found["slug"], credentials, found["id"], bool(found["practice"])),
        )
    return known[connection_id][1]


def open_with(
    hub: Hub, slug: str, credentials: Mapping[str, str], connection_id: str = "", practice: bool = False
) -> Opened:
    """A client for credentials that may not be saved yet (they are checked first)."""
    connector = hub.connectors[slug]
    bases, public_only = addresses(hub, connector, credentials, connection_id, practice)
    patience = Patience(hub.settings.patience)
    seconds = patience.call(connector.seconds)
    heard = hub.tallies.call(connector.slug)
    door = Door(bases, seconds=seconds, alarm=patience.alarm(seconds), public_only=public_only, heard=heard)
    return Opened(connection_id, connector, connector.open(credentials, door), door, practice)


def addresses(
    hub: Hub, connector: Connector, credentials: Mapping[str, str], connection_id: str, practice: bool
) -> tuple[dict[str, str], bool]:
    """(host name → base address, whether only public addresses may be called).

    Whoever runs the hub may point a vendor anywhere (PATCHBAY_<SLUG>_URL, OPENAI_BASE_URL); a person who types an address
    into a page may not reach inside the network.
    """
    override = hub.settings.vendor_urls.get(connector.slug)
    if practice:
        base = hub.settings.vendor_urls.get("practice") or f"{hub.settings.loopback}/practice"
        return dict.fromkeys(connector.hosts, f"{base}/{connector.slug}"), False
    typed = credentials.get(connector.typed_host, "") if connector.typed_host else ""
    if connection_id == FROM_ENVIRONMENT and typed:
        return dict.fromkeys(connector.hosts, typed), False
    if override:
        return dict.fromkeys(connector.hosts, override.removesuffix("/v1").removesuffix("/v2")), False
    if typed:
        if not typed.startswith("https://"):
            instead = " For a model on this machine set OPENAI_BASE_URL instead" if connector.slug == "openai" else ""
            raise ValueError(f"The address {typed} must begin with https://{'.' if instead else ''}{instead}")
        return dict.fromkeys(connector.hosts, typed), True
    return dict(connector.hosts), True
