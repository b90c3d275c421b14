"""Runs that wait for a time or an event: a row each in `waits`, no thread, no ring that could get lost.

Whoever stores the outcome decides it: an event puts its id into the row, once; the run takes the row away when it goes on, in the
transaction that writes its journal. So an event that comes at the moment of the time-out is either seen or too late, never both.
Routing looks for waiting runs only where some process has lately seen one wait for that kind of event; what it misses for that
reason the clock finds, and the run looks itself before it gives up.

The row says until when in wall time; `wake_at` is only when somebody looks. So a wait of days outlives a reboot and follows a
clock that was set right: too early a look ends nothing, and for one that is too late the clock looks by wall time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, literal_column, select, update

from app.core import claims, durations, scope
from app.core.filters import plain_text
from app.core.hub import Hub
from app.core.ids import first_at
from app.core.recipe import Step, Wait
from app.core.stops import Failed, Later, Waiting
from app.core.work import Work
from app.db.models import FINISHED, events, runs, waits
from connectors.contract import JSON

_ITEM = "0"
_FRESH = 2.0  # seconds that a process believes what it knows of who waits
_LOOK_BACK = 30_000  # ms of events the clock looks through again

_MINE = select(waits).where(waits.c.run == bindparam("which"))
_MINE_LOCKED = _MINE.with_for_update()
_FOR_KEYS = (
    select(waits.c.run, waits.c.key, waits.c.after)
    .where(waits.c.key.in_(bindparam("keys", expanding=True)), waits.c.key != literal_column("''"), waits.c.event == "")
    .order_by(waits.c.run)
    .with_for_update()
)
_CAME = update(waits).where(waits.c.run == bindparam("which")).values(event=bindparam("what"))
_WAKE = (
    update(runs)
    .where(runs.c.id == bindparam("which"), runs.c.state == "later", runs.c.cause.in_(("time", "event")))
    .values(state="queued", wake_at=0)
)
_KINDS = (
    select(waits.c.connection, waits.c.kind, waits.c.fields)
    .where(waits.c.key != literal_column("''"), waits.c.event == "")
    .distinct()
)
_SINCE = (
    select(events.c.id, events.c.body)
    .where(events.c.id > bindparam("after"), events.c.kind == bindparam("kind"))
    .where(events.c.connection == bindparam("account"), events.c.body.is_not(None))
    .order_by(events.c.id)
)


# --- the step of a run ------------------------------------------------------------------------------------------------


def wait(work: Work, step: Step, seen: Mapping[str, JSON]) -> JSON:
    """The value of a `wait` step that has ended: {ended_at, came, event}. Raises Later while it goes on, Failed or Waiting where
    the recipe wants that if an event does not come."""
    assert step.wait is not None
    row = _row(work, step)
    begun = row is None
    if row is None:
        row = _begin(work, step, step.wait, seen)
    found = "" if row["event"] else _look(work.hub, row) if begun or work.hub.now() >= row["until"] else ""
    value = work.hub.db.write(lambda conn: _end(conn, work, step, found))
    if value is None:
        raise Later(_why(work.hub, step.wait, row["until"]), _wake_at(work.hub, row["until"]), cause=_cause(step.wait))
    work.journal.flushed()
    work.journal.put(step.id, _ITEM, "done", value)
    return value


def _cause(what: Wait) -> str:
    return "event" if what.kind else "time"


def _wake_at(hub: Hub, until: int) -> int:
    return hub.steady.now() + max(until - hub.now(), 0)


def _why(hub: Hub, what: Wait, until: int) -> str:
    trigger = scope.trigger_of(hub, what.kind) if what.kind else None
    if what.kind:
        return f"Waits for: {trigger.label if trigger else what.kind}. Until {_day(until)} at most"
    return f"Waits until {_day(until)}"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%-d %B %Y, %H:%M UTC")


def iso(ms: int) -> str:
    """2026-11-02T07:00:00Z"""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(work: Work, step: Step) -> dict[str, Any] | None:
    with work.hub.db.read() as conn:
        row = conn.execute(_MINE, {"which": work.run["id"]}).mappings().first()
    return dict(row) if row is not None and row["step"] == step.id else None


def _begin(work: Work, step: Step, what: Wait, seen: Mapping[str, JSON]) -> dict[str, Any]:
    """From now on an event finds the run."""
    hub, run = work.hub, work.run
    row = {
        "run": run["id"],
        "step": step.id,
        "until": until(what, seen, hub.now()),
        "after": run["event"] or first_at(run["made_at"]),
        **(_wanted(work, what, seen) if what.kind else {}),
    }
    given = {"until": iso(row["until"])} | ({"event": what.kind, "where": what.where.render(seen)} if what.kind else {})

    def save(conn: Connection) -> None:
        claims.hold(conn, work.claim, hub.steady.now() + work.patience.between(), progress=True)
        conn.execute(delete(waits).where(waits.c.run == run["id"]))  # of a step that was left without an end
        conn.execute(waits.insert().values(**row))
        work.journal.save(conn, step.id, _ITEM, state="pending", given=given, started_at=hub.now())
        work.journal.flush(conn)

    hub.db.write(save)
    work.journal.flushed()
    _known.pop(hub.settings.database, None)
    return {"connection": "", "kind": "", "fields": "", "key": "", **row, "event": ""}


def until(what: Wait, seen: Mapping[str, JSON], now: int) -> int:
    """The end of a wait that begins at `now`, both ms UTC. Raises Failed with a sentence."""
    if what.until is not None:
        return _moment(what.until.render(seen))
    text = what.span or what.at_most
    assert text is not None
    said = plain_text(text.render(seen))
    length = durations.read(said)
    if length is None:
        raise Failed(f"This run is to wait for “{said[:60]}”, which is no length of time. {durations.HINT}")
    return now + length


def _moment(value: JSON) -> int:
    text = plain_text(value).strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(f"This run is to wait until “{text[:60]}”, which is no time like 2026-11-02T07:00:00Z") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _wanted(work: Work, what: Wait, seen: Mapping[str, JSON]) -> dict[str, str]:
    slug = what.kind.partition(".")[0]
    account = work.given["connections"].get(slug) or work.opened(slug).id
    where = what.where.render(seen)
    fields = " ".join(sorted(where))
    return {"connection": account, "kind": what.kind, "fields": fields, "key": _key(account, what.kind, fields, where)}


def _end(conn: Connection, work: Work, step: Step, found: str) -> JSON:
    """The value if the wait is over, else None. The row is locked first, as by those who wake."""
    hub, what = work.hub, step.wait
    assert what is not None
    row = conn.execute(_MINE_LOCKED, {"which": work.run["id"]}).mappings().one()
    claims.hold(conn, work.claim, hub.steady.now() + work.patience.between(), progress=True)
    came, now = row["event"] or found, hub.now()
    if not came and now < row["until"]:
        return None
    if not came and what.kind and what.otherwise != "go_on" and not _let_pass(work, what, row["until"]):
        raise _not_come(what, row["until"])
    value = ended(what, now, scope.event_in(conn, hub, came) if came else None)
    conn.execute(delete(waits).where(waits.c.run == work.run["id"]))
    work.journal.save(conn, step.id, _ITEM, state="done", answer=value, ended_at=now, error="")
    work.journal.flush(conn)
    return value


def _let_pass(work: Work, what: Wait, until_: int) -> bool:
    """Whether a person who was asked said that the run goes on without the event."""
    asked = [r for r in work.journal.reviews if r["kind"] == "stuck" and r["opened_at"] >= until_]
    return what.otherwise == "hold" and any(r["state"] == "decided" for r in asked)


def _not_come(what: Wait, until_: int) -> Exception:
    said = f"It did not come until {_day(until_)}: {what.kind}"
    return Failed(said) if what.otherwise == "fail" else Waiting(f"{said}. “Try again” goes on without it")


def ended(what: Wait, at: int, event: dict[str, JSON] | None) -> dict[str, JSON]:
    """The value of a wait that ended at `at` (ms UTC), for an event with this one or, as it did not come, with None."""
    return {"ended_at": iso(at)} | ({"came": event is not None, "event": event} if what.kind else {})


# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """An event that somebody may wait for, by the keys it is known by."""

    event: str
    keys: tuple[str, ...]


def _key(account: str, kind: str, fields: str, values: Mapping[str, JSON]) -> str:
    parts = [account, kind, fields, *(plain_text(values.get(name)) for name in fields.split())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _part(event: JSON, path: str) -> JSON:
    for name in path.split("."):
        event = event.get(name) if isinstance(event, dict) else None
    return event


Watched = Mapping[tuple[str, str], frozenset[str]]
"""(connection, kind) → the sets of fields by which some run waits for such an event."""

_known: dict[str, tuple[float, Watched]] = {}  # by database, and until when it is believed


def watched(hub: Hub) -> Watched:
    """Who waits for what kind of event; at most two seconds old."""
    until_, found = _known.get(hub.settings.database, (0.0, {}))
    return found if time.monotonic() < until_ else _ask(hub)


def _ask(hub: Hub) -> Watched:
    found: dict[tuple[str, str], set[str]] = {}
    with hub.db.read() as conn:
        for row in conn.execute(_KINDS):
            found.setdefault((row.connection, row.kind), set()).add(row.fields)
    known = {place: frozenset(fields) for place, fields in found.items()}
    _known[hub.settings.database] = time.monotonic() + _FRESH, known
    return known


def offers(hub: Hub, found: Sequence[RowMapping], known: Watched) -> list[Offer]:
    """Those of these events that somebody waits for; what cannot be read is not offered."""
    return [offer for row in found if (offer := _offer(hub, row, known.get((row["connection"], row["kind"]), ())))]


def _offer(hub: Hub, row: RowMapping, ways: Any) -> Offer | None:
    if not ways or row["body"] is None:
        return None
    shaped = _shaped(hub, row["id"], row["kind"], row["body"])
    return Offer(row["id"], tuple(_event_key(row["connection"], row["kind"], way, shaped) for way in sorted(ways)))


def _shaped(hub: Hub, event_id: str, kind: str, body: bytes) -> JSON:
    trigger = scope.trigger_of(hub, kind)
    return trigger.shape(hub.vault.open(body, f"events:{event_id}:body")) if trigger else {}


def _event_key(account: str, kind: str, fields: str, shaped: JSON) -> str:
    return _key(account, kind, fields, {name: _part(shaped, name) for name in fields.split()})


def wake(conn: Connection, offered: Sequence[Offer]) -> list[str]:
    """Hand events to the runs that wait for them, each run the first that fits. Returns the runs that can go on now.

    Rows are locked in the order of their runs, so that two of these never wait for each other.
    """
    keys = sorted({key for offer in offered for key in offer.keys})
    found = conn.execute(_FOR_KEYS, {"keys": keys}).all() if keys else []
    woken = []
    for row in found:
        fits = [offer.event for offer in offered if row.key in offer.keys and offer.event > row.after]
        if fits:
            conn.execute(_CAME, {"which": row.run, "what": min(fits)})
            woken += [str(row.run)] if conn.execute(_WAKE, {"which": row.run}).rowcount else []
    return woken


def came(conn: Connection, run_id: str) -> bool:
    """Whether the event has come for which this run, just let go of, waits."""
    row = conn.execute(_MINE, {"which": run_id}).mappings().first()
    return row is not None and row["event"] != ""


def _look(hub: Hub, row: Mapping[str, Any]) -> str:
    """The first event that fits, among all since the run's own; empty if none has come."""
    if not row["kind"]:
        return ""
    asked = {"after": row["after"], "kind": row["kind"], "account": row["connection"]}
    with hub.db.read() as conn:
        for event in conn.execute(_SINCE, asked).mappings():
            shaped = _shaped(hub, event["id"], row["kind"], event["body"])
            if _event_key(row["connection"], row["kind"], row["fields"], shaped) == row["key"]:
                return str(event["id"])
    return ""


