"""What it takes long to prepare in an empty hub (recipes read, their cases run, practice accounts), once per test process.

The rows that the first hub of a kind was left with are put into every later one of this kind before it is prepared; it then
finds everything there. Recipes and connectors are read anew by every hub.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from app.core.hub import Hub
from app.db.models import house, metadata

_PLACE = ("host", "boot", "wall clock")  # rows of `house` about the place where a database lies, which is another one
Kind = tuple[Any, ...]
_kept: dict[Kind, dict[str, list[dict[str, Any]]]] = {}


def put(hub: Hub, name: str) -> bool:
    """Whether there was something to put into this hub's database, which must be empty for that."""
    kept = _kept.get(_kind(hub, name))
    return kept is not None and hub.db.write(lambda conn: _put(conn, kept))


def keep(hub: Hub, name: str) -> None:
    """What is there now is what the next hub of this kind begins with. Keys of its own seal what only it can read."""
    if hub.settings.keys and _kind(hub, name) not in _kept:
        with hub.db.read() as conn:
            tables = {t.name: [dict(row) for row in conn.execute(select(t)).mappings()] for t in metadata.sorted_tables}
        tables["house"] = [row for row in tables["house"] if row["key"] not in _PLACE]
        _kept[_kind(hub, name)] = tables


def _kind(hub: Hub, name: str) -> Kind:
    return (name, hub.settings.keys, hub.settings.connectors)


def _put(conn: Connection, kept: dict[str, list[dict[str, Any]]]) -> bool:
    if conn.execute(select(house.c.key).where(house.c.key == "secret")).first() is not None:
        return False
    for table in metadata.sorted_tables:
        if kept[table.name]:
            conn.execute(table.insert(), kept[table.name])
    return True
