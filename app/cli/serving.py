"""Serves the pages in this very process: gunicorn's threads without its master, whose work `run` does (it starts the process
again when it ends), and which is a fifth of a hub's memory."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Sequence
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.sock import create_sockets
from gunicorn.workers.gthread import ThreadWorker

_STUCK = 60.0  # seconds without a sign of life from the loop that hands requests to the threads


class _Pages(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, options: Sequence[str]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in vars(self.cfg.parser().parse_args(self._options)).items():
            if name in self.cfg.settings and value is not None:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from app.main import create_app

        return create_app()


class _Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """One that ends itself, with every thread's trace in the log, where a master would have killed it."""

    def notify(self) -> None:
        faulthandler.dump_traceback_later(_STUCK, exit=True)


def serve(options: Sequence[str], listening: int) -> None:
    """Until SIGTERM, after which the requests in hand are finished. `options` are those of gunicorn's command line,
    `listening` is the file number of an open socket."""
    pages = _Pages(options)
    log = pages.cfg.logger_class(pages.cfg)
    sockets = create_sockets(pages.cfg, log, fds=[listening])
    worker = _Worker(1, os.getppid(), sockets, pages, pages.cfg.timeout / 2, pages.cfg, log)
    worker.pid = os.getpid()
    worker.init_process()
