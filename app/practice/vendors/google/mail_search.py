"""The part of Gmail's search that the stand-in knows: words, phrases, from: to: subject: label: in: has:attachment after: before:
rfc822msgid:, a minus in front, OR, and brackets. https://support.google.com/mail/answer/7190
"""

from __future__ import annotations

import re
from typing import Any

from app.practice.vendors.google.mail_shape import header

JSON = Any
_TOKEN = re.compile(r'-?\(|\)|-?(?:\w+:)?"[^"]*"|[^\s()]+')


def found_by(query: str, mail: JSON) -> bool:
    tokens = _TOKEN.findall(query)
    found = _all(tokens, mail)
    while tokens:  # a bracket too many ends nothing
        tokens.pop(0)
        found = _all(tokens, mail) and found
    hidden = {"TRASH", "SPAM"} & set(mail["labels"])
    return found and not hidden


def _all(tokens: list[str], mail: JSON) -> bool:
    """Eats tokens up to the closing bracket."""
    found, either = True, False
    last = True
    while tokens and tokens[0] != ")":
        part = tokens.pop(0)
        if part == "OR":
            either = True
            continue
        this = _one(part, tokens, mail)
        if either:
            last = last or this
        else:
            found, last = found and last, this
        either = False
    return found and last


def _one(token: str, tokens: list[str], mail: JSON) -> bool:
    if token in ("(", "-("):
        inside = _all(tokens, mail)
        if tokens:
            tokens.pop(0)
        return inside != token.startswith("-")
    bare = token.removeprefix("-")
    return _term(bare, mail) != token.startswith("-")


def _term(term: str, mail: JSON) -> bool:
    name, colon, value = term.partition(":")
    value, labels = value.strip('"').lower(), {one.lower() for one in mail["labels"]}
    raw = mail["raw"].encode("latin-1")
    if not colon:
        return term.strip('"').lower() in mail["raw"].lower()
    if name in ("after", "before"):
        return bool(mail["at"] >= float(value)) == (name == "after")
    if name in ("in", "label", "is"):
        return value == "anywhere" or value in labels or value.removesuffix("s") in labels
    if name == "rfc822msgid":
        return header(raw, "Message-ID").strip("<>").lower() == value
    if name == "has":
        return 'filename="' in mail["raw"]
    return value in header(raw, name.title()).lower()
