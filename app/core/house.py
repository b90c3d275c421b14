"""Small facts about this hub itself: the `house` table."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.core.statements import upsert
from app.db.models import house

_VALUE = select(house.c.value).where(house.c.key == bindparam("which"))


def get(conn: Connection, key: str, default: Any = None) -> Any:
    """The JSON value of a fact."""
    text = conn.execute(_VALUE, {"which": key}).scalar()
    return default if text is None else json.loads(text)


def put(conn: Connection, key: str, value: Any) -> None:
    upsert(conn, house, {"key": key}, {"value": json.dumps(value)})


def put_once(conn: Connection, key: str, value: Any) -> Any:
    """Keep the first value ever put there; returns the value that stands."""
    found = get(conn, key)
    if found is None:
        put(conn, key, value)
        return value
    return found
