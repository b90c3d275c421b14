"""Zoom's cloud recording of a meeting as the plain value a recipe sees.

https://developers.zoom.us/docs/api/meetings/events/ , recording.completed and recording.transcript_completed. What opens a
recording to whoever holds it (`download_token`, passcodes, the addresses of downloads) stays in the sealed event: runs show
and keep what they are given. A transcript is read by the action for it, with the account's own permission.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from connectors.contract import JSON, Label, read_strictly
from connectors.zoom._plain import entries, line, part, time, whole

COMPLETED = "recording.completed"
TRANSCRIPT_COMPLETED = "recording.transcript_completed"
TRANSCRIPT = "TRANSCRIPT"
LATER = (TRANSCRIPT, "CC", "SUMMARY")  # types of files that Zoom makes out of a recording once it is complete
FIELDS = {
    "meeting_uuid": Label.VENDOR,
    "meeting_id": Label.VENDOR,
    "topic": Label.OUTSIDE,
    "host_id": Label.VENDOR,
    "host_email": Label.OUTSIDE,
    "start": Label.VENDOR,
    "end": Label.VENDOR,
    "minutes": Label.VENDOR,
    "share_url": Label.VENDOR,
    "files": Label.VENDOR,
    "files[].id": Label.VENDOR,
    "files[].type": Label.VENDOR,
    "files[].kind": Label.VENDOR,
    "files[].extension": Label.VENDOR,
    "files[].bytes": Label.VENDOR,
    "files[].start": Label.VENDOR,
    "files[].end": Label.VENDOR,
    "files[].play_url": Label.VENDOR,
    "has_transcript": Label.VENDOR,
    "account_id": Label.VENDOR,
}


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. Text, or "" where Zoom says nothing; times ISO 8601, `minutes` and `bytes`
    whole numbers; a file's `type` is MP4, M4A, TRANSCRIPT, CHAT and the like, `kind` what it shows ("audio_only")."""
    payload = part(read_strictly(body, "Zoom"), "payload")
    about = part(payload, "object")
    files = [_file(one) for one in entries(about.get("recording_files"))]
    return {
        "meeting_uuid": line(about.get("uuid")),
        "meeting_id": line(about.get("id")),
        "topic": line(about.get("topic")).strip(),
        "host_id": line(about.get("host_id")),
        "host_email": line(about.get("host_email")),
        "start": time(about.get("start_time")),
        "end": max((file["end"] for file in files), default=""),
        "minutes": whole(about.get("duration")),
        "share_url": _bare(about.get("share_url")),
        "files": files,
        "has_transcript": any(file["type"] == TRANSCRIPT for file in files),
        "account_id": line(payload.get("account_id")),
    }


def _file(one: dict[str, JSON]) -> dict[str, JSON]:
    return {
        "id": line(one.get("id")),
        "type": line(one.get("file_type")),
        "kind": line(one.get("recording_type")),
        "extension": line(one.get("file_extension")),
        "bytes": whole(one.get("file_size")),
        "start": time(one.get("recording_start")),
        "end": time(one.get("recording_end")),
        "play_url": _bare(one.get("play_url")),
    }


def _bare(value: JSON) -> str:
    """A page on the web without its query, in which a passcode may stand ("?pwd=")."""
    try:
        found = urlsplit(line(value))
    except ValueError:
        return ""
    return f"https://{found.netloc}{found.path}" if found.scheme == "https" and found.netloc else ""


def files_of(kind: str, files: JSON) -> list[dict[str, JSON]]:
    """The files by which an event of this kind is known. A recording may be announced with its transcript or without it, and
    is the same one."""
    found = entries(files)
    if kind == TRANSCRIPT_COMPLETED:
        return [one for one in found if one.get("file_type") == TRANSCRIPT]
    return [one for one in found if one.get("file_type") not in LATER]
