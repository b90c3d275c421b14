"""After a lost answer: what each safety class does to find out whether the change arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping

from app.core import claims
from app.core.afresh import LEFT
from app.core.handover import open_review
from app.core.journal import change_write
from app.core.stops import Failed, Later, Waiting
from app.core.work import Work
from connectors.contract import JSON, Safety

if TYPE_CHECKING:
    from app.core.gate import Change

_KEY_MARGIN = 0.9  # of the key's life at the vendor


def settle(work: Work, change: Change, row: RowMapping) -> dict[str, JSON] | None:
    """The result if the change arrived, None if it surely did not (the write is `pending` then and may be sent again).

    Raises Later (look again), Waiting (a person decides) or Failed (a person said leave it).
    """
    decided = work.journal.decisions("unknown", *change.place)
    if decided and decided[-1]["write"] == row["id"] and (decided[-1]["decided_at"] or 0) > (row["first_sent_at"] or 0):
        said = _person(work, change, row, decided[-1])
        if said != "look":
            return said if isinstance(said, dict) else None
    safety = Safety(row["safety"])
    if safety is Safety.KEYED and _key_lives(work, change, row):
        _again(work, row)
        return None
    if change.action.find is None:
        _ask_person(work, change, row, "nothing can be looked up there")
    return _look(work, change, row, safety)


def _look(work: Work, change: Change, row: RowMapping, safety: Safety) -> dict[str, JSON] | None:
    find, opened = change.action.find, change.opened
    assert find is not None
    now, wait = work.hub.steady.now(), work.patience.settle(change.action.settle)
    late = now >= row["deadline_at"] + (0 if safety is Safety.SET else wait)
    found = work.read(opened, change.place, lambda: find(opened.client, row["key"], change.arguments))
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        _ask_person(work, change, row, f"it is there {len(found)} times")
    if not late:
        until = row["deadline_at"] + (0 if safety is Safety.SET else wait)
        raise Later(
            f"No answer from {opened.connector.title}; not there so far, looking again before anything is sent", until
        )
    if safety is Safety.SET:
        _set_again(work, change, row)
        return None
    if row["looks"] == 0:
        work.hub.db.write(lambda conn: _note_look(conn, work, row))
        raise Later(f"Not there so far; one more look at {opened.connector.title} before it is sent again", now + wait)
    _again(work, row)
    return None


def _set_again(work: Work, change: Change, row: RowMapping) -> None:
    """An overwrite may be repeated while the old value still stands; a third value is somebody else's."""
    take = change.action.snapshot
    if take is not None:
        present = work.read(change.opened, change.place, lambda: take(change.opened.client, change.arguments))
        if present != work.journal.open(row, "before"):
            _ask_person(work, change, row, "somebody changed it in the meantime")
    _again(work, row)


def _again(work: Work, row: RowMapping) -> None:
    """Proved not done: the write may be sent again, the same bytes and key."""

    def free(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
        change_write(conn, row["id"], state="pending")

    work.hub.db.write(free)


def _note_look(conn: Connection, work: Work, row: RowMapping) -> None:
    claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
    change_write(conn, row["id"], state="unknown", looks=row["looks"] + 1)


def _key_lives(work: Work, change: Change, row: RowMapping) -> bool:
    age = work.hub.now() - (row["first_sent_at"] or 0)
    return age < _KEY_MARGIN * change.action.key_life * 1000


def _person(work: Work, change: Change, row: RowMapping, review: RowMapping) -> dict[str, JSON] | str | None:
    """What a person said about an unknown write."""
    if review["decision"] == "arrived":
        return {"id": "seen by a person", "url": ""}
    if review["decision"] == "again":
        _again(work, row)
        return None
    if review["decision"] == "look":
        return "look"

    def leave(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
        change_write(conn, row["id"], state="failed", error=LEFT, ended_at=work.hub.now())
        work.journal.save(conn, *change.place, state="failed", error=LEFT, ended_at=work.hub.now())

    work.hub.db.write(leave)
    raise Failed("A person decided to leave this change as it is")


def _ask_person(work: Work, change: Change, row: RowMapping, because: str) -> None:
    """Open a review, once, and let the run wait. Always raises."""
    title = change.opened.connector.title
    happened = f"Sent to {title}, but no answer came back, and {because}"
    if not row["tries"]:
        happened = f"This may have reached {title} before Patchbay's data was put back or moved, and {because}"
    says = f"{happened}. Please look there: did it arrive?"

    def ask(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between(), progress=True)
        change_write(conn, row["id"], state="unknown")
        work.journal.save(conn, *change.place, state="unknown", error=says)
        open_review(
            conn,
            work.hub,
            "unknown",
            says,
            run=work.run["id"],
            step=change.place[0],
            item=change.place[1],
            write=row["id"],
            request_sha256=row["request_sha256"],
            facts={"action": change.name, "arguments": change.arguments, "connection": change.opened.id},
        )

    work.hub.db.write(ask)
    raise Waiting(says)
