"""Notion's webhooks: a token handed over once, then signed events that name a page and tell nothing about it.

https://developers.notion.com/reference/webhooks . They hold ids only and come in any order, so they ring, and the page is read
again (`_changes`). The signature carries no time: an old delivery that comes again makes the hub look again, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, BadSignature, Received, Reply, Unreadable

_TOKEN = re.compile(r"[\x21-\x7e][\x20-\x7e]{6,254}[\x21-\x7e]")  # what can be copied and pasted
_RINGS = ("page.", "data_source.content_updated", "data_source.undeleted")


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """A delivery, or the one before all others, which hands over the token that signs from then on.

    Raises `BadSignature`, also for another token than the one that is known: anybody may send that. Raises `Unreadable`.
    """
    known, given = [secret for secret in secrets if secret], headers.get("x-notion-signature", "")
    if not any(_same(given, _seal(secret, body)) for secret in known):
        return _introduced(body, given, known)
    told = _read(body)
    if _token(told):
        return Received(reply=Reply({}))
    kind = told.get("type") if isinstance(told, dict) else None
    if not isinstance(kind, str) or not isinstance(told.get("entity"), dict):
        raise Unreadable("This delivery does not name what happened, and to which page, as Notion documents it.")
    return Received(catch_up=kind.startswith(_RINGS) and not _all_ours(told, headers.get(":account", "")))


def _introduced(body: bytes, given: str, known: Sequence[str]) -> Received:
    token = _token(_read(body))
    if not token or (given and not _same(given, _seal(token, body))):
        raise BadSignature("The delivery was not signed with the verification token of this connection.")
    if not known:
        return Received(reply=Reply({}), secret=token)
    if not any(_same(token, secret) for secret in known):
        raise BadSignature("This connection has a verification token already, and it is another one.")
    return Received(reply=Reply({}))  # asked to send it again


def _token(told: JSON) -> str:
    token = told.get("verification_token") if isinstance(told, dict) else None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else ""


def _read(body: bytes) -> JSON:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _all_ours(told: JSON, account: str) -> bool:
    """Whether only we did it: our account's id is that of our bot."""
    authors = told.get("authors")
    if not isinstance(authors, list) or not authors or not account:
        return False
    return all(isinstance(one, dict) and one.get("type") == "bot" and one.get("id") == account for one in authors)


def _seal(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "backslashreplace"), ours.encode())
