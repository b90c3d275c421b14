"""What a person may still say about an account that is opened by signing in: the fields of its connector that are neither secret
nor needed, such as which tables are watched. They lie beside the tokens and outlive each of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from app.core.hub import Hub
from app.db.models import connections
from connectors.contract import Connector, Field


def fields(connector: Connector) -> tuple[Field, ...]:
    """Also for `auth` whose other fields are another way in."""
    asked = (f for f in connector.auth.fields if f.optional and not f.secret and f.beside)
    return tuple(asked) if connector.oauth else ()


def of(connector: Connector, credentials: Mapping[str, str]) -> dict[str, str]:
    """Those among what was given or stored; empty ones are left out."""
    named = ((f.name, str(credentials.get(f.name, "")).strip()) for f in fields(connector))
    return {name: value for name, value in named if value}


def put(conn: Connection, hub: Hub, connection_id: str, connector: Connector, given: Mapping[str, str]) -> None:
    """Beside the tokens as they are in this transaction: another process may just have renewed them."""
    place = f"connections:{connection_id}:secret"
    row = select(connections.c.secret).where(connections.c.id == connection_id).with_for_update()
    stored = hub.vault.open_json(conn.execute(row).scalar(), place) or {}
    names = {f.name for f in fields(connector)}
    kept = {name: value for name, value in stored.items() if name not in names}
    sealed = hub.vault.seal_json({**kept, **of(connector, given)}, place)
    conn.execute(update(connections).where(connections.c.id == connection_id).values(secret=sealed))
