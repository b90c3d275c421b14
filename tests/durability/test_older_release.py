"""A rolling upgrade with a real older release: the code of the commit before the newest step of the database works on beside it.

Needs the history of the checkout; without it (an unpacked archive, a shallow clone) the test is skipped and says so.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core import practice
from app.core.hub import open_hub
from app.db.migrate import FOLDER, HEAD, migrate
from app.practice.serve import Served
from app.settings import Settings
from tests.conftest import KEYS
from tests.durability.processes import ROOT, answers, environment, post, process, wait_for_all
from tests.durability.world import ANSWER, Delivery, World, until

pytestmark = pytest.mark.both_databases
HELD = {"method": "POST", "path": "/v1/pages", "seconds": 60}
_START = "import sys; sys.path.insert(0, sys.argv[1]); from app.cli import main; sys.exit(main(sys.argv[2:]))"


def git(*words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip()[:200])
    return done.stdout


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the commit before the one that brought the newest step of the database, whatever it was called then."""
    (newest,) = FOLDER.glob(f"versions/{HEAD}_*.py")
    try:
        brought = git("log", "--follow", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().split()
        files = git("archive", f"{brought[-1]}^")
    except (OSError, IndexError) as problem:
        pytest.skip(f"NO OLDER RELEASE HERE: the history of the checkout is needed ({problem})")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        archive.extractall(folder, filter="data")
    assert not list(folder.glob(f"app/db/migrations/versions/{HEAD}_*"))
    return folder


@contextmanager
def of(release: Path, here: World, redis_url: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the older release, as a person starts it."""
    log = here.settings.home / f"older-{words[0]}.log"
    with log.open("ab") as out:
        command = [sys.executable, "-c", _START, str(release), *words]
        child = subprocess.Popen(command, cwd=release, env=environment(here, redis_url), stdout=out, stderr=out)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def here(older: Path, empty_database_url: str, redis_url: str, tmp_path: Path, free_port: int) -> Iterator[World]:
    """A hub that the older release has set up, and its vendors. Nothing of this release has touched its tables."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True, mode=0o700)
    given = {"database_url": empty_database_url, "redis_url": redis_url, "keys": KEYS, "port": free_port}
    settings = Settings(home=home, patience=0.05, threads=4, **given)  # type: ignore[arg-type]  # as they are named
    hub = open_hub(settings)
    nowhere = World(hub, Served(tmp_path / "none"))
    with of(older, nowhere, redis_url, "recipe", "list") as first:
        assert first.wait(60) == 0, (home / "older-recipe.log").read_text()
    with Served(tmp_path / "practice", practice.token(hub), limits=False) as served:
        served.control("model", {"answer": ANSWER})
        yield World(hub, served)
    hub.close()


def deliver(here: World, sent: Delivery) -> None:
    status, said = post(here.settings.port, f"/hooks/zoom/{sent.key}", sent.body, sent.headers)
    assert status == 200, said


def held(here: World) -> bool:
    return any(request["held"] for request in here.served.ledger("notion"))


def test_the_older_release_ends_what_it_has_in_hand_on_the_newer_tables_and_goes_on(
    here: World, older: Path, redis_url: str
) -> None:
    here.served.fault("notion", "hold_after", **HELD)
    sent = [here.delivery(topic, meeting=topic) for topic in ("In hand", "After", "Beside", "Left behind")]
    with of(older, here, redis_url, "web"), of(older, here, redis_url, "worker") as worker:
        until(lambda: answers(here.settings.port))
        deliver(here, sent[0])
        until(lambda: held(here))
        migrate(here.settings)
        here.served.control("release", {})
        wait_for_all(here, 1)
        deliver(here, sent[1])
        wait_for_all(here, 2)
        with process(here, "worker", redis_url), process(here, "clock", redis_url):
            deliver(here, sent[2])
            wait_for_all(here, 3)
        here.served.fault("notion", "hold_after", **HELD)
        deliver(here, sent[3])
        until(lambda: held(here))
        worker.kill()
        here.served.control("release", {})
    with process(here, "worker", redis_url), process(here, "clock", redis_url):
        wait_for_all(here, 4)
    assert sorted(here.pages()) == ["After", "Beside", "In hand", "Left behind"]
    assert "look-up" in {write["found_by"] for write in here.writes()}
