"""What recipes read: the recap of a meeting, and the transcript of its recording.

A meeting is named by its uuid, one instance, or by its number, of which Zoom answers for the latest instance.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import requests

from connectors.contract import JSON, Refused, Unavailable
from connectors.zoom._client import Zoom, encoded
from connectors.zoom._files import download
from connectors.zoom._plain import entries, line, moment
from connectors.zoom._plain import time as when
from connectors.zoom._recap import shape
from connectors.zoom._recording import TRANSCRIPT
from connectors.zoom._transcript import lines

SECONDS = 120.0  # all the files of one transcript
PARTS = 20
PATIENCE = timedelta(hours=24)  # after the beginning of a meeting in which its transcript may still be made
_NO_RECAP = (
    "Zoom has no recap of this meeting yet; it comes some minutes after the end and is looked for again. If AI summaries were "
    "off, or the recap was deleted, stop this run."
)
_NO_RECORDING = (
    "Zoom has no recording of this meeting yet; it is looked for again. If it was not recorded in the cloud, which paid plans "
    "have, or the recording was deleted, stop this run."
)
_NOT_YET = "Zoom is still making the transcript of this meeting; it is looked for again."
_NO_TRANSCRIPT = (
    "This recording has no transcript. Switch Audio transcript on in Zoom's settings under Recording: Zoom makes none for "
    "meetings before that."
)


def read_summary(client: Zoom, *, meeting: str) -> dict[str, JSON]:
    """The recap as it stands now, edits included, in the shape of the event. Raises `Unavailable` where there is none yet."""
    answer = _read(client, f"/meetings/{_named(meeting)}/meeting_summary", _NO_RECAP)
    payload = {"account_id": client.account_id, "object": answer}
    return shape(json.dumps({"payload": payload}).encode())


def read_transcript(client: Zoom, *, meeting: str) -> dict[str, JSON]:
    """{"meeting_uuid", "meeting_id", "topic", "start", "speakers", "lines", "text"}. `lines` are {"speaker", "text", "start",
    "end", "part"}: seconds from the beginning of that part of the recording; a pause begins another part. `text` has a line for
    each. Raises `Refused` where there will be none, `Unavailable` where it is not made yet."""
    found = _read(client, f"/meetings/{_named(meeting)}/recordings", _NO_RECORDING)
    until = time.monotonic() + SECONDS
    said: list[dict[str, JSON]] = []
    for number, file in enumerate(_transcripts(found), 1):
        if time.monotonic() > until:
            raise Unavailable("Zoom was too slow with the files of this transcript; this is tried again later.")
        said += [{**one, "part": number} for one in lines(download(client, file))]
    return {
        "meeting_uuid": line(found.get("uuid")),
        "meeting_id": line(found.get("id")),
        "topic": line(found.get("topic")).strip(),
        "start": when(found.get("start_time")),
        "speakers": list(dict.fromkeys(one["speaker"] for one in said if one["speaker"])),
        "lines": said,
        "text": "\n".join(f"{one['speaker']}: {one['text']}" if one["speaker"] else one["text"] for one in said),
    }


def _named(meeting: str) -> str:
    """Raises `Refused` for what would name another path."""
    if not meeting.strip() or meeting in (".", ".."):
        raise Refused("No meeting is named. Use the meeting of the event, such as {{ event.meeting_uuid }}.")
    return encoded(meeting)


def _read(client: Zoom, path: str, missing: str) -> dict[str, JSON]:
    if not client.connected:
        raise Refused(
            "Only Zoom's webhooks are set up here. Enter the app's credentials on the Connections page to read from Zoom."
        )
    try:
        return client.get(path)
    except requests.HTTPError as refusal:
        if refusal.response.status_code == 404:
            raise Unavailable(missing) from refusal
        raise


def _transcripts(found: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The files of the transcript in their order."""
    files = [one for one in entries(found.get("recording_files")) if one.get("file_type") == TRANSCRIPT]
    now = datetime.now(UTC)
    begun = moment(found.get("start_time"), now)
    if not files or any(one.get("status") not in ("completed", None) for one in files):
        raise Unavailable(_NOT_YET) if now - begun < PATIENCE else Refused(_NO_TRANSCRIPT)
    if len(files) > PARTS:
        raise Refused(
            f"This recording has {len(files)} parts, more than Patchbay reads. Download its transcript in Zoom."
        )
    return sorted(files, key=lambda one: line(one.get("recording_start")))
