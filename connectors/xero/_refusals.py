"""What Xero's refusals mean for the owner. https://developer.xero.com/documentation/api/accounting/responsecodes"""

from __future__ import annotations

import json

_SIGN_IN = "Open Connections and sign in to Xero again, with all permissions ticked and this organisation chosen."
_BY_WORDS = (
    ("reconciled", "This is reconciled with the bank already, so Xero leaves it as it is. Undo the reconciliation in Xero "
     "first, or code it there."),
    ("lock date", "The period is locked in Xero. Nothing was changed; an adviser can move the lock date under Accounting "
     "settings, Financial settings."),
    ("period lock", "The period is locked in Xero. Nothing was changed; an adviser can move the lock date under Accounting "
     "settings, Financial settings."),
    ("already assigned to another contact", "Xero has a contact of this name already. Use that one, or give another name"),
    ("is not a valid code for this document", "Xero does not take this account here. Choose another one"),
    ("not of valid status", "The state of this document in Xero no longer allows this. Look at it there"),
)  # fmt: skip


def explain(status: int, body: bytes) -> str | None:
    """A sentence for what a person can do something about; None where waiting is all (429, 5xx)."""
    words = _words(body)
    if status == 429 or status >= 500:
        return None
    if status == 401:
        return f"Xero no longer accepts this sign-in, or the organisation was disconnected there. {_SIGN_IN}"
    if status == 403:
        return f"Xero does not let Patchbay into this organisation, or a permission is missing. {_SIGN_IN}"
    if status == 404:
        return (
            "Xero has nothing of this id in this organisation. Choose another one, or check which account is connected."
        )
    if status < 400:
        return None
    known = next((sentence for part, sentence in _BY_WORDS if part in words.lower()), "Xero did not accept this")
    return known if known.endswith(".") else f"{known}.{_quoted(words)}"


def said(errors: object) -> str:
    """The messages in a list of errors or warnings, as a sentence to be put behind another."""
    listed = errors if isinstance(errors, list) else []
    return _quoted(" ".join(str(one.get("Message") or "") for one in listed if isinstance(one, dict)))


def _words(body: bytes) -> str:
    """The errors of each element first; the message of the whole only says that there are some."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    elements = answer.get("Elements")
    messages = [
        str(error.get("Message") or "")
        for element in (elements if isinstance(elements, list) else [])
        if isinstance(element, dict)
        for error in element.get("ValidationErrors") or []
        if isinstance(error, dict)
    ]
    return " ".join(messages) or str(answer.get("Detail") or answer.get("Message") or "")


def _quoted(words: str) -> str:
    shown = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f" Its words: “{shown}”" if shown else ""
