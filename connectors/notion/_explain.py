"""What the owner should do when Notion says no: https://developers.notion.com/reference/status-codes"""

from __future__ import annotations

import json

_CONNECTIONS = "notion.so/profile/integrations"
_UNSEEN = (
    "Notion cannot see this page or database: it was deleted, or it is not shared with Patchbay. Open it in Notion "
    "(restore it from the trash if it is there), click ••• at the top right, then Connections, and add Patchbay. "
    "Then run this again."
)
_ARCHIVED = (
    "This page or database is in Notion's trash, so nothing can be written to it. Restore it in Notion, "
    "or choose another database in the recipe's settings, then run this again."
)


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    code, words = _read(body)
    if status == 401:
        return (
            f"Notion no longer accepts this token. Open {_CONNECTIONS}, choose the Patchbay connection, copy its "
            "secret, and paste it under Connections here; or, where you signed in, sign in again there."
        )
    if status == 403:
        return _forbidden(code)
    if status == 404:
        return _UNSEEN
    if status == 409 and code == "row_limit_exceeded":
        return (
            "This Notion database is full: it holds as many rows as Notion allows. Move old rows to another database, or "
            "choose another one in the recipe's settings, then run this again."
        )
    if status == 409:
        return f"Notion could not take this change now{_quoted(words)}. Wait a minute and run this again."
    if status == 400:
        return _invalid(words)
    return None


def _read(body: bytes) -> tuple[str, str]:
    try:
        said = json.loads(body)
        return str(said.get("code") or ""), str(said.get("message") or "")
    except (ValueError, AttributeError):
        return "", ""


def _forbidden(code: str) -> str:
    if not code:  # an HTML page of the proxy before Notion: a network rule, no missing right
        return (
            "Notion's network protection turned this computer away; the token is in order. Try again in an hour; "
            "if it goes on, use another internet connection or write to Notion's support."
        )
    return (
        f"The Patchbay connection may not do this in Notion. Open {_CONNECTIONS}, choose the Patchbay connection, tick "
        "Read content, Update content and Insert content under Capabilities (for comments also Read comments and Insert "
        "comments), save, and run this again."
    )


def _invalid(words: str) -> str:
    if "archived" in words.lower() or "in trash" in words.lower():
        return _ARCHIVED
    return f"Notion did not accept what was sent{_quoted(words)}. Change it in Notion or the recipe, and run it again."


def _quoted(words: str) -> str:
    short = " ".join(words.split())
    return f": “{short[:300]}{'…' if len(short) > 300 else ''}”" if short else ""
