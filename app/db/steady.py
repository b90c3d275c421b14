"""A clock that does not jump, for leases and deadlines: ms since 1970, the same for all processes that share the database.

SQLite: the machine's time since boot (suspends included) plus the boot's start, kept in `house`; after a reboot every lease is
over anyway. PostgreSQL: the server's clock, asked now and then and carried on by this machine's time since boot.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from sqlalchemy import Connection, select, text, update

from app.db.models import house, runs
from app.db.session import Database

_ASK_AGAIN = 20_000  # ms between questions to the PostgreSQL server
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> int:
    return time.clock_gettime_ns(_SOURCE) // 1_000_000


class Steady:
    """`now()` in ms. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._offset: int | None = None
        self._asked = 0

    def now(self) -> int:
        boot, offset = since_boot(), self._offset
        if offset is None:
            with self._lock:
                offset = self._offset if self._offset is not None else self._learn(boot)
        elif not self._db.is_sqlite and boot - self._asked > _ASK_AGAIN and self._lock.acquire(blocking=False):
            try:  # one asks; the others go on with what was known
                offset = self._learn(boot)
            finally:
                self._lock.release()
        return boot + offset

    def _learn(self, boot: int) -> int:
        self._offset = self._ask()
        self._asked = boot
        return self._offset

    def _ask(self) -> int:
        if self._db.is_sqlite:
            return self._db.write(_boot_start)
        with self._db.apart() as conn:  # whoever asks may be in a transaction
            before = since_boot()
            server = conn.execute(text("select (extract(epoch from clock_timestamp()) * 1000)::bigint")).scalar_one()
            return int(server) - (before + since_boot()) // 2


def _boot_start(conn: Connection) -> int:
    """Wall time minus time since boot, fixed by the first process of this boot. A new boot ends every lease."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "no boot id"
    row = conn.execute(select(house.c.value).where(house.c.key == "boot")).scalar()
    known = json.loads(row) if row else {}
    if known.get("id") == boot:
        return int(known["start"])
    start = int(time.time() * 1000) - since_boot()
    value = json.dumps({"id": boot, "start": start})
    if row is None:
        conn.execute(house.insert().values(key="boot", value=value))
    else:
        conn.execute(update(house).where(house.c.key == "boot").values(value=value))
        conn.execute(update(runs).where(runs.c.state == "running").values(lease_until=0, wake_at=0))
    return start
