"""What lies in the practice mailbox, what it handed over, and mails that come in."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tests.connectors.stand import Stand

MAIL = {"to": "ann@client.example", "subject": "Your offer", "text": "Dear Ann,\nhere it is.\n.\nBest"}
DRAFTS, SENT = "Entw&APw-rfe", "Gesendet"


def lying(box: Stand, folder: str) -> list[dict[str, Any]]:
    found = box.served.control("state?slug=email").get("mail", [])
    return [one for one in found if one["folder"] == folder and not one.get("in_trash")]


def handed_over(box: Stand) -> list[dict[str, Any]]:
    return list(box.served.control("state?slug=email").get("handed over", []))


def parsed(one: dict[str, Any]) -> EmailMessage:
    found = message_from_bytes(one["raw"].encode("latin-1"), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def arrive(box: Stand, **more: Any) -> dict[str, Any]:
    return dict(box.served.control("email_arrive", more))
