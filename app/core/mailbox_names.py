"""Names of mail folders as IMAP writes them: modified UTF-7 (RFC 3501, 5.1.3), "Entw&APw-rfe" for "Entwürfe"."""

from __future__ import annotations

import base64
import binascii
import re


def decoded(name: str) -> str:
    """For people. What is no such name stays as it is."""
    try:
        return re.sub(r"&([A-Za-z0-9+,]*)-", lambda found: _letters(found[1]), name)
    except (binascii.Error, UnicodeDecodeError):
        return name


def _letters(code: str) -> str:
    if not code:
        return "&"
    padded = code.replace(",", "/") + "=" * (-len(code) % 4)
    return base64.b64decode(padded, validate=True).decode("utf-16-be")
