"""Secrets that the hub chooses: made, kept, shown once. The one before stays good while the other side changes over."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from app.core import audit, connections, hook_keys, opening
from app.core.hub import Hub
from app.db.models import connections as table
from connectors.contract import Connector, Made

HOOK = ""  # the secret of the webhooks; everything else is the name of a field


class MadeAlready(Exception):
    """The page that asked is out of date; the text says what to do."""


def can_be(hub: Hub, connection_id: str) -> dict[str, str]:
    """what → label of each secret that the hub can make for this connection. Raises LookupError."""
    row = opening.row(hub, connection_id)
    if row is None:
        raise LookupError(f"There is no connection {connection_id}")
    connector, saved = hub.connectors[row["slug"]], _saved(hub, row)
    hook = connector.hook
    first = {HOOK: hook.secret_label} if hook is not None and hook.makes else {}
    meant = [f for f in connector.auth.fields if f.makes and (not f.goes_with or saved.get(f.goes_with))]
    return {**first, **{f.name: f.label for f in meant}}


def stand(hub: Hub, connection_id: str) -> str:
    """Changes with the secrets, so that a page sent twice makes one secret and not two: the second would end the one that
    was shown."""
    row = opening.row(hub, connection_id)
    kept = (bytes(row["secret"] or b""), bytes(row["hook_secrets"] or b"")) if row is not None else ()
    return hashlib.sha256(b"|".join(kept)).hexdigest()[:20]


def make(hub: Hub, connection_id: str, what: str, *, seen: str = "", by: str = "") -> tuple[tuple[str, str], ...]:
    """A new secret; returns what a person has to enter elsewhere (label, text). `seen`: the `stand` that they saw.

    Raises LookupError where there is nothing of that name to make, MadeAlready.
    """
    row = opening.row(hub, connection_id)
    if row is None or what not in can_be(hub, connection_id):
        raise LookupError(f"Nothing called {what} can be made for this connection")
    connector = hub.connectors[row["slug"]]
    if seen and seen != stand(hub, connection_id):
        raise MadeAlready(
            "The secret has been changed since this page was opened. If you need another one, press again"
        )
    made, kept = _of_hook(hub, connector, row) if what == HOOK else _of_field(hub, connector, row, what)
    hub.db.write(lambda conn: _keep(conn, hub, row, kept, by))
    hook_keys.forget()
    return made.shown


def _of_hook(hub: Hub, connector: Connector, row: RowMapping) -> tuple[Made, dict[str, Any]]:
    assert connector.hook is not None
    assert connector.hook.makes is not None
    address = f"{hub.settings.address}/hooks/{row['slug']}/{row['hook_key']}"
    made = connector.hook.makes(_saved(hub, row), address)
    place = f"connections:{row['id']}:hook_secrets"
    both = [made.value, *(hub.vault.open_json(row["hook_secrets"], place) or [])][:2]
    return made, {"hook_secrets": hub.vault.seal_json(both, place)}


def _of_field(hub: Hub, connector: Connector, row: RowMapping, name: str) -> tuple[Made, dict[str, Any]]:
    makes = next(f.makes for f in connector.auth.fields if f.name == name)
    assert makes is not None
    saved = _saved(hub, row)
    made = makes(saved)
    sealed = hub.vault.seal_json({**saved, name: made.value}, f"connections:{row['id']}:secret")
    return made, {"secret": sealed}


def _saved(hub: Hub, row: RowMapping) -> dict[str, str]:
    return hub.vault.open_json(row["secret"], f"connections:{row['id']}:secret") or {}


def _keep(conn: Connection, hub: Hub, row: RowMapping, kept: dict[str, Any], by: str) -> None:
    """Only over what was read: two people who press at once do not each end the other's secret unseen."""
    unmoved = [table.c[name] == row[name] if row[name] is not None else table.c[name].is_(None) for name in kept]
    saved = update(table).where(table.c.id == row["id"], *unmoved).values(**kept).returning(table.c.id)
    if conn.execute(saved).first() is None:
        raise MadeAlready("Somebody has just made another one. If you need one of your own, press again")
    if "secret" in kept:
        connections.mend(conn, row["id"], row["slug"], hub.now())
    audit.add(conn, hub, by, "made a secret", f"connection:{row['id']}", {"of": next(iter(kept))})
