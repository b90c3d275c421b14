"""The practice Gmail: mails and drafts of one mailbox. https://developers.google.com/workspace/gmail/api/reference/rest

Settings a test may change: `google_mail_ids` (False: Gmail puts Message-IDs of its own), `google_mail_page` (mails on one page).
"""

from __future__ import annotations

import base64
import time
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.control import Command
from app.practice.door import done
from app.practice.vendors.google.mail_search import found_by
from app.practice.vendors.google.mail_shape import given, header, shown
from app.practice.vendors.google.suite import ME, Suite, refuse

JSON = Any
_BASE = "/gmail/v1/users/<user>"
_ROOM = 36_700_160  # bytes of a mail


def routes(api: Blueprint, suite: Suite) -> None:
    @api.get(f"{_BASE}/profile")
    def mail_profile(user: str) -> Response:
        there = suite.all("mail")
        return jsonify(emailAddress=ME, messagesTotal=len(there), threadsTotal=len(there), historyId="1")

    @api.get(f"{_BASE}/messages")
    def mail_messages(user: str) -> Response:
        return _listed(suite, "messages", [_brief(one) for one in _found(suite)])

    @api.get(f"{_BASE}/messages/<id>")
    def mail_message(user: str, id: str) -> Response:
        return jsonify(shown(_mail(suite, id), *_format()))

    @api.get(f"{_BASE}/drafts")
    def mail_drafts(user: str) -> Response:
        kept = {one["mail"]: one["id"] for one in suite.all("draft")}
        found = [one for one in _found(suite) if one["id"] in kept]
        return _listed(suite, "drafts", [{"id": kept[one["id"]], "message": _brief(one)} for one in found])

    @api.get(f"{_BASE}/drafts/<id>")
    def mail_draft(user: str, id: str) -> Response:
        mail = _mail(suite, _draft(suite, id)["mail"])
        return jsonify(id=id, message=shown(mail, *_format()))

    _changes(api, suite)


def _changes(api: Blueprint, suite: Suite) -> None:
    @api.post(f"{_BASE}/drafts")
    def mail_create(user: str) -> Response:
        with suite.ground.ledger.write():
            mail = put(suite, _raw(suite), ["DRAFT"], (request.get_json().get("message") or {}).get("threadId", ""))
            made = suite.keep("draft", {"id": f"r{suite.next():09}", "mail": mail["id"]})
            done(suite.ground, "draft.create", made["id"])
        return jsonify(id=made["id"], message=_brief(mail) | {"labelIds": mail["labels"]})

    @api.post(f"{_BASE}/drafts/send")
    def mail_send(user: str) -> Response:
        with suite.ground.ledger.write():
            own = _draft(suite, str((request.get_json() or {}).get("id", "")))
            mail = {**_mail(suite, own["mail"]), "labels": ["SENT"]}
            suite.drop("draft", own["id"])
            suite.keep("mail", mail)
            done(suite.ground, "mail.send", mail["id"])
        return jsonify(_brief(mail) | {"labelIds": mail["labels"]})

    @api.delete(f"{_BASE}/drafts/<id>")
    def mail_delete(user: str, id: str) -> tuple[str, int]:
        with suite.ground.ledger.write():
            own = _draft(suite, id)
            suite.drop("draft", id)
            suite.drop("mail", own["mail"])
            done(suite.ground, "draft.delete", id)
        return "", 204


def _listed(suite: Suite, name: str, all: list[JSON]) -> Response:
    size = min(int(request.args.get("maxResults", 100)), suite.note("mail_page", 500))
    start = int(request.args.get("pageToken") or 0)
    answer: dict[str, JSON] = {"resultSizeEstimate": len(all)}
    if here := all[start : start + size]:
        answer[name] = here
    if len(all) > start + size:
        answer["nextPageToken"] = str(start + size)
    return jsonify(answer)


def _found(suite: Suite) -> list[JSON]:
    """The latest first."""
    matching = [one for one in suite.all("mail") if found_by(request.args.get("q", ""), one)]
    return sorted(matching, key=lambda one: (one["at"], one["id"]), reverse=True)


def _format() -> tuple[str, list[str]]:
    return request.args.get("format", "full"), request.args.getlist("metadataHeaders")


