"""What the owner should do when Webflow says no: https://developers.webflow.com/data/reference/error-handling"""

from __future__ import annotations

import json

_BY_CODE = {
    "forms_require_republish": "Webflow shows the answers of forms only after the site was published once more. Publish it in "
    "Webflow, then it works.",
    "missing_scopes": "The token does not allow this. Make one with read and write for CMS, and read for Forms and Sites, and "
    "enter it here (or sign in again).",
}
_BY_STATUS = {
    401: "Webflow no longer accepts this token: it was removed, or nobody used it for a year. Make a new one in the site's "
    "settings under Apps & integrations, and enter it here (or sign in again).",
    402: "The plan of this site does not include this. Leave it out of the recipe, or change the plan.",
    403: "The token does not allow this, or the plan of the site does not include it. Make a token with read and write for "
    "CMS, and read for Forms and Sites.",
    404: "Webflow has no such item, collection or form any more. Choose another one in the recipe's settings.",
    409: "Webflow could not take this change now: something else with this name is there, or the site's domains are not in "
    "step. Look at the item in Webflow.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    code, words = _read(body)
    if status == 429 or status >= 500:  # waiting helps
        return None
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 400:
        return (
            "Webflow did not accept the item. Change the values in the recipe; if it is about the number of items, the "
            f"plan's limit is reached.{_quoted(words)}"
        )
    return f"{_BY_STATUS[status]}{_quoted(words)}" if status in _BY_STATUS else None


def _read(body: bytes) -> tuple[str, str]:
    """Code, and the message with its details, which name the field."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    details = said.get("details")
    parts = [said.get("message"), *(details if isinstance(details, list) else [])]
    return str(said.get("code") or ""), "; ".join(text for text in map(_text, parts) if text)


def _text(part: object) -> str:
    if isinstance(part, dict):
        part = " ".join(str(part[name]) for name in ("param", "description") if part.get(name))
    plain = part if isinstance(part, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:200]


def _quoted(words: str) -> str:
    return f" Webflow's words: “{words[:300]}”" if words else ""
