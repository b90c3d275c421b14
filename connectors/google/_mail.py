"""Drafts in Gmail, and mails that are sent after approval: always a draft first, then that draft is sent by its id.

https://developers.google.com/workspace/gmail/api/guides/drafts . Gmail has no key by which it would know a mail that it was sent
twice, but a draft goes out once: after a lost answer it is still there, or it is gone. Nothing takes a sent mail back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.google import _mail_message
from connectors.google._client import Google, status_of, there
from connectors.google._mail_text import headers
from connectors.google._mail_watch import page_of

_NOBODY: Sequence[str] = ()
LOOKED_AT = 20
"""Drafts, the latest first, in which our mark is looked for when Gmail has not kept our Message-ID."""


def draft_mail(
    client: Google,
    key: str,
    *,
    to: Sequence[str],
    text: str,
    subject: str = "",
    cc: Sequence[str] = _NOBODY,
    answers: str = "",
    references: str = "",
    thread: str = "",
    date: str = "",
    sender: str = "",
) -> dict[str, JSON]:
    """A draft, from prepared arguments. `to` and `cc`: plain addresses; `answers`: the `id` or `message_id` of a mail that came
    in, whose subject an answer without one takes over. Returns the draft's id, and that of the mail in it as "message"."""
    given = _given(to, cc, subject, text, answers, references, thread, date, sender)
    return _create(client, _mail_message.body(key, given, by_program=False))


def send_mail(
    client: Google,
    key: str,
    *,
    to: Sequence[str],
    text: str,
    subject: str = "",
    cc: Sequence[str] = _NOBODY,
    answers: str = "",
    references: str = "",
    thread: str = "",
    date: str = "",
    sender: str = "",
) -> dict[str, JSON]:
    """The same as `draft_mail`, for a mail that `send_draft` sends right afterwards."""
    given = _given(to, cc, subject, text, answers, references, thread, date, sender)
    return _create(client, _mail_message.body(key, given, by_program=True))


def _given(
    to: Sequence[str],
    cc: Sequence[str],
    subject: str,
    text: str,
    answers: str,
    references: str,
    thread: str,
    date: str,
    sender: str,
) -> dict[str, JSON]:
    return {
        "to": to,
        "cc": cc,
        "subject": subject,
        "text": text,
        "answers": answers,
        "references": references,
        "thread": thread,
        "date": date,
        "sender": sender,
    }


def _create(client: Google, body: dict[str, JSON]) -> dict[str, JSON]:
    return _result(_drafts(client).create(userId="me", body=body).execute(num_retries=0))


def _drafts(client: Google) -> Any:
    return client.gmail.users().drafts()


def _result(draft: JSON) -> dict[str, JSON]:
    message = draft.get("message") or {}
    mail, thread = str(message.get("id") or ""), str(message.get("threadId") or "")
    return {"id": str(draft["id"]), "url": page_of(mail), "message": mail, "thread": thread}


def find_draft(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """By our Message-ID, else by our mark in the latest drafts. One that is gone by now was sent or deleted by a person."""
    own = _mail_message.message_id(key, arguments["sender"]).strip("<>")
    if found := _listed(client, q=f"rfc822msgid:{own}"):
        return [_result(one) for one in found]
    return [_result(one) for one in _listed(client, maxResults=LOOKED_AT) if _is_marked(client, one, key)]


def _listed(client: Google, **query: JSON) -> list[JSON]:
    found = _drafts(client).list(userId="me", **query).execute(num_retries=0)
    return list(found.get("drafts") or [])


def _is_marked(client: Google, draft: JSON, key: str) -> bool:
    found = _read(client, str(draft["id"]), "metadata")
    return bool(found) and headers(found["message"]).get(_mail_message.MARK.lower()) == _mail_message.mark(key)


def _read(client: Google, id: str, format: str = "minimal") -> JSON:
    """The draft, or None if it was sent or deleted."""
    return there(lambda: _drafts(client).get(userId="me", id=id, format=format).execute(num_retries=0))


# --- sending ----------------------------------------------------------------------------------------------------------


def then_send(arguments: dict[str, JSON], made: dict[str, JSON]) -> list[Call]:
    return [Call("send_draft", {"draft": made["id"], "message": made.get("message", "")})]


def send_draft(client: Google, key: str, *, draft: str, message: str = "") -> dict[str, JSON]:
    """Sends what `send_mail` has drafted. Raises `Refused` where a person has deleted it, or sent it before us."""
    try:
        sent = _drafts(client).send(userId="me", body={"id": draft}).execute(num_retries=0)
    except Exception as error:
        if status_of(error) == 404:
            raise Refused(
                "The draft was no longer there when it was to be sent: somebody sent or deleted it in Gmail. Look under Sent "
                "before you start this event over."
            ) from error
        raise
    return {"id": str(sent["id"]), "url": page_of(str(sent["id"])), "thread": str(sent.get("threadId") or "")}


def find_sent(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """A draft that is gone was sent. Asked in two ways, for either could lag."""
    if not is_gone(client, arguments):
        return []
    draft = arguments["draft"]
    listed = any(str(one["id"]) == draft for one in _listed(client, maxResults=LOOKED_AT))
    sent = str(arguments.get("message") or draft)
    return [] if listed else [{"id": sent, "url": page_of(sent), "thread": ""}]


def is_gone(client: Google, arguments: dict[str, JSON]) -> bool:
    return _read(client, arguments["draft"]) is None


def still_draft(client: Google, arguments: dict[str, JSON]) -> bool:
    """Whether it stands there as we made it: what a person has changed meanwhile is not sent on their behalf."""
    found = _read(client, arguments["draft"])
    return bool(found) and arguments.get("message") in ("", str(found["message"]["id"]))


# --- taking back ------------------------------------------------------------------------------------------------------


def draft_changed(client: Google, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Every edit puts another mail into the draft."""
    found = _read(client, str(made["id"]))
    if found is None:
        return "The draft was sent or deleted in Gmail. There is nothing to take back."
    if str(found["message"]["id"]) != made.get("message"):
        return "Somebody has changed the draft in Gmail. Delete it there if it is not wanted."
    return None


def undo_draft(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("discard_draft", {"draft": made["id"]})


def discard_draft(client: Google, key: str, *, draft: str) -> dict[str, JSON]:
    """For good: Gmail keeps no deleted drafts."""
    _drafts(client).delete(userId="me", id=draft).execute(num_retries=0)
    return {"id": draft, "url": page_of("")}


def find_discarded(client: Google, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    gone = _read(client, arguments["draft"]) is None
    return [{"id": arguments["draft"], "url": page_of("")}] if gone else []
