"""Takes secrets out of words: what vendors say when they refuse something may repeat what they were sent, and traces may hold it.

Whatever this process sends as a credential is known here from then on. Words for people and the log go through `mask`.
"""

from __future__ import annotations

import json
import logging
import re
from collections import OrderedDict
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

HIDDEN = "••••••"
_SHORTEST = 6  # characters; what is shorter would take ordinary words apart
_MOST = 5000
# What tokens look like that this process has not sent: in headers, and by how vendors begin theirs.
_SHAPES = re.compile(
    r"(?i:\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|\bsk-[A-Za-z0-9_-]{20,}|\bwhsec_[A-Za-z0-9+/=]{8,}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,}|\b(?:ntn_|secret_|lin_api_|lin_oauth_|tfp_|pat-[a-z0-9]+-|ya29\.|1//)[A-Za-z0-9_-]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
)
_known: OrderedDict[str, None] = OrderedDict()
_lock = Lock()
_E = TypeVar("_E", bound=BaseException)


def know(*secrets: str) -> None:
    """These are secrets, in whichever way they are written down; those that were not sent for the longest time are forgotten."""
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        written = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
        with _lock:
            for form in written:
                _known[form] = None
                _known.move_to_end(form)
            while len(_known) > _MOST:
                _known.popitem(last=False)


def mask(text: str) -> str:
    """The text with dots for every secret in it."""
    with _lock:
        found = [secret for secret in _known if secret in text]
    for secret in sorted(found, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _SHAPES.sub(HIDDEN, text)


def mask_bytes(body: bytes) -> bytes:
    """The same for what came from a vendor."""
    with _lock:
        found = [secret for secret in (one.encode("utf-8", "surrogatepass") for one in _known) if secret in body]
    for secret in sorted(found, key=len, reverse=True):
        body = body.replace(secret, b"******")
    return body


def masked(problem: _E) -> _E:
    """The same error; its words without secrets."""
    problem.args = tuple(mask(part) if isinstance(part, str) else part for part in problem.args)
    return problem


def guard_the_log() -> None:
    """From now on nothing that this process logs holds a secret, traces included. May be called again."""
    before = logging.getLogRecordFactory()
    if getattr(before, "masks", False):
        return

    def record(*args: Any, **more: Any) -> logging.LogRecord:
        made = before(*args, **more)
        try:
            made.msg, made.args = mask(made.getMessage()), None
        except (TypeError, ValueError):  # does not fit its arguments: the handler says so
            return made
        if made.exc_info:
            made.exc_text = mask(_PLAIN.formatException(made.exc_info))
        return made

    record.masks = True  # type: ignore[attr-defined] # how it is known again
    logging.setLogRecordFactory(record)


_PLAIN = logging.Formatter()
