"""A transcript (WebVTT, https://www.w3.org/TR/webvtt1/) as lines with speakers. Zoom writes "Ana Silva: Good morning." into a cue
whose speaker it knows."""

from __future__ import annotations

import html
import re

from connectors.contract import JSON, Refused

_TIMES = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})\s+-->\s+(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})(?:\s.*)?")
_SPEAKER = re.compile(r"(?P<speaker>[^:<>]{1,100}?):\s+(?P<text>.+)", re.DOTALL)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<speaker>[^>]{1,100})>(?P<text>.*)", re.DOTALL)
_TAG = re.compile(r"</?[a-z0-9:.][^>]*>")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def lines(content: bytes) -> list[dict[str, JSON]]:
    """[{"speaker", "text", "start", "end"}] in their order: `speaker` "" where nobody is named, times in seconds from the
    beginning. Raises `Refused` for what is no WebVTT; blocks that are no cues are passed over."""
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if not re.match(r"WEBVTT(?:[ \t\n]|\Z)", text):
        raise Refused("Zoom's file is no transcript. Look at the meeting's recording in Zoom.")
    blocks = re.split(r"\n\n+", _NO_TEXT.sub("�", text))[1:]
    return [cue for block in blocks if (cue := _cue(block.strip("\n").split("\n")))]


def _cue(block: list[str]) -> dict[str, JSON] | None:
    """Its times stand in the first line, or in the second below a number or name of it."""
    for number in (0, 1):
        found = _TIMES.fullmatch(block[number].strip()) if number < len(block) else None
        if found:
            said = " ".join(part.strip() for part in block[number + 1 :]).strip()
            speaker, text = _spoken(said)
            start, end = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:])
            return {"speaker": speaker, "text": text, "start": start, "end": end} if text else None
    return None


def _spoken(said: str) -> tuple[str, str]:
    found = _VOICE.fullmatch(said)
    if found is None:
        found = _SPEAKER.fullmatch(said)
    if found is None:
        return "", _plain(said)
    return _plain(found["speaker"]), _plain(found["text"])


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000
