"""Taking back what a run wrote, last write first: only what nobody has touched since, each as a write of its own."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping

from app.core import claims
from app.core.change import Touched
from app.core.gate import Gate
from app.core.handover import open_review
from app.core.stops import Waiting
from app.core.work import Work
from connectors.contract import Action


def take_back(work: Work) -> None:
    """Undo every write of this run that can be undone. Raises Waiting where a person must decide, when all else is done."""
    work.journal.load_writes()
    gate, conflicts = Gate(work), []
    for row in reversed(originals(work)):
        if row["state"] != "done" or _left(work, row):
            continue
        conflict = _one(work, gate, row)
        if conflict:
            conflicts.append((row, conflict))
    if conflicts:
        for row, conflict in conflicts:
            _ask(work, row, conflict)
        raise Waiting(conflicts[0][1])


def originals(work: Work) -> list[RowMapping]:
    """The run's own writes, in the order they were made."""
    return sorted((r for r in work.journal.writes.values() if not r["undoes"]), key=lambda r: str(r["id"]))


def _one(work: Work, gate: Gate, row: RowMapping) -> str | None:
    """Take one write back; returns why not, if somebody changed it since."""
    slug, _, name = row["action"].partition(".")
    opened = work.opened(slug)
    action: Action = opened.connector.actions[name]
    undo = action.undo
    if undo is None:
        return None
    arguments, result = work.journal.open(row, "arguments"), work.journal.open(row, "after")
    place = (row["step"], f"{row['item']}^")
    last = max(int(r["ended_at"] or 0) for r in originals(work) if r["action"].startswith(f"{slug}."))

    def touched() -> str | None:
        """Asked before every sending: between a first one that was lost and the next, somebody may have come."""
        return work.read(opened, place, lambda: undo.changed(opened.client, arguments, result, last))

    call = undo.call(arguments, result, work.journal.open(row, "before"))
    try:
        gate.write(place, opened, call, undoes=row["id"], unless=touched)
    except Touched as conflict:
        return str(conflict)
    return None


def _left(work: Work, row: RowMapping) -> bool:
    """A person has seen the conflict and said: leave it."""
    return any(r["decision"] == "leave" for r in work.journal.decisions("undo", row["step"], row["item"]))


def _ask(work: Work, row: RowMapping, conflict: str) -> None:
    says = f"Not undone: {conflict}"
    place = {"step": row["step"], "item": row["item"]}

    def save(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
        open_review(conn, work.hub, "undo", says, run=work.run["id"], write=row["id"], **place)

    work.hub.db.write(save)
