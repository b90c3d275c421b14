"""Keeps the processes of `patchbay run` alive until it is told to stop, and stops them in order."""

from __future__ import annotations

import http.client
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from app.cli.child import Child

GRACE = 70.0  # seconds for the calls in hand
_TICK = 0.1


class Supervisor:
    """`children` in the order of starting; the first ones (the parts others need) are stopped last."""

    def __init__(self, first: Sequence[Child], children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.first, self.children, self.say = list(first), list(children), say
        self.stopping = threading.Event()
        self._asked = 0

    def listen(self) -> None:
        """From here on SIGTERM, SIGINT and a closed terminal end everything; a second one does not wait."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

    def start(self) -> None:
        for child in [*self.first, *self.children]:
            child.start()

    def add(self, children: Sequence[Child]) -> None:
        self.children += children
        for child in children:
            child.start()

    def watch(self) -> None:
        while not self.stopping.wait(_TICK):
            self.look()

    def look(self) -> None:
        for child in [*self.first, *self.children]:
            if problem := child.look(time.monotonic()):
                self.say(problem)

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Whether `ready` came true in time and before a child died again and again. Looks after them meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stopping.is_set() and not self._hopeless():
            if ready():
                return True
            self.look()
            self.stopping.wait(0.03)
        return False

    def _hopeless(self) -> bool:
        return any(child.deaths >= 3 for child in [*self.first, *self.children])

    def stop(self) -> None:
        for group in (self.children, self.first):
            until = time.monotonic() + GRACE
            for child in group:
                child.end()
            for child in group:
                while not child.wait(min(until, time.monotonic() + _TICK)):
                    if self._asked > 1 or time.monotonic() >= until:
                        child.end(signal.SIGKILL)
                        until = 0.0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        self.stopping.set()


def open_log(home: Path) -> logging.Logger:
    """The log file of the children, 5 MB and three older ones; readable by the owner only."""
    folder = home / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(folder / "patchbay.log", maxBytes=5_000_000, backupCount=3)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("patchbay.children")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.handlers[:] = [handler]
    return log


def last_words(home: Path, lines: int = 12) -> str:
    """The end of the log, for a start that did not work."""
    return "\n".join((home / "logs" / "patchbay.log").read_text(errors="replace").splitlines()[-lines:])


def answers(port: int, path: str = "/healthz") -> bool:
    """Whether the web process answers."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        wire.request("GET", path)
        return wire.getresponse().status < 500
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        wire.close()


def ask(address: str, path: str) -> tuple[int, str]:
    """What an address of ours answers, seen from outside. Raises OSError."""
    parts = urlsplit(address)
    sort = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    wire = sort(parts.hostname or "", parts.port, timeout=10)
    try:
        wire.request("GET", parts.path.rstrip("/") + path)
        answer = wire.getresponse()
        return answer.status, answer.read(1000).decode(errors="replace")
    except http.client.HTTPException as problem:
        raise OSError(type(problem).__name__) from problem
    finally:
        wire.close()
