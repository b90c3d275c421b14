"""After a lost answer: what each safety class does to find out whether the change arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, select

from app.core import claims
from app.core.afresh import LEFT
from app.core.answers import Left, Trouble
from app.core.change import Change
from app.core.handover import open_review
from app.core.journal import change_write
from app.core.stops import Failed, Later, Waiting
from app.core.work import Work
from app.db.models import calls
from connectors.contract import JSON, Role, Safety

T = TypeVar("T")
Found = dict[str, JSON] | None
Sent = Sequence[RowMapping]  # the calls of a write, oldest first

SEEN = "seen by a person"  # instead of the id of what somebody saw there, where nothing needs the id
_KEY_MARGIN = 0.9  # of the key's life at the vendor
_MAY_HAVE_ARRIVED = (Left.OPEN, Left.BUSY, Left.THERE, Left.STORED)


def settle(work: Work, change: Change, row: RowMapping) -> Found:
    """The result if it is found that the change arrived, None if the same request may be sent again.

    Raises Later (look again), Waiting (a person decides) or Failed (it did not arrive and cannot, or a person said leave it).
    """
    sent = _sent(work, row)
    said, named = _decision(work, change, row, sent)
    if said == "arrived":
        return {"id": named or SEEN, "url": ""}
    if said == "again":
        return None
    if said == "leave":
        _fail(work, change, row, LEFT)
    return _BY_CLASS[Safety(row["safety"])](work, change, row, sent)


def next_step(work: Work, change: Change, row: RowMapping, trouble: Trouble, stop: BaseException) -> BaseException:
    """What a run does after an answer that leaves a write unknown: when it settles it, or, after a day of tries, a person."""
    if isinstance(stop, Failed):
        return _ask_person(work, change, row, "this has been tried for a day")
    if not isinstance(stop, Later):
        return stop
    words, safety = trouble.words.rstrip("."), Safety(row["safety"])
    if safety is Safety.KEYED and trouble.left in (Left.OPEN, Left.BUSY):
        return Later(f"{words}. Sending it again with the same key, which cannot double it", stop.wake_at)
    soon = work.hub.steady.now() + (work.patience.settle(2) if change.action.find else 0)
    return Later(f"{words}. Looking whether it arrived before anything is sent again", soon)


# --- the six classes --------------------------------------------------------------------------------------------------


def _keyed(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    """The same bytes and key, as long as the vendor remembers the key and sending again can help."""
    last = _last(sent)
    if last in (Left.OPEN, Left.BUSY, Left.NOT_TAKEN) and _key_lives(work, change, row):
        return None
    if change.action.find is None:
        raise _ask_person(work, change, row, _WHY_NOT_AGAIN.get(last, "its key is too old to send it again"))
    return _look(work, change, row, sent)


def _re_read(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    """Conditional and staged: ours there, or the object as the request expects it (then a late copy of it loses)."""
    if found := _find(work, change, row):
        return found
    if _never_taken(sent):
        _fail(work, change, row, row["error"])
    still, client = change.action.still, change.opened.client
    if still is None or not _read(work, change, row, lambda: still(client, change.arguments)):
        raise _ask_person(work, change, row, "what it would change is not as it was")
    if _last(sent) is Left.THERE:
        raise _ask_person(work, change, row, _WHY_NOT_AGAIN[Left.THERE])
    return None


def _set(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    """An overwrite may be repeated once no copy can be under way, while the old value still stands."""
    if found := _find(work, change, row):
        return found
    if _never_taken(sent):
        _fail(work, change, row, row["error"])
    if _last(sent) is Left.THERE:
        raise _ask_person(work, change, row, _WHY_NOT_AGAIN[Left.THERE])
    if work.hub.steady.now() < row["deadline_at"]:
        raise Later(f"{_not_there(change)}, looking again before anything is sent", row["deadline_at"])
    take, client = change.action.snapshot, change.opened.client
    if take is not None:
        present = _read(work, change, row, lambda: take(client, change.arguments))
        if present != work.journal.open(row, "before"):
            raise _ask_person(work, change, row, "somebody changed it in the meantime")
    return None


def _look(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    """Findable: absent when nothing can be under way any more, and absent again after the vendor's lag."""
    if found := _find(work, change, row):
        return found
    now, lag = work.hub.steady.now(), work.patience.settle(change.action.settle)
    if _never_taken(sent):
        _fail(work, change, row, row["error"])
    if now < row["deadline_at"] + lag:
        raise Later(f"{_not_there(change)}, looking again before anything is sent", row["deadline_at"] + lag)
    if row["looks"] == 0:
        work.hub.db.write(lambda conn: _note_look(conn, work, row))
        raise Later(f"{_not_there(change)}; one more look before it is sent again", now + lag)
    return _absent(work, change, row, sent)


