"""Mails as Gmail's interface shows them: their parts, with bodies in base64url and attachments by their id only."""

from __future__ import annotations

import base64
import re
import time
from email import message_from_bytes
from email.message import Message
from typing import Any

from app.practice.vendors.google.suite import ME

JSON = Any


def header(raw: bytes, name: str) -> str:
    """Unfolded, so that ids that were folded are found, too."""
    return " ".join(str(message_from_bytes(raw).get(name) or "").split())


def shown(mail: JSON, form: str, only: list[str]) -> dict[str, JSON]:
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#Message"""
    raw = mail["raw"].encode("latin-1")
    parsed = message_from_bytes(raw)
    body = next((part.get_payload(decode=True) for part in parsed.walk() if not part.is_multipart()), b"")
    snippet = " ".join((body if isinstance(body, bytes) else b"").decode("utf-8", "replace").split())[:100]
    base = {
        "id": mail["id"],
        "threadId": mail["thread"],
        "labelIds": mail["labels"],
        "internalDate": str(int(mail["at"] * 1000)),
        "sizeEstimate": len(raw),
        "historyId": "1",
        "snippet": snippet,
    }
    if form == "raw":
        return base | {"raw": base64.urlsafe_b64encode(raw).decode()}
    if form == "full":
        return base | {"payload": _part(parsed, "", f"{mail['id']}")}
    return base | ({"payload": {"headers": _headers(parsed, only)}} if form == "metadata" else {})


def _headers(part: Message, only: list[str]) -> list[JSON]:
    wanted = {name.lower() for name in only}
    return [
        {"name": name, "value": re.sub(r"\r?\n\s*", " ", str(value))}
        for name, value in part.items()
        if not wanted or name.lower() in wanted
    ]


def _part(part: Message, number: str, id: str) -> dict[str, JSON]:
    own = {
        "partId": number,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _headers(part, []),
    }
    inside = part.get_payload()
    if isinstance(inside, list):
        prefix = f"{number}." if number else ""
        parts = [_part(one, f"{prefix}{n}", id) for n, one in enumerate(inside) if isinstance(one, Message)]
        return own | {"body": {"size": 0}, "parts": parts}
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if own["filename"]:
        return own | {"body": {"size": len(data), "attachmentId": f"ANGjdJ-{id}-{number}"}}
    return own | {"body": {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}}


def given(body: dict[str, JSON]) -> bytes:
    """A stranger's mail: `raw`, or the parts of one."""
    if "raw" in body:
        return str(body["raw"]).encode("latin-1")
    lines = {
        "From": "Ann Example <ann@client.example>",
        "To": ME,
        "Subject": "Hello",
        "Date": "Mon, 02 Nov 2026 09:15:00 +0100",
        "Message-ID": f"<{time.time_ns()}@client.example>",
        **body.get("headers", {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    text = re.sub(r"\r?\n", "\r\n", body.get("text", "Good morning"))
    return f"{head}\r\n{text}\r\n".encode()
