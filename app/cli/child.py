"""One child process of `patchbay run`: started tied to us, its words kept in a log, started again when it dies."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a dead child is started again; doubled each time
HEALTHY = 60.0  # seconds after which a child counts as well and the pause is short again
_TIED = Path(__file__).with_name("tied.py")


class Child:
    """Not thread-safe: the supervisor's main thread calls everything here."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: logging.Logger, keep: Sequence[int] = ()
    ) -> None:
        self.name, self.command, self.env, self.log, self.keep = name, list(command), dict(env), log, tuple(keep)
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0  # since it was last seen well
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._again_at = 0.0

    def start(self) -> None:
        tied = [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), *self.command]
        self.process = subprocess.Popen(
            tied,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.keep,
            start_new_session=True,  # Ctrl-C reaches us only; we end the children in order
        )
        self._started = time.monotonic()
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def look(self, now: float) -> str:
        """Start it again if it died and its pause is over. Returns a sentence when it was found dead."""
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
        """The whole session: gunicorn's own children are ours too."""
        if self.process and self.process.poll() is None:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)

    def wait(self, until: float) -> bool:
        """True once it is gone; False when `until` (monotonic) has passed."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _listen(self, pipe: IO[bytes] | None) -> None:
        if pipe:
            with pipe:
                for line in pipe:
                    self.log.info("%s %s", self.name, line.decode(errors="replace").rstrip())


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
