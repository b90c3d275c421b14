"""A mail as it goes out: the same bytes for the same arguments. RFC 5322; RFC 3834 for what programs send.

Its Message-ID and the header `X-Patchbay-Key` are made of the write's key, so that it can be looked for. Whether Gmail keeps the
Message-ID of a program is not documented, so that the other one is looked for, too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.contract import JSON, Refused
from connectors.google._client import Google, there
from connectors.google._mail_text import clean, decoded, headers, is_automatic, one_line
from connectors.google._scopes import COMPOSE, READ_MAIL

MARK = "X-Patchbay-Key"
LONGEST = 200_000  # characters of a text
RECIPIENTS = 500  # of one mail: https://support.google.com/mail/answer/22839
_SUBJECT = 300
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + _HOST)
_ID = re.compile(r"[0-9a-zA-Z_-]{6,64}")  # Gmail's own
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,500}>")
_RE = re.compile(r"^(?:\s*(?:re|aw|sv|antw)\s*:)+\s*", re.IGNORECASE)
_ANSWERED = ("From", "Subject", "Message-ID", "References", "Auto-Submitted", "Precedence", "List-Id", "Return-Path")


def own_address(client: Google) -> str:
    """The mailbox's own address, lower-case."""
    profile = client.gmail.users().getProfile(userId="me").execute(num_retries=0)
    return one_address(str(profile["emailAddress"])).lower()


def mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def message_id(key: str, sender: str) -> str:
    """With the domain of the mailbox, so that nobody takes it for a forged one."""
    return f"<h.{mark(key)}@{sender.rpartition('@')[2]}>"


def one_address(text: str) -> str:
    """A plain address. Raises `Refused` for a list, a name beside it, a line break, or letters that not every server takes."""
    found = text.strip(" \t")
    if not _ADDRESS.fullmatch(found):
        raise Refused(f"“{one_line(found)[:80]}” is not one plain mail address, such as ann@example.com.")
    return found


def addresses(given: JSON) -> list[str]:
    """Each address once, from a list or a text with commas. A comma inside of a name would make another recipient, so names
    are refused."""
    parts = given.split(",") if isinstance(given, str) else list(given or [])
    return list(dict.fromkeys(one_address(str(part)) for part in parts if str(part).strip()))


def prepare(client: Google, arguments: Mapping[str, JSON]) -> dict[str, JSON]:
    """Recipients checked, the date set, and the mail that this answers looked up. Raises `Refused`."""
    client.require(COMPOSE, what="write mail")
    to, cc = addresses(arguments["to"]), addresses(arguments.get("cc"))
    _check_recipients(to, cc)
    answered = _answered(client, str(arguments.get("answers") or "").strip())
    subject = one_line(arguments.get("subject") or answered.get("subject", ""))[:_SUBJECT]
    text = clean(str(arguments["text"]))
    if not subject or not text.strip() or len(text) > LONGEST:
        raise Refused(f"A mail needs a subject, and a text of 1 to {LONGEST} characters. Change them in the recipe.")
    same = _RE.sub("", subject).casefold() == _RE.sub("", answered.get("subject", "")).casefold()
    return {
        "to": to,
        "cc": cc,
        "subject": subject,
        "text": text,
        "sender": own_address(client),
        "date": format_datetime(datetime.now(UTC).replace(microsecond=0)),
        "answers": answered.get("message_id", ""),
        "references": answered.get("references", ""),
        "thread": answered.get("thread", "") if same else "",  # Gmail keeps no thread whose subjects differ
    }


def _check_recipients(to: list[str], cc: list[str]) -> None:
    if not to:
        raise Refused("This mail has no recipient. Name one in the recipe.")
    if len({*to, *cc}) > RECIPIENTS:
        raise Refused(f"Gmail sends a mail to {RECIPIENTS} recipients at most. Send it in several parts.")


def _answered(client: Google, answers: str) -> dict[str, str]:
    """What an answer needs to know of the mail with this id, Gmail's own or its Message-ID; nothing for "".

    Raises `Refused` where it is no id, the mail is gone, or a program sent it: two programs that answer each other never end.
    """
    if not answers:
        return {}
    client.require(READ_MAIL, what="read the mail that is answered")
    which = answers if _ID.fullmatch(answers) else _by_message_id(client, answers)
    ask = client.gmail.users().messages().get(userId="me", id=which, format="metadata", metadataHeaders=list(_ANSWERED))
    found = there(lambda: ask.execute(num_retries=0)) if which else None
    said = headers(found) if found else {}
    its_id = said.get("message-id", "")
    if not found or not _MESSAGE_ID.fullmatch(its_id):
        raise Refused("The mail that this answers is no longer there. Write a new one, or start this event over.")
    if is_automatic(said, own_address(client)):
        raise Refused("This mail was sent by a program or a mailing list, and such mails are not answered.")
    before = [one for one in said.get("references", "").split() if _MESSAGE_ID.fullmatch(one)]
    subject = "Re: " + _RE.sub("", decoded(said.get("subject", "")))
    thread = str(found.get("threadId") or "")
    return {"message_id": its_id, "references": " ".join([*before, its_id][-20:]), "thread": thread, "subject": subject}


def _by_message_id(client: Google, answers: str) -> str:
    """Gmail's own id, or "". Quotation marks and blanks would be more of a search than an id."""
    if not _MESSAGE_ID.fullmatch(answers):
        raise Refused("What this answers is not the id of a mail. Give the id of one that came in, or nothing.")
    found = client.gmail.users().messages().list(userId="me", q=f"rfc822msgid:{answers.strip('<>')}", maxResults=1)
    return str(next((one["id"] for one in found.execute(num_retries=0).get("messages") or []), ""))


def body(key: str, given: Mapping[str, JSON], *, by_program: bool) -> dict[str, JSON]:
    """What `drafts.create` takes. `given`: prepared arguments. `by_program`: nobody presses Send in Gmail."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(addr_spec=given["sender"])
    mail["To"] = [Address(addr_spec=one) for one in given["to"]]
    if given["cc"]:
        mail["Cc"] = [Address(addr_spec=one) for one in given["cc"]]
    mail["Subject"] = given["subject"]
    mail["Date"] = given["date"]
    mail["Message-ID"] = message_id(key, given["sender"])
    mail[MARK] = mark(key)
    if given["answers"]:
        mail["In-Reply-To"], mail["References"] = given["answers"], given["references"]
    if by_program:
        mail["Auto-Submitted"] = "auto-replied" if given["answers"] else "auto-generated"
    mail.set_content(given["text"])
    message = {"raw": base64.urlsafe_b64encode(mail.as_bytes()).decode()}
    return {"message": message | ({"threadId": given["thread"]} if given["thread"] else {})}
