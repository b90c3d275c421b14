"""Ways to break the protocol on purpose, each with the line that must notice. Applied to the started processes from outside.

Nothing of the hub is imported here: a mutant gets the module as it is loaded (see `mutation/sitecustomize.py`).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

Break = Callable[[Any], None]


@dataclass(frozen=True)
class Mutant:
    """`line` is the line that must catch it; `breaks`: module → what is done to it."""

    line: str
    breaks: Mapping[str, Break]
    tries: int = 2


def _put(owner: Any, name: str, value: Any) -> None:
    """Raises AttributeError where there is nothing of that name any more: a mutant that changes nothing proves nothing."""
    getattr(owner, name)
    setattr(owner, name, value)


def _no_look_up(settle: Any) -> None:
    """It is taken for granted that a change without an answer did not arrive."""
    _put(settle, "settle", lambda work, change, row: None)


def _blind_faith(settle: Any) -> None:
    """It is taken for granted that a change without an answer did arrive."""
    _put(settle, "settle", lambda work, change, row: {"id": "surely", "url": ""})


def _hasty(settle: Any) -> None:
    """One look, at once, decides, although the vendor may still have the change in hand."""

    def look(work: Any, change: Any, row: Any) -> Any:
        find, client = change.action.find, change.opened.client
        found = work.read(change.opened, change.place, lambda: find(client, row["key"], change.arguments))
        return found[0] if found else None

    _put(settle, "settle", look)


def _no_fence(claims: Any) -> None:
    """Whoever once had the run goes on, whoever has it now."""
    _put(claims, "_change_mine", lambda *args, **more: None)


def _any_state(claims: Any) -> None:
    """A run may be claimed while somebody works on it."""
    c, bind = claims.runs.c, claims.bindparam
    at_work = c.state.in_(("queued", "later", "running"))
    _put(claims, "_READY", claims.select(c.id).where(at_work).order_by(c.wake_at, c.id))
    _put(
        claims,
        "_NEXT",
        claims.select(c.id, c.claims, c.serial_key, c.aside)
        .where(at_work)
        .order_by(c.wake_at, c.id)
        .limit(bind("most")),
    )
    _put(claims, "_THESE", claims._NEXT.where(c.id.in_(bind("ids", expanding=True))))


def _no_order(routing: Any) -> None:
    """A run does not wait for the earlier ones of its key."""
    row = routing._row
    _put(routing, "_row", lambda *args: {**row(*args), "serial_key": ""})


def _no_lease(patience: Any) -> None:
    """A run is up for grabs as soon as it is claimed."""
    _put(patience.Patience, "lease", lambda self, seconds: -1)
    _put(patience.Patience, "between", lambda self: -1)


def _no_settling(patience: Any) -> None:
    """Nobody waits for a vendor's index."""
    _put(patience.Patience, "settle", lambda self, seconds: 0)
    _put(patience.Patience, "deadline", lambda self, seconds: 0)


def _no_alarm(alarm: Any) -> None:
    _put(alarm, "armed", lambda seconds: nullcontext())


def _late_intent(gate: Any) -> None:
    """The intent is committed together with the outcome, not before the call."""
    intend, done = gate.Gate._intend, gate.Gate._done
    held: list[Any] = []

    def outcome(self: Any, *args: Any) -> Any:
        if held:
            intend(self, *held.pop())
        return done(self, *args)

    _put(gate.Gate, "_intend", lambda self, *args: held.append(args))
    _put(gate.Gate, "_done", outcome)


def _no_outcome(gate: Any) -> None:
    """The answer is believed but not written down."""
    _put(gate.Gate, "_done", lambda self, change, write_id, result, found_by: result)


def _hasty_answer(intake: Any) -> None:
    """The vendor hears 200, then the event is committed."""
    store = intake.store

    def at_leisure(*args: Any) -> Any:
        threading.Timer(0.2, store, args).start()
        return intake.Answer(200, {})

    _put(intake, "store", at_leisure)


def _no_dedupe(intake: Any) -> None:
    row = intake._row

    def anew(*args: Any) -> Any:
        return {**row(*args), "dedupe_key": secrets.token_hex(8), "once_key": ""}

    _put(intake, "_row", anew)


def _new_keys(doubt: Any) -> None:
    """Every try of a write has a key of its own."""
    real = doubt.suspected

    def suspected(gate: Any, change: Any) -> Any:
        row = real(gate, change)
        return row and {**row, "key": "hub-" + secrets.token_hex(10), "request_sha256": ""}

    _put(doubt, "suspected", suspected)


def _no_patience_with_429(limits: Any) -> None:
    _put(limits, "quiet", lambda *args, **more: None)


def _no_turns(line: Any) -> None:
    """Runs about the same thing go whenever somebody has time for them."""
    always = line.literal_column("1") == line.literal_column("1")
    _put(line, "has_turn", lambda: always)
    _put(line, "is_still", lambda conn, key: True)


def _redis_is_the_truth(clock: Any) -> None:
    """What was not rung for is forgotten."""
    _put(clock, "tick", lambda hub, rung: None)


def _old_signatures(delivery: Any) -> None:
    _put(delivery, "WINDOW", 10**9)


MUTANTS: dict[str, Mutant] = {
    "no look-up": Mutant("worker killed; vendor applied, no answer", {"app.core.settle": _no_look_up}),
    "blind faith": Mutant("connection cut before the vendor applied", {"app.core.settle": _blind_faith}),
    "hasty look": Mutant("vendor hangs, then applies late", {"app.core.settle": _hasty}),
    "no fence": Mutant("worker stopped between two calls, then continued", {"app.core.claims": _no_fence}),
    "any state": Mutant("everything rung for again and again", {"app.core.claims": _any_state}),
    "no order": Mutant("events of one thing stay in order, a worker killed", {"app.core.routing": _no_order}, tries=8),
    "no turns": Mutant("events of one thing stay in order, a worker killed", {"app.core.line": _no_turns}, tries=8),
    "no lease": Mutant("everything rung for again and again", {"app.core.patience": _no_lease}),
    "no settling": Mutant("vendor's index lags", {"app.core.patience": _no_settling}),
    "no alarm": Mutant("worker stopped past its deadline, then continued", {"app.core.alarm": _no_alarm}),
    "late intent": Mutant("worker killed; vendor applied, no answer", {"app.core.gate": _late_intent}),
    "no outcome": Mutant("worker killed; saved, next not begun", {"app.core.gate": _no_outcome}),
    "2xx before the commit": Mutant("web killed before commit", {"app.core.intake": _hasty_answer}),
    "no dedupe": Mutant("50 copies at once, and one later", {"app.core.intake": _no_dedupe}),
    "new key each try": Mutant("connection cut after the vendor applied", {"app.core.doubt": _new_keys}),
    "Retry-After ignored": Mutant("429 with Retry-After", {"app.core.limits": _no_patience_with_429}),
    "Redis is the truth": Mutant("Redis away", {"app.clock": _redis_is_the_truth}, tries=6),
    "old signatures": Mutant("stale and forged signatures", {"connectors.zoom._delivery": _old_signatures}),
}
