"""Opens a connection: its credentials out of the vault, the right address, a door, the vendor's own client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, bindparam, select

from app.core import masks, renewal, vitals
from app.core.hosts import FROM_ENVIRONMENT as FROM_ENVIRONMENT
from app.core.hosts import addresses
from app.core.http import Door
from app.core.hub import Hub
from app.core.patience import Patience
from app.db.models import connections
from connectors.contract import Connector

_TOKENS = ("access_token", "refresh_token")
_ROW = select(connections).where(connections.c.id == bindparam("which"))


@dataclass(frozen=True)
class Opened:
    """A connection ready to be called, by one thread."""

    id: str
    connector: Connector
    client: Any
    door: Door
    practice: bool
    sealed: bytes = b""  # its credentials as they were in the database when it was opened


class NotConnected(Exception):
    """There is no such connection (any more), or it cannot be used now; the text says what to do."""

    def __init__(self, words: str, waits_for: str) -> None:
        super().__init__(words)
        self.waits_for = waits_for


_cache = threading.local()


def row(hub: Hub, connection_id: str) -> RowMapping | None:
    with hub.db.read() as conn:
        return conn.execute(_ROW, {"which": connection_id}).mappings().first()


def open_connection(hub: Hub, connection_id: str, *, once_more: bool = False) -> Opened:
    """The connection, opened once per thread and state of its credentials, with tokens that are good for some minutes.

    `once_more`: a person asks, so the vendor is asked even if it said before that only signing in again helps. Raises
    NotConnected; for tokens that cannot be renewed Unauthorized, or Unavailable if that may change by itself.
    """
    found = row(hub, connection_id)
    if found is None or found["state"] == "removed" or found["slug"] not in hub.connectors:
        raise NotConnected("This connection was removed. Choose another account on the recipe's page", connection_id)
    if renewal.is_needed(hub, found):
        found = renewal.fresh(hub, found, once_more=once_more)
    known: dict[str, tuple[bytes, Opened]] = _cache.__dict__.setdefault(hub.settings.database, {})
    secret = bytes(found["secret"] or b"")
    if connection_id not in known or known[connection_id][0] != secret:
        credentials = hub.vault.open_json(found["secret"], f"connections:{connection_id}:secret") or {}
        known[connection_id] = (secret, _opened(hub, found, credentials, secret))
    return known[connection_id][1]


def _opened(hub: Hub, found: RowMapping, credentials: Mapping[str, str], sealed: bytes) -> Opened:
    proves = renewal.proves(hub, found) if found["secret_before"] is not None else None
    if found["consented_at"]:
        credentials = {name: value for name, value in credentials.items() if name != "refresh_token"}
    how = (hub, found["slug"], credentials, found["id"], bool(found["practice"]))
    return replace(open_with(*how, proves=proves), sealed=sealed)


def open_with(
    hub: Hub,
    slug: str,
    credentials: Mapping[str, str],
    connection_id: str = "",
    practice: bool = False,
    *,
    proves: Callable[[str], None] | None = None,
) -> Opened:
    """A client for credentials that may not be saved yet (they are checked first). `proves` is told what came of each call."""
    connector = hub.connectors[slug]
    secret = {*_TOKENS, *(field.name for field in connector.auth.fields if field.secret)}
    masks.know(*(value for name, value in credentials.items() if name in secret))
    bases, public_only = addresses(hub, connector, credentials, connection_id, practice)
    patience = Patience(hub.settings.patience)
    seconds = patience.call(connector.seconds)
    counts, told = hub.tallies.call(connector.slug), vitals.heard(hub, connection_id) if connection_id else None

    def heard(took: float, answer: str) -> None:
        counts(took, answer)
        for listens in (told, proves):
            if listens is not None:
                listens(answer)

    door = Door(bases, seconds=seconds, alarm=patience.alarm(seconds), public_only=public_only, heard=heard)
    return Opened(connection_id, connector, connector.open(credentials, door), door, practice)
