"""What a failed call means: was it sent, may it be tried again, who must act."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from app.core import masks
from app.core.http import Answer, Door, NotSent
from connectors.contract import Connector, InProgress, Refused, Stopped, Unauthorized, Unavailable

_LONGEST_WAIT = 24 * 3600.0
_BUSY = (408, 425, 500, 502, 503, 504, 529)


class Kind(StrEnum):
    RETRY = "retry"  # surely nothing changed: again after a back-off
    WAIT = "wait"  # the vendor asks for patience; the whole connection waits
    RECONNECT = "reconnect"  # a person must renew the connection
    REFUSED = "refused"  # no for good, in the vendor's words
    UNKNOWN = "unknown"  # a change may or may not have happened: look it up
    BUG = "bug"  # ours


class Left(StrEnum):
    """What a call to change something left behind; kept with the call, for whoever settles the write."""

    OPEN = "open"  # it may have arrived
    BUSY = "busy"  # the vendor is still at an earlier request with this key
    THERE = "there"  # 409, 412: something is there already, perhaps ours
    STORED = "stored"  # the error of an earlier request with this key, played again: sending again cannot help
    NOT_TAKEN = "not taken"  # surely nothing changed; it may be sent again
    REFUSED = "refused"  # no for good
    DONE = "done"


@dataclass(frozen=True)
class Trouble:
    """A failed call. `words` are for the owner; `seconds` is what the vendor asked us to wait. `left`: of an unknown one.
    `stops`: nothing more may be sent until a person has seen to it."""

    kind: Kind
    words: str
    seconds: float | None = None
    status: int | None = None
    request_id: str = ""
    left: Left = Left.OPEN
    stops: bool = False

    @property
    def outcome(self) -> Left:
        """What the call left behind."""
        if self.kind in (Kind.UNKNOWN, Kind.BUG):
            return self.left
        return Left.REFUSED if self.kind is Kind.REFUSED else Left.NOT_TAKEN


def classify(door: Door, error: Exception, connector: Connector, *, write: bool, now: float) -> Trouble:
    """`write`: the call may have changed something. `now`: Unix seconds, for dates in Retry-After."""
    found = _classified(door, error, connector, write=write, now=now)
    return replace(found, words=masks.mask(found.words))


def _classified(door: Door, error: Exception, connector: Connector, *, write: bool, now: float) -> Trouble:
    if isinstance(error, Unauthorized):
        return Trouble(Kind.RECONNECT, str(error), stops=isinstance(error, Stopped))
    if isinstance(error, Refused):
        return Trouble(Kind.REFUSED, str(error))
    if isinstance(error, InProgress):
        return Trouble(Kind.UNKNOWN if write else Kind.RETRY, str(error), error.seconds, left=Left.BUSY)
    if isinstance(error, Unavailable):
        return Trouble(Kind.WAIT if error.seconds else Kind.RETRY, str(error), error.seconds)
    if isinstance(door.failure, NotSent):
        return Trouble(Kind.RETRY, f"{connector.title} could not be reached: {door.failure}")
    lost = Kind.UNKNOWN if write else Kind.RETRY
    if door.failure is not None:
        return Trouble(lost, f"{connector.title}: {door.failure}")
    if door.last is None:
        return Trouble(Kind.BUG, f"{type(error).__name__}: {error}"[:500])
    return _by_status(door.last, error, connector, write=write, now=now)


def _by_status(answer: Answer, error: Exception, connector: Connector, *, write: bool, now: float) -> Trouble:
    status, request_id = answer.status, answer.headers.get("x-request-id", "")
    words = connector.explain(status, answer.body)

    def trouble(kind: Kind, text: str, seconds: float | None = None, left: Left = Left.OPEN) -> Trouble:
        return Trouble(kind, text, seconds, status, request_id, left)

    if status == 429 and words is None:
        return trouble(Kind.WAIT, f"{connector.title} asks us to slow down", retry_after(answer, now) or 5.0)
    if status in (401, 429):
        return trouble(Kind.RECONNECT, words or f"{connector.title} no longer accepts the saved credentials")
    if status == 529 and not write:
        return trouble(Kind.WAIT, f"{connector.title} is overloaded", retry_after(answer, now) or 10.0)
    if status in _BUSY or status >= 500:
        seconds = retry_after(answer, now)
        if status == 503 and seconds and not write:  # RFC 9110, 10.2.3: how long the service expects to be unavailable
            return trouble(Kind.WAIT, f"{connector.title} is not available for now", seconds)
        left = Left.STORED if answer.headers.get(connector.replayed) == "true" else Left.OPEN
        return trouble(Kind.UNKNOWN if write else Kind.RETRY, f"{connector.title} answered {status}", seconds, left)
    if status in (409, 412) and write:
        said = words or f"{connector.title} answered {status}: {vendor_words(answer)}"
        return trouble(Kind.UNKNOWN, said, left=Left.THERE)
    if status == 303 and write:  # RFC 9110, 15.4.4: what was asked for may be done, and is to be seen elsewhere
        return trouble(Kind.UNKNOWN, words or f"{connector.title} answered {status} and points to another address")
    if status >= 300:
        return trouble(Kind.REFUSED, words or f"{connector.title} answered {status}: {vendor_words(answer)}")
    what = f"{connector.title} answered {status} with something we cannot read ({type(error).__name__}: {error})"[:500]
    return trouble(Kind.UNKNOWN if write else Kind.RETRY, what)


def vendor_words(answer: Answer) -> str:
    """The message inside an error body, at most 300 characters, else its first text."""
    try:
        data = json.loads(answer.body)
    except ValueError:
        return answer.body[:200].decode("utf-8", "replace")
    for path in (("message",), ("error", "message"), ("error_description",), ("error",), ("detail",)):
        found = data
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str) and found:
            return found[:300]
    return json.dumps(data)[:200]


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds to wait: a number, an HTTP date, or (Zoom's daily limit) an ISO date; at most a day. None without a usable one."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    seconds = _seconds(text, now)
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_WAIT)


def _seconds(text: str, now: float) -> float | None:
    try:
        return float(text) if text.replace(".", "", 1).isdigit() else _moment(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