# --- the clock --------------------------------------------------------------------------------------------------------

_OVERDUE = (
    select(waits.c.run, runs.c.state)
    .join(runs, runs.c.id == waits.c.run)
    .where(runs.c.state.in_(("later", *FINISHED)))
    .limit(200)
)
_LATE = _OVERDUE.where(waits.c.until <= bindparam("wall"))
_HEARD = _OVERDUE.where(waits.c.event != literal_column("''"))


def tend(hub: Hub) -> list[str]:
    """What a clock does each round; returns the runs that can go on: events that nobody handed over, time that has come by the
    wall clock, and rows of runs that ended otherwise."""
    with hub.db.read() as conn:
        rows = [*conn.execute(_LATE, {"wall": hub.now()}), *conn.execute(_HEARD)]
    ended = [row.run for row in rows if row.state in FINISHED]
    due = sorted({str(row.run) for row in rows} - set(ended))
    offered = _lately(hub)
    if not (ended or due or offered):
        return []

    def save(conn: Connection) -> list[str]:
        conn.execute(delete(waits).where(waits.c.run.in_(ended)))
        woken = wake(conn, offered)
        return woken + [run for run in due if conn.execute(_WAKE, {"which": run}).rowcount]

    return hub.db.write(save)


def _lately(hub: Hub) -> list[Offer]:
    """The newest events that somebody waits for."""
    known = _ask(hub)
    if not known:
        return []
    kinds = {kind for _, kind in known}
    query = select(events.c.id, events.c.connection, events.c.kind, events.c.body)
    recent = query.where(events.c.id > first_at(hub.now() - _LOOK_BACK), events.c.kind.in_(kinds))
    with hub.db.read() as conn:
        return offers(hub, conn.execute(recent.order_by(events.c.id)).mappings().all(), known)
