"""A mail as Gmail gives it, in the words of recipes: whatever a stranger has sent becomes plain text, or nothing, and never an
error. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from connectors.contract import JSON

LONGEST = 50_000  # characters of a text
_ATTACHMENTS = 50
_PARTS = 500  # of one mail that are looked at
_MARKUP = 400_000  # characters of HTML that are looked at
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_ENDS = re.compile(r"</(?:p|h[1-6]|li|div|tr|table|blockquote)>|<br\s*/?>", re.IGNORECASE)
_DROPPED = re.compile(r"<(script|style|head|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_FAILURES = (UnicodeError, LookupError, ValueError, TypeError, AttributeError, HeaderParseError, OverflowError)


def one_line(value: JSON) -> str:
    """Without line breaks and control characters, which would begin another header."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(str(value))).split())


def clean(text: str) -> str:
    """Without what is no text: NUL, and half of a surrogate pair."""
    return _NO_TEXT.sub("�", text)


def headers(message: JSON) -> dict[str, str]:
    """Lower-case names, each one line, not decoded; the first one of each name."""
    found: dict[str, str] = {}
    for one in (message.get("payload") or {}).get("headers") or []:
        found.setdefault(str(one.get("name", "")).lower(), " ".join(clean(str(one.get("value", ""))).split()))
    return found


def is_automatic(said: Mapping[str, str], own: str) -> bool:
    """Sent by a program, a list, or ourselves: answering it could go on for ever. RFC 3834, 2."""
    return (
        said.get("auto-submitted", "").partition(";")[0].strip().lower() not in ("", "no")
        or said.get("precedence", "").lower() in ("bulk", "list", "junk")
        or bool(said.get("list-id"))
        or said.get("return-path") == "<>"
        or addresses_in(said.get("from", ""))[:1] == [own.lower()]
    )


def read(message: JSON, own: str) -> dict[str, JSON]:
    """The parts of a mail that recipes see. `own`: the mailbox's address."""
    said = headers(message)
    text, whole = _text(message.get("payload") or {})
    return {
        "message_id": one_line(said.get("message-id", "")),
        "from_address": next(iter(addresses_in(said.get("from", ""))), ""),
        "from_name": next(iter(_names_in(said.get("from", ""))), ""),
        "to": addresses_in(said.get("to", "")),
        "cc": addresses_in(said.get("cc", "")),
        "reply_to": next(iter(addresses_in(said.get("reply-to", ""))), ""),
        "subject": decoded(said.get("subject", ""))[:1000],
        "date": _moment(said.get("date", "")),
        "automatic": is_automatic(said, own),
        "text": (text or decoded(html.unescape(str(message.get("snippet") or ""))))[:LONGEST],
        "whole": whole and len(text) <= LONGEST,
        "attachments": _attachments(message.get("payload") or {}),
    }


def addresses_in(header: str) -> list[str]:
    """Plain addresses, lower-case. They are taken apart before anything is decoded: an encoded comma makes no recipient."""
    with suppress(*_FAILURES):
        return [one_line(address).lower() for _, address in getaddresses([header]) if "@" in address]
    return []


def _names_in(header: str) -> list[str]:
    with suppress(*_FAILURES):
        return [decoded(name)[:200] for name, address in getaddresses([header]) if "@" in address]
    return []


def decoded(value: str) -> str:
    """Encoded words (RFC 2047) as text; what cannot be decoded stays as it is."""
    with suppress(*_FAILURES):
        return one_line(make_header(decode_header(value)))
    return one_line(value)


def _moment(text: str) -> str:
    with suppress(*_FAILURES):
        return parsedate_to_datetime(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def received(message: JSON) -> int:
    """When Google took it, ms UTC; 0 where it does not say."""
    with suppress(*_FAILURES):
        return int(message.get("internalDate") or 0)
    return 0


def stamp(ms: int) -> str:
    with suppress(*_FAILURES, OSError):
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else ""
    return ""


# --- parts ------------------------------------------------------------------------------------------------------------


def _parts(payload: JSON) -> list[JSON]:
    """All parts in order, however deep they lie; a mail inside of a mail is an attachment and is not entered."""
    found: list[JSON] = []
    waiting = [payload]
    while waiting and len(found) < _PARTS:
        part = waiting.pop()
        found.append(part)
        if part is payload or not str(part.get("mimeType", "")).lower().startswith("message/"):
            waiting += reversed(part.get("parts") or [])
    return found


def _text(payload: JSON) -> tuple[str, bool]:
    """The plain part, else what people would see of the HTML; and whether it came along whole."""
    whole = True
    for kind in ("text/plain", "text/html"):
        for part in _parts(payload):
            if str(part.get("mimeType", "")).lower() != kind or part.get("filename"):
                continue
            whole = whole and not (part.get("body") or {}).get("attachmentId")
            if (found := _content(part)).strip():
                return (plain(found) if kind == "text/html" else clean("\n".join(found.splitlines())).strip()), whole
    return "", whole


def _content(part: JSON) -> str:
    """Gmail gives most texts in UTF-8 whatever the part says, so that is tried first."""
    raw = b""
    with suppress(*_FAILURES):
        data = str((part.get("body") or {}).get("data") or "")
        raw = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    for charset in ("utf-8", _charset(part)):
        with suppress(*_FAILURES):
            return raw.decode(charset)
    return raw.decode("utf-8", "replace")


def _charset(part: JSON) -> str:
    head = Message()
    head["Content-Type"] = headers({"payload": part}).get("content-type", "text/plain")
    return str(head.get_content_charset("latin-1"))


def plain(markup: str) -> str:
    """A line for each paragraph, without tags."""
    ends = _ENDS.sub("\n", _DROPPED.sub("", markup[:_MARKUP]))
    text = html.unescape(re.sub("<[^>]*>", "", ends))
    return clean("\n".join(line for line in (" ".join(one.split()) for one in text.split("\n")) if line))


def _attachments(payload: JSON) -> list[dict[str, JSON]]:
    return [
        {"name": decoded(str(part["filename"]))[:200], "type": one_line(part.get("mimeType", ""))[:100]}
        for part in _named(payload)
    ][:_ATTACHMENTS]


def _named(payload: JSON) -> Iterator[JSON]:
    return (part for part in _parts(payload) if part.get("filename"))
