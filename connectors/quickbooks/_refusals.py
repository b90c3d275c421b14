"""What QuickBooks' refusals mean for the owner.

https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes ; the numbers are in the body, the
status is mostly 400.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

_SIGN_IN = "Open Connections and sign in to QuickBooks again as an administrator of this company."
_BY_CODE = {
    "120": f"The person who connected QuickBooks is no longer an administrator of this company. {_SIGN_IN}",
    "3100": f"This company no longer lets Patchbay in: the app was disconnected there. {_SIGN_IN}",
    "3200": f"QuickBooks no longer accepts this sign-in. {_SIGN_IN}",
    "610": "This is no longer in QuickBooks, or a name or account that it uses was made inactive. Open it in QuickBooks, "
    "then choose again.",
    "2020": "QuickBooks misses a field that it needs. Look at what the recipe gives",
    "2170": "QuickBooks does not take one of the values. Look at what the recipe gives",
    "2500": "QuickBooks does not know an account, name or class that this refers to; it may have been deleted. Choose again",
    "5010": "Somebody changed this in QuickBooks after it was read, so nothing was written over it. Start this event over: "
    "it is read again then.",
    "5020": "The plan of this company, or the person who connected it, does not allow this. Look at the plan in QuickBooks "
    "under Account and settings, or leave this part out",
    "5030": "The plan of this company does not have this (classes and locations need Plus or Advanced). Leave it out, or "
    "change the plan",
    "6000": "QuickBooks does not allow this",
    "6070": "The amounts do not add up, QuickBooks says",
    "6140": "QuickBooks has a document with this number already. Give another number, or use the one that is there",
    "6190": "The subscription of this QuickBooks company has lapsed. Renew it in QuickBooks, then run this again.",
    "6210": "The period is closed in QuickBooks. Nothing was changed; the bookkeeper can reopen it under Account and "
    "settings, Advanced, Accounting.",
    "6240": "QuickBooks has a customer, vendor or employee of this name already (perhaps an inactive one). Use that one, or "
    "give another name",
    "6540": "This was deposited already, so QuickBooks leaves it as it is. Change the deposit in QuickBooks first.",
}


@dataclass(frozen=True)
class Fault:
    code: str  # without leading zeros
    words: str


def faults(body: bytes) -> list[Fault]:
    """The errors in an answer; the gateway before the interface spells them in small letters."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    fault = _part(said, "Fault")
    found = _part(fault, "Error")
    return [_fault(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _part(holder: object, name: str) -> object:
    return (holder.get(name) or holder.get(name.lower())) if isinstance(holder, dict) else None


def _fault(one: dict[str, object]) -> Fault:
    code = str(one.get("code") or "").lstrip("0")
    words = next((str(one[key]) for key in ("Detail", "detail", "Message", "message") if one.get(key)), "")
    if not code and "errorCode=" in words:
        code = words.partition("errorCode=")[2].partition(";")[0].strip().lstrip("0")
    return Fault(code, words)


def explain(status: int, body: bytes) -> str | None:
    """A sentence for what a person can do something about; None where waiting is all (429, 5xx)."""
    found = faults(body)
    known = next((fault for fault in found if fault.code in _BY_CODE), None)
    if known:
        words = _BY_CODE[known.code]
        return words if words.endswith(".") else f"{words}.{_quoted(known.words)}"
    if status == 401:
        return _BY_CODE["3200"]
    if status == 403:
        return f"QuickBooks does not allow this for the person who connected it. {_SIGN_IN}{_quoted(_first(found))}"
    if status == 429 or (status >= 500 and b"Unsupported Operation" not in body):
        return None
    if status >= 400:
        return f"QuickBooks did not accept this. Look at what the recipe gives.{_quoted(_first(found))}"
    return None


def _first(found: list[Fault]) -> str:
    return found[0].words if found else ""


def _quoted(words: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f" Its words: “{text}”" if text else ""