def _absent(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    last = _last(sent)
    if last is Left.THERE or (last is Left.STORED and _key_lives(work, change, row)):
        raise _ask_person(work, change, row, _WHY_NOT_AGAIN[last])
    if change.action.settle > 0 and Role.MONEY in change.action.roles.values():
        raise _ask_person(work, change, row, "it is about money, and what is not found yet may still turn up")
    return None


def _opaque(work: Work, change: Change, row: RowMapping, sent: Sent) -> Found:
    """A person looks. What can be found by chance is looked for first: that it is not there proves nothing. What does no harm
    twice is sent again by itself, once."""
    if change.action.find is not None:
        return _found_or_asked(work, change, row)
    tries = [call for call in sent if call["outcome"] in _MAY_HAVE_ARRIVED]
    if not change.action.again_ok or len(tries) > 1:
        raise _ask_person(work, change, row, "nothing can be looked up there")
    if work.hub.steady.now() < row["deadline_at"]:
        raise Later(f"{change.opened.connector.title} did not answer; sending it once more", row["deadline_at"])
    return None


def _found_or_asked(work: Work, change: Change, row: RowMapping) -> Found:
    if found := _find(work, change, row):
        return found
    until = row["deadline_at"] + work.patience.settle(change.action.settle)
    if work.hub.steady.now() < until:
        raise Later(f"{_not_there(change)}, looking again", until)
    raise _ask_person(work, change, row, "no copy of it is there, which proves nothing")


_BY_CLASS: dict[Safety, Callable[[Work, Change, RowMapping, Sent], Found]] = {
    Safety.KEYED: _keyed,
    Safety.CONDITIONAL: _re_read,
    Safety.SET: _set,
    Safety.STAGED: _re_read,
    Safety.FINDABLE: _look,
    Safety.OPAQUE: _opaque,
}
_WHY_NOT_AGAIN = {
    Left.THERE: "it says that something is there already",
    Left.STORED: "it keeps giving the same stored error to this request",
}


# --- what is known ----------------------------------------------------------------------------------------------------


def _sent(work: Work, row: RowMapping) -> Sent:
    """None that count for a write that is only suspected (`core.doubt`): what was sent after them is not known."""
    if not row["tries"]:
        return ()
    with work.hub.db.read() as conn:
        return conn.execute(select(calls).where(calls.c.write == row["id"]).order_by(calls.c.id)).mappings().all()


def _last(sent: Sent) -> Left:
    """What the latest call left behind; one that its worker did not live to end may have arrived."""
    return Left(sent[-1]["outcome"]) if sent else Left.OPEN


def _never_taken(sent: Sent) -> bool:
    """Each try was answered with a no, so that nothing can have arrived. A no to a later try says nothing about an earlier
    one whose answer was lost."""
    return bool(sent) and not any(call["outcome"] in (Left.OPEN, Left.BUSY, Left.STORED) for call in sent)


def _find(work: Work, change: Change, row: RowMapping) -> Found:
    find, client = change.action.find, change.opened.client
    if find is None:
        raise _ask_person(work, change, row, "nothing can be looked up there")
    found = _read(work, change, row, lambda: find(client, row["key"], change.arguments))
    if len(found) > 1:
        raise _ask_person(work, change, row, f"it is there {len(found)} times")
    return found[0] if found else None


def _read(work: Work, change: Change, row: RowMapping, ask: Callable[[], T]) -> T:
    """What cannot be read leaves the write unknown: a person looks."""
    try:
        return work.read(change.opened, change.place, ask)
    except Failed as problem:
        raise _ask_person(work, change, row, f"looking there failed: {problem.why.rstrip('.')}") from problem


def _key_lives(work: Work, change: Change, row: RowMapping) -> bool:
    age = work.hub.now() - (row["first_sent_at"] or 0)
    return age < _KEY_MARGIN * change.action.key_life * 1000


def _not_there(change: Change) -> str:
    return f"No answer from {change.opened.connector.title}; not there so far"


def _note_look(conn: Connection, work: Work, row: RowMapping) -> None:
    claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
    change_write(conn, row["id"], state="unknown", looks=row["looks"] + 1)


# --- what a person says -----------------------------------------------------------------------------------------------


def said_by_person(work: Work, change: Change, row: RowMapping) -> bool:
    """Whether it is a person who says that this write arrived."""
    return _decision(work, change, row, _sent(work, row))[0] == "arrived"


def _decision(work: Work, change: Change, row: RowMapping, sent: Sent) -> tuple[str, str]:
    """What a person said about this write after its last try that may have arrived, or "", and the id that they gave."""
    decided = [r for r in work.journal.decisions("unknown", *change.place) if r["write"] == row["id"]]
    tried = [call["started_at"] for call in sent if call["outcome"] in _MAY_HAVE_ARRIVED]
    if decided and (decided[-1]["decided_at"] or 0) > max(tried, default=row["first_sent_at"] or 0):
        facts = work.hub.vault.open_json(decided[-1]["facts"], f"reviews:{decided[-1]['id']}:facts") or {}
        return str(decided[-1]["decision"]), str(facts.get("arrived_as", ""))
    return "", ""


def _goes_on(change: Change) -> bool:
    """Whether something is done to what arrived, for which its id is needed."""
    after = change.action.after
    try:
        return after is not None and bool(after(change.arguments, {"id": SEEN, "url": ""}))
    except (KeyError, ValueError):  # it reads more of the result than that
        return True


def _fail(work: Work, change: Change, row: RowMapping, error: str) -> None:
    """It is not there and will not be sent again. Always raises."""

    def leave(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
        change_write(conn, row["id"], state="failed", error=error, ended_at=work.hub.now())
        work.journal.save(conn, *change.place, state="failed", error=error, ended_at=work.hub.now())

    work.hub.db.write(leave)
    raise Failed("A person decided to leave this change as it is" if error == LEFT else error)


def _ask_person(work: Work, change: Change, row: RowMapping, because: str) -> Waiting:
    """Open a review; the run waits with what this returns."""
    title = change.opened.connector.title
    happened = f"Sent to {title}, but it is not known whether it arrived, and {because}"
    if not row["tries"]:
        happened = f"This may have reached {title} before Patchbay's data was put back or moved, and {because}"
    says = f"{happened}. Please look there: did it arrive?"
    needs_id = _goes_on(change)

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
            facts={
                "action": change.name,
                "arguments": change.arguments,
                "connection": change.opened.id,
                "needs_id": needs_id,
            },
        )

    work.hub.db.write(ask)
    return Waiting(says)
