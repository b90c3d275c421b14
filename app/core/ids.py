"""Ids: 48 bits of time and 80 random bits as 26 characters that sort by time. Never a counter: a restored database must not reuse one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


def new_id() -> str:
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def first_at(ms: int) -> str:
    """The first of all ids that could be made at this time (ms UTC): ids before it are older."""
    number = max(ms, 0) << 80
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def derived_id(*parts: str) -> str:
    """The same id for the same parts, for rows that two processes may make at once."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def marker(instance_secret: bytes, *write: str) -> str:
    """The key of a write at the vendor: the same for every try of one write, and not to be guessed by a stranger."""
    digest = hmac.new(instance_secret, "\0".join(write).encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:13], "big")
    return "hub-" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(95, -1, -5))
