"""One child process of `patchbay run`: started tied to us, its words kept in a log, started again when it dies.

A program of ours is forked from here, so that all of them share the memory of what was imported before; a foreign program is
started. On other systems than Linux ours are started like foreign ones: not everything there bears being forked.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from app.cli.forked import Forked

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a dead child is started again; doubled each time
HEALTHY = 60.0  # seconds after which a child counts as well and the pause is short again
_TIED = Path(__file__).with_name("tied.py")


class _Process(Protocol):
    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...


class Child:
    """Not thread-safe: the supervisor's main thread calls everything here."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: logging.Logger,
        keep: Sequence[int] = (),
        program: Callable[[], None] | None = None,
    ) -> None:
        """`program` does what `command` does; it is called in a fork where that is possible. `keep`: files it inherits."""
        self.name, self.command, self.env, self.log, self.keep = name, list(command), dict(env), log, tuple(keep)
        self.program = program if sys.platform == "linux" else None
        self.process: _Process | None = None
        self.deaths = 0  # since it was last seen well
        self._words = -1  # where we read what it says
        self._half = b""  # of a line
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._again_at = 0.0

    def start(self) -> None:
        self.listen()
        self._hang_up()
        self._words, says = os.pipe()
        os.set_blocking(self._words, False)
        try:
            self.process = self._fork(says) if self.program else self._popen(says)
        finally:
            os.close(says)
        self._started = time.monotonic()

    def _fork(self, says: int) -> Forked:
        assert self.program is not None
        return Forked(f"patchbay {self.name}", self.program, self.env, says, self.keep)

    def _popen(self, says: int) -> subprocess.Popen[bytes]:
        tied = [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), *self.command]
        return subprocess.Popen(
            tied,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=says,
            stderr=subprocess.STDOUT,
            pass_fds=self.keep,
            start_new_session=True,  # Ctrl-C reaches us only; we end the children in order
        )

    def look(self, now: float) -> str:
        """Start it again if it died and its pause is over. Returns a sentence when it was found dead."""
        self.listen()
        if self.process is None:
            if now >= self._again_at:
                self.start()
            return ""
        code = self.process.poll()
        if code is None:
            if now - self._started > HEALTHY:
                self._pause, self.deaths = FIRST_PAUSE, 0
            return ""
        self.process = None
        self.deaths += 1
        self._again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return f"The {self.name} process ended ({_reason(code)}) and is started again."

    def end(self, number: int = signal.SIGTERM) -> None:
        """Killed is the whole session: gunicorn's own children are ours too."""
        if self.process and self.process.poll() is None:
            with suppress(ProcessLookupError):
                (os.killpg if number == signal.SIGKILL else os.kill)(self.process.pid, number)

    def wait(self, until: float) -> bool:
        """True once it is gone; False when `until` (monotonic) has passed."""
        while self.process is not None and self.process.poll() is None:
            self.listen()
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        self.listen()
        return True

    def listen(self) -> None:
        """Log what it has said since."""
        while self._words >= 0:
            try:
                piece = os.read(self._words, 65536)
            except BlockingIOError:
                return
            *lines, self._half = (self._half + piece).split(b"\n")
            for line in lines:
                self.log.info("%s %s", self.name, line.decode(errors="replace").rstrip())
            if not piece:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._words >= 0:
            os.close(self._words)
            self._words = -1
        if self._half:
            self.log.info("%s %s", self.name, self._half.decode(errors="replace").rstrip())
            self._half = b""


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
