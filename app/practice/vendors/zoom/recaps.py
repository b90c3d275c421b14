"""The recaps that the practice Zoom knows: made by a delivery, listed and read by the catch-up."""

from __future__ import annotations

import base64
import copy
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

from app.practice.door import Refusal
from app.practice.ledger import Ledger

SLUG = "zoom"
_LISTED = """
meeting_host_id meeting_host_email meeting_uuid meeting_id meeting_topic meeting_start_time meeting_end_time
summary_start_time summary_end_time summary_created_time summary_last_modified_time
"""
LISTED = tuple(_LISTED.split())


def fresh(body: dict[str, Any]) -> dict[str, Any]:
    """The same event as if it happened now: another instance of the meeting, another time."""
    body = copy.deepcopy(body)
    body["event_ts"] = int(time.time() * 1000)
    meeting = (body.get("payload") or {}).get("object")
    if isinstance(meeting, dict):
        uuid = base64.b64encode(secrets.token_bytes(16)).decode()
        meeting["meeting_uuid" if "meeting_uuid" in meeting else "uuid"] = uuid
        meeting.update({name: _now() for name in LISTED[-2:] if name in meeting})
    return body


def is_recap(body: dict[str, Any]) -> bool:
    meeting = (body.get("payload") or {}).get("object")
    return str(body.get("event", "")).startswith("meeting.summary_") and bool(
        isinstance(meeting, dict) and meeting.get("meeting_uuid")
    )


def keep(ledger: Ledger, body: dict[str, Any]) -> dict[str, Any]:
    """Stores a recap under its meeting's uuid; one that is there already keeps its time."""
    recap = dict(body["payload"]["object"])
    recap.setdefault("summary_created_time", _now())
    recap.setdefault("summary_last_modified_time", recap["summary_created_time"])
    # Object ids are compared in lower case; a uuid in base64 is not the same in it.
    found = {"id": _key(recap["meeting_uuid"]), "recap": recap, "event_ts": body.get("event_ts")}
    ledger.put(SLUG, "recap", found, rank=int(time.time() * 1000))
    return found


def all_recaps(ledger: Ledger) -> list[dict[str, Any]]:
    return [found["recap"] for found in ledger.objects(SLUG, "recap")]


def read(ledger: Ledger, meeting: str) -> dict[str, Any]:
    """By uuid, or by the meeting's number: then its latest instance."""
    found = ledger.get(SLUG, _key(meeting))
    if found is None:
        same = [recap for recap in all_recaps(ledger) if str(recap.get("meeting_id")) == meeting]
        found = {"recap": same[-1]} if same else _refuse(404, 3001, f"Meeting does not exist: {meeting}.")
    recap: dict[str, Any] = found["recap"]
    return recap


def listed(ledger: Ledger, given: Mapping[str, str]) -> dict[str, Any]:
    """`GET /meetings/meeting_summaries`: those made between `from` and `to`."""
    today = datetime.now(UTC)
    begin = _moment(given.get("from"), "from", today - timedelta(days=1))
    end = _moment(given.get("to"), "to", today, whole_day=True)
    if begin > end:
        _refuse(400, 300, "The from date must not be later than the to date.")
    size, start = _size(given.get("page_size")), _start(given.get("next_page_token", ""))
    found = [r for r in all_recaps(ledger) if begin <= _moment(r["summary_created_time"], "", today) <= end]
    shown = [{name: recap[name] for name in LISTED if name in recap} for recap in found[start : start + size]]
    token = _token(start + size) if start + size < len(found) else ""
    frame = {"page_size": size, "next_page_token": token, "from": given.get("from", ""), "to": given.get("to", "")}
    return {**frame, "summaries": shown}


def _key(uuid: str) -> str:
    return uuid.encode().hex()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str | None, name: str, otherwise: datetime, whole_day: bool = False) -> datetime:
    if not text:
        return otherwise
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1, seconds=-1) if whole_day else day
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(400, 300, f"Validation Failed: {name} must be yyyy-MM-ddTHH:mm:ssZ.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _size(text: str | None) -> int:
    if text is None:
        return 30
    if not text.isdecimal() or not 1 <= int(text) <= 300:
        _refuse(400, 300, "Validation Failed: page_size must be between 1 and 300.")
    return int(text)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"page:{start}".encode()).decode()


def _start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:")) if token else 0
    except ValueError:
        _refuse(400, 300, "The next page token is invalid or expired.")


def _refuse(status: int, code: int, message: str) -> NoReturn:
    raise Refusal(status, {"code": code, "message": message})
