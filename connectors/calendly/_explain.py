"""What the owner should do when Calendly says no: https://developer.calendly.com/api-docs/overview/errors"""

from __future__ import annotations

import json

_TOKENS = "calendly.com/integrations/api_webhooks"
_SCOPES = (
    "users:read, scheduled_events:read, scheduled_events:write, event_types:read, webhooks:read and webhooks:write"
)


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about; None where waiting is all there is to do."""
    words = _words(body)
    if status == 401:
        return (
            f"Calendly no longer accepts this sign-in. Sign in again, or open {_TOKENS}, make a new personal access token, "
            f"and enter it here.{words}"
        )
    if status == 403 and "upgrade" in words.lower():
        return (
            "Calendly's webhooks need the plan Standard or higher. Until then bookings are fetched every quarter of an hour, "
            f"and nothing else has to be done.{words}"
        )
    if status == 403:
        return (
            f"Calendly does not allow this. Check that the token has the scopes {_SCOPES}, and, for the bookings of the whole "
            f"organization, that it belongs to an owner or admin.{words}"
        )
    if status == 404:
        return f"Calendly has no such booking or meeting (any more). Look at it in Calendly.{words}"
    if status in (400, 422):
        return f"Calendly did not accept this. Compare what the recipe says with Calendly.{words}"
    if status == 409:
        return f"Calendly says that this is there already.{words}"
    return None


def _words(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    details = said.get("details") if isinstance(said.get("details"), list) else []
    parts = [said.get("message"), *(one.get("message") for one in details or [] if isinstance(one, dict))]
    text = " ".join(part for part in parts if isinstance(part, str))
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
    return f" Calendly's words: “{text}”" if text else ""
