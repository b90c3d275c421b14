"""Passwords: argon2id hashes, and which passwords are good enough."""

from __future__ import annotations

import re
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

SHORTEST = 12
LONGEST = 200

_hasher = PasswordHasher()
# One hash takes 64 MiB: a burst of sign-ins must not take all of the machine's memory.
_turn = BoundedSemaphore(3)

# What people type when a form asks for twelve characters. Compared without digits and signs at both ends.
_COMMON_WORDS = """
    password passwords passwort motdepasse contrasena senha welcome welcometo letmein letmeinnow iloveyou
    iloveyouso administrator administration changeme changemenow qwerty qwertyuiop qwertyuiopasdf qwertz
    qwertzuiop azerty azertyuiop asdfghjkl asdfghjklzxc zxcvbnm sunshine princess football baseball basketball
    superman batman dragon monkey master michael jennifer shadow trustno computer internet whatever starwars
    pokemon summer winter spring autumn january february march april may june july august september october
    november december monday tuesday wednesday thursday friday secret mysecret supersecret topsecret testing
    testtest testtesttest default company business office manager passwordpassword correcthorsebatterystaple
    abcdefghijkl abcdefghijklm abcdefghijklmnop
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ROWS = "01234567890123456789 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm"


class WeakPassword(ValueError):
    """A sentence that says what to choose instead."""


def require_good(password: str, *about: str) -> None:
    """Raises WeakPassword. `about` is what others know of the person: name, e-mail."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"Use at least {SHORTEST} characters. Three or four unrelated words are easy to remember.")
    if len(password) > LONGEST:
        raise WeakPassword(f"Use at most {LONGEST} characters.")
    if _easy(password.lower(), [part.lower() for part in about]):
        raise WeakPassword("That password is too easy to guess. Three or four unrelated words make a good one.")


def _easy(password: str, about: list[str]) -> bool:
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", password)
    pieces = [re.split(r"[^a-z]+", text) for text in about]
    names = {p for ps in pieces for p in (*ps, "".join(ps)) if len(p) >= 4} | {"patchbay"}
    return (
        len(set(password)) < 5
        or core in _COMMON
        or core in names
        or any(password[:8] in row or password[:8] in row[::-1] for row in _ROWS.split())
    )


def digest(password: str) -> str:
    """The argon2id hash to store."""
    with _turn:
        return _hasher.hash(password)


def fits(password: str, stored: str) -> bool:
    """Takes the same time for an unknown person (`stored` empty) as for a known one."""
    with _turn:
        try:
            return _hasher.verify(stored or _nobody(), password) and bool(stored)
        except (VerifyMismatchError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
