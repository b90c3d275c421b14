"""What the owner should do when Airtable says no: https://airtable.com/developers/web/api/errors"""

from __future__ import annotations

import json

from connectors.airtable._client import used_up

_TOKENS = "airtable.com/create/tokens"
_SCOPES = "data.records:read, data.records:write, schema.bases:read, schema.bases:write and webhook:manage"
_BY_TYPE = {
    "UNKNOWN_FIELD_NAME": "The table has no such column any more{words}. Change the recipe or the table, then run this again.",
    "INVALID_MULTIPLE_CHOICE_OPTIONS": "A choice is not among those of its column{words}. Add it to the column in "
    "Airtable or change what is written, then run this again.",
    "INVALID_VALUE_FOR_COLUMN": "A value does not fit its column{words}. Change the column's type in Airtable or what "
    "is written, then run this again.",
    "ROW_DOES_NOT_EXIST": "This record was deleted in Airtable. Restore it from the base's trash, then run this again.",
    "LIST_RECORDS_ITERATOR_NOT_AVAILABLE": "Airtable lost its place in a long list. Run this again.",
    "TOO_MANY_WEBHOOKS": "This base has as many webhooks as Airtable allows: ten, and two of one app. Remove those of "
    "another program, then test this connection again.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    kind, words = _read(body)
    if status == 401:
        return (
            f"Airtable no longer accepts this token. Sign in again, or open {_TOKENS}, make a new one or choose Regenerate "
            "token, and enter it under Connections here."
        )
    if status == 429 and used_up(body):
        return (
            "The workspace has used up its calls of this month, so Airtable does nothing more for programs until the next "
            "month or until it has a larger plan. Then press Test now under Connections, and what waits goes on."
        )
    if status == 403:
        return (
            f"Airtable does not let this token do that, or what it asks for is gone{_quoted(words)}. Open {_TOKENS} and "
            f"check that it has the scopes {_SCOPES}, and that the base is added under Access. To set up webhooks and "
            "columns you must be a creator of the base. Then run this again."
        )
    if status == 404:
        return (
            "Airtable has no such base, table or record (any more). Restore it from the base's trash or choose another "
            "one, then run this again."
        )
    return _invalid(status, kind, words)


def _invalid(status: int, kind: str, words: str) -> str | None:
    if status == 413:
        return "This is more than Airtable takes at once. Write a shorter text, then run this again."
    if kind in _BY_TYPE:
        return _BY_TYPE[kind].format(words=_quoted(words))
    if status in (400, 422):
        return f"Airtable did not accept what was sent{_quoted(words)}. Change the table or the recipe, then run this again."
    return None


def _read(body: bytes) -> tuple[str, str]:
    """Type and message of an error, which Airtable also gives as a bare text or as a list."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    error = said.get("error") if isinstance(said, dict) else None
    if isinstance(error, str):
        return error, ""
    if isinstance(error, dict):
        return str(error.get("type") or ""), str(error.get("message") or "")
    return "", ""


def _quoted(words: str) -> str:
    short = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return f": “{short[:300]}{'…' if len(short) > 300 else ''}”" if short else ""
