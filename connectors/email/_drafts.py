"""Drafts in the mailbox: a person reads them in a mail program and sends them, or not."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import JSON, Call
from connectors.email import _message
from connectors.email._client import Mailbox, result

_NOBODY: Sequence[str] = ()
_NO_UID = "This mail server does not say where it has put the draft. Delete it in your mail program."


def draft(
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
    """A draft, from prepared arguments. `to` and `cc`: plain addresses; `answers`: the message_id of a mail in the inbox.
    Returns the new Message-ID as "id", and where it lies."""
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
    made = client.ask("APPEND", folder, _message.build(client, own, given, by_program=False), flags="Draft,Seen")
    return result(own, folder=folder, uid=made.get("uid"), uidvalidity=made.get("uidvalidity"))


def prepare(client: Mailbox, arguments: dict[str, JSON]) -> dict[str, JSON]:
    return {**_message.prepare(client, arguments), "folder": client.drafts()}


def find_draft(client: Mailbox, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Among the drafts, and among what was sent: somebody may have been quick."""
    own = _message.message_id(client, key)
    found = []
    for folder in dict.fromkeys([arguments["folder"], client.folder("\\Sent")]):
        there = client.holding(folder, own) if folder else {"uids": []}
        found += [result(own, folder=folder, uid=uid, uidvalidity=there["uidvalidity"]) for uid in there["uids"]]
    return found


def draft_changed(client: Mailbox, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Mail programs put another draft in its place on every edit: with another uid, often another Message-ID."""
    if not made.get("uid"):
        return _NO_UID
    there = client.holding(made["folder"], made["id"])
    if there["uidvalidity"] != made["uidvalidity"] or made["uid"] not in there["uids"]:
        return "The draft was edited, sent or deleted in a mail program. There is nothing to take back."
    return None


def undo_draft(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("discard_draft", {name: made[name] for name in ("folder", "uid", "uidvalidity", "id")})


def discard_draft(client: Mailbox, key: str, *, folder: str, uid: int, uidvalidity: int, id: str) -> dict[str, JSON]:
    """This one for good, and no other."""
    client.ask("EXPUNGE", folder, uid=uid, uidvalidity=uidvalidity)
    return result(id)


def find_discarded(client: Mailbox, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    there = client.holding(arguments["folder"], arguments["id"])
    same = there["uidvalidity"] == arguments["uidvalidity"]
    return [] if same and arguments["uid"] in there["uids"] else [result(arguments["id"])]
