"""Zoom's recordings and transcripts as events: what recipes see of them, what stays sealed, and how they are known again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from connectors.contract import Event, Label, Unreadable
from connectors.zoom import connector
from connectors.zoom._recording import FIELDS, shape
from tests.connectors.signing_zoom import signed
from tests.connectors.test_zoom import _ANY
from tests.connectors.zoom_samples import changed, sample

NOW = 1_793_000_000.0
SECRETS = ("Ex4mple", "example-download-token", "webhook_download", "pwd=")
KINDS = {"recording_completed": "recording.completed", "transcript_completed": "recording.transcript_completed"}


def only(body: bytes) -> Event:
    assert connector.hook
    (event,) = connector.hook.receive(body, signed(body, "s", NOW), ["s"], NOW).events
    return event


@pytest.mark.parametrize("name", KINDS)
def test_a_delivery_is_one_event_of_its_meeting(name: str) -> None:
    event = only(sample(name))
    assert (event.kind, event.serial_key) == (KINDS[name], "/aB1+x==")
    assert event.body == sample(name)
    assert any(trigger.kind == event.kind for trigger in connector.triggers)


def test_a_recipe_sees_the_meeting_its_host_and_its_files() -> None:
    seen = shape(sample("recording_completed"))
    assert seen.pop("files") == [
        {
            "id": f"5f1b1d8e-0001-4c4e-9d3a-00000000000{number}",
            "type": type_,
            "kind": kind,
            "extension": extension,
            "bytes": size,
            "start": "2026-11-02T09:00:10Z",
            "end": "2026-11-02T09:31:00Z",
            "play_url": f"https://us02web.zoom.us/rec/play/Example_play_{what}",
        }
        for number, type_, kind, extension, size, what in (
            (1, "MP4", "shared_screen_with_speaker_view", "MP4", 30_000_000, "video"),
            (2, "M4A", "audio_only", "M4A", 1_234_000, "audio"),
            (3, "CHAT", "chat_file", "TXT", 567, "chat"),
        )
    ]
    assert seen == {
        "meeting_uuid": "/aB1+x==",
        "meeting_id": "81234567890",
        "topic": "Weekly stock call",
        "host_id": "u1",
        "host_email": "ana@shop.example",
        "start": "2026-11-02T09:00:00Z",
        "end": "2026-11-02T09:31:00Z",
        "minutes": 31,
        "share_url": "https://us02web.zoom.us/rec/share/Example_share",
        "has_transcript": False,
        "account_id": "acc1",
    }
    assert shape(sample("transcript_completed"))["has_transcript"]


@pytest.mark.parametrize("name", KINDS)
def test_what_opens_a_recording_stays_in_the_sealed_event(name: str) -> None:
    body = sample(name).decode()
    assert "download_token" in body
    assert "password" in body
    assert not [word for word in SECRETS if word in json.dumps(shape(body.encode()))]


def test_a_transcript_comes_with_or_without_a_token_for_its_download() -> None:
    document = json.loads(sample("transcript_completed"))
    del document["download_token"]
    assert only(json.dumps(document).encode()).once_key == only(sample("transcript_completed")).once_key


def test_what_people_write_is_told_apart_from_what_zoom_vouches_for() -> None:
    outside = {name for name, label in FIELDS.items() if label is Label.OUTSIDE}
    assert outside == {"topic", "host_email"}


def test_a_recording_that_is_told_with_its_transcript_is_the_same_one() -> None:
    files = json.loads(sample("recording_completed"))["payload"]["object"]["recording_files"]
    transcript = json.loads(sample("transcript_completed"))["payload"]["object"]["recording_files"]
    both = changed("recording_completed", recording_files=[*transcript, *reversed(files)])
    assert only(both).once_key == only(sample("recording_completed")).once_key
    fewer = changed("recording_completed", recording_files=files[:1])
    assert only(fewer).once_key != only(sample("recording_completed")).once_key
    told = changed("transcript_completed", recording_files=[*files, *transcript])
    assert only(told).once_key == only(sample("transcript_completed")).once_key


def test_a_retry_starts_nothing_twice_and_the_transcript_is_news_of_its_own() -> None:
    first = only(sample("recording_completed"))
    assert first.once_key == only(changed("recording_completed", event_ts=1793005500000)).once_key
    assert first.once_key != only(sample("transcript_completed")).once_key
    assert first.serial_key == only(sample("transcript_completed")).serial_key


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://zoom.us/rec", "https://", "https://[", "//zoom.us/rec", 5, None, {"a": 1}, ["x"]],
)
def test_an_address_that_is_none_of_the_web_is_left_out(url: Any) -> None:
    assert shape(changed("recording_completed", share_url=url))["share_url"] == ""


def test_lists_may_be_empty() -> None:
    seen = shape(changed("recording_completed", recording_files=[]))
    assert (seen["files"], seen["end"], seen["has_transcript"]) == ([], "", False)


@settings(max_examples=200, deadline=None)
@given(_ANY, _ANY)
def test_any_signed_recording_is_an_event_or_unreadable(about: Any, file: Any) -> None:
    about = about if isinstance(about, dict) else {"recording_files": [about]}
    body = {
        "event": "recording.completed",
        "event_ts": 1,
        "payload": {"object": {"recording_files": [file], **about, "uuid": "u"}},
    }
    try:
        seen = shape(only(json.dumps(body).encode()).body)
    except Unreadable:
        return
    assert set(seen) == {name for name in FIELDS if "[" not in name}
    for one in seen["files"]:
        assert {f"files[].{name}" for name in one} == {name for name in FIELDS if "[]" in name}
