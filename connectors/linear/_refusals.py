"""What Linear's refusals mean, told by `extensions` of the first error.

https://github.com/linear/linear/blob/master/packages/sdk/src/error.ts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connectors.contract import JSON

KEY_ENDED = (
    "Linear no longer accepts this key. In Linear open Settings, Security & access, make a new personal API key, and enter it "
    "under Connections here. If you signed in instead, sign in again."
)
_SLOW = ("ratelimited",)
_SIGNED_OUT = ("authentication error", "authentication_error")
_FORBIDDEN = ("forbidden", "feature not accessible")
_OPEN = ("network error", "internal error", "lock timeout", "bootstrap error", "unknown")
_THERE = ("already exists", "duplicate", "conflict", "must be unique", "unique constraint")


@dataclass(frozen=True)
class Trouble:
    """`kind`: "open" is one after which a change may have been made; `words` are for people."""

    kind: Literal["slow", "signed out", "open", "not there", "refused"]
    words: str


def trouble(errors: JSON) -> Trouble:
    first = _dict(errors[0]) if isinstance(errors, list) and errors else {}
    extensions = _dict(first.get("extensions"))
    kinds = {str(extensions.get(name) or "").lower() for name in ("type", "code")}
    message = str(first.get("message") or "")
    words = str(extensions.get("userPresentableMessage") or message)
    if kinds & {*_SLOW}:
        return Trouble("slow", "")
    if kinds & {*_SIGNED_OUT}:
        return Trouble("signed out", "")
    if "entity not found" in message.lower():
        return Trouble("not there", "Linear no longer has this. Choose another one, then run this again.")
    return _told(kinds, message, words)


def _dict(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _told(kinds: set[str], message: str, words: str) -> Trouble:
    if any(sign in message.lower() for sign in _THERE):
        # The id of what we make is our own: an earlier try may have arrived, so it is looked up.
        return Trouble("open", f"Linear says that it has this already{_quoted(words)}.")
    if kinds & {*_OPEN}:
        return Trouble("open", f"Linear could not finish this{_quoted(words)}.")
    if kinds & {*_FORBIDDEN}:
        return Trouble(
            "refused",
            f"Linear does not allow this for the connected account{_quoted(words)}. Let an administrator of the workspace "
            "allow it, or connect somebody who may.",
        )
    if "usage limit exceeded" in kinds:
        return Trouble(
            "refused",
            f"The workspace's plan allows no more of these{_quoted(words)}. Archive some in Linear or choose a larger plan "
            "there, then run this again.",
        )
    return Trouble(
        "refused",
        f"Linear did not accept what was sent{_quoted(words)}. Change it in the recipe or in Linear, and run it again.",
    )


def explain(status: int, body: bytes) -> str | None:
    """For refusals without a word of GraphQL in them; all others are told by `trouble`."""
    if status == 401:
        return KEY_ENDED
    if status == 403:
        return "Linear turned this computer away. Wait an hour; if it goes on, use another internet connection."
    if status in (400, 404):
        return "Linear did not understand what was sent. Look whether there is a newer version of Patchbay."
    return None


def _quoted(words: str) -> str:
    short = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f": “{short}”" if short else ""
