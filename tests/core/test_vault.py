"""What is kept secret opens only in its own row and with this hub's keys; the key file is made once, for its owner only."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.core import connections, practice
from app.core.hub import open_hub
from app.core.vault import Sealed, Vault, ensure_keys
from app.settings import BadSettings, Settings
from tests.durability.world import World

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
PLACE = "connections:1:secret"


def test_what_is_sealed_can_be_opened_and_not_be_read() -> None:
    vault = Vault((NEW,))
    token = vault.seal(b"ntn_canary", PLACE)
    assert vault.open(token, PLACE) == b"ntn_canary"
    assert b"canary" not in token
    assert b"canary" not in base64.urlsafe_b64decode(token)
    assert token != vault.seal(b"ntn_canary", PLACE)  # equal secrets do not look equal


@pytest.mark.parametrize("other", ["connections:2:secret", "connections:1:hook_secrets", "events:1:secret", ""])
def test_a_ciphertext_moved_to_another_row_or_column_does_not_open(other: str) -> None:
    vault = Vault((NEW,))
    with pytest.raises(Sealed, match="belongs to another row"):
        vault.open(vault.seal(b"value", PLACE), other)


def test_a_changed_byte_does_not_open() -> None:
    vault = Vault((NEW,))
    token = bytearray(vault.seal(b"value", PLACE))
    token[40] ^= 1
    with pytest.raises(Sealed):
        vault.open(bytes(token), PLACE)


def test_a_zero_byte_in_a_value_is_no_border() -> None:
    vault = Vault((NEW,))
    assert vault.open(vault.seal(b"a\0b\0", PLACE), PLACE) == b"a\0b\0"


def test_the_old_key_still_opens_and_the_new_one_seals() -> None:
    old = Vault((OLD,)).seal(b"value", PLACE)
    both = Vault((NEW, OLD))
    assert both.open(old, PLACE) == b"value"
    assert Vault((NEW,)).open(both.seal(b"value", PLACE), PLACE) == b"value"


def test_a_foreign_key_says_what_to_do() -> None:
    token = Vault((FOREIGN,)).seal(b"value", PLACE)
    with pytest.raises(Sealed, match=f"{PLACE} cannot be opened .* Put the key it was saved with into PATCHBAY_KEYS"):
        Vault((NEW,)).open(token, PLACE)


@pytest.mark.parametrize("value", [None, "", [], {"a": [1, 2.5, True, None]}, "Straße ✓", "half \ud83d of a pair"])
def test_any_json_comes_back_as_it_was(value: Any) -> None:
    vault = Vault((NEW,))
    assert vault.open_json(vault.seal_json(value, PLACE), PLACE) == value


def test_an_empty_column_is_none() -> None:
    assert Vault((NEW,)).open_json(None, PLACE) is None


WEAK = [
    (("changeme",), "must be Fernet keys"),
    ((NEW, "too short"), "must be Fernet keys"),
    ((NEW[:-4],), "must be Fernet keys"),
    ((), "must be Fernet keys"),
    ((base64.urlsafe_b64encode(bytes(32)).decode(),), "sample key"),
    ((NEW, base64.urlsafe_b64encode(b"abc" * 10 + b"ab").decode()), "sample key"),
]


@pytest.mark.parametrize(("keys", "says"), WEAK)
def test_bad_and_sample_keys_are_refused(keys: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadSettings, match=says) as problem:
        Vault(keys)
    assert not any(key in str(problem.value) for key in keys)


def test_a_hub_with_a_sample_key_does_not_open(settings: Settings) -> None:
    with pytest.raises(BadSettings):
        open_hub(replace(settings, keys=(base64.urlsafe_b64encode(bytes(32)).decode(),)))


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new" / "home")
    made = ensure_keys(settings)
    assert ensure_keys(settings) == made
    assert stat.S_IMODE((settings.home / "keys").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert [p.name for p in settings.home.iterdir()] == ["keys"]  # no draft is left
    Vault(made)


def test_keys_of_the_environment_come_first(tmp_path: Path) -> None:
    assert ensure_keys(Settings(home=tmp_path, keys=(NEW, OLD))) == (NEW, OLD)
    assert not (tmp_path / "keys").exists()


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from app.core.vault import ensure_keys; "
        "from app.settings import Settings; print('ready', flush=True); sys.stdin.readline(); "
        "print(json.dumps([ensure_keys(Settings(home=Path(sys.argv[1]) / str(n))) for n in range(200)]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    starting = [subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes) for _ in range(3)]
    assert [one.stdout.readline() for one in starting if one.stdout] == ["ready\n"] * 3
    for one in starting:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [json.loads(one.communicate(timeout=60)[0]) for one in starting]
    assert told[0] == told[1] == told[2]
    assert {len(keys) for keys in told[0]} == {1}


def test_no_secret_lies_open_in_the_database(here: World) -> None:
    canary = "ntn_canary-in-the-database"
    own = practice.connection_id(here.hub, "notion")
    connections.change(here.hub, own, {"token": canary}, by="Ana", check_first=False)
    here.receive("A canary among meetings")
    here.hub.close()
    for file in here.settings.home.iterdir():
        held = file.read_bytes()
        assert canary.encode() not in held, file.name
        assert practice.token(here.hub).encode() not in held, file.name
        assert b"canary among" not in held, file.name
