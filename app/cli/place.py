"""Which hub a command is about: its settings, its home, and whether it is running at this moment."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from app.settings import BadSettings, Settings, read

if TYPE_CHECKING:
    from app.core.hub import Hub

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """What `patchbay run` of this home wrote down about itself."""

    pid: int
    port: int
    redis_url: str


def settings() -> Settings:
    """This hub's settings. The home is `var` in the checkout, wherever the command is typed."""
    if not os.environ.get("PATCHBAY_HOME", "").strip():
        os.environ["PATCHBAY_HOME"] = str(ROOT / "var")
    found = read(os.environ)
    return replace(found, home=found.home.absolute())


def with_running(given: Settings) -> Settings:
    """The settings with the port and the Valkey of the hub that runs on this home, if one does."""
    running = look(given.home)
    if not running:
        return given
    return replace(given, port=running.port, redis_url=given.redis_url or running.redis_url)


def look(home: Path) -> Running | None:
    """The hub that runs on this home. Its lock says so, not the file: a file may be left over."""
    try:
        with (home / "run.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        pass
    with suppress(OSError, ValueError, TypeError, KeyError):
        return Running(**json.loads((home / "running.json").read_text()))
    return None  # it is still starting


def hold(home: Path) -> IO[str]:
    """Take this home for one `run`; released when the file is closed or the process ends. Raises BadSettings."""
    lock = (home / "run.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        running = look(home)
        where = f" at http://127.0.0.1:{running.port}" if running else ""
        raise BadSettings(
            f"Patchbay is already running on {home}{where}. Stop it first, or set PATCHBAY_HOME to another folder."
        ) from None
    forget(home)
    return lock


def write_down(home: Path, running: Running) -> None:
    draft = home / "running.new"
    draft.write_text(json.dumps(running.__dict__))
    draft.replace(home / "running.json")


def forget(home: Path) -> None:
    (home / "running.json").unlink(missing_ok=True)


def make_home(given: Settings) -> None:
    """The folder for everything that is stored, the owner's alone. Raises BadSettings."""
    os.umask(0o077)  # whatever we write is the owner's alone
    try:
        given.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        given.home.chmod(0o700)
    except OSError as problem:
        raise BadSettings(
            f"The folder {given.home} cannot be used ({problem.strerror}). Set PATCHBAY_HOME to one that you own."
        ) from None


def prepare(given: Settings) -> None:
    """Connectors, home, keys and tables, as every command needs them. Raises BadSettings, CannotLoad, CannotMigrate."""
    import connectors
    from app.core.vault import Vault, ensure_keys
    from app.db.migrate import migrate

    connectors.load(given.connectors)  # one that cannot be used is told here, not by three processes
    make_home(given)
    Vault(ensure_keys(given))  # keys that cannot be used are told here, not by three processes
    migrate(given)


@contextmanager
def hub() -> Iterator[Hub]:
    """The hub of this home, prepared, with the Valkey of a running one to ring at."""
    from app.core import beginning
    from app.core.hub import open_hub

    found = with_running(settings())
    prepare(found)
    opened = open_hub(found)
    try:
        beginning.prepare(opened)
        yield opened
    finally:
        opened.close()


def who() -> str:
    """Who typed this, for the audit."""
    with suppress(Exception):
        import getpass

        return f"{getpass.getuser()} at the command line"
    return "the command line"
