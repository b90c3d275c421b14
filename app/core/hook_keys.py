"""Whose address a webhook came to. Every delivery asks for it, so what was found is good for a second."""

from __future__ import annotations

import time

from sqlalchemy import RowMapping, bindparam, select

from app.core.hub import Hub
from app.db.models import connections

_c = connections.c
_HOOK = select(_c.id, _c.hook_secrets, _c.hook_heard_at, _c.secret, _c.account_id, _c.practice).where(
    _c.hook_key == bindparam("key"), _c.slug == bindparam("slug"), _c.state != "removed"
)
_SECONDS, _MOST = 1.0, 1000
_known: dict[tuple[str, str, str], tuple[float, RowMapping]] = {}


def find(hub: Hub, slug: str, key: str, *, anew: bool = False) -> tuple[RowMapping | None, bool]:
    """(id, hook_secrets, hook_heard_at, secret, account_id and practice of the connection, whether it was looked up just now).

    What another process has changed meanwhile is seen a second later, or with `anew`: whoever is about to refuse a delivery
    looks again first.
    """
    place, now = (hub.settings.database, slug, key), time.monotonic()
    since, row = _known.get(place, (0.0, None))
    if row is not None and not anew and now - since < _SECONDS:
        return row, False
    with hub.db.read() as conn:
        found = conn.execute(_HOOK, {"key": key, "slug": slug}).mappings().first()
    if len(_known) >= _MOST:
        _known.clear()
    if found is not None:
        _known[place] = now, found
    else:
        _known.pop(place, None)
    return found, True


def forget() -> None:
    """A connection was changed in this process."""
    _known.clear()
