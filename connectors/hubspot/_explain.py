"""What the owner should do when HubSpot says no. https://developers.hubspot.com/docs/api-reference/latest/error-handling"""

from __future__ import annotations

import json
import re

from connectors.contract import JSON

_KEYS = "Settings, Integrations, Service Keys"
_EXISTING = re.compile(r"Existing ID: (\d+)")
_SCOPE = re.compile(r"^[a-z0-9._-]{1,80}$")


def explain(status: int, body: bytes) -> str | None:
    """A sentence for what a person can do something about; None where waiting is all there is to do. Every field of the
    body may be missing."""
    said = _read(body)
    if status == 401:
        return (
            f"HubSpot no longer accepts this key: it was deleted or has ended. In HubSpot open {_KEYS}, copy the key or make "
            "a new one, and enter it under Connections here. If you signed in instead, sign in again."
        )
    if status == 403:
        return _forbidden(said)
    if status == 404:
        return "HubSpot no longer has this: it was deleted or archived. Restore it there or choose another one, then run this again."
    if status == 409:
        return _there(said)
    if status == 400:
        return f"HubSpot did not accept what was sent{_words(said)}. Change it in the recipe or in HubSpot, and run it again."
    return None


def _forbidden(said: dict[str, JSON]) -> str:
    scopes = [name for name in _scopes(said) if _SCOPE.match(name)]
    if scopes:
        return (
            f"The key may not do this yet: it lacks {', '.join(scopes[:10])}. In HubSpot open {_KEYS}, choose the key, add "
            "these scopes, and run this again."
        )
    return (
        f"HubSpot does not allow this{_words(said)}. It may be missing from the account's plan, or the key lacks a scope: "
        f"open {_KEYS} in HubSpot, compare the scopes with the list under Connections, and run this again."
    )


def _scopes(said: dict[str, JSON]) -> list[str]:
    """context.missingScopes, or the same in each of the errors."""
    errors = said.get("errors")
    places = [said, *(one for one in (errors if isinstance(errors, list) else []) if isinstance(one, dict))]
    contexts = [place["context"] for place in places if isinstance(place.get("context"), dict)]
    lists = [context.get(name) for context in contexts for name in ("missingScopes", "requiredGranularScopes")]
    return [str(scope) for found in lists if isinstance(found, list) for scope in found]


def _there(said: dict[str, JSON]) -> str:
    existing = _EXISTING.search(str(said.get("message") or ""))
    which = f" (number {existing[1]})" if existing else ""
    return f"HubSpot has a record with this value already{which}. Look at it in HubSpot, then run this again."


def _read(body: bytes) -> dict[str, JSON]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _words(said: dict[str, JSON]) -> str:
    words = said.get("message")
    text = "".join(c if c.isprintable() else " " for c in words) if isinstance(words, str) else ""
    short = " ".join(text.split())[:200]
    return f": “{short}”" if short else ""
