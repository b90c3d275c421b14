"""Keeps the tokens of accounts alive that were opened by signing in: ahead of time, one process at a time, losing neither pair.

A refresh token often counts once: two that use it at the same time lose the account. So whoever renews takes a lease in the
database first, saves the new pair before anybody uses it, and keeps the old one until the new one has worked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from app.core import apps, audit, handover, hold
from app.core.answers import Kind, Trouble
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.patience import Patience
from app.core.tokens import SECONDS, Desk, Tokens
from app.db.models import connections
from connectors.contract import ConnectorError, Unauthorized, Unavailable

MARGIN = 900_000  # ms before its end in which an access token is renewed
DAILY = 72_000_000  # ms after which a token is renewed even if nobody needs it
_JUST_NOW = 60_000  # ms in which a token that is refused is not renewed again
_PAUSE = 60.0  # seconds until the next try after one that did not work
_LOOK = 0.02  # seconds between two looks at a renewal that another one has in hand

_c = connections.c


def is_needed(hub: Hub, row: RowMapping) -> bool:
    """Whether the access token ends soon. One that lives shorter than the margin is used for half of its life."""
    if not row["consented_at"] or not row["renewed_at"] or row["expires_at"] is None:
        return False
    margin = min(MARGIN, (row["expires_at"] - row["renewed_at"]) // 2)
    return bool(row["expires_at"] - margin <= hub.now())


def due(hub: Hub) -> list[str]:
    """Connections whose tokens nobody has renewed for a day, so that those that die unused do not."""
    now = hub.now()
    idle = _c.renewed_at.is_not(None) & ((_c.renewed_at < now - DAILY) | (_c.renewed_at > now + DAILY))
    free = _c.refresh_until.is_(None) | (_c.refresh_until <= hub.steady.now())
    with hub.db.read() as conn:
        if hold.get(conn):
            return []
        return list(conn.execute(select(_c.id).where(_c.state == "ok", idle, free)).scalars())


def keep_alive(hub: Hub, connection_id: str) -> None:
    """What `due` is for. A failure is noted on the connection, and tried again."""
    row = _row(hub, connection_id)
    if row is not None and row["state"] == "ok" and row["renewed_at"] and abs(hub.now() - row["renewed_at"]) > DAILY:
        try:
            fresh(hub, row)
        except ConnectorError:
            return  # noted where it happened


def fresh(hub: Hub, row: RowMapping, *, once_more: bool = False, refused: bool = False) -> RowMapping:
    """The row with other tokens than `row` has: renewed by us, or meanwhile by another process. While another process is
    at it, tokens that are still good are good enough, unless the vendor has `refused` them.

    Raises Unauthorized (only signing in again helps; a review is open) or Unavailable (it may work later).
    """
    if row["state"] == "reconnect" and not once_more:
        raise Unauthorized(row["why"])
    with hub.db.read() as conn:
        if hold.get(conn):
            return _or_away(hub, row, "This hub is on hold, so it renews nothing until you press Resume")
    patience, seen, holder = Patience(hub.settings.patience), bytes(row["secret"] or b""), new_id()
    end = time.monotonic() + patience.call(2 * SECONDS) + 1
    while not _take(hub, row, seen, holder, patience.lease(patience.call(SECONDS))):
        now_there = _again(hub, row, seen)
        if now_there is not None:
            return now_there
        if not refused and _is_good(hub, row):
            return row
        if time.monotonic() > end:
            raise Unavailable(f"{_title(hub, row)} is being asked for new tokens", 5.0)
        time.sleep(_LOOK)
    return _renew(hub, row, holder)


def after_refusal(hub: Hub, row_id: str, sealed: bytes) -> Trouble | None:
    """A vendor has refused (401) the tokens that were `sealed` like this. None: renewing cannot help, else what to wait for."""
    row = _row(hub, row_id)
    if row is None or not row["consented_at"] or row["state"] != "ok":
        return None
    title = _title(hub, row)
    if bytes(row["secret"] or b"") != sealed:
        return Trouble(Kind.WAIT, f"{title} has new tokens meanwhile; going on with them", 0.05)
    if not row["renewed_at"] or 0 <= hub.now() - row["renewed_at"] < _JUST_NOW * min(hub.settings.patience, 1.0):
        return None
    try:
        found = fresh(hub, row, refused=True)
    except Unauthorized:
        return None
    except Unavailable as problem:
        return Trouble(Kind.WAIT, str(problem), problem.seconds or _PAUSE)
    if bytes(found["secret"] or b"") == sealed:  # its token address is down
        return Trouble(Kind.WAIT, f"{title} refuses its tokens and gives no new ones for now", _PAUSE)
    return Trouble(Kind.WAIT, f"{title} has new tokens; going on with them", 0.05)


def proves(hub: Hub, row: RowMapping) -> Callable[[str], None]:
    """To be told what came of each call with the new tokens: once they have worked, the old ones are forgotten."""
    left = [1]

    def told(answer: str) -> None:
        if answer != "2xx" or not left:
            return
        left.clear()
        same = (_c.id == row["id"]) & (_c.secret == row["secret"])
        hub.db.write(lambda conn: conn.execute(update(connections).where(same).values(secret_before=None)))

    return told


# --- the lease --------------------------------------------------------------------------------------------------------


def _take(hub: Hub, row: RowMapping, seen: bytes, holder: str, lease: int) -> bool:
    """Ours to renew: nobody else does, and the tokens are still those that we have seen."""
    now = hub.steady.now()
    free = _c.refresh_until.is_(None) | (_c.refresh_until <= now)
    mine = (_c.id == row["id"]) & (_c.secret == seen) & (_c.state != "removed") & free
    taken = update(connections).where(mine).values(refresh_until=now + lease, refresh_holder=holder).returning(_c.id)
    return hub.db.write(lambda conn: conn.execute(taken).first()) is not None


def _again(hub: Hub, row: RowMapping, seen: bytes) -> RowMapping | None:
    """What came of the renewal that another one had in hand; None while it has."""
    now_there = _row(hub, row["id"])
    if now_there is None or now_there["state"] == "removed":
        raise Unauthorized("This connection was removed. Choose another account on the recipe's page")
    if bytes(now_there["secret"] or b"") != seen:
        return now_there
    if now_there["state"] == "reconnect" and row["state"] == "ok":
        raise Unauthorized(now_there["why"])
    if not now_there["refresh_holder"] and (now_there["refresh_until"] or 0) > hub.steady.now():
        return _or_away(hub, now_there, now_there["refresh_error"])
    return None


# --- renewing ---------------------------------------------------------------------------------------------------------


def _renew(hub: Hub, row: RowMapping, holder: str) -> RowMapping:
    app = apps.get(hub, row["slug"])
    if app is None:
        return _broken(
            hub, row, holder, f"The app at {_title(hub, row)} is not saved here any more. Save it, then test"
        )
    desk = Desk(hub, hub.connectors[row["slug"]], app)
    try:
        found = desk.renew(_open(hub, row))
    except Unauthorized as problem:
        return _believed(hub, row, holder, desk, str(problem))
    except Unavailable as problem:
        return _put_off(hub, row, holder, problem)
    except ConnectorError as problem:
        return _broken(hub, row, holder, str(problem))
    return _save(hub, row, holder, found)


def _open(hub: Hub, row: RowMapping, column: str = "secret") -> dict[str, str]:
    found: dict[str, str] | None = hub.vault.open_json(row[column], f"connections:{row['id']}:{column}")
    return found or {}


def _save(hub: Hub, row: RowMapping, holder: str, found: Tokens) -> RowMapping:
    """The new pair, before anybody uses it; unless somebody has signed in again meanwhile, whose tokens are newer."""
    oauth = hub.connectors[row["slug"]].oauth
    named = ("access_token", "refresh_token", *(oauth.kept if oauth else ()))
    pair = {name: found.credentials[name] for name in named if name in found.credentials}
    values: dict[str, Any] = {
        "secret_before": hub.vault.seal_json(_open(hub, row), f"connections:{row['id']}:secret_before"),
        "expires_at": found.expires_at,
        "renewed_at": hub.now(),
        "idle_until": found.idle_until,
        "ends_at": found.ends_at or row["ends_at"],
        "refresh_error": "",
    }
    place = f"connections:{row['id']}:secret"

    def save(conn: Connection) -> None:
        """Beside what a person may have said about the account meanwhile (`core.extras`)."""
        mine = (_c.id == row["id"]) & (_c.refresh_holder == holder)
        stands = conn.execute(select(_c.secret).where(mine).with_for_update()).scalar()
        if stands is not None:
            sealed = hub.vault.seal_json({**hub.vault.open_json(stands, place), **pair}, place)
            free = {"refresh_holder": "", "refresh_until": None}
            conn.execute(update(connections).where(mine).values(secret=sealed, **free, **values))

    hub.db.write(save)
    return _row(hub, row["id"]) or row


def _let_go(hub: Hub, row: RowMapping, holder: str, values: dict[str, Any], until: int | None = None) -> None:
    mine = (_c.id == row["id"]) & (_c.refresh_holder == holder)
    done = update(connections).where(mine).values(refresh_holder="", refresh_until=until, **values)
    hub.db.write(lambda conn: conn.execute(done))


def _believed(hub: Hub, row: RowMapping, holder: str, desk: Desk, words: str) -> RowMapping:
    """The vendor says that this refresh token is dead. That is believed when no other one is there: neither one that was
    saved meanwhile, nor the one before it, which lives on if the answer that brought this one was never counted."""
    used, before = _open(hub, row).get("refresh_token"), _open(hub, row, "secret_before")
    now_there = _row(hub, row["id"])
    if now_there is not None and now_there["state"] != "removed" and _open(hub, now_there).get("refresh_token") != used:
        _let_go(hub, row, holder, {})
        return now_there
    if before.get("refresh_token") and before["refresh_token"] != used:
        try:
            return _save(hub, row, holder, desk.renew(before))
        except Unavailable as problem:
            return _put_off(hub, row, holder, problem)
        except ConnectorError as problem:
            words = str(problem)
    return _broken(hub, row, holder, words)


def _put_off(hub: Hub, row: RowMapping, holder: str, problem: Unavailable) -> RowMapping:
    """Nothing is known to be lost: the same is tried again after a pause, by whoever comes then."""
    pause = (problem.seconds or _PAUSE) * min(hub.settings.patience, 1.0)
    until = hub.steady.now() + int(pause * 1000)
    _let_go(hub, row, holder, {"refresh_error": str(problem)[:8192]}, until)
    return _or_away(hub, row, str(problem), pause)


def _or_away(hub: Hub, row: RowMapping, words: str, pause: float = _PAUSE) -> RowMapping:
    """The tokens there are, as long as they are good."""
    if _is_good(hub, row):
        return row
    raise Unavailable(words, pause)


def _is_good(hub: Hub, row: RowMapping) -> bool:
    return row["expires_at"] is not None and row["expires_at"] > hub.now() + 10_000


def _broken(hub: Hub, row: RowMapping, holder: str, words: str) -> RowMapping:
    """Only a person can help: said once, with one review."""

    def note(conn: Connection) -> None:
        mine = (_c.id == row["id"]) & (_c.refresh_holder == holder)
        values = {
            "state": "reconnect",
            "why": words,
            "refresh_holder": "",
            "refresh_until": None,
            "refresh_error": words,
        }
        if conn.execute(update(connections).where(mine).values(**values).returning(_c.id)).first() is not None:
            handover.open_review(conn, hub, "reconnect", words, role="builder", connection=row["id"])
            audit.add(conn, hub, "hub", "tokens refused", f"connection:{row['id']}", {})

    hub.db.write(note)
    raise Unauthorized(words)


def _row(hub: Hub, connection_id: str) -> RowMapping | None:
    with hub.db.read() as conn:
        return conn.execute(select(connections).where(_c.id == connection_id)).mappings().first()


def _title(hub: Hub, row: RowMapping) -> str:
    return hub.connectors[row["slug"]].title
