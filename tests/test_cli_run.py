"""`python3 -m app run`: everything starts, is looked after, and ends together."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli import place, supervisor
from tests.databases import Postgres

SAMPLE = place.ROOT / "recipes" / "zoom-recap-to-notion" / "samples" / "quick-catch-up.json"
MAIN = str(place.ROOT / "app" / "__main__.py")


class Started:
    """A hub of its own in a child process."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.env = {**os.environ, "PATCHBAY_HOME": str(home), "PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, MAIN, "run", "--json"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def document(self) -> dict[str, object]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = dict(json.loads(line or "{}"))
        assert "address" in found, self.process.communicate()
        return found

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, MAIN, *words], env=self.env, capture_output=True, text=True)

    def children(self) -> set[int]:
        """All descendants: processes whose parent is ours, and theirs."""
        found: set[int] = set()
        fresh = {self.process.pid}
        parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
        while fresh:
            fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
            found |= fresh
        return found

    def all(self, word: str) -> set[int]:
        return {pid for pid in self.children() if word in _command(pid)}


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def wait_until(there: Callable[[], object], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.03)


def gone(pids: set[int]) -> bool:
    return not any(_command(pid) for pid in pids)


@pytest.fixture
def started(tmp_path: Path, free_port: int) -> Iterator[Started]:
    hub = Started(tmp_path / "home", free_port)
    yield hub
    if hub.process.poll() is None:
        hub.process.kill()
    hub.process.communicate()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LOOKS INTO /proc, WHICH ONLY LINUX HAS")


def test_everything_starts_is_looked_after_and_stops(started: Started) -> None:
    said = started.document()
    assert said["address"] == f"http://127.0.0.1:{started.port}"
    assert said["setup_code"]
    with urllib.request.urlopen(f"http://127.0.0.1:{started.port}/healthz", timeout=5) as answer:
        assert answer.status == 200
    assert stat.S_IMODE(started.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((started.home / "keys").stat().st_mode) == 0o600
    assert stat.S_IMODE((started.home / "patchbay.sqlite").stat().st_mode) == 0o600

    second = started.command("run")
    assert second.returncode == 1
    assert "already running" in second.stderr

    before = started.all("patchbay worker")
    for pid in before | started.all("patchbay web"):
        assert len(os.sched_getaffinity(pid)) == 1, "its threads pass Python's lock from core to core"
    assert len(set.union(*map(os.sched_getaffinity, before))) == min(len(before), len(os.sched_getaffinity(0)))
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(started.all("patchbay worker")) == len(before) and min(before) not in started.children())

    web = started.all("patchbay web")
    os.kill(min(web), signal.SIGKILL)  # callers wait meanwhile, for the socket is ours
    with urllib.request.urlopen(f"http://127.0.0.1:{started.port}/healthz", timeout=15) as answer:
        assert answer.status == 200
    assert len(started.all("patchbay web")) == len(web) == 1, "there is more than one process for the pages"

    pids = started.children()
    assert len(pids) == 3 + len(before)  # Valkey, web, clock
    started.process.send_signal(signal.SIGTERM)
    out, err = started.process.communicate(timeout=40)
    assert (started.process.returncode, out) == (0, ""), err
    assert "worker process ended (signal 9)" in err
    assert "web process ended (signal 9)" in err
    assert gone(pids)
    assert not (started.home / "running.json").exists()


def test_demo_files_a_page_through_a_hub_of_its_own(tmp_path: Path) -> None:
    env = {**os.environ, "PATCHBAY_HOME": str(tmp_path / "not used")}
    shown = subprocess.run(
        [sys.executable, MAIN, "demo", "--sample", "quick-catch-up"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shown.returncode == 0, shown.stderr
    assert "Quick catch-up\n" in shown.stdout  # the title, read back from the practice Notion
    assert "He liked the stand of a pencil maker from Porto" in shown.stdout
    assert "The sample arrived." in shown.stdout
    assert not (tmp_path / "not used").exists()


def test_demo_on_a_running_hub_uses_it(started: Started) -> None:
    started.document()
    shown = started.command("demo", "--sample", "quick-catch-up", "--json")
    assert shown.returncode == 0, shown.stderr
    (one,) = json.loads(shown.stdout)
    assert one["arrived"]
    runs = json.loads(started.command("runs", "--json").stdout)
    assert [run["id"] for run in runs] == [one["run"]]
    story = started.command("run", "show", one["run"])
    assert "Create a page in Notion" in story.stdout
    plan = json.loads(started.command("undo", one["run"], "--plan", "--json").stdout)
    assert any(line["goes"] for line in plan)
    assert json.loads(started.command("replay", one["event"], "--json").stdout)["runs"]
    asked = started.command("rehearse", "zoom-recap-to-notion", "--practice", "--event", str(SAMPLE), "--json")
    assert asked.returncode == 0, asked.stderr
    assert [request["method"] for request in json.loads(asked.stdout)["requests"]][-1] == "POST"


def test_the_processes_of_the_procfile_work_on_postgresql_and_a_redis(
    postgres: Postgres, redis_url: str, tmp_path: Path, free_port: int
) -> None:
    lines = dict(line.split(": ", 1) for line in (place.ROOT / "Procfile").read_text().splitlines())
    assert set(lines) == {"web", "worker", "clock"}
    env = {**os.environ, "PATCHBAY_HOME": str(tmp_path / "home"), "PORT": str(free_port), "REDIS_URL": redis_url}
    with postgres.fresh(template="template0") as url:
        env["DATABASE_URL"] = url.replace("postgresql+psycopg", "postgres")
        commands = [f"exec env {line.replace('python3', sys.executable)}" for line in lines.values()]
        processes = [subprocess.Popen(command, shell=True, env=env, cwd=place.ROOT) for command in commands]
        try:
            wait_until(lambda: supervisor.answers(free_port), 30)
            words = [sys.executable, MAIN, "demo", "--sample", "quick-catch-up"]
            shown = subprocess.run(words, env=env, capture_output=True, text=True, timeout=90)
            assert shown.returncode == 0, shown.stderr
            assert shown.stdout.startswith("Using the hub that is running.")
            assert f"http://127.0.0.1:{free_port}/practice/notion/pages/" in shown.stdout
        finally:
            for process in processes:
                process.terminate()
            assert [process.wait(30) for process in processes] == [0, 0, 0]


def test_killing_run_ends_everything(started: Started) -> None:
    started.document()
    pids = started.children()
    os.kill(started.process.pid, signal.SIGKILL)
    wait_until(lambda: gone(pids))
    assert gone(pids)


def test_a_taken_port_is_a_sentence(started: Started, tmp_path: Path) -> None:
    started.document()
    env = {**started.env, "PATCHBAY_HOME": str(tmp_path / "other")}
    found = subprocess.run([sys.executable, MAIN, "--json", "run"], env=env, capture_output=True, text=True)
    assert found.returncode == 1
    assert f"PORT={started.port + 1}" in json.loads(found.stdout)["error"]
    assert "Traceback" not in found.stderr


def test_a_hub_that_cannot_start_says_why(tmp_path: Path, free_port: int) -> None:
    env = {**os.environ, "PATCHBAY_HOME": str(tmp_path / "home"), "PORT": str(free_port), "PATCHBAY_KEYS": "changeme"}
    found = subprocess.run([sys.executable, MAIN, "run"], env=env, capture_output=True, text=True, timeout=60)
    assert found.returncode == 1
    assert "PATCHBAY_KEYS" in found.stderr
    assert "Traceback" not in found.stderr
