"""Runs with which two workers have died already. A process has only one of them in hand at a time: the one that really kills its
worker then never takes the same others with it again and again, and those are not held for what it did."""

from __future__ import annotations

import threading
from collections.abc import Sequence

AFTER = 2  # claims without progress after which a run is a suspect
_SOON = "?"  # somebody is claiming right now


class Suspects:
    """The suspect that this process has in hand, if any. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run = ""

    def begin(self, run_ids: Sequence[str]) -> bool:
        """Before a claim, for these runs or any: may it take a suspect? If so, `end` must follow."""
        with self._lock:
            if not self._run:
                self._run = _SOON
                return True
            return self._run in run_ids  # its lease was over: whoever had it has lost it

    def end(self, claimed: str) -> None:
        """The suspect that was claimed, "" if none was."""
        with self._lock:
            if self._run == _SOON:
                self._run = claimed

    def left(self, run_id: str) -> None:
        """This process is done with a run, suspect or not."""
        with self._lock:
            if self._run == run_id:
                self._run = ""
