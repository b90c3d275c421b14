"""What happened, counted for whoever watches this hub: by each process in memory, added up in the database now and then.

No event pays for it with a transaction, and every process sees the same sums. A process that is killed takes the last seconds
of its counts with it: these numbers are for curves and alarms, the truth about an event stands in its own row.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.statements import add
from app.db.models import tallies
from app.db.session import Database

log = logging.getLogger("patchbay.tallies")
EVERY = 5.0  # seconds between two additions of one process
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds a call took at most
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Spread:
    """How long calls took: how many up to each of `BUCKETS` (each counts the earlier ones too), how many in all, seconds in all."""

    up_to: tuple[int, ...]
    count: int
    seconds: float


class Tallies:
    """The counts of one process. Thread-safe; counting never waits for the database and never raises."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._counts: Counter[Key] = Counter()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._over = threading.Event()

    def count(self, name: str, about: str, outcome: str, number: int = 1) -> None:
        """`about`: the vendor or the recipe. Nothing that strangers choose may stand in any of the three."""
        with self._lock:
            self._counts[(name, about, outcome)] += number
            self._see_to_it()

    def call(self, vendor: str) -> Callable[[float, str], None]:
        """For the door of a vendor, which tells of each call how many seconds it took and what came of it."""

        def heard(seconds: float, answer: str) -> None:
            bucket = next((str(most) for most in BUCKETS if seconds <= most), "more")
            with self._lock:
                self._counts[("calls", vendor, answer)] += 1
                self._counts[("call_seconds", vendor, bucket)] += 1
                self._counts[("call_microseconds", vendor, "all")] += int(seconds * 1_000_000)
                self._see_to_it()

        return heard

    def _see_to_it(self) -> None:
        """There is a thread that will write down what was just counted; without counts there is none."""
        if self._writer is None or not self._writer.is_alive():  # also in a child that was forked since
            self._writer = threading.Thread(target=self._later, name="tallies", daemon=True)
            self._writer.start()

    def _later(self) -> None:
        while not self._over.wait(EVERY):
            self.write_down()
            with self._lock:
                if not self._counts:
                    self._writer = None
                    return

    def write_down(self) -> None:
        """Add what was counted since the last time. If the database is away it stays counted."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        if not taken:
            return
        try:
            self._db.write(lambda conn: _add(conn, taken))
        except (SQLAlchemyError, OSError) as problem:
            log.warning("counts could not be written down (%s); they are kept", type(problem).__name__)
            with self._lock:
                self._counts.update(taken)

    def close(self) -> None:
        """Write down the rest; the thread ends."""
        self._over.set()
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(20)
        self.write_down()

    # --- reading ---

    def totals(self, name: str) -> dict[tuple[str, str], int]:
        """(about, outcome) → number since the beginning, of all processes as far as they have written it down."""
        self.write_down()
        c = tallies.c
        query = select(c.about, c.outcome, c.number).where(c.name == name).order_by(c.about, c.outcome)
        with self._db.read() as conn:
            return {(str(about), str(outcome)): int(number) for about, outcome, number in conn.execute(query)}

    def spreads(self) -> dict[str, Spread]:
        """vendor → how long its calls took."""
        micro = self.totals("call_microseconds")
        found: dict[str, Counter[str]] = {}
        for (vendor, bucket), number in self.totals("call_seconds").items():
            found.setdefault(vendor, Counter())[bucket] = number
        return {vendor: _spread(counts, micro.get((vendor, "all"), 0)) for vendor, counts in found.items()}


def _spread(counts: Counter[str], microseconds: int) -> Spread:
    up_to, so_far = [], 0
    for most in BUCKETS:
        so_far += counts[str(most)]
        up_to.append(so_far)
    return Spread(tuple(up_to), counts.total(), microseconds / 1_000_000)


def _add(conn: Connection, taken: Counter[Key]) -> None:
    """In the order of the keys, so that two processes never wait for each other."""
    for (name, about, outcome), number in sorted(taken.items()):
        add(conn, tallies, {"name": name, "about": about, "outcome": outcome}, number=number)
