"""Which calendars there are, which of them start recipes, and what a person may have meant by one.

https://developers.google.com/workspace/calendar/api/v3/reference/calendarList
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from connectors.contract import JSON, Choice, Refused
from connectors.google._client import Google, there
from connectors.google._scopes import CALENDARS, EVENTS

PRIMARY = "primary"
MOST = 10  # calendars that start recipes: each has a channel, and a look every fifteen minutes
PAGES = 40
READ = "read the events of your calendars"
_LIST = "list your calendars"
_WRITERS = ("writer", "owner")


def entries(client: Google) -> Iterator[JSON]:
    """The calendars that this account has in its list. Raises `Refused` if that was not granted."""
    client.require(CALENDARS, what=_LIST)
    token = None
    for _ in range(PAGES):
        page = client.calendar.calendarList().list(maxResults=250, pageToken=token).execute(num_retries=0)
        yield from page.get("items", [])
        token = page.get("nextPageToken")
        if not token:
            return


def name_of(entry: JSON) -> str:
    return str(entry.get("summaryOverride") or entry.get("summary") or entry["id"])


def watched(client: Google) -> list[str]:
    """The ids of the calendars whose events start recipes: those that a person named, else the account's own. None where
    nobody named any and events were left out at the sign-in. Raises `Refused` for a name that no calendar has, and for more
    than ten."""
    named = [part.strip() for part in client.options.get("calendars", "").split(",") if part.strip()]
    if not named and not client.may(EVENTS):
        return []  # whoever leaves calendars out need not be told so every fifteen minutes
    client.require(EVENTS, what=READ)
    if len(named) > MOST:
        raise Refused(f"At most {MOST} calendars can start recipes. Take some away on the page of this connection.")
    return list(dict.fromkeys(find(client, one) for one in named)) or [PRIMARY]


def find(client: Google, text: JSON) -> str:
    """The id of a calendar that was given by id, by address, or by its name. Raises `Refused` for anything else."""
    given = str(text or "").strip()
    if given in ("", PRIMARY):
        return PRIMARY
    if found := _id_in(given):
        return found
    same = [entry for entry in entries(client) if name_of(entry).casefold() == given.casefold()]
    if len(same) != 1:
        many = "several calendars" if same else "no calendar"
        raise Refused(f"Google has {many} called “{given[:60]}” for this account. Choose it, or give its calendar ID.")
    return str(same[0]["id"])


def _id_in(text: str) -> str:
    """The id in an id or an address ("…?src=…", "…?cid=…", which holds it in base64)."""
    if "://" not in text:
        return text if re.fullmatch(r"\S+@\S+", text) else ""
    asked = parse_qs(urlsplit(text).query)
    for value in [*asked.get("src", []), *asked.get("cid", [])]:
        plain = value if "@" in value else decoded(value)
        if re.fullmatch(r"\S+@\S+", plain):
            return plain
    raise Refused(
        "This address names no calendar. In Google Calendar open the calendar's settings, and copy the Calendar ID under "
        "Integrate calendar."
    )


def decoded(text: str) -> str:
    """Base64 without its end, as in Google's addresses; "" for anything else."""
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


def choices(client: Google, query: str) -> list[Choice]:
    """Calendars that this account may change, its own first."""
    own = sorted(entries(client), key=lambda entry: (not entry.get("primary"), name_of(entry).casefold()))
    return [
        Choice(str(entry["id"]), name_of(entry))
        for entry in own
        if entry.get("accessRole") in _WRITERS and query.casefold() in name_of(entry).casefold()
    ]


def resolve(client: Google, text: str) -> list[Choice]:
    """What a person pasted. Raises `Refused` if this account has no such calendar."""
    client.require(CALENDARS, what=_LIST)
    wanted = find(client, text)
    entry = there(lambda: client.calendar.calendarList().get(calendarId=wanted).execute(num_retries=0))
    if entry is None:
        raise Refused(
            f"This Google account has no calendar “{wanted[:80]}” in its list. Share it with the account, and add it there."
        )
    return [Choice(str(entry["id"]), name_of(entry))]
