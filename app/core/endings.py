"""Puts a connection that will end soon into the Inbox: a week ahead, and once more two days ahead.

The entry goes by itself when the connection is renewed, has ended (then another entry asks to connect again) or is removed.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, RowMapping, select, update

from app.core import forecast
from app.core.forecast import Forecast
from app.core.handover import open_review, settle
from app.core.hub import Hub
from app.db.models import connections, reviews

KIND = "ending"
_STAGES = {"warn": "a week ahead", "bad": "two days ahead"}
_c, _r = connections.c, reviews.c
_OPEN = (_r.kind == KIND) & (_r.state == "open")


def watch(hub: Hub) -> None:
    """One look at all real accounts. Any number of processes may look at once: each entry is made once."""
    told = _told(hub)
    for connection_id, end in _ending(hub).items():
        known = told.pop(connection_id, None)
        stage, by = _STAGES[end.tone], forecast.day(end.at or 0)
        if known is None or (known["step"], known["item"], known["says"]) != (stage, by, end.words):
            hub.db.write(partial(_tell, hub=hub, connection_id=connection_id, stage=stage, by=by, end=end))
    for connection_id in told:
        hub.db.write(
            partial(settle, connection_id=connection_id, kinds=[KIND], decision="no longer needed", now=hub.now())
        )


def _told(hub: Hub) -> dict[str, RowMapping]:
    """What stands in the Inbox, by connection."""
    with hub.db.read() as conn:
        found = conn.execute(select(_r.connection, _r.step, _r.item, _r.says).where(_OPEN)).mappings().all()
    return {str(row["connection"]): row for row in found}


def _ending(hub: Hub) -> dict[str, Forecast]:
    """Those that a person must do something about within a week. Accounts to practise with and those that have ended are
    none of them."""
    asked = (_c.state == "ok") & ~_c.practice
    with hub.db.read() as conn:
        mine = set(conn.execute(select(_c.id).where(asked)).scalars())
    if not mine:
        return {}
    return {one: end for one, end in forecast.read(hub).items() if one in mine and end.tone in _STAGES}


def _tell(conn: Connection, hub: Hub, connection_id: str, stage: str, by: str, end: Forecast) -> None:
    """The row of the connection is locked, so that two who look at once do not both make the entry."""
    state = conn.execute(select(_c.state).where(_c.id == connection_id).with_for_update()).scalar()
    mine = (_r.kind == KIND) & (_r.connection == connection_id) & (_r.step == stage) & (_r.item == by)
    if state != "ok":
        return
    if conn.execute(select(_r.id).where(mine, _r.state == "open")).first():
        conn.execute(update(reviews).where(mine, _r.state == "open").values(says=end.words))
        return
    settle(conn, connection_id, [KIND], "said once more", hub.now())
    open_review(conn, hub, KIND, end.words, role="builder", connection=connection_id, step=stage, item=by)
