"""What people choose from, and what an address means to them: kinds of meetings, meetings, and guests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.calendly._client import Calendly, path_of
from connectors.contract import JSON, Choice

LATELY = timedelta(days=7)
MOST = 20  # meetings whose guests are listed: each costs a call


def event_types(client: Calendly, query: str) -> list[Choice]:
    """What can be booked, by its name."""
    found = client.listed("/event_types", **client.whose(), active="true")
    return _matching([(str(one["uri"]), str(one.get("name") or "Untitled")) for one in found], query)


def meetings(client: Calendly, query: str) -> list[Choice]:
    """Meetings to come that were not cancelled, the next one first."""
    found = [one for one in _from(client, datetime.now(UTC)) if one.get("status") == "active"]
    return _matching([(str(one["uri"]), _named(one)) for one in found], query)


def meeting(client: Calendly, text: str) -> list[Choice]:
    """The meeting behind an address of Calendly's."""
    found = client.ask("GET", path_of(text, "scheduled_events"))["resource"]
    return [Choice(str(found["uri"]), _named(found))]


def guests(client: Calendly, query: str) -> list[Choice]:
    """Guests of the meetings of the last days, the latest meeting first."""
    now = datetime.now(UTC)
    lately = [one for one in _from(client, now - LATELY) if str(one.get("start_time")) <= _iso(now)]
    named = []
    for one in lately[::-1][:MOST]:
        for guest in client.listed(f"{path_of(str(one['uri']), 'scheduled_events')}/invitees"):
            named.append((str(guest["uri"]), f"{guest.get('name') or guest.get('email')}, {_named(one)}"))
    return _matching(named, query)


def guest(client: Calendly, text: str) -> list[Choice]:
    """The guest behind an address of Calendly's."""
    path = path_of(text, "scheduled_events/invitees")
    found = client.ask("GET", path)["resource"]
    held = client.ask("GET", path.rpartition("/invitees")[0])["resource"]
    return [Choice(str(found["uri"]), f"{found.get('name') or found.get('email')}, {_named(held)}")]


def _from(client: Calendly, since: datetime) -> list[dict[str, JSON]]:
    query = {**client.whose(), "min_start_time": _iso(since), "sort": "start_time:asc"}
    return list(client.listed("/scheduled_events", **query))


def _named(held: dict[str, JSON]) -> str:
    """ "30 min, 25 November 2026, 15:00 UTC" """
    try:
        begins = datetime.fromisoformat(str(held.get("start_time"))).astimezone(UTC)
    except ValueError:
        return str(held.get("name") or "A meeting")
    return f"{held.get('name') or 'A meeting'}, {begins.day} {begins:%B %Y, %H:%M} UTC"


def _matching(named: list[tuple[str, str]], query: str) -> list[Choice]:
    return [Choice(uri, name) for uri, name in named if query.strip().lower() in name.lower()]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
