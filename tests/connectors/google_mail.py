"""What the tests of Gmail share: a mailbox, mails that come in, and what lies in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tests.connectors import google_specification
from tests.connectors.stand import Stand, standing

JSON = Any
MAIL = {"to": "ann@client.example", "subject": "Your order", "text": "Dear Ann,\n\nit is on its way.\n"}


@contextmanager
def mailbox(**options: str) -> Iterator[Stand]:
    """Everything that was asked of it fits Google's descriptions, or the test fails."""
    with standing("google", **options) as stand:
        yield stand
        google_specification.asked(stand)


def arrive(stand: Stand, **mail: Any) -> JSON:
    return stand.served.control("google_mail_arrive", mail)


def parsed(stand: Stand, id: str) -> EmailMessage:
    """A mail of the mailbox."""
    found = stand.client.gmail.users().messages().get(userId="me", id=id, format="raw").execute()
    mail = message_from_bytes(base64.urlsafe_b64decode(found["raw"]), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def drafts(stand: Stand) -> list[str]:
    found = stand.client.gmail.users().drafts().list(userId="me").execute()
    return [one["id"] for one in found.get("drafts", [])]


def told(events: list[Any]) -> list[JSON]:
    return [json.loads(event.body)["mail"] for event in events]
