"""Works on one claimed run until it ends, waits or is not ours any more. Never enqueues: it returns an outcome, `jobs` acts on it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import asking, claims, limits, line, recipes, undoing, waits
from app.core.claims import Claim
from app.core.gate import Gate
from app.core.handover import open_review
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.journal import Journal
from app.core.recipe import RecipeError, Step, TemplateProblem
from app.core.scope import scope_of
from app.core.stops import Failed, Later, Lost, Stop, Waiting
from app.core.walk import TooMuch, walk
from app.core.work import Work
from app.db.models import connections, reviews
from connectors.contract import JSON, Call, Refused

log = logging.getLogger("patchbay.engine")
_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)  # nothing can be said of the run: its lease decides


@dataclass(frozen=True)
class Outcome:
    """What became of a run: done, failed, later, waiting, undone, or lost. `next_run` could go on now, this one at `wake_at`
    (ms of the steady clock)."""

    state: str
    run_id: str
    next_run: str | None = None
    wake_at: int = 0


def work_on(hub: Hub, claim: Claim) -> Outcome:
    """Take a claimed run as far as it goes."""
    journal = Journal(hub, claim.run["id"])
    try:
        return _settle(hub, claim, journal, _attempt(hub, claim, journal))
    except Lost:
        log.info("run %s is no longer ours", claim.run["id"])
        return Outcome("lost", claim.run["id"])
    except _DATABASE_AWAY as problem:
        log.warning(
            "the database was away during run %s (%s); it goes on when its lease is over", claim.run["id"], problem
        )
        return Outcome("lost", claim.run["id"])
    finally:
        hub.suspects.left(claim.run["id"])


def _attempt(hub: Hub, claim: Claim, journal: Journal) -> Stop | None:
    """None when the run came to its end. Everything that may go wrong is a Stop, but Lost."""
    try:
        if claim.fence > 1:  # else nobody has had this run before
            journal.load()
        work = _work(hub, claim, journal)
        if claim.run["doing"] == "undo":
            undoing.take_back(work)
        else:
            _do(work)
        return None
    except Stop as stop:
        return stop
    except (TemplateProblem, TooMuch, Refused) as problem:
        return Failed(str(problem))
    except RecipeError as problem:
        return Waiting(f"This recipe no longer fits this hub: {problem.problems[0].message}")
    except (Lost, *_DATABASE_AWAY):
        raise
    except Exception as error:
        number = new_id()[-8:]
        log.exception("run %s failed (number %s)", claim.run["id"], number)
        return Failed(
            f"Something unexpected happened in this hub ({type(error).__name__}). The log has it under number {number}"
        )


def _work(hub: Hub, claim: Claim, journal: Journal) -> Work:
    run = claim.run
    recipe = recipes.version(hub, run["recipe"], run["version"])
    given = hub.vault.open_json(run["input"], f"runs:{run['id']}:input")
    return Work(hub, claim, recipe, journal, given, run["level"])


def _do(work: Work) -> None:
    scope = scope_of(work)
    walk(work.recipe, scope, _Hands(work))
    for number, check in enumerate(work.recipe.checks, 1):
        if not check.that.holds(scope):
            _check_failed(work, number, check.that.source, check.otherwise)


def _check_failed(work: Work, number: int, source: str, otherwise: str) -> None:
    """A final check does not hold: stop for a person, take everything back, or only say so."""
    says = f"Check {number} does not hold: {source}"
    work.journal.note("check", str(number), "failed")
    if otherwise == "tell" or work.journal.decisions("check", "check", str(number)):
        return
    if otherwise == "undo":
        undoing.take_back(work)
        raise Failed(f"{says}. What this run wrote was taken back")
    work.hub.db.write(lambda conn: _open_check(conn, work, number, says))
    raise Waiting(says)


def _open_check(conn: Connection, work: Work, number: int, says: str) -> None:
    claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between())
    open_review(conn, work.hub, "check", says, run=work.run["id"], step="check", item=str(number))


class _Hands:
    """The durable hands: every step through the journal, every change through the gate."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.gate = Gate(work)

    def known(self, step: Step, item: str) -> tuple[bool, JSON]:
        entry = self.work.journal.entries.get((step.id, item))
        if entry is None or entry.state not in ("done", "compensated"):
            return False, None
        if step.kind == "ask":
            return True, entry.value["value"]
        return True, entry.value

    def skip(self, step: Step) -> None:
        self.work.journal.note(step.id, "0", "skipped")

    def ask(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON:
        return asking.ask(self.work, step, item, scope)

    def wait(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON:
        return waits.wait(self.work, step, scope)

    def do(self, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON:
        slug, _, name = step.action.partition(".")
        opened = self.work.opened(slug)
        action = opened.connector.actions.get(name)
        if action is None:
            raise Waiting(
                f"{opened.connector.title} no longer offers {name}. Publish a version of this recipe without it"
            )
        arguments = step.given.render(scope)
        if action.safety is None:
            return self._read(step, item, opened, action, arguments)
        result = self.gate.write((step.id, item), opened, Call(name, arguments))
        if (entry := self.work.journal.entries.get((step.id, item))) is None or entry.state != "done":
            self._close(step, item, result)
        return result

    def _read(self, step: Step, item: str, opened: Any, action: Any, arguments: dict[str, JSON]) -> JSON:
        value = self.work.read(opened, (step.id, item), lambda: action.run(opened.client, **arguments))
        self._close(step, item, value, given=arguments)
        return value

    def _close(self, step: Step, item: str, value: JSON, given: JSON = None) -> None:
        """The line of a step whose last call has ended; it joins the next commit."""
        journal, ended = self.work.journal, self.work.hub.now()
        journal.later(journal.line(step.id, item, state="done", given=given, answer=value, ended_at=ended, error=""))
        journal.put(step.id, item, "done", value)


def _settle(hub: Hub, claim: Claim, journal: Journal, stop: Stop | None) -> Outcome:
    """Put the run into the state it earned and let go of it."""
    run, wall, wake_at = claim.run, hub.now(), 0

    def let_go(conn: Connection) -> tuple[str, str | None]:
        nonlocal wake_at
        journal.flush(conn)
        if stop is None:
            state = "undone" if run["doing"] == "undo" else "done"
            claims.let_go(conn, claim, state, ended_at=wall)
        elif isinstance(stop, Later):
            state = "later"
            wake_at = limits.turn(conn, *stop.line, stop.wake_at) if stop.line else stop.wake_at
            waits_for = stop.waits_for
            claims.let_go(conn, claim, state, why=stop.why, wake_at=wake_at, waits_for=waits_for, cause=stop.cause)
            if stop.cause == "event" and waits.came(conn, run["id"]):  # while we let go
                state = claims.queue(conn, run["id"])
        elif isinstance(stop, Waiting):
            state = _wait(conn, hub, claim, stop)
            claims.let_go(conn, claim, state, why=stop.why, waits_for=stop.waits_for, cause=stop.cause)
        else:
            state = "failed"
            claims.let_go(conn, claim, state, why=stop.why, error=stop.why, ended_at=wall)
        is_over = state in claims.FINAL or (state == "waiting" and run["releases"])
        return state, line.next_of(conn, run["serial_key"]) if is_over else None

    state, next_run = hub.db.write(let_go)
    if state in claims.FINAL:
        hub.tallies.count("runs_ended", run["recipe"], state)
    return Outcome(state, run["id"], run["id"] if state == "queued" else next_run, wake_at)


def _wait(conn: Connection, hub: Hub, claim: Claim, stop: Waiting) -> str:
    """Nothing waits silently: there is an open review, or one is opened, or what it waited for has just been settled."""
    run_id = claim.run["id"]
    if stop.waits_for:
        state = conn.execute(select(connections.c.state).where(connections.c.id == stop.waits_for)).scalar()
        if state == "reconnect":
            return "waiting"
        if state == "ok":  # mended while we let go
            return "queued"
    mine = conn.execute(select(reviews.c.state, reviews.c.decided_at).where(reviews.c.run == run_id)).all()
    if any(r.state == "open" for r in mine):
        return "waiting"
    if any((r.decided_at or 0) >= claim.at for r in mine) and not stop.waits_for:  # decided while we let go
        return "queued"
    open_review(conn, hub, "stuck", stop.why, role="builder", run=run_id)
    return "waiting"
