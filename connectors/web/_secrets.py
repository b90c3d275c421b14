"""Secrets between a sender and a receiver: made here where a person may choose, and looked at where they typed one."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping

from connectors.contract import Made
from connectors.web._schemes import HEADER, QUERY, USER, key_of

BYTES = 32
FEWEST = 12  # characters of a plain secret that somebody else chose
_PLAIN = re.compile(r"[!-~]+")


def standard() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def for_hook(fields: Mapping[str, str], address: str) -> Made:
    """What a person enters at the sender."""
    scheme = fields.get("scheme", "standard")
    secret = standard() if scheme == "standard" else secrets.token_urlsafe(BYTES)
    return Made(secret, _shown(scheme, secret, fields, address))


def _shown(scheme: str, secret: str, fields: Mapping[str, str], address: str) -> tuple[tuple[str, str], ...]:
    if scheme == "header":
        return ("Name of the header", fields.get("header") or HEADER), ("Value of the header", secret)
    if scheme == "bearer":
        return ("Name of the header", "Authorization"), ("Value of the header", f"Bearer {secret}")
    if scheme == "basic":
        user = fields.get("user") or USER
        both = address.replace("://", f"://{user}:{secret}@", 1)
        return ("User name", user), ("Password", secret), ("Both in one address, if it asks for neither", both)
    if scheme == "address":
        return (("The whole address to paste there", f"{address}?{QUERY}={secret}"),)
    return (("Secret to enter there", secret),)


def for_sending(fields: Mapping[str, str]) -> Made:
    """The new one first; the one before signs, too, until the next one is made."""
    made = standard()
    before = fields.get("signing_secret", "").split()[:1]
    return Made(" ".join([made, *before]), (("Secret to enter at the receiver", made),))


def wrong(secret: str, fields: Mapping[str, str]) -> str:
    """What is wrong with a secret that a person typed."""
    if fields.get("scheme", "standard") == "standard":
        return "" if is_standard(secret) else (
            "This is no secret of Standard Webhooks: those begin with whsec_ and go on with 32 letters, digits, + and / or "
            "more. Copy it again, or choose another way in which the sender proves itself"
        )  # fmt: skip
    if not _PLAIN.fullmatch(secret):
        return "The secret holds a space or a letter that no header can carry. Take one of plain letters and digits"
    return (
        "" if len(secret) >= FEWEST else f"A secret of less than {FEWEST} characters can be guessed. Take a longer one"
    )


def is_standard(secret: str) -> bool:
    try:
        return bool(key_of(secret))
    except ValueError:
        return False
