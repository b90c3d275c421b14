"""What Google's refusals mean for the owner. The status says little: 403 is also how some of its services ask for patience.

https://developers.google.com/workspace/calendar/api/guides/errors and https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Unavailable

_HASTE = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
_DAY_USED_UP = {"dailyLimitExceeded", "quotaExceeded"}
_PAUSE = 10.0  # seconds, where Google does not say how long
_ITS_DAY = ZoneInfo(
    "America/Los_Angeles"
)  # daily limits begin anew there: https://cloud.google.com/docs/quotas/view-manage

_USED_UP = "What Google allows in a day is used up. This goes on tomorrow by itself."
_AGAIN = "Open Connections and sign in to Google again"
_SHARE = "Give it the right to make changes there, or choose another one."
_SENTENCES: tuple[tuple[set[str], str], ...] = (
    (
        {"accessNotConfigured", "SERVICE_DISABLED"},
        "This part of Google is not switched on in your project. Open console.cloud.google.com, choose the project, then APIs & "
        "Services and Library, look for the name in Google's words and click Enable. It works some minutes later.",
    ),
    (
        {"domainPolicy"},
        "The administrator of your Google Workspace does not allow this app. Ask for it to be trusted in the Admin console "
        "under Security, Access and data control, API controls; trying again does not help until then.",
    ),
    (
        {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
        f"The permission for this was left out when this account was connected. {_AGAIN} and leave all ticked.",
    ),
    (_DAY_USED_UP, _USED_UP),
    (
        {"webhookUrlUnauthorized", "webhookUrlNotHttps"},
        "Google does not send to this hub's address: it must begin with https:// and have a certificate that browsers accept. "
        "Until then changes are looked for every fifteen minutes.",
    ),
)
_BY_STATUS = {
    400: "Google did not accept what was sent. Change it in the recipe, then run it again.",
    401: f"Google no longer accepts this sign-in: it was taken back, ended, or the password was changed. {_AGAIN}. If that "
    "happens every week, publish your app: at console.cloud.google.com under Audience, its status must not be Testing.",
    403: f"This Google account may not do that. {_SHARE}",
    404: "Google has no such thing any more, or does not show it to this account. Share it with the account, or choose another one.",
    409: "Google has something with this id already.",
    410: "This was deleted at Google.",
    412: "Somebody changed this at Google after it was read, so nothing was written over it. Look at it there, then start this "
    "event over.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for what a person can do something about; None where waiting is all (429, 5xx)."""
    if status < 400 or status == 429 or status >= 500:
        return None
    found = reasons(body)
    named = next((sentence for words, sentence in _SENTENCES if words & found), _BY_STATUS.get(status))
    return f"{named}{_quoted(body)}" if named else None


def raise_if_busy(status: int, body: bytes, retry_after: str) -> None:
    """Raises `Unavailable` for a 403 or 429 that is a limit: nothing was done, and waiting is all that helps."""
    if status not in (403, 429):
        return
    found = reasons(body)
    if found & _DAY_USED_UP:
        raise Unavailable(f"{_USED_UP}{_quoted(body)}", _until_tomorrow(datetime.now(UTC)))
    if status == 429 or found & _HASTE:
        seconds = float(retry_after) if retry_after.isdigit() else _PAUSE
        raise Unavailable("Google asks us to slow down", max(seconds, 1.0))


def _until_tomorrow(now: datetime) -> float:
    """Seconds until Google counts anew, an hour on the safe side."""
    there = now.astimezone(_ITS_DAY)
    begins = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (begins.astimezone(UTC) - now).total_seconds() + 3600.0


def reasons(body: bytes) -> frozenset[str]:
    """The words by which Google names the reason, of all the places where they may stand; "push.…" without that."""
    error = _error(body)
    status = error.get("status")
    entries = [one for name in ("errors", "details") for one in _listed(error, name)]
    found = [word for one in entries if isinstance(word := one.get("reason"), str)]
    found += [status] if isinstance(status, str) else []
    return frozenset(word.removeprefix("push.") for word in found)


def _error(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def _listed(error: dict[str, object], name: str) -> Iterator[dict[str, object]]:
    found = error.get(name)
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def _quoted(body: bytes) -> str:
    words = _error(body).get("message")
    text = "".join(c if c.isprintable() else " " for c in words) if isinstance(words, str) else ""
    text = " ".join(text.split())[:300]
    return f" Google's words: “{text}”" if text else ""
