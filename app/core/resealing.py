"""All that is encrypted, encrypted anew with the newest key, so that older ones can be given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, RowMapping, Table, literal, select, tuple_, update

from app.core import house
from app.core.hub import Hub
from app.core.vault import Sealed, Vault
from app.db.models import metadata

_AT_ONCE = 200  # rows a transaction


@dataclass
class Resealed:
    """Of each table: how many values have the newest key now, and how many none of the keys opens."""

    anew: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)

    def note(self, table: str, name: str) -> None:
        counts = getattr(self, name)
        counts[table] = counts.get(table, 0) + 1


def reseal(hub: Hub) -> Resealed:
    """Every column of encrypted bytes (`LargeBinary`), and this hub's own secret. What has the newest key already stays."""
    found = Resealed()
    for table in metadata.sorted_tables:
        sealed = [column for column in table.c if isinstance(column.type, LargeBinary)]
        if sealed:
            _table(hub, table, sealed, found)
    hub.db.write(lambda conn: _own_secret(conn, hub.vault, found))
    return found


def _table(hub: Hub, table: Table, sealed: Sequence[Column[Any]], found: Resealed) -> None:
    key = list(table.primary_key)
    after: tuple[Any, ...] = ()
    while rows := _page(hub, key, sealed, after):
        changes = [(row, change) for row in rows if (change := _change(hub.vault, table, row, sealed, found))]
        hub.db.write(partial(_save, table=table, changes=changes))
        after = tuple(rows[-1][column.name] for column in key)


def _page(
    hub: Hub, key: Sequence[Column[Any]], sealed: Sequence[Column[Any]], after: tuple[Any, ...]
) -> Sequence[RowMapping]:
    query = select(*key, *sealed).order_by(*key).limit(_AT_ONCE)
    if after:
        query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
    with hub.db.read() as conn:
        return conn.execute(query).mappings().all()


def _change(
    vault: Vault, table: Table, row: RowMapping, sealed: Sequence[Column[Any]], found: Resealed
) -> dict[str, bytes]:
    change = {}
    for column in sealed:
        value = row[column.name]
        if value is None or vault.is_newest(bytes(value)):
            continue
        try:
            change[column.name] = vault.reseal(bytes(value))
            found.note(table.name, "anew")
        except Sealed:
            found.note(table.name, "unreadable")
    return change


def _save(conn: Connection, table: Table, changes: Sequence[tuple[RowMapping, Mapping[str, bytes]]]) -> None:
    for row, change in changes:
        same = [column == row[column.name] for column in table.primary_key]
        conn.execute(update(table).where(*same).values(**change))


def _own_secret(conn: Connection, vault: Vault, found: Resealed) -> None:
    kept = house.get(conn, "secret")
    if kept and not vault.is_newest(kept.encode()):
        house.put(conn, "secret", vault.reseal(kept.encode()).decode())
        found.note("house", "anew")
