"""The database is locked, dies, or is being migrated."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.cli import place
from tests.faults.case import Case
from tests.faults.line import Line

_LONG = 18.0  # seconds: longer than anybody waits for a turn to write


def locked(case: Case) -> None:
    """Longer than anybody waits for it, with deliveries coming in and answers of vendors waiting to be written down."""
    half = min(case.tries // 2, 8)
    names = [case.name() for _ in range(half)]
    for name in names:
        case.bed.story.fault("hold_after", name)
        case.deliver(name)
    case.held(half)
    with case.bed.database_locked():
        case.bed.books.release()
        sent = case.beside(case.tries - half)
        time.sleep(_LONG)
    for future in sent:
        future.result()
    case.tried += case.tries


def killed(case: Case) -> None:
    """The server dies with everything in hand and comes back by itself."""
    server = case.bed.postgres
    assert server
    for _ in range(2):
        half = case.tries // 2
        for name in (case.name() for _ in range(min(half, 4))):
            case.bed.story.fault("hold_after", name)
            case.deliver(name)
        sent = case.beside(half - min(half, 4))
        server.kill()
        case.bed.books.release()
        time.sleep(1.0)
        server.start()
        for future in sent:
            future.result()
        case.tried += half


def migrating(case: Case) -> None:
    """The first start of a hub, killed at a call into the kernel: it is whole afterwards, or not begun."""
    call = "sendto" if case.bed.postgres else "pwrite64"
    for n in range(case.tries):
        number = 1 + n * 9
        home = case.bed.folder / f"new-{n}"
        with _fresh(case, n) as env:
            env = {**env, "PATCHBAY_HOME": str(home)}
            inject = f"inject={call}:signal=KILL:when={number}"
            trace = ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
            first = _start(trace, env)
            case.tried += first.returncode != 0
            second = _start([], env)
            if second.returncode:
                said = second.stderr.strip()[-300:]
                case.wrong.append(f"after a kill at {call} {number} the hub does not start: {said}")


def _start(before: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = [*before, sys.executable, str(place.ROOT / "app" / "__main__.py"), "recipe", "list", "--json"]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=120)


class _fresh:
    """An empty database."""

    def __init__(self, case: Case, number: int) -> None:
        self.case, self.name = case, f"migrating_{os.getpid()}_{number}"

    def __enter__(self) -> dict[str, str]:
        env = dict(self.case.bed.home.env)
        if not self.case.bed.postgres:
            env.pop("DATABASE_URL", None)
            return env
        self._run(f"create database {self.name} template template0")
        url = make_url(env["DATABASE_URL"]).set(database=self.name)
        return {**env, "DATABASE_URL": url.render_as_string(hide_password=False)}

    def __exit__(self, *_: object) -> None:
        if self.case.bed.postgres:
            self._run(f"drop database {self.name} with (force)")

    def _run(self, statement: str) -> None:
        engine = create_engine(self.case.bed.home.env["DATABASE_URL"], isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text(statement))
        engine.dispose()


LINES = (
    Line("database locked", locked, tries=12, few=4, within=90),
    Line("PostgreSQL killed", killed, tries=16, few=8, within=90, only="postgres"),
    Line("killed during migration", migrating, tries=6, few=2, traced=True),
)
