"""A mail session over the socket of a web request (an Upgrade), written down and disturbed like every other request."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from app.practice import faults
from app.practice.door import Ground


class HungUp(Exception):
    """The session is over."""


class Wire:
    """Lines over a socket."""

    def __init__(self, ground: Ground, sock: socket.socket) -> None:
        self.ground, self._sock = ground, sock
        sock.settimeout(30)
        self._file = sock.makefile("rb")

    def say(self, line: str | bytes) -> None:
        raw = line if isinstance(line, bytes) else line.encode("utf-8")
        try:
            self._sock.sendall(raw + b"\r\n")
        except OSError as problem:
            raise HungUp from problem

    def line(self) -> bytes:
        """Without its end. Raises HungUp."""
        try:
            found = self._file.readline(65536)
        except OSError as problem:
            raise HungUp from problem
        if not found.endswith(b"\n"):
            raise HungUp
        return found.rstrip(b"\r\n")

    def exactly(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) != size:
            raise HungUp
        return found

    def close(self) -> None:
        self._file.close()
        try:
            self._sock.shutdown(socket.SHUT_RDWR)  # what the web server writes after this goes nowhere
        except OSError:
            return  # the other side was quicker

    def step(self, method: str, path: str, body: bytes, do: Callable[[int], Any]) -> Any:
        """One thing that is asked, with the fault that a test has ordered for it: what `do` returns, or the fault's own words.

        `do` gets the number of the request in the ledger. Raises HungUp where the connection is cut.
        """
        ledger = self.ground.ledger
        no = ledger.arrive("email", method, path, "", body)
        fault = faults.take(ledger, no, "email", method, path, body) if self.ground.control else None
        ordered = str(fault["do"]) if fault else ""
        if ordered == "cut_before":
            raise HungUp
        if fault and ordered == "status":
            ledger.answered(no, int(fault.get("status", 550)))
            return Ordered(int(fault.get("status", 550)), str(fault.get("body", "ordered by the test")))
        with ledger.write():
            answer = do(no)
        if ordered == "cut_after":
            raise HungUp
        if ordered == "slow":
            self.ground.closing.wait(float((fault or {}).get("seconds", 1)))
        ledger.answered(no, 200)
        return answer


class Ordered:
    """A no that a test has ordered: SMTP's code, and the words."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words
