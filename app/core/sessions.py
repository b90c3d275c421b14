"""Who is there: sessions of browsers, personal tokens of scripts, and how often one may guess a password.

Cookies and tokens are 256 random bits; the database holds only their hashes, so neither a stolen database nor a leaked
key of ours makes anybody a user.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core.hub import Hub
from app.core.users import User
from app.db.models import guesses, sessions, tokens, users

IDLE = 8 * 3600_000
WHOLE = 7 * 24 * 3600_000
TRIES = 5
TRIES_WINDOW = 15 * 60_000
_NOTE_EVERY = 60_000  # a page view writes to the database at most once a minute


@dataclass(frozen=True)
class Session:
    id: str
    user: User
    csrf: str


# --- browsers ---------------------------------------------------------------------------------------------------------


def start(hub: Hub, user: User) -> str:
    """A new session; returns what goes into the cookie."""
    cookie = secrets.token_urlsafe(32)
    now = hub.now()
    row = {"id": _hash(cookie), "user": user.id, "csrf": secrets.token_urlsafe(32), "made_at": now, "seen_at": now}

    def store(conn: Connection) -> None:
        forget_ended(conn, now)
        conn.execute(insert(sessions).values(**row))

    hub.db.write(store)
    return cookie


def find(hub: Hub, cookie: str) -> Session | None:
    """The session, unless it is over: idle for 8 hours, 7 days old, ended, or its user removed."""
    now, key = hub.now(), _hash(cookie)
    query = (
        select(sessions, users.c.email, users.c.name, users.c.role)
        .join(users, users.c.id == sessions.c.user)
        .where(sessions.c.id == key, users.c.state == "active")
    )
    with hub.db.read() as conn:
        row = conn.execute(query).mappings().first()
    if row is None or row["seen_at"] < now - IDLE or row["made_at"] < now - WHOLE:
        return None
    if row["seen_at"] < now - _NOTE_EVERY:
        hub.db.write(lambda conn: conn.execute(update(sessions).where(sessions.c.id == key).values(seen_at=now)))
    return Session(key, _user(row, row["user"]), row["csrf"])


def forget_ended(conn: Connection, now: int) -> None:
    """`now` in ms UTC."""
    conn.execute(delete(sessions).where((sessions.c.seen_at < now - IDLE) | (sessions.c.made_at < now - WHOLE)))


def end(hub: Hub, session_id: str) -> None:
    hub.db.write(lambda conn: conn.execute(delete(sessions).where(sessions.c.id == session_id)))


# --- scripts ----------------------------------------------------------------------------------------------------------


def make_token(hub: Hub, user: User, name: str) -> str:
    """A personal token; this is the only time anybody sees it. Raises ValueError."""
    name = " ".join(name.split())[:100]
    if not name:
        raise ValueError("Give the token a name that says where you use it.")
    token = "pb_" + secrets.token_urlsafe(32)
    row = {"id": _hash(token), "user": user.id, "name": name, "made_at": hub.now()}
    hub.db.write(lambda conn: conn.execute(insert(tokens).values(**row)))
    return token


def token_user(hub: Hub, token: str) -> User | None:
    now, key = hub.now(), _hash(token)
    query = (
        select(tokens.c.used_at, tokens.c.user, users.c.email, users.c.name, users.c.role)
        .join(users, users.c.id == tokens.c.user)
        .where(tokens.c.id == key, users.c.state == "active")
    )
    with hub.db.read() as conn:
        row = conn.execute(query).mappings().first()
    if row is None:
        return None
    if (row["used_at"] or 0) < now - _NOTE_EVERY:
        hub.db.write(lambda conn: conn.execute(update(tokens).where(tokens.c.id == key).values(used_at=now)))
    return _user(row, row["user"])


def token_listing(hub: Hub, user: User) -> list[dict[str, Any]]:
    """The tokens of one person, without anything that could be used: id, name, made_at, used_at."""
    columns = (tokens.c.id, tokens.c.name, tokens.c.made_at, tokens.c.used_at)
    with hub.db.read() as conn:
        query = select(*columns).where(tokens.c.user == user.id).order_by(tokens.c.made_at)
        return [dict(row) for row in conn.execute(query).mappings()]


def drop_token(hub: Hub, user: User, token_id: str) -> None:
    where = (tokens.c.id == token_id, tokens.c.user == user.id)
    hub.db.write(lambda conn: conn.execute(delete(tokens).where(*where)))


# --- guessing ---------------------------------------------------------------------------------------------------------


def take_try(hub: Hub, *about: str, tries: int = TRIES) -> int:
    """Counts one try against `about` (who, from where) before it is made, so that many at once gain nothing.

    Returns 0 if the try may be made, else the seconds until the next one.
    """
    now, key = hub.now(), _hash("\0".join(about))

    def count(conn: Connection) -> int:
        conn.execute(delete(guesses).where(guesses.c.until < now))
        grown = update(guesses).where(guesses.c.key == key).values(count=guesses.c.count + 1)
        row = conn.execute(grown.returning(guesses.c.count, guesses.c.until)).first()
        if row is None:
            conn.execute(insert(guesses).values(key=key, count=1, until=now + TRIES_WINDOW))
            return 0
        return 0 if row[0] <= tries else max(1, (row[1] - now) // 1000)

    try:
        return hub.db.write(count)
    except IntegrityError:  # two first tries at the same instant
        return hub.db.write(count)


def forget_tries(hub: Hub, *about: str) -> None:
    key = _hash("\0".join(about))
    hub.db.write(lambda conn: conn.execute(delete(guesses).where(guesses.c.key == key)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _user(row: RowMapping, user_id: str) -> User:
    return User(user_id, row["email"], row["name"], row["role"])
