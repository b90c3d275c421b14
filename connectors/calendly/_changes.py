"""The few changes in Calendly: cancelling a meeting, and noting that a guest did not come.

https://developer.calendly.com/api-docs : there are no keys for requests, so the state of the object tells whether a change arrived.
"""

from __future__ import annotations

from typing import Any

import requests

from connectors.calendly._client import Calendly, last_part, path_of
from connectors.contract import JSON, Call

Arguments = dict[str, Any]
_GUEST = "scheduled_events/invitees"


def cancel_meeting(client: Calendly, key: str, *, meeting: str, reason: str = "") -> JSON:
    """Calendly tells every guest by mail, with the reason."""
    client.ask("POST", f"{path_of(meeting, 'scheduled_events')}/cancellation", body={"reason": reason})
    return {"id": meeting, "url": ""}


def find_cancelled(client: Calendly, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    status = meeting_before(client, arguments)
    return [{"id": arguments["meeting"], "url": ""}] if status == "canceled" else []


def meeting_before(client: Calendly, arguments: Arguments) -> JSON:
    """ "active" or "canceled"."""
    return client.ask("GET", path_of(arguments["meeting"], "scheduled_events"))["resource"]["status"]


def mark_no_show(client: Calendly, key: str, *, booking: str) -> JSON:
    made = client.ask("POST", "/invitee_no_shows", body={"invitee": booking})["resource"]
    return {"id": str(made["uri"]), "url": ""}


def no_show(client: Calendly, arguments: Arguments) -> str:
    """The mark on a booking, "" where there is none."""
    guest = client.ask("GET", path_of(arguments["booking"], _GUEST))["resource"]
    return str((guest.get("no_show") or {}).get("uri") or "")


def find_no_show(client: Calendly, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    mark = no_show(client, arguments)
    return [{"id": mark, "url": ""}] if mark else []


def no_show_changed(client: Calendly, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    mark = no_show(client, arguments)
    if mark and last_part(mark) == last_part(str(made["id"])):
        return None
    return "Somebody has changed in Calendly whether this guest came."


def no_show_back(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    return Call("remove_no_show", {"mark": made["id"]})


def remove_no_show(client: Calendly, key: str, *, mark: str) -> JSON:
    client.ask("DELETE", path_of(mark, "invitee_no_shows"))
    return {"id": mark, "url": ""}


def find_removed(client: Calendly, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    try:
        client.ask("GET", path_of(arguments["mark"], "invitee_no_shows"))
    except requests.HTTPError as refusal:
        if refusal.response.status_code == 404:
            return [{"id": arguments["mark"], "url": ""}]
        raise
    return []
