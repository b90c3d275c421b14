"""Zoom's webhooks: the signature, the address check, and the events in a delivery.

https://developers.zoom.us/docs/api/webhooks and https://github.com/zoom/webhook-sample
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from connectors.contract import JSON, BadSignature, Event, Received, Reply, Unreadable, read_strictly
from connectors.zoom._recording import files_of

WINDOW = 300  # seconds either way; Zoom's sample checks none, its guide asks for one without a number
SUMMARY_COMPLETED = "meeting.summary_completed"
SUMMARY_UPDATED = "meeting.summary_updated"
_ONE_OF_A_KIND = ("meeting.summary_", "recording.")  # kinds that happen at most once per meeting and millisecond
_LATEST = 2**53  # the largest whole number that every JSON reader keeps exactly


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery. Raises `BadSignature` or `Unreadable`."""
    secret = _signer(body, headers, secrets, now)
    document = read_strictly(body, "Zoom")
    if document.get("event") == "endpoint.url_validation":
        return Received(reply=_handshake(document, secret))
    # Whoever removed the app at Zoom has ended its tokens: asking at once shows it.
    return Received(events=(event(document, body),), catch_up=document.get("event") == "app_deauthorized")


# --- who sent it ------------------------------------------------------------------------------------------------------


def _signer(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> str:
    """The secret this delivery was signed with."""
    if not any(secrets):
        raise BadSignature("This connection has no Secret Token yet: copy it from the app's Features page in Zoom.")
    stamp, signature = headers.get("x-zm-request-timestamp", ""), headers.get("x-zm-signature", "")
    _check_time(stamp, now)
    given = signature.encode("utf-8", "backslashreplace")
    for secret in secrets:
        if secret and hmac.compare_digest(b"v0=" + _hmac(secret, b"v0:" + stamp.encode() + b":" + body), given):
            return secret
    raise BadSignature("The delivery was not signed with the Secret Token of this connection: copy it from Zoom again.")


def _check_time(stamp: str, now: float) -> None:
    # The sample sends seconds; 13 digits would be milliseconds (card: not verified which appears).
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 13):
        raise BadSignature("The delivery does not say when it was signed.")
    seconds = int(stamp) / 1000 if len(stamp) == 13 else int(stamp)
    if not abs(now - seconds) <= WINDOW:
        raise BadSignature("The delivery was signed more than five minutes away from now: check this computer's clock.")


def _hmac(secret: str, message: bytes) -> bytes:
    key = secret.encode("utf-8", "backslashreplace")
    return hmac.new(key, message, hashlib.sha256).hexdigest().encode()


def _handshake(document: dict[str, JSON], secret: str) -> Reply:
    """Zoom asks this at set-up and again every 72 hours, and wants the answer within 3 seconds."""
    token = _part(document, "payload").get("plainToken")
    if not isinstance(token, str) or not token:
        raise Unreadable("Zoom's check of the address came without its plainToken.")
    return Reply({"plainToken": token, "encryptedToken": _hmac(secret, token.encode()).decode()})


# --- what it holds ----------------------------------------------------------------------------------------------------


def event(document: dict[str, JSON], body: bytes) -> Event:
    """The one event in a delivery. Zoom gives events no id (header x-zm-trackingid is not promised to stay the same on
    a retry), so the key is made of what the event is about; where that is not enough, of its bytes."""
    kind = _text(document, "event")
    if not kind or len(kind) > 200:
        raise Unreadable("The delivery does not say which event it is.")
    payload = _part(document, "payload")
    about = _part(payload, "object")
    account = _text(payload, "account_id")
    uuid = _text(about, "meeting_uuid") or _text(about, "uuid")
    when = _when(document)
    if uuid and when is not None and kind.startswith(_ONE_OF_A_KIND):
        dedupe = _key(kind, account, uuid, when)
    else:
        dedupe = _key(kind, hashlib.sha256(body).hexdigest())
    return Event(kind, dedupe, body, serial_key=uuid, once_key=_once_key(kind, uuid, about, when), occurred_at=when)


def _once_key(kind: str, uuid: str, about: dict[str, JSON], when: int | None) -> str:
    """The second guard: one start per event, meeting and set of recording files, whatever `event_ts` a retry carries.
    Each edit of a recap is news of its own, so there the time of the edit is part of it."""
    if not uuid or not kind.startswith(_ONE_OF_A_KIND):
        return ""
    if kind == SUMMARY_COMPLETED or kind.startswith("recording."):
        return _key(kind, uuid, *_file_ids(kind, about))
    return _key(kind, uuid, _text(about, "summary_last_modified_time") or when)


def _file_ids(kind: str, about: dict[str, JSON]) -> list[str]:
    files = about.get("recording_files") or []
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise Unreadable("The list of recording files in the delivery is not a list.")
    return sorted(_text(file, "id") for file in files_of(kind, files))


def _when(document: dict[str, JSON]) -> int | None:
    """`event_ts`, milliseconds."""
    value = document.get("event_ts")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST:
        raise Unreadable("The time in the delivery (event_ts) is not a number of milliseconds.")
    return value


def _part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"The part “{name}” of the delivery is not an object.")
    return value


def _text(holder: dict[str, JSON], name: str) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"The field “{name}” of the delivery is not text.")
    return value


def _key(kind: str, *parts: str | int | None) -> str:
    """Readable in front; the rest hashed, so that no text in it can imitate another key and the length is fixed."""
    return f"{kind}:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]}"
