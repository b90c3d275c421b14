"""What the owner should do when Pipedrive says no. https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes"""

from __future__ import annotations

import json

_BY_STATUS = {
    401: "Pipedrive no longer accepts this token: a new one was made, or the user may no longer use the API. In Pipedrive "
    "open Personal preferences, API, copy the token, and enter it under Connections here.",
    402: "The company's Pipedrive account is not open, mostly because of an unpaid bill. Ask whoever pays for it; then run "
    "this again.",
    404: "Pipedrive no longer has this: it was deleted, or merged into another one. Choose another one, then run this again.",
    410: "This was deleted in Pipedrive. Restore it there or choose another one, then run this again.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for what a person can do something about; None where waiting is all there is to do."""
    code, words = _read(body)
    if status == 403:
        return _forbidden(code, words)
    if status in (400, 422):
        return _invalid(words)
    return _BY_STATUS.get(status)


def _forbidden(code: str, words: str) -> str:
    if code.startswith("feature_capping"):
        return (
            f"The company's Pipedrive plan allows no more of these{words}. Delete some in Pipedrive or choose a larger "
            "plan there, then run this again."
        )
    return (
        f"The user whose token this is may not do that in Pipedrive{words}. An administrator can allow it under Company "
        "settings, Manage users, Permission sets; or connect the token of an administrator."
    )


def _invalid(words: str) -> str:
    if "archived" in words.lower():
        return "This deal is archived, so it cannot be changed. Take it out of the archive in Pipedrive, then run this again."
    return f"Pipedrive did not accept what was sent{words}. Change it in the recipe or in Pipedrive, and run it again."


def _read(body: bytes) -> tuple[str, str]:
    """(code, its words in quotation marks after a colon or "")."""
    try:
        said = json.loads(body)
        parts = [str(said.get(name) or "") for name in ("error", "error_info")]
        return str(said.get("code") or ""), _quoted(" ".join(part for part in parts if part))
    except (ValueError, AttributeError, RecursionError):
        return "", ""


def _quoted(words: str) -> str:
    short = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f": “{short}”" if short else ""
