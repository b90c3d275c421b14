"""What people see of the practice Gmail, Sheets and Docs."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

from app.practice.vendors.google import docs, sheets_grid
from app.practice.vendors.google.suite import Suite

JSON = Any
_SHOWN = 100
_PLACES = {"DRAFT": "draft", "SENT": "sent", "INBOX": "inbox"}


def mails(suite: Suite) -> list[dict[str, JSON]]:
    """The newest first."""
    return [_mail(one) for one in suite.all("mail")[::-1][:_SHOWN]]


def _mail(one: JSON) -> dict[str, JSON]:
    mail = message_from_bytes(one["raw"].encode("latin-1"), policy=default)
    body = mail.get_body(preferencelist=("plain", "html"))
    where = next((words for label, words in _PLACES.items() if label in one["labels"]), "archive")
    heads = {name: str(mail[name]) for name in ("From", "To", "Cc") if mail[name]}
    return {
        "subject": str(mail["Subject"] or ""),
        "where": where,
        "heads": heads,
        "text": body.get_content() if body else "",
    }


def sheets(suite: Suite) -> list[dict[str, JSON]]:
    """Each sheet with its rows as people read them."""
    return [_sheet(book, one) for book in suite.all("book") for one in book["sheets"]]


def _sheet(book: JSON, one: JSON) -> dict[str, JSON]:
    rows = one["lines"][:_SHOWN]
    width = max(map(len, rows), default=0)
    filled = [[*line, *[""] * (width - len(line))] for line in rows]
    lines = [[sheets_grid.rendered(cell, "FORMATTED_VALUE") for cell in line] for line in filled]
    return {"title": f"{book['title']} › {one['title']}", "head": lines[:1], "lines": lines[1:]}


def files(suite: Suite) -> list[dict[str, JSON]]:
    """Documents and folders, the newest first; a document with its text."""
    return [_file(suite, one) for one in suite.all("file")[::-1][:_SHOWN]]


def _file(suite: Suite, one: JSON) -> dict[str, JSON]:
    kind = str(one.get("mimeType", "")).rpartition(".")[2]
    text = docs.document(suite, one["id"])["text"] if kind == "document" else ""
    return {"name": one.get("name", ""), "kind": kind, "trashed": one["trashed"], "text": text}
