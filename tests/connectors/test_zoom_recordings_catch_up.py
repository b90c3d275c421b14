"""Catching up on recordings and transcripts whose webhook got lost, against the practice Zoom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import time_machine

from connectors.contract import Event
from connectors.zoom import connector
from connectors.zoom._recording import shape
from tests.connectors.signing_zoom import signed
from tests.connectors.stand import Stand, reopened, standing
from tests.connectors.zoom_samples import SAMPLES
from tests.connectors.zoom_stand import NOW, RECORDINGS

PATH = "/v2/accounts/me/recordings"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as at_noon:
        yield at_noon


@pytest.fixture
def zoom() -> Iterator[Stand]:
    with standing("zoom") as made:
        yield made


def recorded(
    zoom: Stand,
    uuid: str = "m1",
    *,
    ago: timedelta = timedelta(hours=2),
    name: str = "recording_completed",
    **more: Any,
) -> None:
    """A recording, or a transcript, that is there and was never told."""
    body = json.loads((SAMPLES / f"{name}.json").read_bytes())
    when = (datetime.now(tz=NOW.tzinfo) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    files = [
        file | {"recording_end": when} | more.get("file", {}) for file in body["payload"]["object"]["recording_files"]
    ]
    about = {"uuid": uuid, "start_time": when, "recording_files": files} | more.get("about", {})
    body["payload"]["object"] |= about
    zoom.served.control("zoom_recording", {"body": body})


def look(zoom: Stand, cursor: Any) -> tuple[list[Event], Any]:
    events, after = RECORDINGS.run(zoom.client, cursor)
    return events, json.loads(json.dumps(after))


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.serial_key, event.kind.removeprefix("recording.")) for event in events]


def lists(zoom: Stand) -> list[dict[str, str]]:
    return [
        {name: values[0] for name, values in parse_qs(one["query"]).items()}
        for one in zoom.asked("GET")
        if one["path"] == PATH
    ]


# --- what is found ----------------------------------------------------------------------------------------------------


def test_a_lost_recording_is_found_and_counts_as_its_webhook_would(zoom: Stand) -> None:
    recorded(zoom, "/aB1+x==")
    (event,), _ = look(zoom, None)
    body = (SAMPLES / "recording_completed.json").read_bytes()
    assert connector.hook
    (sent,) = connector.hook.receive(body, signed(body, "s", 0), ["s"], 0).events
    assert (event.kind, event.once_key, event.serial_key) == (sent.kind, sent.once_key, sent.serial_key)
    seen, wanted = shape(event.body), shape(sent.body)
    assert (seen["topic"], seen["host_email"]) == ("Weekly stock call", "ana@shop.example")
    assert [file["id"] for file in seen["files"]] == [file["id"] for file in wanted["files"]]
    assert not [
        word for word in (b"download_url", b'"password"', b"play_passcode", b"download_token") if word in event.body
    ]


def test_recording_and_transcript_are_told_each_once(zoom: Stand, clock: time_machine.Traveller) -> None:
    recorded(zoom)
    events, cursor = look(zoom, None)
    assert told(events) == [("m1", "completed")]
    clock.shift(900)
    recorded(zoom, name="transcript_completed")
    events, cursor = look(zoom, cursor)
    assert told(events) == [("m1", "transcript_completed")]
    assert shape(events[0].body)["has_transcript"]
    clock.shift(900)
    assert look(zoom, cursor)[0] == []


def test_both_at_once_are_two_events_and_the_recording_is_the_same_with_a_transcript_beside_it(zoom: Stand) -> None:
    recorded(zoom)
    recorded(zoom, name="transcript_completed")
    events, _ = look(zoom, None)
    assert told(events) == [("m1", "completed"), ("m1", "transcript_completed")]
    assert not shape(events[0].body)["has_transcript"]


def test_one_that_zoom_is_still_making_is_told_when_it_is_ready(zoom: Stand, clock: time_machine.Traveller) -> None:
    recorded(zoom, file={"status": "processing"})
    recorded(zoom, "fine")
    events, cursor = look(zoom, None)
    assert told(events) == [("fine", "completed")]
    clock.shift(900)
    recorded(zoom, ago=timedelta(hours=2, minutes=15))
    events, cursor = look(zoom, cursor)
    assert told(events) == [("m1", "completed")]


def test_a_transcript_of_days_later_is_found(zoom: Stand, clock: time_machine.Traveller) -> None:
    recorded(zoom)
    _, cursor = look(zoom, None)
    clock.shift(timedelta(days=3))
    _, cursor = look(zoom, cursor)
    recorded(zoom, ago=timedelta(days=3, hours=2), name="transcript_completed")
    assert told(look(zoom, cursor)[0]) == [("m1", "transcript_completed")]


def test_the_first_look_goes_back_one_day_and_forgets_none_that_is_still_made(zoom: Stand) -> None:
    recorded(zoom, "old", ago=timedelta(hours=30))
    recorded(zoom, "slow", ago=timedelta(hours=30), file={"status": "processing"})
    events, cursor = look(zoom, None)
    assert events == []
    recorded(zoom, "slow", ago=timedelta(hours=30))
    assert told(look(zoom, cursor)[0]) == [("slow", "completed")]


def test_the_hosts_address_is_asked_for_where_the_list_leaves_it_out(zoom: Stand) -> None:
    for uuid in ("m1", "m2"):
        recorded(zoom, uuid, about={"host_email": None, "host_id": "practice-host"})
    recorded(zoom, "m3", about={"host_email": None, "host_id": "who has left"})
    events, _ = look(zoom, None)
    assert [shape(event.body)["host_email"] for event in events] == ["ana.silva@practice.example"] * 2 + [""]
    assert len([one for one in zoom.asked("GET") if one["path"].startswith("/v2/users/")]) == 2


# --- how it is asked --------------------------------------------------------------------------------------------------


def test_after_a_long_outage_it_asks_for_less_than_a_month_and_goes_on(zoom: Stand) -> None:
    recorded(zoom, "long ago", ago=timedelta(days=60))
    recorded(zoom, "lately", ago=timedelta(days=1))
    cursor: Any = {"since": (NOW - timedelta(days=62)).isoformat(), "seen": {}}
    found = []
    for _ in range(3):
        events, cursor = look(zoom, cursor)
        found += told(events)
    assert found == [("long ago", "completed"), ("lately", "completed")]
    for one in lists(zoom):
        span = datetime.fromisoformat(one["to"]) - datetime.fromisoformat(one["from"])
        assert span <= timedelta(days=27), one


def many(zoom: Stand, number: int) -> list[tuple[str, str]]:
    for i in range(number):
        recorded(zoom, f"m{i:03}", ago=timedelta(hours=20) - timedelta(minutes=i % 60, seconds=i))
    return [(f"m{i:03}", "completed") for i in range(number)]


def test_fifty_a_round_until_all_are_told_over_all_pages(zoom: Stand) -> None:
    wanted, cursor, found = many(zoom, 310), None, []
    for size in (50, 50, 50, 50, 50, 50, 10, 0):
        events, cursor = look(zoom, cursor)
        assert len(events) == size
        found += told(events)
    assert sorted(found) == wanted
    assert [bool(one.get("next_page_token")) for one in lists(zoom)][:2] == [False, True]


def test_a_second_page_that_fails_loses_nothing(zoom: Stand) -> None:
    wanted = many(zoom, 310)
    zoom.served.fault("zoom", "status", path=PATH, status=503, skip=1)
    with pytest.raises(requests.HTTPError, match="503"):
        look(zoom, None)
    assert len(lists(zoom)) == 2
    cursor, found = None, []
    for _ in range(7):
        events, cursor = look(zoom, cursor)
        found += told(events)
    assert sorted(found) == wanted


def test_an_app_for_recaps_is_left_alone(zoom: Stand) -> None:
    zoom.note(scopes="meeting:read:summary:admin user:read:user:admin")
    recorded(zoom)
    assert RECORDINGS.run(reopened(zoom).client, None) == ([], None)
    assert lists(zoom) == []


def test_a_permission_that_is_missing_is_named(zoom: Stand) -> None:
    zoom.note(scopes="user:read:user:admin cloud_recording:read:list_recording_files:admin")
    with pytest.raises(requests.HTTPError) as refusal:
        look(reopened(zoom), None)
    words = connector.explain(400, refusal.value.response.content)
    assert words
    assert "add the missing permission under Scopes" in words
    assert "cloud_recording:read:list_account_recordings:admin" in words


def test_without_credentials_nothing_is_asked(zoom: Stand) -> None:
    bare = reopened(zoom, account_id="", client_id="", client_secret="")
    assert RECORDINGS.run(bare.client, None) == ([], None)
    assert zoom.asked() == []


@pytest.mark.parametrize(
    "cursor",
    [{}, {"since": 5}, {"since": "never", "seen": None}, {"since": "2999-01-01T00:00:00Z", "seen": {}}, "x", 5],
)
def test_a_cursor_that_is_none_begins_anew(zoom: Stand, cursor: Any) -> None:
    recorded(zoom, ago=timedelta(hours=1))
    events, after = look(zoom, cursor)
    assert told(events) == [("m1", "completed")]
    assert after["since"] == "2026-11-02T12:00:00Z"
