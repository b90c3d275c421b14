"""New mail that a search finds, by asking every three minutes. Reading leaves it unread.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list . `history.list` would be cheaper, but it
knows no search, forgets after about a week, and says nothing of mail that a search begins to find later (a label that a person
puts on it). So the search itself is asked for all mail of the last week, and what was found before is remembered.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.contract import JSON, Event, Label, Refused, Unreadable
from connectors.google import _mail_text
from connectors.google._client import Google, status_of
from connectors.google._mail_message import own_address
from connectors.google._scopes import READ_MAIL

RECEIVED = "mail.received"
WINDOW = 7 * 86_400  # seconds before the last look that each look goes over again
ENOUGH = 25  # mails of one round
PAGES = 20  # of 500 each
LONGEST_SEARCH = 500  # characters
_ID = re.compile(r"[0-9a-zA-Z_-]{6,64}")

FIELDS = {
    **dict.fromkeys(
        ("id", "thread", "url", "received", "size", "whole", "automatic", "labels", "labels[]"), Label.VENDOR
    ),
    **dict.fromkeys(
        (
            *("message_id", "from_address", "from_name", "to", "to[]", "cc", "cc[]", "reply_to", "subject", "date"),
            *("text", "attachments", "attachments[].name", "attachments[].type"),
        ),
        Label.OUTSIDE,
    ),
}


def search_of(text: str) -> str:
    """The search as a person wrote it, on one line. Raises `Refused` for one that would swallow what we add to it."""
    found = _mail_text.one_line(text)
    depth = lowest = 0
    for letter in re.sub(r'"[^"]*"', "", found):
        depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(letter, 0)
        lowest = min(lowest, depth)
    if found.count('"') % 2 or depth or lowest < 0:
        raise Refused(
            "In the Gmail search a quotation mark or a bracket is not closed. Try the search in Gmail until it finds what you "
            "want, and copy it from there."
        )
    if len(found) > LONGEST_SEARCH:
        raise Refused(f"The Gmail search is longer than {LONGEST_SEARCH} characters. Shorten it.")
    return found


@dataclass
class _Place:
    """The cursor: `since` (Unix seconds) is when the search was last looked at to its end, `seen` the ids found in the
    window before that. Another search begins anew."""

    search: str
    since: int
    seen: dict[str, None]
    first: bool

    @classmethod
    def read(cls, cursor: JSON, search: str, now: int) -> _Place:
        mark = hashlib.sha256(search.encode()).hexdigest()[:16]
        known = cursor if isinstance(cursor, dict) and cursor.get("search") == mark else None
        if known is None:
            return cls(mark, now, {}, True)
        return cls(mark, min(int(known["since"]), now), dict.fromkeys(known["seen"]), False)

    def saved(self) -> JSON:
        return {"search": self.search, "since": self.since, "seen": list(self.seen)}


def received(client: Google, cursor: JSON) -> tuple[list[Event], JSON]:
    """Mails that the search finds for the first time, oldest first, at most 25 a round; at first none, because what is there
    has been seen by people. Without a search nothing is asked.

    Fails only if nothing was read before the failure, a page that fails among it: the cursor then stays where it was.
    """
    search = search_of(client.options.get("mail_search", ""))
    if not search:
        return [], None
    client.require(READ_MAIL, what="read your mail")
    now = int(time.time())
    place = _Place.read(cursor, search, now)
    found = _listed(client, f"({search}) -in:drafts after:{place.since - WINDOW}")
    fresh = [one for one in reversed(found) if one not in place.seen]
    if place.first:
        place.seen, place.since = dict.fromkeys(found), now
        return [], place.saved()
    events, told = _events(client, fresh[:ENOUGH])
    if len(told) == len(fresh):
        place.seen, place.since = dict.fromkeys(found), now
    else:
        place.seen.update(dict.fromkeys(told))
    return events, place.saved()


def _listed(client: Google, query: str) -> list[str]:
    """The ids that the search finds, newest first. Raises `Refused` for a search without an end."""
    found: list[str] = []
    token: str | None = None
    for _ in range(PAGES):
        ask = client.gmail.users().messages().list(userId="me", q=query, maxResults=500, pageToken=token)
        page = ask.execute(num_retries=0)
        found += [str(one["id"]) for one in page.get("messages") or []]
        token = page.get("nextPageToken")
        if not token:
            return list(dict.fromkeys(found))
    raise Refused(
        f"The Gmail search finds more than {PAGES * 500} mails. Narrow it on the Connections page, for example with from: or "
        "subject:."
    )


def _events(client: Google, ids: list[str]) -> tuple[list[Event], list[str]]:
    """The events of these mails, and which of them need not be read again. One that cannot be read does not hold up the
    others."""
    events: list[Event] = []
    told: list[str] = []
    problem: Exception | None = None
    own = own_address(client) if ids else ""
    for one in ids:
        try:
            ask = client.gmail.users().messages().get(userId="me", id=one, format="full")
            message = ask.execute(num_retries=0)
        except Exception as trouble:  # the door's own among them
            if status_of(trouble) == 404:  # deleted since it was listed
                told.append(one)
                continue
            problem = problem or trouble
            if (status_of(trouble) or 0) < 500:
                break
            continue
        told.append(one)
        events += _event(own, message)
    if problem and not events:
        raise problem
    return events, told


def _event(own: str, message: JSON) -> Iterator[Event]:
    """None of what was written here: drafts, and mail that went out."""
    labels = [str(one) for one in message.get("labelIds") or []]
    if "DRAFT" in labels or ("SENT" in labels and "INBOX" not in labels):
        return
    own_id, at = str(message["id"]), _mail_text.received(message)
    told = {
        **_mail_text.read(message, own),
        "id": own_id,
        "thread": str(message.get("threadId") or ""),
        "url": page_of(own_id),
        "labels": labels,
        "size": int(message.get("sizeEstimate") or 0),
        "received": _mail_text.stamp(at),
    }
    body = json.dumps({"event": RECEIVED, "mail": told}, sort_keys=True).encode()
    serial = f"mail:{told['thread'] or own_id}"
    yield Event(RECEIVED, f"{RECEIVED}:{own_id}", body, serial_key=serial, occurred_at=at or None)


def page_of(id: str) -> str:
    """Where a person reads it, signed in to this account."""
    return f"https://mail.google.com/mail/#all/{id}" if _ID.fullmatch(id) else "https://mail.google.com/mail/"


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. `id` and `thread` are Gmail's; who a mail says it is from is not proven."""
    try:
        mail = json.loads(body)["mail"]
        return {name: mail[name] for name in FIELDS if "[" not in name}
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("This is no mail as Patchbay reads it from Gmail.") from problem
