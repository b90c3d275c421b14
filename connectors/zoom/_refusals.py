"""What Zoom's refusals mean for the owner.

https://developers.zoom.us/docs/api/errors/ : the number in the body means different things under different HTTP
statuses, so the status is always looked at first.
"""

from __future__ import annotations

import json

_APP = "Open your app at marketplace.zoom.us (Manage)"
_SIGN_IN = {
    4702: "Zoom does not know this Client ID",
    4704: "Zoom does not accept this Client secret",
    4706: "Zoom does not know this Client ID and Client secret",
    4735: "The owner of the Zoom app has left the account",
    4737: "The Zoom app is switched off",
    4738: "An administrator has switched the Zoom app off",
    4741: "Zoom has revoked this access",
}
_LOGIN = (
    f"{_APP}, check that it is activated, and copy Account ID, Client ID and Client secret here again; or sign in again, if this "
    "account was connected so"
)
_NO_CLOUD = (
    "This Zoom account has no cloud recording: it comes with paid plans, and an administrator switches it on under Account "
    "Settings, Recording."
)


def explain(status: int, body: bytes) -> str | None:
    """What to do about a refusal, in one or two sentences; None where waiting is all there is to do (429, 5xx)."""
    code, words = _read(body)
    if status in (400, 401, 403) and (code in (4700, 4711) or "scope" in words.lower()):
        return (
            f"The Zoom app may not read this yet. {_APP}, add the missing permission under Scopes, "
            f"then check this connection again.{_quoted(words)}"
        )
    if status in (400, 401) and (code in _SIGN_IN or "client" in words.lower()):
        return f"{_SIGN_IN.get(code, 'Zoom does not accept these credentials')}. {_LOGIN}.{_quoted(words)}"
    if status == 401:
        return f"Zoom no longer accepts these credentials. {_LOGIN}.{_quoted(words)}"
    if status in (400, 403, 404) and _lacks_recording(words.lower()):
        return f"{_NO_CLOUD}{_quoted(words)}"
    return _by_status(status, code, words)


def _lacks_recording(words: str) -> bool:
    """Which number comes with a plan without cloud recording is not documented, so its words must do."""
    lacking = ("not enabled", "disabled", "not allow", "upgrade", "paid", "no permission to use", "not support")
    return "recording" in words and any(one in words for one in lacking)


def _by_status(status: int, code: int, words: str) -> str | None:
    if status == 400:
        return f"Zoom did not accept this. Compare the credentials here with those on the app's page.{_quoted(words)}"
    if status == 403:
        return (
            "Zoom does not allow this for the app's owner: an administrator of the Zoom account has to allow AI "
            f"summaries, or cloud recording, and give the app's owner an admin role.{_quoted(words)}"
        )
    if status == 404 and code == 1001:
        return "Zoom does not know this user: the app's owner must still be a user of the account."
    if status == 404:
        return "Zoom has no such meeting, recap or recording (any more), or it is not ready yet. Look at the meeting in Zoom."
    return None


def _read(body: bytes) -> tuple[int, str]:
    """The number and the words in an error body; the token address uses other names than the rest."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return 0, ""
    if not isinstance(answer, dict):
        return 0, ""
    code = answer.get("code")
    words = next((answer[key] for key in ("message", "reason", "error") if isinstance(answer.get(key), str)), "")
    return (code if isinstance(code, int) else 0), words


def _quoted(words: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
    return f" Zoom's words: “{text}”" if text else ""
