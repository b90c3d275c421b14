"""Secrets and private text at rest: Fernet, newest key first, every ciphertext bound to the row it belongs to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.settings import BadSettings, Settings

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Sealed(Exception):
    """A ciphertext that these keys cannot open, or that was moved from another row."""


def ensure_keys(settings: Settings) -> tuple[str, ...]:
    """The keys of this hub, from the environment or the file `keys` in its home, which is made once. Raises BadSettings."""
    if settings.keys:
        return settings.keys
    path = settings.home / "keys"
    if not path.exists():
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, new_key() + "\n")
    return tuple(path.read_text().split())


def new_key() -> str:
    return Fernet.generate_key().decode()


def _write_once(path: Path, text: str) -> None:
    """Two processes may start at once: the first one's key stays."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


class Vault:
    """Seals and opens. `place` names the row and column ("connections:<id>:secret"); a value opens only in its place."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            each = [Fernet(k) for k in keys]
            self._newest, self._fernet = each[0], MultiFernet(each)
        except (ValueError, TypeError, IndexError):
            raise BadSettings(
                "PATCHBAY_KEYS must be Fernet keys (44 characters each, newest first, separated by commas). Make one with: "
                "python3 -c 'import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
            ) from None
        if any(_is_weak(k) for k in keys):
            raise BadSettings("PATCHBAY_KEYS holds a sample key. Make one of your own; see .env.example")

    def seal(self, value: bytes, place: str) -> bytes:
        return self._fernet.encrypt(place.encode() + b"\0" + value)

    def open(self, token: bytes, place: str) -> bytes:
        try:
            found, _, value = self._fernet.decrypt(bytes(token)).partition(b"\0")
        except InvalidToken:
            raise Sealed(
                f"{place} cannot be opened with the keys of this hub. Put the key it was saved with into PATCHBAY_KEYS"
            ) from None
        if found != place.encode():
            raise Sealed(f"{place} holds a value that belongs to another row")
        return value

    def is_newest(self, token: bytes) -> bool:
        """Whether it was sealed with the newest key."""
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True

    def reseal(self, token: bytes) -> bytes:
        """The same value for the same place, sealed with the newest key. Raises Sealed."""
        try:
            return self._fernet.rotate(token)
        except InvalidToken:
            raise Sealed("This cannot be opened with the keys of this hub") from None

    def seal_json(self, value: Any, place: str) -> bytes:
        return self.seal(_compact(value).encode("utf-8", "surrogatepass"), place)

    def open_json(self, token: bytes | None, place: str) -> Any:
        """The JSON value, or None for an empty column."""
        return None if token is None else json.loads(self.open(token, place).decode("utf-8", "surrogatepass"))


def _is_weak(key: str) -> bool:
    return len(set(key)) < 16
