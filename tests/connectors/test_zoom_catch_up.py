"""Catching up on recaps whose webhook got lost."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from app.core.http import Cut, Door
from app.practice.serve import Served
from connectors.contract import Event, Unavailable
from connectors.zoom import connector
from connectors.zoom._client import encoded
from connectors.zoom._recap import shape
from tests.connectors.loopback import Answer, Asked, vendor
from tests.connectors.zoom_stand import CREDENTIALS, NOW, POLL, Stand, standing


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing() as one:
        yield one


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as at_noon:
        yield at_noon


def uuids(events: list[Event]) -> list[str]:
    return [event.serial_key for event in events]


# --- catching up ------------------------------------------------------------------------------------------------------


def test_a_lost_recap_is_found_and_counts_as_the_webhook_would(stand: Stand) -> None:
    stand.recaps = {"/aB1+x==": NOW - timedelta(hours=1)}
    (event,), _ = POLL.run(stand.open(), None)
    recap = shape(event.body)
    assert (event.kind, recap["topic"], recap["account_id"]) == ("meeting.summary_completed", "Call /aB1+x==", "acc1")
    assert event.occurred_at == int((NOW - timedelta(hours=1)).timestamp() * 1000)
    assert b"password" not in event.body
    by_webhook = {
        "event": "meeting.summary_completed",
        "event_ts": event.occurred_at,
        "payload": {"account_id": "acc1", "object": {"meeting_uuid": "/aB1+x=="}},
    }
    same = _received(json.dumps(by_webhook).encode())
    assert (same.once_key, same.dedupe_key, same.serial_key) == (event.once_key, event.dedupe_key, event.serial_key)


def _received(body: bytes) -> Event:
    assert connector.hook
    stamp = str(int(NOW.timestamp()))
    mac = hmac.new(b"k", b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"x-zm-signature": f"v0={mac}", "x-zm-request-timestamp": stamp}
    return connector.hook.receive(body, headers, ["k"], NOW.timestamp()).events[0]


def test_the_first_look_goes_back_one_day(stand: Stand) -> None:
    stand.recaps = {"old": NOW - timedelta(hours=25), "new": NOW - timedelta(hours=23)}
    events, _ = POLL.run(stand.open(), None)
    assert uuids(events) == ["new"]


def test_the_next_look_reads_nothing_twice_and_finds_what_was_listed_late(
    stand: Stand, clock: time_machine.Traveller
) -> None:
    stand.recaps = {"first": NOW - timedelta(minutes=30)}
    _, cursor = POLL.run(stand.open(), None)
    clock.shift(900)
    stand.recaps |= {"late": NOW - timedelta(minutes=90), "next": NOW + timedelta(minutes=5)}
    events, cursor = POLL.run(stand.open(), json.loads(json.dumps(cursor)))
    assert uuids(events) == ["late", "next"]
    clock.shift(900)
    assert POLL.run(stand.open(), cursor)[0] == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_recap_that_cannot_be_read_yet_is_looked_at_again_for_two_hours(
    stand: Stand, clock: time_machine.Traveller, status: int
) -> None:
    stand.recaps = {"early": NOW - timedelta(minutes=5), "fine": NOW - timedelta(minutes=4)}
    stand.broken = {"early": (status, {"code": 3001, "message": "Meeting summary does not exist."})}
    events, cursor = POLL.run(stand.open(), None)
    assert uuids(events) == ["fine"]
    clock.shift(900)
    events, cursor = POLL.run(stand.open(), cursor)
    assert events == []
    del stand.broken["early"]
    events, cursor = POLL.run(stand.open(), cursor)
    assert uuids(events) == ["early"]


def test_a_recap_that_never_comes_is_given_up(stand: Stand, clock: time_machine.Traveller) -> None:
    stand.recaps, stand.broken = {"gone": NOW - timedelta(minutes=5)}, {"gone": (404, {"code": 3301})}
    cursor: Any = None
    for _ in range(14):
        _, cursor = POLL.run(stand.open(), cursor)
        clock.shift(900)
    assert len(stand.readings()) == 9
    assert cursor["missed"] == {}


def test_after_an_outage_fifty_a_round_oldest_first_until_all_are_read(stand: Stand) -> None:
    stand.page = 60
    stand.recaps = {f"m{i:03}": NOW - timedelta(hours=20) + timedelta(minutes=i) for i in range(130)}
    cursor, found = None, []
    for size in (50, 50, 30, 0):
        events, cursor = POLL.run(stand.open(), cursor)
        assert len(events) == size
        found += uuids(events)
    assert found == sorted(stand.recaps)


def test_many_recaps_of_one_minute_do_not_stop_it(stand: Stand) -> None:
    """More than a round holds, some of them unreadable, all within the overlap."""
    stand.recaps = {f"m{i:03}": NOW - timedelta(minutes=10) for i in range(120)}
    stand.broken = {f"m{i:03}": (404, {}) for i in range(60, 120)}  # read first: the last of a minute is listed first
    cursor, found = None, []
    for _ in range(3):
        events, cursor = POLL.run(stand.open(), cursor)
        found += uuids(events)
    assert sorted(found) == [f"m{i:03}" for i in range(60)]


def test_what_was_read_before_a_failure_is_kept_and_the_failure_is_heard_next(stand: Stand) -> None:
    stand.recaps = {f"m{i}": NOW - timedelta(minutes=60 - i) for i in range(5)}
    stand.broken = {"m2": (429, {"message": "You have reached the maximum daily rate limit."})}
    events, cursor = POLL.run(stand.open(), None)
    assert uuids(events) == ["m0", "m1"]
    with pytest.raises(requests.HTTPError, match="429"):
        POLL.run(stand.open(), cursor)
    stand.broken = {}
    events, _ = POLL.run(stand.open(), cursor)
    assert uuids(events) == ["m2", "m3", "m4"]


def test_after_a_long_outage_it_asks_for_a_month_at_most_and_goes_on(stand: Stand) -> None:
    stand.recaps = {"long ago": NOW - timedelta(days=40), "lately": NOW - timedelta(days=1)}
    cursor: Any = {"since": (NOW - timedelta(days=41)).isoformat(), "seen": {}, "missed": {}}
    events, cursor = POLL.run(stand.open(), cursor)
    assert uuids(events) == ["long ago"]
    events, cursor = POLL.run(stand.open(), cursor)
    assert uuids(events) == ["lately"]


def test_a_lost_connection_passes_through(stand: Stand) -> None:
    zoom = connector.open(CREDENTIALS, stand.vendor.door(cap=10))
    with pytest.raises(Cut):
        POLL.run(zoom, None)


@pytest.mark.parametrize(
    "entry",
    [None, 5, {}, {"meeting_uuid": 5}, {"meeting_uuid": ""}, {"summary_created_time": "0001-01-01T00:00:00+23:59"}],
)
def test_an_odd_entry_in_the_list_is_passed_over(entry: Any) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/oauth/token":
            return 200, {"access_token": "t"}
        if "meeting_summaries" in asked.path:
            return 200, {
                "summaries": [entry, {"meeting_uuid": "m", "summary_created_time": "0001-01-01T00:00:00+23:59"}]
            }
        return 200, {"summary_created_time": "never", "next_steps": ["\x00"]}

    with vendor(answer) as served:
        events, _ = POLL.run(connector.open(CREDENTIALS, served.door()), None)
    assert uuids(events) == ["m"]


def test_a_list_without_end_is_given_up() -> None:
    def answer(asked: Asked) -> Answer:
        more = {"summaries": [], "next_page_token": "again"}
        return 200, {"access_token": "t"} if asked.path == "/oauth/token" else more

    with vendor(answer) as served, pytest.raises(Unavailable):
        POLL.run(connector.open(CREDENTIALS, served.door()), None)


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        ("aB1+x==", "aB1%2Bx%3D%3D"),
        ("a/b==", "a%2Fb%3D%3D"),
        ("/aB1==", "%252FaB1%253D%253D"),
        ("a//b", "a%252F%252Fb"),
        ("ü ?#..", "%C3%BC%20%3F%23.."),
    ],
)
def test_uuids_are_encoded_twice_where_zoom_wants_that(stand: Stand, uuid: str, path: str) -> None:
    assert encoded(uuid) == path
    stand.recaps = {uuid: NOW - timedelta(hours=1)}
    POLL.run(stand.open(), None)
    assert stand.readings() == [f"/v2/meetings/{path}/meeting_summary"]


# --- the practice Zoom ------------------------------------------------------------------------------------------------


def test_the_practice_zoom_signs_in_and_has_lost_recaps(practice: Served, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime.fromisoformat("2026-11-02T10:00:00Z"))
    base = f"{practice.url}/zoom"
    door = Door({"api": base, "token": base}, public_only=False)
    zoom = connector.open({k: v.replace("{token}", practice.token) for k, v in connector.practice.items()}, door)
    assert connector.check(zoom).name == "ana.silva@practice.example"
    body = json.loads((Path(__file__).parent / "samples" / "zoom" / "summary_completed.json").read_bytes())
    practice.control("recap", {"body": body})
    ((event,), _) = POLL.run(zoom, None)
    assert event.serial_key == "/aB1+x=="
    sample, found = shape(json.dumps(body).encode()), shape(event.body)
    assert found == {**sample, "account_id": "practice"}
