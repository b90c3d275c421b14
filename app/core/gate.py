"""The write gate: the only code that lets a change out to a vendor.

Arm the kernel, commit the intent with the exact bytes, call; the outcome joins the run's next commit. Every commit is guarded by
the run's fence.
What happens after a lost answer is in `core.settle`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from app.core import claims, delay, doubt, settle, statements, vouching
from app.core.alarm import armed
from app.core.answers import Kind, Left, Trouble, classify
from app.core.change import Change, Place, Touched, doubted
from app.core.handover import open_review
from app.core.http import Request
from app.core.ids import marker, new_id
from app.core.journal import change_write
from app.core.opening import Opened
from app.core.stops import Failed, Waiting
from app.core.work import Work
from app.db.models import calls, writes
from connectors.contract import JSON, Call, Safety

Put = Callable[[Connection, dict[str, Any]], None]
_REVIEW_LIFE = 7 * 86_400_000  # ms


class Gate:
    """Sends the changes of one run."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.hub = work.hub
        self.journal = work.journal

    def write(
        self,
        place: Place,
        opened: Opened,
        call: Call,
        undoes: str = "",
        unless: Callable[[], str | None] | None = None,
    ) -> dict[str, JSON]:
        """Make this change and all that goes before and after it, each once. Returns its result.

        Raises Later, Waiting, Failed, Lost, or Touched where `unless` says so. Called again after a crash it goes on where
        the journal ends.
        """
        step, item = place
        change = Change(
            place, opened, call.action, opened.connector.actions[call.action], dict(call.arguments), undoes, unless
        )
        change.row = self.journal.writes.get((step, item, undoes))
        if change.row is None or change.row["state"] == "declined":
            self._prepare(change)
        else:
            change.arguments = self.journal.open(change.row, "arguments")
        result = self._result(change)
        for n, further in enumerate(change.follow(result)):
            self.write((step, f"{item}>{n}"), opened, further, undoes)
        return result

    def _prepare(self, change: Change) -> None:
        """Reads that complete the arguments, then the changes that must be there first. What those made may be part of the
        arguments (the id of a field that a vendor chose), so after them the arguments are completed once more."""
        action, client, given = change.action, change.opened.client, change.arguments
        self._complete(change, given)
        if action.before is not None and self.work.level != "rehearse":
            before, begun = action.before, self._finish_begun(change)
            calls_ = self.work.read(change.opened, change.place, lambda: before(client, change.arguments))
            for n, call in enumerate(calls_, begun):
                self.write((change.place[0], f"{change.place[1]}<{n}"), change.opened, call, change.undoes)
            if begun or calls_:
                self._complete(change, given)

    def _complete(self, change: Change, given: dict[str, JSON]) -> None:
        prepare, client = change.action.prepare, change.opened.client
        if prepare is not None:
            change.arguments = self.work.read(change.opened, change.place, lambda: prepare(client, dict(given)))

    def _finish_begun(self, change: Change) -> int:
        """How many of the changes that must be there first an earlier try began. Each is brought to its end, because the
        vendor no longer asks for one that arrived."""
        (step, item), n = change.place, 0
        while (row := self.journal.writes.get((step, f"{item}<{n}", change.undoes))) is not None:
            call = Call(row["action"].partition(".")[2], self.journal.open(row, "arguments"))
            self.write((step, f"{item}<{n}"), change.opened, call, change.undoes)
            n += 1
        return n

    def _result(self, change: Change) -> dict[str, JSON]:
        row = change.row = doubt.suspected(self, change)
        state = row["state"] if row is not None else "new"
        if row is not None and state in ("done", "drawn"):
            return dict(self.journal.open(row, "after"))
        if row is not None and state == "failed":
            raise Failed(row["error"])
        if row is not None and change.in_doubt:
            found = settle.settle(self.work, change, row)
            if found is not None:
                by = "person" if settle.said_by_person(self.work, change, row) else "look-up"
                return self._done(change, row["id"], found, by)
            change.row = self.journal.reload_write(row["id"])
        return self._send(change)

    # --- sending ---

    def _send(self, change: Change) -> dict[str, JSON]:
        if change.unless is not None and (why := change.unless()):
            raise Touched(why)
        row = change.row
        write_id, key = (row["id"], row["key"]) if row is not None else (new_id(), self.key(change))
        request = self.draw(change, key)
        if row is not None and row["request_sha256"] and row["request_sha256"] != request.sha256:
            raise Failed(
                "The request would differ from the one that was stored. Start this event over to make a new one"
            )
        if self.work.level == "rehearse" and not change.undoes:
            return self._only_draw(change, write_id, key, request)
        if (self.work.level == "review" or vouching.must_ask(self.work, change.action)) and not change.undoes:
            self._ask_first(change, write_id, key, request)
        delay.give(self, change, lambda: self.row(change, write_id, key, request), write_id)
        before = self._before(change)
        with armed(self.work.patience.alarm(change.opened.door.seconds)):
            self._intend(change, write_id, key, request, before)
            return self._call(change, write_id, key, request)

    def key(self, change: Change) -> str:
        """The key of a change that has no row yet. Another one after a vendor's refusal (`core.afresh`)."""
        step, item = change.place
        aside = [place for place in self.journal.writes if place[0] == step and place[1].startswith(f"{item}~")]
        undoes = next((row["key"] for row in self.journal.writes.values() if row["id"] == change.undoes), "")
        return marker(self.hub.secret, self.work.identity, step, item, undoes, str(len(aside)))

    def draw(self, change: Change, key: str) -> Request:
        """The exact request this change would send."""
        run = change.action.run
        return change.opened.door.draw(lambda: run(change.opened.client, key, **change.arguments))

    def _before(self, change: Change) -> JSON:
        """What stands there before our change: as it was before the first try that may have arrived."""
        take = change.action.snapshot
        if take is None:
            return None
        if change.row is not None and change.in_doubt and change.row["tries"]:
            return self.journal.open(change.row, "before")
        return self.work.read(change.opened, change.place, lambda: take(change.opened.client, change.arguments))

    def _intend(self, change: Change, write_id: str, key: str, request: Request, before: JSON) -> None:
        """Committed before a byte leaves. A place in the rate limit is part of it; a short wait for one comes first."""
        put = self.row(change, write_id, key, request)
        sealed = self._seal(write_id, "before", before)

        def intend(conn: Connection) -> int:
            if wait := self.work.place_in_line(conn, change.opened):
                return wait
            return self._intent(conn, change, write_id, put, sealed)

        def intend_now(conn: Connection) -> int:
            self.work.still_wanted(conn, change.opened)
            claims.hold(conn, self.work.claim, self._lease(change))
            return self._intent(conn, change, write_id, put, sealed)

        if wait := self.hub.db.write(intend):
            time.sleep(wait / 1000)
            self.hub.db.write(intend_now)
        self.journal.flushed()

    def _lease(self, change: Change) -> int:
        return self.hub.steady.now() + self.work.patience.lease(change.opened.door.seconds)

    def _intent(self, conn: Connection, change: Change, write_id: str, put: Put, before: bytes | None) -> int:
        """In a transaction that holds the claim. Returns 0: nothing to wait for."""
        work, wall = self.work, self.hub.now()
        values = {
            "state": "intent",
            "fence": work.claim.fence,
            "tries": (change.row["tries"] if change.row is not None else 0) + 1,
            "looks": 0,
            "first_sent_at": doubt.first_sent_at(change.row) or wall,
            "deadline_at": self.hub.steady.now() + work.patience.deadline(change.opened.door.seconds),
            "before": before,
        }
        put(conn, values)
        change.call = new_id()
        sent = {"id": change.call, "write": write_id, "fence": work.claim.fence, "started_at": wall}
        statements.insert(conn, calls, sent)
        started: dict[str, Any] = {} if change.row is not None else {"started_at": wall}
        self.journal.save(conn, *change.place, state="intent", write=write_id, **started)
        return 0

    def _call(self, change: Change, write_id: str, key: str, request: Request) -> dict[str, JSON]:
        door = change.opened.door
        try:
            with door.sending(request):
                result = change.action.run(change.opened.client, key, **change.arguments)
                json.dumps(result["id"])
        except Exception as error:
            trouble = classify(door, error, change.opened.connector, write=True, now=time.time())
            if trouble.kind is Kind.BUG and not door.calls:
                trouble = Trouble(
                    Kind.REFUSED, f"This hub could not make the request ({trouble.words}). Please report it"
                )
            raise self._failed(change, write_id, self.work.renewed(change.opened, trouble)) from error
        return self._done(change, write_id, result, "answer")

    # --- outcomes ---

    def _done(self, change: Change, write_id: str, result: dict[str, JSON], found_by: str) -> dict[str, JSON]:
        """The outcome joins the run's next commit, which comes before anything else leaves. One that nothing could look up
        is committed at once."""
        wall, journal, ended = self.hub.now(), self.journal, self._ended(change, Left.DONE)
        values = {
            "state": "done",
            "found_by": found_by,
            "result_id": str(result.get("id", "")),
            "version_after": str(result.get("version", "")),
            "after": self._seal(write_id, "after", result),
            "error": "",
            "ended_at": wall,
        }
        line = (
            None
            if change.follow(result)
            else journal.line(*change.place, state="done", answer=result, ended_at=wall, error="")
        )

        def outcome(conn: Connection) -> None:
            change_write(conn, write_id, **values)
            self._end_call(conn, change, ended)
            self.work.note_success(conn, change.opened)
            if change.undoes:
                journal.compensated(conn, change.undoes)
            if line:
                line(conn)

        journal.later(outcome)
        if change.action.safety is Safety.OPAQUE:
            self._commit()
        self._count(change, "done" if found_by == "answer" else "found")
        if line:
            journal.put(*change.place, "done", result)
        return result

    def _commit(self) -> None:
        """What is due, now."""

        def save(conn: Connection) -> None:
            claims.hold(conn, self.work.claim, self.hub.steady.now() + self.work.patience.between(), progress=True)
            self.journal.flush(conn)

        self.hub.db.write(save)
        self.journal.flushed()

    def _failed(self, change: Change, write_id: str, trouble: Trouble) -> BaseException:
        """Put the write into the state that its failure means; returns the stop of the run."""
        trouble = doubted(change, trouble)
        state = {Kind.UNKNOWN: "unknown", Kind.REFUSED: "failed"}.get(trouble.kind, "pending")
        if state == "pending" and change.in_doubt:
            state = "unknown"  # this try was not taken, but an earlier one may have arrived

        call = self._ended(change, trouble.outcome, trouble.words)

        def note(conn: Connection) -> None:
            ended = {"ended_at": self.hub.now()} if state == "failed" else {}
            change_write(conn, write_id, state=state, error=trouble.words, **ended)
            self._end_call(conn, change, call)

        stop = self.work.trouble(change.opened, change.place, trouble, note)
        self._count(change, "not taken" if trouble.outcome is Left.NOT_TAKEN else state)
        row = self.journal.reload_write(write_id)
        return settle.next_step(self.work, change, row, trouble, stop) if trouble.kind is Kind.UNKNOWN else stop

    def _count(self, change: Change, outcome: str) -> None:
        self.hub.tallies.count("writes", change.opened.connector.slug, outcome)

    def _ended(self, change: Change, outcome: Left, error: str = "") -> dict[str, Any]:
        """What the row of the call under way says from now on."""
        last = change.opened.door.last
        values = {"outcome": str(outcome), "ended_at": self.hub.now(), "status": last.status if last else None}
        if last:
            named = last.headers.get("x-request-id", "") or last.headers.get("x-notion-request-id", "")
            values["vendor_request_id"] = named
        return values | ({"error": error[:8192]} if error else {})

    def _end_call(self, conn: Connection, change: Change, values: dict[str, Any]) -> None:
        if change.call:
            statements.put(conn, calls, {"id": change.call}, **values)

    # --- rehearse and review ---

    def _only_draw(self, change: Change, write_id: str, key: str, request: Request) -> dict[str, JSON]:
        """Rehearse: store what would be sent, send nothing, and go on with a result that stands for the real one."""
        result, wall = drawn_result(change.arguments), self.hub.now()
        values = {"state": "drawn", "after": self._seal(write_id, "after", result)}
        about: dict[str, Any] = {"state": "done", "write": write_id, "answer": result}
        line = self.journal.line(*change.place, **about, started_at=wall, ended_at=wall)
        put = self.row(change, write_id, key, request)

        def save(conn: Connection) -> None:
            claims.hold(conn, self.work.claim, self.hub.steady.now() + self.work.patience.between(), progress=True)
            put(conn, values)
            line(conn)
            self.journal.flush(conn)

        self.hub.db.write(save)
        self.journal.flushed()
        return result

    def _ask_first(self, change: Change, write_id: str, key: str, request: Request) -> None:
        """Level review: a person approves these bytes, or the run waits. Returns when they are approved."""
        decided = self.journal.decisions("approve", *change.place)
        if decided:
            if decided[-1]["request_sha256"] != request.sha256:
                raise Failed("What was approved is not what would be sent now. Start this event over")
            if decided[-1]["decision"] == "approve":
                return
            raise Failed(f"{decided[-1]['decided_by'] or 'Somebody'} declined this change")
        if change.row is None or self.work.doubt:  # a review that is open already stays
            put = self.row(change, write_id, key, request)
            self.hub.db.write(lambda conn: self._ask(conn, change, write_id, put, request))
        raise Waiting("Somebody must approve this change in the Inbox")

    def _ask(self, conn: Connection, change: Change, write_id: str, put: Put, request: Request) -> None:
        claims.hold(conn, self.work.claim, self.hub.steady.now() + self.work.patience.between(), progress=True)
        put(conn, {"state": "asked"})
        open_review(
            conn,
            self.hub,
            "approve",
            f"{change.action.label}: approve what is sent to {change.opened.connector.title}"
            + vouching.reason(self.work, change.action),
            run=self.work.run["id"],
            step=change.place[0],
            item=change.place[1],
            write=write_id,
            request_sha256=request.sha256,
            facts={"action": change.name, "arguments": change.arguments, "connection": change.opened.id},
            expires_at=self.hub.now() + _REVIEW_LIFE,
        )
        self.journal.save(conn, *change.place, state="pending", write=write_id, started_at=self.hub.now())

    def row(self, change: Change, write_id: str, key: str, request: Request) -> Put:
        """How to insert or change the write's row in a transaction. What is sealed is sealed now."""
        if change.row is not None:
            return lambda conn, values: change_write(conn, write_id, **values)
        row = {
            "id": write_id,
            "run": self.work.run["id"],
            "step": change.place[0],
            "item": change.place[1],
            "connection": change.opened.id,
            "action": f"{change.opened.connector.slug}.{change.name}",
            "safety": str(change.action.safety),
            "key": key,
            "marker": key,
            "arguments": self._seal(write_id, "arguments", change.arguments),
            "request": self._seal(write_id, "request", request.to_json()),
            "request_sha256": request.sha256,
            "undoes": change.undoes,
            "made_at": self.hub.now(),
        }
        return lambda conn, values: statements.insert(conn, writes, {**row, **values})

    def _seal(self, write_id: str, column: str, value: JSON) -> bytes | None:
        return None if value is None else self.hub.vault.seal_json(value, f"writes:{write_id}:{column}")


def drawn_result(arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Stands for the result of a write that was not sent."""
    return {**{k: v for k, v in arguments.items() if isinstance(v, str) and len(v) < 300}, "id": "not sent", "url": ""}
