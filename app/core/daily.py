"""A backup a day into the home's folder `backups`, as many days back as PATCHBAY_BACKUPS says. The clock makes it."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from app.db import backup
from app.db.postgres_tools import NoTools
from app.settings import Settings

log = logging.getLogger("patchbay.daily")
_AGAIN = 3600.0  # seconds after a failure


class Daily:
    """`round()` is called often; once a day it does something, in a thread of its own, for a copy may take minutes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def round(self) -> None:
        busy = self._thread is not None and self._thread.is_alive()
        if not self._settings.backups or busy or time.monotonic() < self._not_before or self._today().exists():
            return
        self._thread = threading.Thread(target=self._make, name="daily backup", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until the one under way has ended."""
        if self._thread is not None:
            self._thread.join()

    def _today(self) -> Path:
        ending = "sqlite" if backup.sqlite_file(self._settings) else "dump"
        return self._settings.home / "backups" / f"daily-{time.strftime('%Y%m%d')}.{ending}"

    def _make(self) -> None:
        try:
            backup.make(self._settings, self._today())
            self._drop_old()
        except (backup.NoBackup, NoTools, OSError) as problem:
            self._not_before = time.monotonic() + _AGAIN
            log.warning("the daily backup could not be made: %s", problem)
        except Exception:
            self._not_before = time.monotonic() + _AGAIN
            log.exception("the daily backup could not be made")

    def _drop_old(self) -> None:
        for file in sorted((self._settings.home / "backups").glob("daily-*"))[: -self._settings.backups]:
            file.unlink()
