"""`patchbay keys rotate`, as an owner does it: stopped, once, and the older keys stay until they are given up."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import place
from app.core.hub import open_hub
from app.core.vault import Sealed, new_key
from app.settings import Settings

Command = Callable[..., subprocess.CompletedProcess[str]]
_OURS = ("PATCHBAY_", "DATABASE_URL", "REDIS_URL")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def command(home: Path) -> Command:
    env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(place.ROOT / "app" / "__main__.py"), *words],
            cwd=place.ROOT,
            env={**env, "PATCHBAY_HOME": str(home), **more},
            capture_output=True,
            text=True,
        )

    return run


def keys(home: Path) -> list[str]:
    return (home / "keys").read_text().split()


def done(said: subprocess.CompletedProcess[str]) -> Any:
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_a_new_key_comes_first_and_the_old_one_can_be_given_up(command: Command, home: Path) -> None:
    done(command("connections", "--json"))  # makes the practice accounts
    (old,) = keys(home)
    assert sum(done(command("keys", "rotate", "--json"))["anew"].values()) > 3
    new, kept = keys(home)
    assert kept == old
    assert new != old
    assert stat.S_IMODE((home / "keys").stat().st_mode) == 0o600
    assert done(command("keys", "rotate", "--forget", "--json"))["forgotten"]
    (newest,) = keys(home)
    assert newest not in (new, old)
    done(command("connections", "--json"))
    hub = open_hub(Settings(home=home, keys=(old,)))
    with pytest.raises(Sealed):
        _ = hub.secret
    hub.close()


def test_it_is_refused_while_patchbay_is_at_work(command: Command, home: Path) -> None:
    done(command("connections", "--json"))
    before = keys(home)
    hub = open_hub(Settings(home=home))
    with hub.db.read():
        said = command("keys", "rotate")
    hub.close()
    assert said.returncode == 1
    assert "still at work" in said.stderr
    assert keys(home) == before


def test_keys_of_the_environment_are_the_owners_own(command: Command, home: Path) -> None:
    old, new = new_key(), new_key()
    done(command("connections", "--json", PATCHBAY_KEYS=old))
    assert sum(done(command("keys", "rotate", "--forget", "--json", PATCHBAY_KEYS=f"{new},{old}"))["anew"].values()) > 3
    assert not (home / "keys").exists()
    done(command("connections", "--json", PATCHBAY_KEYS=new))


def test_before_the_first_start_there_is_nothing_to_do(command: Command, home: Path) -> None:
    said = command("keys", "rotate")
    assert said.returncode == 1
    assert "not been started" in said.stderr
    assert not (home / "keys").exists()
