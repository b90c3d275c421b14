"""What the owner should do when Asana says no: https://developers.asana.com/docs/errors"""

from __future__ import annotations

import json

_BY_STATUS = {
    401: "Asana no longer accepts this connection: the token was revoked, or the workspace has blocked apps. Make a new "
    "token (or sign in again); if it is refused, too, ask an administrator to allow Patchbay under Apps in the Admin Console.",
    402: "Asana offers this on its paid plans only. Leave it out of the recipe, or change the plan.",
    403: "This Asana user may not do that. Give it access: open the project in Asana, click Share, and add it as an Editor.",
    404: "Asana has no such task or project any more, or does not show it to this user. Choose another one, or share it.",
    451: "Asana may not serve this workspace for legal reasons. Ask Asana's support.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    words = _words(body)
    if status == 400 and "handshake" in words.lower():
        return (
            "Asana could not reach this hub to set its webhooks up. Check the public address under Settings; until then "
            f"changes are looked for every fifteen minutes.{_quoted(words)}"
        )
    if status == 403 and "scope" in words.lower():
        return (
            "The app that you signed in through may not do this. Tick the scope in Asana's developer console and sign in again, "
            f"connect with a personal access token instead, or do it in Asana.{_quoted(words)}"
        )
    if status == 400:
        return f"Asana did not accept what was sent. Change it in the recipe, and run it again.{_quoted(words)}"
    return f"{_BY_STATUS[status]}{_quoted(words)}" if status in _BY_STATUS else None


def _words(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    errors = said.get("errors") if isinstance(said, dict) else None
    texts = [one["message"] for one in errors if isinstance(one, dict) and isinstance(one.get("message"), str)] if isinstance(
        errors, list
    ) else []  # fmt: skip
    return " ".join("".join(c if c.isprintable() else " " for c in "; ".join(texts)).split())[:300]


def _quoted(words: str) -> str:
    return f" Asana's words: “{words}”" if words else ""
