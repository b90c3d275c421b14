"""New mail, found by asking every three minutes. Reading leaves it unread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Label, Unreadable
from connectors.email import _parse
from connectors.email._client import Mailbox

RECEIVED = "mail.received"
INBOX = "INBOX"  # RFC 3501, 5.1: always this name
ENOUGH = 25  # mails of one round
WHOLE = 3_000_000  # bytes of the largest mail that is read whole; of larger ones the beginning
_BATCH = 4_000_000
_BEYOND = 4294967294  # no uid is larger
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

FIELDS = {
    **dict.fromkeys(("uid", "received", "size", "whole", "automatic"), Label.VENDOR),
    **dict.fromkeys(
        (
            *(
                "message_id",
                "from_address",
                "from_name",
                "to",
                "to[]",
                "cc",
                "cc[]",
                "reply_to",
                "subject",
                "date",
                "text",
            ),
            *("attachments", "attachments[].name", "attachments[].type"),
        ),
        Label.OUTSIDE,
    ),
}


def received(client: Mailbox, cursor: JSON) -> tuple[list[Event], JSON]:
    """Mails that came after the cursor, at most 25 a round; at first none, because what is there has been seen by people.

    A folder that was made anew gives every mail another uid: those since the day before the last look are told again, and
    fold by their `once_key`. Fails only if nothing was read before the failure.
    """
    today = datetime.now(UTC).date().isoformat()
    if not isinstance(cursor, dict):
        return [], _from_now_on(client, today)
    found = client.ask("SEARCH", INBOX, after=cursor["last"])
    last = cursor["last"]
    if found["uidvalidity"] != cursor["uidvalidity"]:
        found, last = client.ask("SEARCH", INBOX, since=_since(cursor["day"])), 0
    uids = [uid for uid in found["uids"] if uid > last]
    events: list[Event] = []
    try:
        for events_of_batch, until in _read(client, uids[:ENOUGH], found["uidvalidity"]):
            events += events_of_batch
            last = until
        if (
            len(uids) <= ENOUGH
        ):  # what lies before and was not asked for, in a folder that was made anew, is no news later
            last = max(last, found["uidnext"] - 1)
    except Exception:  # the door's own among them
        if not events:
            raise
    day = cursor["day"] if len(uids) > ENOUGH else today
    return events, {"uidvalidity": found["uidvalidity"], "last": last, "day": day}


def _from_now_on(client: Mailbox, today: str) -> JSON:
    found = client.ask("SEARCH", INBOX, after=_BEYOND)
    last = found["uidnext"] - 1 if found["uidnext"] else max(client.ask("SEARCH", INBOX, after=0)["uids"], default=0)
    return {"uidvalidity": found["uidvalidity"], "last": last, "day": today}


def _since(day: str) -> str:
    """A day as IMAP writes it. One before the last look: the server's day is in its own time zone."""
    moment = datetime.fromisoformat(day) - timedelta(days=1)
    return f"{moment.day}-{_MONTHS[moment.month - 1]}-{moment.year}"


def _read(client: Mailbox, uids: list[int], uidvalidity: int) -> Iterator[tuple[list[Event], int]]:
    """(events, last uid) of batches that are not too large at once."""
    if not uids:
        return
    listed = ",".join(map(str, uids))
    facts = {one["uid"]: one for one in client.ask("SIZES", INBOX, uids=listed, uidvalidity=uidvalidity)}
    for batch in _batches([uid for uid in uids if uid in facts], facts):
        part = "whole" if facts[batch[0]]["size"] <= WHOLE else "first"
        listed = ",".join(map(str, batch))
        mails = client.ask("FETCH", INBOX, uids=listed, uidvalidity=uidvalidity, part=part)
        raw = {one["uid"]: one["raw"] for one in mails}
        found = [_event(client, facts[uid], raw[uid], uidvalidity, part == "whole") for uid in batch if uid in raw]
        yield found, batch[-1]


def _batches(uids: list[int], facts: dict[int, JSON]) -> Iterator[list[int]]:
    """In order; a mail that is too large to be read whole stands alone."""
    batch: list[int] = []
    size = 0
    for uid in uids:
        own = facts[uid]["size"]
        if batch and (size + own > _BATCH or own > WHOLE):
            yield batch
            batch, size = [], 0
        batch.append(uid)
        size += own
        if own > WHOLE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _event(client: Mailbox, facts: JSON, raw: str, uidvalidity: int, whole: bool) -> Event:
    mail = _parse.read(raw, client.address)
    moment = _moment(facts["received"])
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
    told = {**mail, "uid": f"{uidvalidity}:{facts['uid']}", "received": stamp, "size": facts["size"], "whole": whole}
    body = json.dumps({"event": RECEIVED, "mail": told}, sort_keys=True).encode()
    at = int(moment.timestamp() * 1000) if moment else None
    return Event(RECEIVED, f"{RECEIVED}:{told['uid']}", body, once_key=_parse.once(told), occurred_at=at)


def _moment(text: str) -> datetime | None:
    """INTERNALDATE: " 7-Nov-2026 09:15:00 +0100"."""
    day, _, rest = text.strip().partition("-")
    month, _, rest = rest.partition("-")
    try:
        return datetime.strptime(f"{int(day):02} {_MONTHS.index(month) + 1:02} {rest}", "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return None


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. Who a mail says it is from is not proven."""
    try:
        mail = json.loads(body)["mail"]
        return {name: mail[name] for name in FIELDS if "[" not in name}
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("This is no mail as Patchbay reads it from a mailbox.") from problem
