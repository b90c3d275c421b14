"""The recaps that the practice Zoom knows: made by a delivery, listed and read by the catch-up."""

from __future__ import annotations

import base64
import copy
import secrets
import time
from collections.abc import Mapping
from typing import Any

from app.practice.ledger import Ledger
from app.practice.vendors.zoom.lists import key, moment, now, page, refuse, span

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
        meeting.update({name: now() for name in LISTED[-2:] if name in meeting})
    return body


def is_recap(body: dict[str, Any]) -> bool:
    meeting = (body.get("payload") or {}).get("object")
    return str(body.get("event", "")).startswith("meeting.summary_") and bool(
        isinstance(meeting, dict) and meeting.get("meeting_uuid")
    )


def keep(ledger: Ledger, body: dict[str, Any]) -> dict[str, Any]:
    """Stores a recap under its meeting's uuid; one that is there already keeps its time."""
    recap = dict(body["payload"]["object"])
    recap.setdefault("summary_created_time", now())
    recap.setdefault("summary_last_modified_time", recap["summary_created_time"])
    found = {"id": key(recap["meeting_uuid"]), "recap": recap, "event_ts": body.get("event_ts")}
    ledger.put(SLUG, "recap", found, rank=int(time.time() * 1000))
    return found


def all_recaps(ledger: Ledger) -> list[dict[str, Any]]:
    return [found["recap"] for found in ledger.objects(SLUG, "recap")]


def read(ledger: Ledger, meeting: str) -> dict[str, Any]:
    """By uuid, or by the meeting's number: then its latest instance."""
    found = ledger.get(SLUG, key(meeting))
    if found is None:
        same = [recap for recap in all_recaps(ledger) if str(recap.get("meeting_id")) == meeting]
        found = {"recap": same[-1]} if same else refuse(404, 3001, f"Meeting does not exist: {meeting}.")
    recap: dict[str, Any] = found["recap"]
    return recap


def listed(ledger: Ledger, given: Mapping[str, str]) -> dict[str, Any]:
    """`GET /meetings/meeting_summaries`: those made between `from` and `to`."""
    begin, end = span(given)
    found = [r for r in all_recaps(ledger) if begin <= moment(r["summary_created_time"], "", end) <= end]
    return page(given, "summaries", [{name: recap[name] for name in LISTED if name in recap} for recap in found])
