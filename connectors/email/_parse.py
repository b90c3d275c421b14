"""Mails as they come in: whatever a stranger has sent becomes plain text, or nothing, and never an error."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime

from connectors.contract import JSON
from connectors.email import _html

LONGEST = 50_000  # characters of a text
_ATTACHMENTS = 50
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_NAMES = ("Message-ID", "From", "To", "Cc", "Reply-To", "Subject", "Date", "References", "Auto-Submitted", "Precedence")
_FAILURES = (UnicodeError, LookupError, ValueError, TypeError, AttributeError, RecursionError)


def one_line(value: JSON) -> str:
    """Without line breaks and control characters, which would begin another header."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(str(value))).split())


def clean(text: str) -> str:
    """Without what is no text: NUL, and half of a surrogate pair."""
    return _NO_TEXT.sub("�", text)


def _mail(raw: str) -> EmailMessage:
    found = message_from_bytes(base64.b64decode(raw), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def headers(raw: str) -> dict[str, str]:
    """Lower-case names, each one line or "". Ids are stripped: long ones are folded, and then begin with a blank."""
    mail = _mail(raw)
    said = {name.lower(): _header(mail, name) for name in _NAMES}
    said["list-id"] = _header(mail, "List-Id")
    said["return-path"] = _header(mail, "Return-Path")
    return said


def _header(mail: EmailMessage, name: str) -> str:
    with suppress(*_FAILURES):
        return one_line(mail[name] or "")
    return ""


def is_automatic(said: Mapping[str, str], own: str) -> bool:
    """Sent by a program, a list, or ourselves: answering it could go on for ever. RFC 3834, 2."""
    return (
        said["auto-submitted"].partition(";")[0].strip().lower() not in ("", "no")
        or said["precedence"].lower() in ("bulk", "list", "junk")
        or bool(said["list-id"])
        or said["return-path"] == "<>"
        or _people(said["from"])[:1] == [own.lower()]
    )


def _people(header: str) -> list[str]:
    with suppress(*_FAILURES):
        return [one_line(address).lower() for _, address in getaddresses([header]) if "@" in address]
    return []


def read(raw: str, own: str) -> dict[str, JSON]:
    """The parts of a mail that recipes see, of a whole mail or of its beginning. `own`: the mailbox's address."""
    mail, said = _mail(raw), headers(raw)
    names = [one_line(name) for name, address in getaddresses([said["from"]]) if "@" in address]
    return {
        "message_id": said["message-id"],
        "from_address": next(iter(_people(said["from"])), ""),
        "from_name": next(iter(names), ""),
        "to": _people(said["to"]),
        "cc": _people(said["cc"]),
        "reply_to": next(iter(_people(said["reply-to"])), ""),
        "subject": said["subject"][:1000],
        "date": _moment(said["date"]),
        "automatic": is_automatic(said, own),
        "text": _text(mail)[:LONGEST],
        "attachments": _attachments(mail),
    }


def _moment(text: str) -> str:
    with suppress(*_FAILURES, OverflowError):
        return parsedate_to_datetime(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def _text(mail: EmailMessage) -> str:
    """The plain part, else what people would see of the HTML."""
    for kind in ("plain", "html"):
        with suppress(*_FAILURES):
            part = mail.get_body(preferencelist=(kind,))
            if part is not None and (found := _content(part)).strip():
                return clean(_html.text(found) if kind == "html" else "\n".join(found.splitlines())).strip()
    return ""


def _content(part: MIMEPart) -> str:
    with suppress(*_FAILURES):
        return str(part.get_content())
    raw = part.get_payload(decode=True)  # a charset that nobody knows, or text that is not in it
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _attachments(mail: EmailMessage) -> list[dict[str, JSON]]:
    found: list[dict[str, JSON]] = []
    with suppress(*_FAILURES):
        for part in mail.iter_attachments():
            name = ""
            with suppress(*_FAILURES):
                name = one_line(part.get_filename() or "")[:200]
            found.append({"name": name, "type": one_line(part.get_content_type())[:100]})
    return found[:_ATTACHMENTS]


def once(said: Mapping[str, JSON]) -> str:
    """The same for the same mail in a folder that was made anew. Not of the Message-ID alone, which spam copies or lacks."""
    parts = [str(said[name]) for name in ("message_id", "date", "from_address", "subject")]
    return hashlib.sha256("\n".join([*parts, str(said["text"])[:2000]]).encode()).hexdigest()[:40]
