"""The people who may sign in: their roles, their rights, and the one-time code that makes the first of them."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.core import house as facts
from app.core import passwords
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.passwords import WeakPassword as WeakPassword
from app.db.models import house, sessions, tokens, users

ROLES = ("owner", "builder", "approver", "viewer")

# What each role may do; whatever is not here is forbidden.
_RIGHTS = {
    "see": {"owner", "builder", "approver", "viewer"},  # pages, runs, journal
    "decide": {"owner", "builder", "approver"},  # reviews, undo
    "build": {"owner", "builder"},  # switch recipes, run again, try a sample
    "connect": {"owner", "builder"},  # accounts
    "house": {"owner"},  # people, users, limits
}

# Without look-alikes (0 O, 1 I L): the code is read from a screen and typed.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class User:
    id: str
    email: str
    name: str
    role: str


class WrongCode(ValueError):
    """The set-up code is not the one on the console."""


class AlreadySetUp(ValueError):
    """Somebody was faster."""


def may(role: str, act: str) -> bool:
    """The one place that knows rights. Unknown roles and unknown acts may nothing."""
    return role in _RIGHTS.get(act, ())


# --- the first person -------------------------------------------------------------------------------------------------


def exist(hub: Hub) -> bool:
    """Whether the hub has been set up."""
    with hub.db.read() as conn:
        return conn.execute(select(users.c.id).limit(1)).first() is not None


def setup_code(hub: Hub) -> str | None:
    """A fresh one-time code for the console (earlier ones stop working), or None once the hub has been set up."""
    if exist(hub):
        return None
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))

    hub.db.write(lambda conn: facts.put(conn, "setup_code", _code_hash(code)))
    return code


def set_up(hub: Hub, code: str, *, name: str, email: str, password: str) -> User:
    """Makes the owner. Of several people at once, one wins. Raises WrongCode, AlreadySetUp, ValueError."""
    name, email = clean_name(name), clean_email(email)
    passwords.require_good(password, name, email)
    with hub.db.read() as conn:
        stored: str = facts.get(conn, "setup_code", "")
    if exist(hub):
        raise AlreadySetUp("This hub has been set up already. Sign in instead.")
    if not stored or not compare_digest(stored, _code_hash(code)):
        raise WrongCode("That is not the code from the console. Look at the window in which Patchbay was started.")
    made = _Row(new_id(), email, name, "owner", passwords.digest(password), hub.now())

    def store(conn: Connection) -> bool:
        # Deleting the code is the race: its row can go only once.
        won = (
            conn.execute(delete(house).where(house.c.key == "setup_code", house.c.value == json.dumps(stored))).rowcount
            == 1
        )
        if won:
            _insert(conn, made)
        return won

    if not hub.db.write(store):
        raise AlreadySetUp("Somebody else has just set this hub up. Sign in instead.")
    return made.user


def _code_hash(code: str) -> str:
    letters = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hashlib.sha256(letters.encode()).hexdigest()


# --- the others -------------------------------------------------------------------------------------------------------


def add(hub: Hub, *, email: str, name: str, role: str, password: str) -> User:
    """Raises ValueError with a sentence."""
    name, email = clean_name(name), clean_email(email)
    if role not in ROLES:
        raise ValueError(f"The role must be one of {', '.join(ROLES)}.")
    passwords.require_good(password, name, email)
    made = _Row(new_id(), email, name, role, passwords.digest(password), hub.now())
    try:
        hub.db.write(lambda conn: _insert(conn, made))
    except IntegrityError:
        raise ValueError(f"{email} has an account here already. Use another e-mail address.") from None
    return made.user


def listing(hub: Hub) -> list[User]:
    with hub.db.read() as conn:
        rows = conn.execute(select(users).where(users.c.state == "active").order_by(users.c.name)).mappings().all()
    return [_user(row) for row in rows]


def find(hub: Hub, user_id: str) -> User | None:
    with hub.db.read() as conn:
        row = conn.execute(select(users).where(users.c.id == user_id, users.c.state == "active")).mappings().first()
    return _user(row) if row else None


def signs_in(hub: Hub, email: str, password: str) -> User | None:
    """The person, if the password is theirs. Takes the same time for unknown people."""
    with hub.db.read() as conn:
        query = select(users).where(users.c.email == email.strip().lower(), users.c.state == "active")
        row = conn.execute(query).mappings().first()
    good = passwords.fits(password[: passwords.LONGEST], row["password"] if row else "")
    return _user(row) if row and good else None


def change_password(hub: Hub, user: User, old: str, new: str) -> None:
    """Ends every session of this person. Raises ValueError."""
    if signs_in(hub, user.email, old) is None:
        raise ValueError("The present password is not right. Type it again.")
    passwords.require_good(new, user.name, user.email)
    stored = passwords.digest(new)

    def store(conn: Connection) -> None:
        conn.execute(update(users).where(users.c.id == user.id).values(password=stored))
        conn.execute(delete(sessions).where(sessions.c.user == user.id))

    hub.db.write(store)


def remove(hub: Hub, user_id: str) -> None:
    """Takes effect at once: sessions and tokens go too. Raises ValueError for the last owner."""

    def store(conn: Connection) -> bool:
        owners = select(func.count()).where(users.c.role == "owner", users.c.state == "active", users.c.id != user_id)
        if conn.execute(owners).scalar() == 0:
            return False
        conn.execute(update(users).where(users.c.id == user_id).values(state="removed", password=""))
        conn.execute(delete(sessions).where(sessions.c.user == user_id))
        conn.execute(delete(tokens).where(tokens.c.user == user_id))
        return True

    if not hub.db.write(store):
        raise ValueError("This is the only owner. Add another owner first.")


def clean_email(email: str) -> str:
    email = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) or len(email) > 200:
        raise ValueError("That does not look like an e-mail address. Write it like anna@example.com.")
    return email


def clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise ValueError("Write the name as others here know it, at most 100 characters.")
    return name


@dataclass(frozen=True)
class _Row:
    id: str
    email: str
    name: str
    role: str
    password: str
    made_at: int

    @property
    def user(self) -> User:
        return User(self.id, self.email, self.name, self.role)


def _insert(conn: Connection, row: _Row) -> None:
    conn.execute(insert(users).values(**vars(row)))


def _user(row: RowMapping) -> User:
    return User(row["id"], row["email"], row["name"], row["role"])
