"""Sending, after a person agreed and a minute has passed. Nothing takes a sent mail back, and nothing in SMTP stops a second one.

After a lost answer the folder of sent mail is looked into: Gmail and Microsoft 365 file a copy by themselves, most others do
not, so that an absent one proves nothing. A reply that names the mail, or a bounce, proves that it left.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import JSON, Call
from connectors.email import _message
from connectors.email._client import Mailbox, result

_NOBODY: Sequence[str] = ()
_WORDS = ("to", "cc", "subject", "text", "answers", "thread", "date", "sender")


def send(
    client: Mailbox,
    key: str,
    *,
    to: Sequence[str],
    subject: str,
    text: str,
    cc: Sequence[str] = _NOBODY,
    answers: str = "",
    thread: str = "",
    date: str = "",
    sender: str = "",
    folder: str = "",
) -> dict[str, JSON]:
    """To all of the recipients, or to none. `folder`: where a copy is filed afterwards, "" where the server does it."""
    own = _message.message_id(client, key)
    given = {
        "to": to,
        "cc": cc,
        "subject": subject,
        "text": text,
        "answers": answers,
        "thread": thread,
        "date": date,
        "sender": sender,
    }
    mail = _message.build(client, own, given, by_program=True)
    client.submit("SEND", mail, tuple(dict.fromkeys([*to, *cc])))
    return result(own)


def prepare(client: Mailbox, arguments: dict[str, JSON]) -> dict[str, JSON]:
    folder = "" if client.keeps_copies else client.folder("\\Sent")
    return {**_message.prepare(client, arguments), "folder": folder}


def find_sent(client: Mailbox, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """One result however many copies there are: nobody sends another mail with this id."""
    folder = client.folder("\\Sent")
    own = _message.message_id(client, key)
    filed = folder and client.holding(folder, own)["uids"]
    return [result(own)] if filed or _answered(client, own) else []


def _answered(client: Mailbox, own: str) -> bool:
    """A reply, or a note that it could not be delivered, names the mail: it was accepted."""
    return bool(client.ask("SEARCH", "INBOX", text=own)["uids"])


def after(arguments: dict[str, JSON], made: dict[str, JSON]) -> list[Call]:
    """None for a mail of which a person said that it arrived: whoever saw it has seen a copy."""
    if not arguments["folder"] or not str(made["id"]).startswith("<"):
        return []
    given = {name: arguments[name] for name in _WORDS}
    return [Call("file_copy", {**given, "id": made["id"], "folder": arguments["folder"]})]


def file_copy(
    client: Mailbox,
    key: str,
    *,
    id: str,
    folder: str,
    to: Sequence[str],
    subject: str,
    text: str,
    cc: Sequence[str] = _NOBODY,
    answers: str = "",
    thread: str = "",
    date: str = "",
    sender: str = "",
    uid: int = 0,
    uidvalidity: int = 0,
) -> dict[str, JSON]:
    """A copy of what was sent. Where the server has filed one by itself (`uid`), that one is marked as read instead."""
    if uid:
        client.ask("SEEN", folder, uid=uid, uidvalidity=uidvalidity)
        return result(id)
    given = {
        "to": to,
        "cc": cc,
        "subject": subject,
        "text": text,
        "answers": answers,
        "thread": thread,
        "date": date,
        "sender": sender,
    }
    client.ask("APPEND", folder, _message.build(client, id, given, by_program=True), flags="Seen")
    return result(id)


def prepare_copy(client: Mailbox, arguments: dict[str, JSON]) -> dict[str, JSON]:
    there = client.holding(arguments["folder"], arguments["id"])
    return {**arguments, "uid": (there["uids"] or [0])[0], "uidvalidity": there["uidvalidity"]}


def find_copy(client: Mailbox, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return [result(arguments["id"])] if client.holding(arguments["folder"], arguments["id"])["uids"] else []
