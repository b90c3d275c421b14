"""Sign-ins at vendors that are under way: bound to the browser's session, the person and the vendor, once, for ten minutes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from app.core.hub import Hub
from app.core.sessions import Session
from app.db.models import grants

LIFE = 600_000  # ms
_KEPT = 86_400_000  # ms after which nobody comes back with one, so that it can be forgotten


class Astray(Exception):
    """Whoever came back did not begin this sign-in, or it is over; the text says what to do. `kind`: unknown, used, late
    or elsewhere."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


@dataclass(frozen=True)
class Grant:
    """One sign-in under way. `connection` is which it renews, "" for a new one."""

    id: str
    slug: str
    connection: str
    name: str
    kept: Mapping[str, Any] = field(repr=False)


def begin(hub: Hub, slug: str, session: Session, verifier: str, *, connection: str = "", name: str = "") -> str:
    """The state that the vendor hands back; only its hash is stored."""
    state = secrets.token_urlsafe(32)
    row = {
        "id": _hash(state),
        "slug": slug,
        "session": session.id,
        "user": session.user.id,
        "connection": connection,
        "name": name[:200],
        "secret": hub.vault.seal_json({"verifier": verifier}, _place(_hash(state))),
        "made_at": hub.now(),
    }

    def save(conn: Connection) -> None:
        conn.execute(delete(grants).where(grants.c.made_at < hub.now() - _KEPT))
        conn.execute(insert(grants).values(**row))

    hub.db.write(save)
    return state


def take(hub: Hub, slug: str, session: Session, state: str, *, at: str = "asked") -> Grant:
    """The sign-in of this state, which is over with this call. Raises Astray; then it stays as it was, so that a stranger
    who comes by with it spoils nothing."""
    grant_id = _hash(state)
    with hub.db.read() as conn:
        row = conn.execute(select(grants).where(grants.c.id == grant_id)).mappings().first()
    row = _ours(hub, row, slug, session, at)

    def end(conn: Connection) -> bool:
        mine = (grants.c.id == grant_id) & (grants.c.state == at)
        over = update(grants).where(mine).values(state="over", secret=None).returning(grants.c.id)
        return conn.execute(over).first() is not None

    if not hub.db.write(end):
        raise _used()
    kept = hub.vault.open_json(row["secret"], _place(grant_id)) or {}
    return Grant(grant_id, row["slug"], row["connection"], row["name"], kept)


def let_choose(hub: Hub, grant: Grant, session: Session, kept: Mapping[str, Any]) -> str:
    """The sign-in goes on with a choice, under a new state; what belongs to it is kept sealed until then."""
    state = begin(hub, grant.slug, session, "", connection=grant.connection, name=grant.name)
    values = {"state": "choosing", "secret": hub.vault.seal_json(dict(kept), _place(_hash(state)))}
    hub.db.write(lambda conn: conn.execute(update(grants).where(grants.c.id == _hash(state)).values(**values)))
    return state


def _ours(hub: Hub, row: RowMapping | None, slug: str, session: Session, at: str) -> RowMapping:
    if row is None:
        raise Astray("unknown", "This hub did not ask for that. Begin at Connections")
    if (row["slug"], row["session"], row["user"]) != (slug, session.id, session.user.id):
        raise Astray("elsewhere", "This sign-in was begun by somebody else, or before you signed in here again")
    if row["state"] != at:
        raise _used()
    if row["made_at"] < hub.now() - LIFE:
        raise Astray("late", "More than ten minutes have passed since you began. Begin again at Connections")
    return row


def _used() -> Astray:
    return Astray("used", "This answer has been used already. If the account is on the Connections page, all is well")


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()


def _place(grant_id: str) -> str:
    return f"grants:{grant_id}:secret"
