"""Counts every step a process takes towards the outside, and ends or stops it at the one that was asked for.

Points are: before each transaction, statement and commit, before each connect, before, in the middle of and after each piece sent, before
each piece read, and the end. What lies between two of them touches nothing outside, so after one is before the next.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from app.core import limits
from app.db import direct
from app.db.session import Database


class Points:
    """`at` 0 only counts. `tell` gets one line of JSON when the point is reached."""

    def __init__(self, at: int, act: str, tell: int) -> None:
        self.at, self.act, self.tell = at, act, tell
        self.labels: list[str] = []
        self.request = ""

    def __call__(self, label: str) -> None:
        self.labels.append(label)
        if len(self.labels) == self.at:
            self.report()
            os.kill(os.getpid(), signal.SIGKILL if self.act == "kill" else signal.SIGSTOP)

    def report(self) -> None:
        armed = signal.getitimer(signal.ITIMER_REAL)[0] > 0
        line = {"points": len(self.labels), "label": self.labels[-1], "armed": armed}
        os.write(self.tell, json.dumps(line | ({"labels": self.labels} if not self.at else {})).encode() + b"\n")

    def watch(self) -> None:
        """From now on, in this process."""
        limits._FRESH = 0  # every success is noted, so that a number is the same point each time
        event.listen(Engine, "before_cursor_execute", lambda *args: self(f"before {_words(args[2])}"))
        self._before(direct, "say", lambda conn, text: text)
        self._before(Database, "write", lambda *args: "transaction")
        self._before(DefaultDialect, "do_commit", lambda *args: "COMMIT")
        self._before(socket.socket, "connect", lambda sock, *args: "connect" if _inet(sock) else "")
        self._before(socket.socket, "recv_into", lambda sock, *args: f"read of {self.request}" if _inet(sock) else "")
        self._halve_sends()

    def _before(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        real = getattr(owner, name)

        def watched(*args: Any, **more: Any) -> Any:
            if words := label(*args):
                self(f"before {words}")
            return real(*args, **more)

        setattr(owner, name, watched)

    def _halve_sends(self) -> None:
        real = socket.socket.sendall

        def watched(sock: socket.socket, data: Any, *flags: int) -> None:
            if not _inet(sock):
                return real(sock, data, *flags)
            piece = bytes(data)
            first, _, rest = piece.partition(b"\r\n")
            if rest and first.endswith(b"HTTP/1.1"):
                self.request = first.decode().removesuffix(" HTTP/1.1")
            half = len(piece) // 2
            self(f"before send of {self.request}")
            real(sock, piece[:half])
            self(f"half of send of {self.request}")
            real(sock, piece[half:])
            self(f"after send of {self.request}")
            return None

        socket.socket.sendall = watched  # type: ignore[method-assign, assignment]


def _inet(sock: socket.socket) -> bool:
    return sock.family in (socket.AF_INET, socket.AF_INET6)


def _words(statement: str) -> str:
    """What kind of statement and which table: "INSERT writes"."""
    words = statement.replace("\n", " ").split()
    verb = words[0].upper()
    after = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}.get(verb)
    upper = [word.upper() for word in words]
    return f"{verb} {words[upper.index(after) + 1]}" if after in upper else " ".join(upper[:2])
