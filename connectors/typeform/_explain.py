"""What the owner should do when Typeform says no: https://www.typeform.com/developers/get-started/"""

from __future__ import annotations

import json

_TOKENS = "admin.typeform.com/user/tokens"


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about; None where waiting is all there is to do."""
    words = _words(body)
    if status == 401:
        return (
            "Typeform no longer accepts this token, or it belongs to another data centre. Sign in again, or open "
            f"{_TOKENS}, generate a new token, and enter it here.{words}"
        )
    if status in (402, 403):
        return (
            f"Typeform does not let this token do that. Open {_TOKENS}, generate a token with the scopes accounts:read, "
            "forms:read, responses:read, webhooks:read and webhooks:write, and check that your plan includes "
            f"webhooks.{words}"
        )
    if status == 404:
        return (
            "Typeform has no such form (any more), or it lies in another data centre. Choose another form, or enter eu "
            f"or eu2 under Data centre.{words}"
        )
    if status == 400:
        return f"Typeform did not accept this. Compare what is entered here with Typeform.{words}"
    return None


def _words(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    words = said.get("description") or said.get("message") if isinstance(said, dict) else None
    if not isinstance(words, str):
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f" Typeform's words: “{text}”" if text else ""
