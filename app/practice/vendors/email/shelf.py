"""The practice mailbox: its folders, the mails in them, and what it has handed over to others.

A mail is {"id": "folder/uid", "folder", "uid", "flags", "received", "subject", "raw"}: `raw` is its bytes as Latin-1, `folder`
the name as IMAP writes it. A German mailbox, because the names of folders say nothing.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

from app.practice import oauth
from app.practice.door import Ground

JSON = Any
SLUG = "email"
ADDRESS = "office@practice.example"
FOLDERS = {"INBOX": "", "Entw&APw-rfe": "\\Drafts", "Gesendet": "\\Sent", "Papierkorb": "\\Trash"}
SENT = "Gesendet"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


WHY_NOT = base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"https://mail.example/"}').decode()
IMAP, SMTP = "https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"


def _told(account: str) -> dict[str, str]:
    """As Microsoft answers: who signed in stands in an id_token, and of the scopes only those of mail are named."""
    claims = base64.urlsafe_b64encode(json.dumps({"preferred_username": account}).encode()).decode().rstrip("=")
    return {"id_token": f"e30.{claims}.c2lnbmVk", "scope": f"{IMAP} {SMTP}"}


HABITS = oauth.Habits(
    slug=SLUG,
    title="Microsoft",
    accounts={ADDRESS: "Practice office"},
    scopes=("openid", "email", "offline_access", IMAP, SMTP),
    client="body",
    answer=_told,
)


def by_token(ground: Ground, said: bytes) -> bool:
    """XOAUTH2: the mailbox and a token of it that was given out by signing in."""
    found = re.fullmatch(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", said.decode("ascii", "replace"))
    revoked = SLUG in ground.ledger.note("revoked", [])
    return bool(found and found[1] == ADDRESS and not revoked and oauth.holder(ground, HABITS, found[2]))


def note(ground: Ground, name: str, default: JSON = None) -> JSON:
    return ground.ledger.note(f"email_{name}", default)


def uidvalidity(ground: Ground, folder: str) -> int:
    return int(note(ground, "validity", {}).get(folder, 1000))


def uidnext(ground: Ground, folder: str) -> int:
    return int(note(ground, "next", {}).get(folder, 1))


def mails(ground: Ground, folder: str) -> list[JSON]:
    found = [one for one in ground.ledger.objects(SLUG, "mail") if one["folder"] == folder and not one.get("in_trash")]
    return sorted(found, key=lambda one: one["uid"])


def add(ground: Ground, folder: str, raw: bytes, flags: Sequence[str] = (), received: float | None = None) -> JSON:
    """Nothing is compared with what is there: two copies are two mails."""
    with ground.ledger.write():
        uid = uidnext(ground, folder)
        ground.ledger.set_note("email_next", {**note(ground, "next", {}), folder: uid + 1})
        one = {
            "id": f"{folder}/{uidvalidity(ground, folder)}/{uid}".lower(),
            "folder": folder,
            "uid": uid,
            "flags": list(flags),
            "received": received or time.time(),
            "subject": header(raw, "Subject"),
            "raw": raw.decode("latin-1"),
        }
        ground.ledger.put(SLUG, "mail", one)
    return one


def put(ground: Ground, one: JSON) -> None:
    ground.ledger.put(SLUG, "mail", one)


def header(raw: bytes, name: str) -> str:
    """Unfolded, so that ids that were folded are found, too."""
    return " ".join(str(message_from_bytes(raw).get(name) or "").split())


def internal_date(moment: float) -> str:
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when.day:2}-{_MONTHS[when.month - 1]}-{when.year} {when:%H:%M:%S} +0000"


def since(ground: Ground, folder: str, text: str) -> list[JSON]:
    day, month, year = text.split("-")
    begin = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC).timestamp()
    return [one for one in mails(ground, folder) if one["received"] >= begin]


def hand_over(ground: Ground, sender: str, recipients: Sequence[str], raw: bytes) -> str:
    """A mail that was accepted; to the mailbox's own address it comes in, and where the server files copies, one is filed."""
    with ground.ledger.write():
        number = int(note(ground, "out", 0)) + 1
        ground.ledger.set_note("email_out", number)
        told = {"from": sender, "to": list(recipients), "subject": header(raw, "Subject"), "raw": raw.decode("latin-1")}
        ground.ledger.put(SLUG, "handed over", {"id": f"out-{number}", **told})
        if ADDRESS in recipients:
            add(ground, "INBOX", raw)
        if note(ground, "files_copies"):
            add(ground, SENT, raw, ("\\Seen",))
    return f"out-{number}"


# --- what people do ---------------------------------------------------------------------------------------------------


def arrive(ground: Ground, given: dict[str, JSON]) -> JSON:
    """A stranger's mail: `raw`, or the parts of one; `received` in Unix seconds."""
    lines = {
        "From": "Ann Example <ann@client.example>",
        "To": ADDRESS,
        "Subject": "Hello",
        "Date": "Mon, 02 Nov 2026 09:15:00 +0100",
        "Message-ID": f"<{time.time_ns()}@client.example>",
        **given.get("headers", {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    text = re.sub(r"\r?\n", "\r\n", given.get("text", "Good morning"))
    raw = given["raw"].encode("latin-1") if "raw" in given else f"{head}\r\n{text}\r\n".encode()
    return add(ground, given.get("folder", "INBOX"), raw, (), given.get("received"))


def edit(ground: Ground, given: dict[str, JSON]) -> JSON:
    """A person edits a draft: a mail program puts another one in its place."""
    was = next(one for one in mails(ground, "Entw&APw-rfe") if one["uid"] == given["uid"])
    put(ground, {**was, "in_trash": True})
    return add(
        ground, was["folder"], was["raw"].replace("\r\n\r\n", "\r\n\r\nMore. ", 1).encode("latin-1"), was["flags"]
    )


def renumber(ground: Ground, given: dict[str, JSON]) -> int:
    """The folder is made anew: every mail has another uid."""
    folder = given.get("folder", "INBOX")
    with ground.ledger.write():
        there, validity = mails(ground, folder), uidvalidity(ground, folder) + 1
        ground.ledger.set_note("email_validity", {**note(ground, "validity", {}), folder: validity})
        ground.ledger.set_note("email_next", {**note(ground, "next", {}), folder: 1})
        for one in there:
            put(ground, {**one, "in_trash": True})
            add(ground, folder, one["raw"].encode("latin-1"), one["flags"], one["received"])
    return validity


def seed(ground: Ground) -> None:
    """One mail, made once."""
    if not note(ground, "next"):
        text = "Welcome to the practice mailbox.\nWhat recipes draft and send stands here; nothing leaves this machine."
        arrive(ground, {"headers": {"Subject": "Welcome", "From": "Practice <hello@practice.example>"}, "text": text})
