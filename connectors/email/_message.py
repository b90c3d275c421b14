"""A mail as it goes out: the same bytes for the same arguments. RFC 5322; RFC 3834 for what programs send.

Its Message-ID is made of the write's key, so that every try has the same one and it can be looked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.contract import JSON, Refused
from connectors.email._client import Mailbox, addresses
from connectors.email._parse import clean, headers, is_automatic, one_line

LONGEST_ID = 66  # characters: longer ones are folded by Python, and parsed back with a blank in front
LONGEST = 200_000  # characters of a text
_SUBJECT = 300
_ID = re.compile(r"<[!-;=?-~]{1,500}>")


def message_id(client: Mailbox, key: str) -> str:
    """With a real domain that has a dot: Gmail replaces ids without one."""
    domain = client.address.rpartition("@")[2].lower()
    own = f"<h.{hashlib.sha256(key.encode()).hexdigest()[:24]}@"
    while len(own) + len(domain) + 1 > LONGEST_ID and domain.count(".") > 1:
        domain = domain.partition(".")[2]
    return f"{own}{domain}>"


def prepare(client: Mailbox, arguments: Mapping[str, JSON]) -> dict[str, JSON]:
    """Recipients checked, the date set, and what the mail answers looked up. Raises `Refused`."""
    to, cc = addresses(arguments["to"]), addresses(arguments.get("cc"))
    text, subject = clean(str(arguments["text"])), one_line(arguments["subject"])[:_SUBJECT]
    if not to:
        raise Refused("This mail has no recipient. Name one in the recipe.")
    if not subject or not text.strip() or len(text) > LONGEST:
        raise Refused(f"A mail needs a subject, and a text of 1 to {LONGEST} characters. Change them in the recipe.")
    answers = str(arguments.get("answers") or "").strip()
    thread = _thread(client, answers) if answers else ""
    date = format_datetime(datetime.now(UTC).replace(microsecond=0))
    made = {"to": to, "cc": cc, "subject": subject, "answers": answers, "thread": thread, "date": date}
    return {**arguments, **made, "text": text, "sender": client.name}


def _thread(client: Mailbox, answers: str) -> str:
    """The References of an answer; `answers` may be what a stranger has written. Raises `Refused` where it is no id, the mail
    is gone, or a program sent it: two programs that answer each other never end."""
    if not _ID.fullmatch(answers):
        raise Refused("What this answers is not the id of a mail. Give the message_id of one that came in, or nothing.")
    found = client.holding("INBOX", answers)
    mails = _heads(client, found) if found["uids"] else []
    if not mails:
        raise Refused(
            "The mail that this answers is no longer in the inbox. Write a new one, or start this event over."
        )
    said = headers(mails[0])
    if is_automatic(said, client.address):
        raise Refused("This mail was sent by a program or a mailing list, and such mails are not answered.")
    return " ".join([*said["references"].split(), answers][-20:])


def _heads(client: Mailbox, found: dict[str, JSON]) -> list[str]:
    return [
        one["raw"]
        for one in client.ask("FETCH", "INBOX", uids=found["uids"][-1], uidvalidity=found["uidvalidity"], part="head")
    ]


def build(client: Mailbox, id: str, given: Mapping[str, JSON], *, by_program: bool) -> bytes:
    """`given`: prepared arguments. `by_program`: nobody presses Send in a mail program."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _person(given["sender"], client.address)
    mail["To"] = [_person("", one) for one in given["to"]]
    if given["cc"]:
        mail["Cc"] = [_person("", one) for one in given["cc"]]
    mail["Subject"] = given["subject"]
    mail["Date"] = given["date"]
    mail["Message-ID"] = id
    if given["answers"]:
        mail["In-Reply-To"], mail["References"] = given["answers"], given["thread"]
    if by_program:
        mail["Auto-Submitted"] = "auto-replied" if given["answers"] else "auto-generated"
    mail.set_content(given["text"])
    return mail.as_bytes()


def _person(name: str, address: str) -> Address:
    """One recipient whatever stands in the name."""
    return Address(display_name=one_line(name), addr_spec=address)
