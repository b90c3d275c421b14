"""A hub made ready to be broken: its real processes, a Redis that may come and go, its database, its vendors."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from app.core import practice
from tests import redis_server
from tests.bench import house as bench
from tests.bench.ports import free, opened
from tests.faults.parts import Part
from tests.faults.shop import Tasks, tasks
from tests.faults.stand import Books, patchbay
from tests.faults.stories import Delivery, Recaps, Story
from tests.postgres import Server as Postgres
from tests.vendors.shop_hub import CONNECTORS, switch_on


@dataclass
class Bed:
    """`story` is the way that events take now. Parts have numbers: "worker", "worker 2", …"""

    folder: Path
    home: bench.House
    books: Books
    recaps: Recaps
    tasks: list[Tasks]
    story: Story
    redis: redis_server.Server
    patience: float
    postgres: Postgres | None
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return "PostgreSQL" if self.postgres else "SQLite"

    # --- processes ---

    def start(self, *names: str, before: Sequence[str] = (), **env: str) -> None:
        for name in names:
            log = self.folder / f"{name.replace(' ', '-')}.log"
            self.parts[name] = Part(name.split()[0], {**self.home.env, **env}, log, before)
        if "web" in names:
            self.opened()

    def opened(self) -> None:
        process = self.parts["web"].process
        assert process
        opened(self.home.port, process)

    def all_up(self) -> None:
        """Whatever ended is started again, and waits for work."""
        dead = [part for part in self.parts.values() if not part.alive]
        for part in dead:
            part.start()
        if any(part.name == "web" for part in dead):
            self.opened()

    def only(self, *names: str) -> None:
        """These parts and no others."""
        for name in [n for n in self.parts if n not in names]:
            self.parts.pop(name).leave()
        self.start(*(n for n in names if n not in self.parts))
        self.all_up()

    def worker_ready(self, seconds: float = 30) -> None:
        """Until a worker waits for rings."""
        import redis

        with redis.Redis(unix_socket_path=str(self.redis.socket)) as client:
            until(lambda: any(c["cmd"] in ("blmove", "brpoplpush", "blpop") for c in client.client_list()), seconds)

    def close(self) -> None:
        for part in self.parts.values():
            part.thaw()
            part.kill()

    # --- from outside ---

    def tell(self, *words: str) -> Any:
        return patchbay(self.home.env, *words)

    def post(self, delivery: Delivery, seconds: float = 30) -> tuple[int, str]:
        """The status of the answer, 0 when none came, and the id of the event."""
        wire = HTTPConnection("127.0.0.1", self.home.port, timeout=seconds)
        try:
            wire.request("POST", delivery.path, delivery.body, delivery.headers)
            answer = wire.getresponse()
            said = answer.read()
            return answer.status, str(json.loads(said).get("event", "")) if answer.status == 200 else ""
        except (OSError, HTTPException):
            return 0, ""
        finally:
            wire.close()

    @contextmanager
    def writers_queue(self) -> Iterator[None]:
        """SQLite: nobody's turn to write comes. Whoever waits holds nothing that others need."""
        with (self.folder / "home" / "patchbay.sqlite.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def database_locked(self) -> Iterator[None]:
        """Nobody can write: one transaction of somebody else stays open."""
        if self.postgres:
            with create_engine(self.home.env["DATABASE_URL"]).begin() as conn:
                conn.execute(text("lock table events, runs, entries, writes, limits in access exclusive mode"))
                yield
            return
        lock = sqlite3.connect(self.folder / "home" / "patchbay.sqlite", isolation_level=None, timeout=30)
        try:
            lock.execute("begin immediate")
            yield
            lock.execute("rollback")
        finally:
            lock.close()


def until(there: Callable[[], object], seconds: float, pause: float = 0.02) -> bool:
    """True once it is there; False when the time is over."""
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


@contextmanager
def bed(
    folder: Path, database: str, postgres: Postgres | None, *, patience: float, env: Mapping[str, str] | None = None
) -> Iterator[Bed]:
    """`database` "" is the hub's own SQLite. Nothing is started yet but the vendors and Redis; `env` is for all parts."""
    folder.mkdir(parents=True, exist_ok=True)
    port, server = free(), redis_server.Server()
    try:
        with (
            bench.house(folder / "home", database, port, 8, (CONNECTORS,)) as home,
            bench.vendors(folder / "vendors", port, practice.token(home.hub), "tests.vendors.shop"),
        ):
            ours = {"REDIS_URL": server.url, "PATCHBAY_PATIENCE": str(patience), "PATCHBAY_CONNECTORS": str(CONNECTORS)}
            home.env.update({**ours, **(env or {})})
            switch_on(home.hub)
            books = Books(port)
            recaps = Recaps(home.hub, books, folder)
            made = Bed(folder, home, books, recaps, tasks(home.hub, books), recaps, server, patience, postgres)
            try:
                yield made
            finally:
                made.close()
                books.well_again()
    finally:
        server.stop()
