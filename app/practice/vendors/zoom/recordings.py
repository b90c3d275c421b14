"""The cloud recordings that the practice Zoom knows: made by a delivery or by a test, listed, read and downloaded.

A download's address leads on to one that is good by itself for a while; whoever may not download gets a page with status 200.
https://developers.zoom.us/docs/api/meetings/#tag/cloud-recording
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.practice.door import Ground
from app.practice.ledger import Ledger
from app.practice.vendors.zoom.lists import key, moment, now, page, refuse, span

SLUG, KIND = "zoom", "recording"
_MONTH = timedelta(days=31)
_HIDDEN = ("password", "recording_play_passcode")
PAGE = "<!doctype html><title>Zoom</title><p>Only the host can download this recording. Please sign in to your Zoom account.</p>"
SAID = """WEBVTT

1
00:00:03.240 --> 00:00:05.670
Ana Silva: Good morning. Two boxes of paper are left.

2
00:00:06.000 --> 00:00:09.500
Ben Costa: Then I order ten more,
and envelopes &amp; stamps.

3
00:00:10.000 --> 00:00:11.000
Thank you.
"""


def is_recording(body: dict[str, Any]) -> bool:
    about = (body.get("payload") or {}).get("object")
    return str(body.get("event", "")).startswith("recording.") and isinstance(about, dict) and bool(about.get("uuid"))


def fresh(body: dict[str, Any]) -> dict[str, Any]:
    """Another instance of the meeting, which has just ended."""
    about = body["payload"]["object"]
    about["start_time"] = now()
    for file in about.get("recording_files") or []:
        file.update({"recording_start": now(), "recording_end": now(), "meeting_id": about["uuid"]})
    return body


def keep(ledger: Ledger, body: dict[str, Any], said: str = SAID) -> dict[str, Any]:
    """Stores a recording under its meeting's uuid; further files of it are added. `said` is what its transcripts say."""
    about = copy.deepcopy(body["payload"]["object"])
    before = ledger.get(SLUG, f"recording-{key(about['uuid'])}", KIND) or {
        "meeting": {"recording_files": []},
        "said": {},
    }
    files = {file["id"]: file for file in before["meeting"]["recording_files"]}
    files |= {file["id"]: file for file in about.get("recording_files") or []}
    spoken = (one for one, file in files.items() if file.get("file_type") == "TRANSCRIPT")
    words = {one: before["said"].get(one, said) for one in spoken}
    meeting = {**before["meeting"], **about, "recording_files": list(files.values())}
    found = {"id": f"recording-{key(about['uuid'])}", "meeting": meeting, "said": words}
    ledger.put(SLUG, KIND, found, rank=int(time.time() * 1000))
    return found


def delete(ledger: Ledger, uuid: str) -> str:
    """As a person does in Zoom."""
    found = ledger.get(SLUG, f"recording-{key(uuid)}", KIND)
    if found:
        ledger.put(SLUG, KIND, {**found, "in_trash": True})
    return uuid


def listed(ground: Ground, root: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Those of meetings that began between two days, a month at most."""
    begin, end = span(given)
    if end - begin > _MONTH:
        refuse(400, 300, "The date range can not be more than a month.")
    found = [shown(ground, root, one) for one in all_recordings(ground.ledger)]
    today = datetime.now(UTC)
    within = [one for one in found if begin <= moment(one.get("start_time"), "", today) <= end]
    return page(given, "meetings", within)


def read(ground: Ground, root: str, meeting: str) -> dict[str, Any]:
    """By uuid, or by the meeting's number: then its latest instance."""
    same = [
        one
        for one in all_recordings(ground.ledger)
        if meeting in (one["meeting"]["uuid"], str(one["meeting"].get("id")))
    ]
    if not same:
        refuse(404, 3301, "There is no recording for this meeting.")
    return shown(ground, root, same[-1])


def shown(ground: Ground, root: str, one: dict[str, Any]) -> dict[str, Any]:
    meeting = {name: value for name, value in one["meeting"].items() if name not in _HIDDEN}
    files = []
    for file in meeting["recording_files"]:
        own: dict[str, Any] = {"download_url": f"{root}/rec/download/{one['id']}/{file['id']}"}
        if file["id"] in one["said"]:
            own["file_size"] = len(one["said"][file["id"]].encode())
        files.append({**file, **own})
    return {**meeting, "recording_files": files}


def content(ledger: Ledger, recording: str, file: str) -> bytes:
    found = next((one for one in all_recordings(ledger) if one["id"] == recording), None)
    if found is None or file not in found["said"]:
        refuse(404, 3301, "This recording does not exist.")
    words: str = found["said"][file]
    return words.encode()


def proof(ground: Ground, recording: str, file: str) -> str:
    """What makes an address good by itself."""
    return hmac.new(ground.token.encode(), f"{recording}/{file}".encode(), hashlib.sha256).hexdigest()


def all_recordings(ledger: Ledger) -> list[dict[str, Any]]:
    return [one for one in ledger.objects(SLUG, KIND) if not one.get("in_trash")]
