"""Who works on a run: claim with fence and lease, hold, let go. All of it in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from app.core import disk, line
from app.core.handover import open_review
from app.core.hold import is_off
from app.core.hub import Hub
from app.core.paging import beside
from app.core.patience import Patience
from app.core.statements import change
from app.core.stops import Lost
from app.core.suspects import AFTER
from app.db.models import AT_WORK, FINISHED, literally, runs
from connectors.contract import JSON

FINAL = FINISHED
_MOST_CLAIMS = 5  # without an entry ending in between
_ANY = 1_000_000_000  # more claims than there ever are


@dataclass(frozen=True)
class Claim:
    """A run that is ours as long as its fence stands."""

    run: RowMapping
    fence: int
    at: int  # wall time, ms
    event: Mapping[str, JSON] | None = None  # as recipes see it, where whoever claimed had just read it


def claimable() -> ColumnElement[bool]:
    """Runs that somebody may take at `now` (a parameter of the statement): nobody holds them, it is their turn in the line of
    their serial key, and this hub is not on hold."""
    now: Any = bindparam("now")
    # The index of runs at work gives them in the order in which they are taken, so the first that fits is enough, however
    # long the line is. A database that went by the states instead would read and sort the whole line.
    due = and_(runs.c.state.in_(literally(AT_WORK)), runs.c.wake_at <= now)
    state = beside(runs.c.state)
    free = or_(state == "queued", state == "later", and_(state == "running", runs.c.lease_until < now))
    return and_(due, free, line.has_turn(), is_off())


_READY = select(runs.c.id).where(claimable()).order_by(runs.c.wake_at, runs.c.id)
_NEXT = (
    select(runs.c.id, runs.c.claims, runs.c.serial_key, runs.c.aside)
    .where(claimable(), runs.c.claims < bindparam("below"))
    .order_by(runs.c.wake_at, runs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=runs)
)
_THESE = _NEXT.where(runs.c.id.in_(bindparam("ids", expanding=True)))
_TAKE = (
    update(runs)
    .where(runs.c.id == bindparam("chosen"))
    .values(fence=runs.c.fence + 1, claims=runs.c.claims + 1, holder=bindparam("who"), lease_until=bindparam("until"))
    .values(state="running", why="", waits_for="", aside=0)
    .returning(*runs.c)
)
_TAKE_IN_TURN = _TAKE.where(line.has_turn())  # looked at again, now that nobody else can take it
_EARLIER = (
    select(runs.c.id)
    .where(runs.c.serial_key == bindparam("key"), runs.c.serial_no < bindparam("no"))
    .where(runs.c.serial_key != literal_column("''"), runs.c.state.not_in(literally(FINAL)))
    .limit(1)
)


def claim(hub: Hub, holder: str, run_id: str | None = None) -> Claim | None:
    """Take this run, or the one that has waited longest. None when there is none."""
    found = claim_some(hub, holder, 1, [run_id] if run_id else ())
    return found[0] if found else None


def claim_some(hub: Hub, holder: str, most: int, run_ids: Sequence[str] = ()) -> list[Claim]:
    """Take at most `most` runs in one commit: of these, or those that have waited longest."""
    if most < 1 or disk.is_full(hub):
        return []
    now = hub.steady.now()
    until = now + Patience(hub.settings.patience).between()

    may_suspect, claimed = hub.suspects.begin(run_ids), list[Claim]()

    def take(conn: Connection) -> list[Claim]:
        wanted = {"now": now, "most": most, "below": _ANY if may_suspect else AFTER}
        found = conn.execute(_THESE, {**wanted, "ids": list(run_ids)}) if run_ids else conn.execute(_NEXT, wanted)
        return [one for row in _one_suspect(found.all()) if (one := _take(conn, hub, row, holder, until))]

    try:
        claimed = hub.db.write(take)
    finally:
        if may_suspect:
            hub.suspects.end(next((c.run["id"] for c in claimed if c.run["claims"] > AFTER), ""))
    return claimed


def _one_suspect(found: Sequence[Row[*tuple[Any, ...]]]) -> list[Row[*tuple[Any, ...]]]:
    """Of suspects only the first."""
    suspects = [row.id for row in found if row.claims >= AFTER][1:]
    return [row for row in found if row.id not in suspects]


def _take(conn: Connection, hub: Hub, chosen: Row[*tuple[Any, ...]], holder: str, until: int) -> Claim | None:
    if chosen.aside and not line.is_still(conn, chosen.serial_key):
        return None
    taking = _TAKE_IN_TURN if chosen.serial_key else _TAKE
    row = conn.execute(taking, {"chosen": chosen.id, "who": holder, "until": until}).mappings().first()
    if row is None:
        return None
    if row["claims"] > _MOST_CLAIMS:
        _poison(conn, hub, row)
        return None
    return Claim(row, row["fence"], hub.now())


def begun(hub: Hub, holder: str) -> dict[str, Any]:
    """The columns of a run that is made and claimed in one statement. Asked for before the transaction."""
    until = hub.steady.now() + Patience(hub.settings.patience).between()
    return {"state": "running", "fence": 1, "claims": 1, "holder": holder, "lease_until": until}


def is_first(conn: Connection, serial_key: str, serial_no: int) -> bool:
    """No earlier run of this key is unfinished."""
    return conn.execute(_EARLIER, {"key": serial_key, "no": serial_no}).first() is None


def hold(conn: Connection, claim_: Claim, until: int, *, progress: bool = False) -> None:
    """Extend the lease, in the transaction that does the work. Raises Lost when the run is no longer ours."""
    values = {"lease_until": until, "claims": 0} if progress else {"lease_until": until}
    _change_mine(conn, claim_, **values)


def _change_mine(conn: Connection, claim_: Claim, **values: Any) -> None:
    mine = {"id": claim_.run["id"], "fence": claim_.fence, "state": "running"}
    if not change(conn, runs, mine, **values):
        raise Lost(claim_.run["id"])


def let_go(
    conn: Connection,
    claim_: Claim,
    state: str,
    *,
    why: str = "",
    error: str = "",
    wake_at: int = 0,
    waits_for: str = "",
    cause: str = "",
    ended_at: int | None = None,
) -> None:
    """The run is free again, in this state: it did not kill its worker. Raises Lost."""
    values = {
        "state": state,
        "aside": claim_.run["releases"] if state == "waiting" else 0,
        "why": why,
        "error": error,
        "wake_at": wake_at,
        "waits_for": waits_for,
        "cause": cause,
        "ended_at": ended_at,
        "holder": "",
        "lease_until": 0,
        "claims": 0,
    }
    _change_mine(conn, claim_, **values)


def queue(conn: Connection, run_id: str) -> str:
    """A run just let go of may go on at once. Returns its state."""
    change(conn, runs, {"id": run_id}, state="queued", wake_at=0)
    return "queued"


def ready(hub: Hub, limit: int) -> list[str]:
    """Ids of runs that could be claimed now, for the clock to ring."""
    with hub.db.read() as conn:
        return [str(i) for i in conn.execute(_READY.limit(limit), {"now": hub.steady.now()}).scalars()]


def waiting_count(hub: Hub) -> int:
    with hub.db.read() as conn:
        return int(conn.execute(select(func.count()).where(claimable()), {"now": hub.steady.now()}).scalar_one())


def _poison(conn: Connection, hub: Hub, row: RowMapping) -> None:
    """This run was claimed again and again without getting anywhere: it may be killing its workers."""
    says = "This run ended its worker five times without getting further. Look at its last entry, then try again or stop it"
    stopped = {
        "state": "waiting",
        "why": says,
        "cause": "person",
        "holder": "",
        "lease_until": 0,
        "aside": row["releases"],
    }
    conn.execute(update(runs).where(runs.c.id == row["id"]).values(**stopped))
    open_review(conn, hub, "poison", says, role="builder", run=row["id"])
