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
from app.core.ids import new_id

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

    wire._set_options = plain


def _another_key() -> None:
    """Each try has a key of its own, so that the vendor takes it for another change."""
    real_send = Gate._send

    def send(self: Any, change: Any) -> Any:
        if change.row is not None:
            change.row = {**change.row, "key": f"hub-{new_id()}"}
        return real_send(self, change)

    Gate._send = send


BREAKS: dict[str, Callable[[], None]] = {
    "no look-up": _no_look_up,
    "no fence": _no_fence,
    "no alarm": _no_alarm,
    "late intent": _late_intent,
    "no outcome": _no_outcome,
    "hasty look": _hasty_look,
    "another key": _another_key,
}
