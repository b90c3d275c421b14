"""A hub made ready for measuring: its home, its database, the vendors it calls, and its real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from sqlalchemy import func, select

from app.cli import cores, place
from app.core import beginning, connections, practice, recipes, samples, users
from app.core.hub import Hub, open_hub
from app.db.models import runs
from app.settings import Settings
from tests.bench.ports import free, opened

RECIPE, SAMPLE = "zoom-recap-to-notion", "weekly-planning"
_OURS = ("PATCHBAY_", "DATABASE_URL", "REDIS_URL", "OPENAI_", "PORT", "TRUSTED_HOSTS")
_MAIN = str(place.ROOT / "app" / "__main__.py")
# As an owner has it: without the packages of the tests, of which httpx imports some where it finds them (5 MB).
_OURS_ALONE = (
    "import runpy, sys; sys.modules.update(dict.fromkeys(('rich', 'pygments'))); "
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
_UNLIMITED = "100000"


@dataclass
class House:
    """`hub` looks into the same database as the processes; `hook` is the path that Zoom calls; `token` signs."""

    hub: Hub
    env: dict[str, str]
    port: int
    hook: str
    token: str

    def job(self, first: int, count: int, wires: int) -> dict[str, Any]:
        """Deliveries number `first` and on, for the sender."""
        body = json.loads(samples.body(RECIPE, SAMPLE))
        load = {"path": self.hook, "secret": self.token, "body": body, "first": first, "count": count}
        return {"port": self.port, "wires": wires, **load}

    def states(self) -> dict[str, int]:
        """How many runs are in which state."""
        query = select(runs.c.state, func.count()).group_by(runs.c.state)
        with self.hub.db.read() as conn:
            return {str(state): int(count) for state, count in conn.execute(query)}

    def ended(self, after: int) -> list[int]:
        """When runs ended, ms UTC, of those made later than `after`."""
        with self.hub.db.read() as conn:
            return sorted(
                conn.execute(select(runs.c.ended_at).where(runs.c.state == "done", runs.c.made_at >= after)).scalars()
            )


@contextmanager
def home() -> Iterator[Path]:
    """On the disk where an owner's data would lie, not in memory."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=_disk()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _disk() -> Path:
    folder = place.ROOT / "var"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def house(
    folder: Path, database: str, vendors: int, threads: int = 0, connectors: tuple[Path, ...] = (), notion: float = 0
) -> Iterator[House]:
    """A hub that is set up, with the practice recipe on, its vendors on the port `vendors`, and no rate limits of its own,
    except that two workers call Notion `notion` times a second, where that is given.

    `connectors`: folders with further ones.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    port = free()
    given = Settings(home=folder, database_url=database, port=port, connectors=connectors)
    place.prepare(given)
    hub = open_hub(given)
    try:
        beginning.prepare(hub)
        users.add(hub, email="bench@example.com", name="Bench", role="owner", password="a password for nobody at all")
        recipes.switch_on(hub, RECIPE, practice=True, settings={"todos": ""}, daily_tokens=10**12, by="bench")
        hook = connections.get(hub, practice.connection_id(hub, "zoom"))["hook_address"].removeprefix(given.address)
        yield House(
            hub, _environment(folder, database, port, vendors, threads) | _pace(notion), port, hook, practice.token(hub)
        )
    finally:
        hub.close()


def _environment(folder: Path, database: str, port: int, vendors: int, threads: int) -> dict[str, str]:
    ours = {
        "PATCHBAY_HOME": str(folder),
        "PORT": str(port),
        "PATCHBAY_PRACTICE_URL": f"http://127.0.0.1:{vendors}",
        **{f"PATCHBAY_RATE_{slug}": _UNLIMITED for slug in ("ZOOM", "NOTION", "OPENAI")},
        **({"DATABASE_URL": database} if database else {}),
        **({"PATCHBAY_THREADS": str(threads)} if threads else {}),
    }
    return {**{k: v for k, v in os.environ.items() if not k.startswith(_OURS)}, **ours}


def _pace(notion: float) -> dict[str, str]:
    return {"PATCHBAY_RATE_NOTION": f"{notion:g}", "PATCHBAY_WORKERS": "2"} if notion else {}


# --- processes --------------------------------------------------------------------------------------------------------


@contextmanager
def _process(
    words: list[str], env: Mapping[str, str], first: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`first` is called in the process before anything else."""
    process = subprocess.Popen(
        words, env=env, cwd=place.ROOT, stdout=subprocess.DEVNULL, stderr=sys.stderr, preexec_fn=first
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def everything(house: House) -> Iterator[int]:
    """All processes, as `python3 -m app` starts them; gives the process id of the first. Waits until they have settled."""
    with _process([sys.executable, "-c", _OURS_ALONE, _MAIN, "run"], house.env) as process:
        opened(house.port, process)
        time.sleep(2)  # the worker and the clock start after the first page
        yield process.pid


@contextmanager
def web_alone(house: House, redis_url: str) -> Iterator[None]:
    """Only the web process, on a core as `run` gives it one, with a Redis to ring at."""
    env = {**house.env, "REDIS_URL": redis_url}
    with _process([sys.executable, _MAIN, "web"], env, partial(cores.keep_to, -1)) as process:
        opened(house.port, process)
        yield


def start_up(house: House) -> float:
    """Seconds from the command to the first page."""
    began = time.perf_counter()
    with _process([sys.executable, _MAIN, "run"], house.env) as process:
        opened(house.port, process, "/sign-in")
        return time.perf_counter() - began


# --- vendors ----------------------------------------------------------------------------------------------------------


class Vendors:
    """The practice vendors in a process of their own, without rate limits, and their books."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ledger(self, bodies: bool = False, after: int = 0) -> list[dict[str, Any]]:
        return list(self._ask(f"ledger?bodies={int(bodies)}&after={after}"))

    def model_takes(self, ms: int) -> None:
        self._ask("model", {"delay_ms": ms} if ms else {})

    def notion_allows(self, rate: float) -> None:
        self._ask("settings", {"rate": rate, "burst": max(int(rate), 1)})

    def _ask(self, path: str, body: Any = None) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        asked = Request(f"http://127.0.0.1:{self.port}/_control/{path}", raw, {"Content-Type": "application/json"})
        with urlopen(asked, timeout=120) as answer:
            return json.loads(answer.read())


@contextmanager
def vendors(folder: Path, port: int, token: str, module: str = "app.practice", notion: float = 0) -> Iterator[Vendors]:
    """`module`: what serves them; `notion`: calls a second that it allows, as many at once. Without it there are no limits."""
    words = ["--port", str(port), "--folder", str(folder), "--token", token, "--control"]
    words += [] if notion else ["--no-limits"]
    with _process([sys.executable, "-m", module, *words], os.environ) as process:
        opened(port, process, "/")
        made = Vendors(port)
        if notion:
            made.notion_allows(notion)
        yield made
