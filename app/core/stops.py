"""The ways a run lets go before its end: raised inside a step, turned into the run's state by the engine."""

from __future__ import annotations

# What a run waits for, in one word, for those who watch many: the vendor's rate, a vendor that does not answer at all (circuit)
# or did not this once (retry), an account that nobody connected or that must be reconnected, tomorrow's budget, a person; or, as the
# recipe wants it, a time or an event.
CAUSES = ("rate", "circuit", "retry", "account", "reconnect", "budget", "person", "time", "event")
PLANNED = ("time", "event")


class Stop(Exception):
    """A run stops here; `why` is for people."""

    cause = ""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Later(Stop):
    """Again by itself at `wake_at` (ms of the steady clock), or when the connection it waits for works again.

    `line`: the key of a rate limit and its calls a second, where others are put off to the same time.
    """

    def __init__(
        self,
        why: str,
        wake_at: int,
        waits_for: str = "",
        *,
        cause: str = "retry",
        line: tuple[str, float] | None = None,
    ) -> None:
        super().__init__(why)
        self.wake_at = wake_at
        self.line = line
        self.cause = cause
        self.waits_for = waits_for


class Waiting(Stop):
    """A person must act. A review is open, or the engine opens one of kind "stuck" when the run lets go."""

    def __init__(self, why: str, waits_for: str = "") -> None:
        super().__init__(why)
        self.waits_for = waits_for
        self.cause = "reconnect" if waits_for else "person"


class Failed(Stop):
    """It cannot go on; the text says what to do."""


class Lost(Exception):
    """The run is no longer ours: another fence, or the lease was taken. Stop at once and touch nothing."""
