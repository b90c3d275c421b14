"""Ways to break the hub on purpose: a test that could not notice them would prove nothing. Applied in a forked worker."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from app.core import claims as real_claims
from app.core import gate as real_gate
from app.core import settle as real_settle
from app.core import wire as real_wire
from app.core.answers import Left
from app.core.ids import new_id
from connectors.contract import Safety

claims: Any = real_claims  # what is set on these is not what they declare, on purpose
settle: Any = real_settle
wire: Any = real_wire
gate: Any = real_gate
Gate: Any = real_gate.Gate


def _no_look_up() -> None:
    """After a lost answer it is taken for granted that the change did not arrive."""

    settle.settle = lambda work, change, row: None


def _no_fence() -> None:
    """Whoever once had the run goes on, whoever has it now."""
    claims.hold = lambda *args, **more: None


def _no_alarm() -> None:
    """A worker that stood still until its deadline was over goes on to send."""
    gate.armed = lambda seconds: nullcontext()


def _late_intent() -> None:
    """The intent is committed together with the outcome, not before the call."""
    real_intend, real_done = Gate._intend, Gate._done
    held: list[Any] = []

    def intend(self: Any, *args: Any) -> None:
        held.append(args)

    def done(self: Any, *args: Any) -> Any:
        if held:
            real_intend(self, *held.pop())
        return real_done(self, *args)

    Gate._intend = intend
    Gate._done = done


def _no_outcome() -> None:
    """The answer is believed but not written down."""
    Gate._done = lambda self, change, write_id, result, found_by: result


def _hasty_look() -> None:
    """One look at once decides, although the vendor may still have the change in hand."""

    def look(work: Any, change: Any, row: Any) -> Any:
        found = work.read(
            change.opened, change.place, lambda: change.action.find(change.opened.client, row["key"], change.arguments)
        )
        return found[0] if found else None

    settle.settle = look


def bytes_outlive_their_process() -> None:
    """Sockets without SO_LINGER and TCP_USER_TIMEOUT: what a dead process had sent, the kernel goes on sending."""

    def plain(sock: socket.socket, seconds: float) -> None:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    wire.set_options = plain


def _another_key() -> None:
    """Each try has a key of its own, so that the vendor takes it for another change."""
    real_send = Gate._send

    def send(self: Any, change: Any) -> Any:
        if change.row is not None:
            change.row = {**change.row, "key": f"hub-{new_id()}"}
        return real_send(self, change)

    Gate._send = send


def _ageless_key() -> None:
    """A key is relied on however old it is."""
    settle._key_lives = lambda work, change, row: True


def _blind_to_stored_errors() -> None:
    """Whatever the last answer was, the same request is sent again on the strength of its key."""
    settle._last = lambda sent: Left.OPEN


def _lasting_decision() -> None:
    """What a person decided once counts for every later lost answer."""

    def decision(work: Any, change: Any, row: Any, sent: Any) -> str:
        decided = work.journal.decisions("unknown", *change.place)
        return str(decided[-1]["decision"]) if decided else ""

    settle._decision = decision


def _any_value() -> None:
    """An overwrite is repeated whatever stands there now."""
    settle._BY_CLASS = {**settle._BY_CLASS, Safety.SET: _not_ours_so_again}


def _not_ours_so_again(work: Any, change: Any, row: Any, sent: Any) -> Any:
    return settle._find(work, change, row)


def _generous() -> None:
    """Money that is not found is sent again like anything else."""
    settle._absent = lambda work, change, row, sent: None


def _tireless() -> None:
    """A notice is sent again until there is an answer."""
    settle._BY_CLASS = {**settle._BY_CLASS, Safety.OPAQUE: lambda work, change, row, sent: None}


def _forgetful() -> None:
    """A try that was not taken makes one forget that an earlier one may have arrived."""
    real_change = gate.change_write

    def change_write(conn: Any, write_id: str, **values: Any) -> None:
        if "asks us to slow down" in str(values.get("error", "")):
            values["state"] = "pending"
        real_change(conn, write_id, **values)

    gate.change_write = change_write


BREAKS: dict[str, Callable[[], None]] = {
    "no look-up": _no_look_up,
    "no fence": _no_fence,
    "no alarm": _no_alarm,
    "late intent": _late_intent,
    "no outcome": _no_outcome,
    "hasty look": _hasty_look,
    "another key": _another_key,
    "ageless key": _ageless_key,
    "blind to stored errors": _blind_to_stored_errors,
    "lasting decision": _lasting_decision,
    "any value": _any_value,
    "generous": _generous,
    "tireless": _tireless,
    "forgetful": _forgetful,
}