def _brief(mail: JSON) -> dict[str, JSON]:
    return {"id": mail["id"], "threadId": mail["thread"]}


def _mail(suite: Suite, id: str) -> JSON:
    return suite.get("mail", id) or refuse(404, "notFound", "Requested entity was not found.", "NOT_FOUND")


def _draft(suite: Suite, id: str) -> JSON:
    return suite.get("draft", id) or refuse(404, "notFound", "Requested entity was not found.", "NOT_FOUND")


def _raw(suite: Suite) -> bytes:
    """The mail that was sent along, as Gmail keeps it."""
    text = str((request.get_json().get("message") or {}).get("raw") or "")
    try:
        raw = base64.urlsafe_b64decode(text)
    except ValueError:
        refuse(400, "invalidArgument", "Invalid value for ByteString", "INVALID_ARGUMENT")
    if len(raw) > _ROOM:
        refuse(413, "uploadTooLarge", "Request Entity Too Large")
    mail = message_from_bytes(raw, policy=SMTP)
    if not isinstance(mail, Message) or not mail.get("To"):
        refuse(400, "invalidArgument", "Recipient address required", "INVALID_ARGUMENT")
    if suite.note("mail_ids", True) is False:
        del mail["Message-ID"]
        mail["Message-ID"] = f"<CA{time.time_ns()}@mail.practice.example>"
        return mail.as_bytes()
    return raw


# --- what lies in the mailbox -----------------------------------------------------------------------------------------


def put(suite: Suite, raw: bytes, labels: list[str], thread: str = "", at: float | None = None) -> JSON:
    """A mail of the mailbox. It joins a thread that it names, if it answers a mail in it under the same subject."""
    own = f"{0x190000000000 + suite.next():016x}"
    joined = thread if any(_joins(raw, one) for one in suite.all("mail") if one["thread"] == thread) else ""
    subject = header(raw, "Subject")
    mail = {
        "id": own,
        "thread": joined or own,
        "labels": labels,
        "at": at or time.time(),
        "subject": subject,
        "raw": raw.decode("latin-1"),
    }
    return suite.keep("mail", mail)


def _joins(raw: bytes, mail: JSON) -> bool:
    its_id = header(mail["raw"].encode("latin-1"), "Message-ID")
    same = header(raw, "Subject").removeprefix("Re: ") == mail["subject"].removeprefix("Re: ")
    return same and its_id in header(raw, "References") and bool(header(raw, "In-Reply-To"))


def commands(suite: Suite) -> dict[str, Command]:
    """`google_mail_arrive`: a stranger's mail comes in; `google_mail_edit` {"draft"}: a person edits a draft; `google_mail_label`
    {"id", "label"}: a person puts a label on a mail; `google_mail_delete` {"id"}."""

    def arrive(body: dict[str, JSON]) -> JSON:
        with suite.ground.ledger.write():
            return put(
                suite, given(body), body.get("labels", ["INBOX", "UNREAD"]), body.get("thread", ""), body.get("at")
            )

    def edit(body: dict[str, JSON]) -> JSON:
        with suite.ground.ledger.write():
            own = _draft(suite, body["draft"])
            was = _mail(suite, own["mail"])
            suite.drop("mail", was["id"])
            raw = was["raw"].replace("\r\n\r\n", "\r\n\r\nMore. ", 1).encode("latin-1")
            mail = put(suite, raw, ["DRAFT"], was["thread"])
            return suite.keep("draft", {**own, "mail": mail["id"]})

    def label(body: dict[str, JSON]) -> JSON:
        mail = _mail(suite, body["id"])
        return suite.keep("mail", {**mail, "labels": [*mail["labels"], body["label"]]})

    return {
        "google_mail_arrive": arrive,
        "google_mail_edit": edit,
        "google_mail_label": label,
        "google_mail_delete": lambda body: suite.drop("mail", body["id"]),
    }


def seed(suite: Suite) -> None:
    if not suite.all("mail"):
        words = (
            "Welcome to the practice mailbox.\nWhat recipes draft and send stands here; nothing leaves this machine."
        )
        head = {"From": "Practice <hello@practice.example>", "Subject": "Welcome"}
        put(suite, given({"headers": head, "text": words}), ["INBOX"])
