"""Zoom: signatures and their traps, the keys of events, and recaps in every shape."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import BadSignature, Event, Received, Unreadable
from connectors.zoom import connector
from connectors.zoom._recap import FIELDS, shape

SECRET = "s3cret-token"
NOW = 1_793_000_000.0
SAMPLES = Path(__file__).parent / "samples" / "zoom"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def sign(body: bytes, secret: str = SECRET, stamp: str = str(int(NOW))) -> dict[str, str]:
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-zm-signature": f"v0={mac}", "x-zm-request-timestamp": stamp}


def receive(body: bytes, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Received:
    assert connector.hook
    return connector.hook.receive(body, sign(body) if headers is None else headers, secrets, NOW)


def only(body: bytes) -> Event:
    (event,) = receive(body).events
    return event


def changed(name: str = "summary_completed", /, **changes: Any) -> bytes:
    """A sample with other values in its object, or (names with a dot in front: top level) around it."""
    document = json.loads(sample(name))
    for key, value in changes.items():
        holder = document if key in ("event", "event_ts", "payload") else document["payload"]["object"]
        holder[key] = value
    return json.dumps(document).encode()


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a_signed_recap_is_one_event() -> None:
    body = sample("summary_completed")
    event = only(body)
    assert (event.kind, event.serial_key, event.occurred_at) == (
        "meeting.summary_completed",
        "/aB1+x==",
        1793000000123,
    )
    assert event.body == body


@pytest.mark.parametrize("place", [0, 40, -2])
def test_one_flipped_byte_is_refused(place: int) -> None:
    body = bytearray(sample("summary_completed"))
    headers = sign(bytes(body))
    body[place] ^= 1
    with pytest.raises(BadSignature):
        receive(bytes(body), headers)


def test_the_same_json_written_anew_is_refused() -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature):
        receive(json.dumps(json.loads(body)).encode(), sign(body))


@pytest.mark.parametrize("seconds", [-301, 301, -86400, 10**9])
def test_a_stale_or_future_signature_is_refused(seconds: int) -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature):
        receive(body, sign(body, stamp=str(int(NOW) + seconds)))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
@pytest.mark.parametrize("digits", [10, 13])
def test_within_five_minutes_in_seconds_or_milliseconds(seconds: int, digits: int) -> None:
    body = sample("summary_completed")
    stamp = str((int(NOW) + seconds) * 10 ** (digits - 10))
    assert receive(body, sign(body, stamp=stamp)).events


@pytest.mark.parametrize("stamp", ["", "soon", "-1793000000", "1793000000.0", "١٧٩٣٠٠٠٠٠٠", "9" * 5000, " 1793000000"])
def test_a_time_that_is_no_time_is_refused(stamp: str) -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature):
        receive(body, sign(body, stamp=stamp))


@pytest.mark.parametrize("name", ["x-zm-signature", "x-zm-request-timestamp"])
def test_a_missing_header_is_refused(name: str) -> None:
    body = sample("summary_completed")
    headers = sign(body)
    del headers[name]
    with pytest.raises(BadSignature):
        receive(body, headers)


@pytest.mark.parametrize("signature", ["", "v0=", "v0=ü", "é" * 67, "\udcff", "v0=" + "0" * 64])
def test_a_strange_signature_is_refused(signature: str) -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature):
        receive(body, sign(body) | {"x-zm-signature": signature})


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_nothing_is_accepted(secrets: tuple[str, ...]) -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature, match="no Secret Token"):
        receive(body, sign(body, secret=""), secrets)


def test_an_empty_secret_beside_a_real_one_signs_nothing() -> None:
    body = sample("summary_completed")
    with pytest.raises(BadSignature):
        receive(body, sign(body, secret=""), (SECRET, ""))


def test_while_a_secret_is_changed_both_are_accepted() -> None:
    body = sample("summary_completed")
    assert receive(body, sign(body, "older"), (SECRET, "older")).events
    assert receive(body, sign(body), (SECRET, "older")).events


# --- Zoom's check of the address --------------------------------------------------------------------------------------

HANDSHAKE = b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1}'


@pytest.mark.parametrize("secret", [SECRET, "older"])
def test_the_address_check_is_answered_with_the_secret_it_came_with(secret: str) -> None:
    received = receive(HANDSHAKE, sign(HANDSHAKE, secret), (SECRET, "older"))
    mac = hmac.new(secret.encode(), b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert not received.events
    assert received.reply
    assert received.reply.status == 200
    assert received.reply.body == {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": mac}


def test_an_unsigned_address_check_learns_nothing() -> None:
    with pytest.raises(BadSignature):
        receive(HANDSHAKE, sign(HANDSHAKE, "guess"))


@pytest.mark.parametrize("payload", ["{}", "null", '{"plainToken":7}', '{"plainToken":""}', "[]"])
def test_an_address_check_without_its_token_is_unreadable(payload: str) -> None:
    with pytest.raises(Unreadable):
        receive(f'{{"event":"endpoint.url_validation","payload":{payload}}}'.encode())


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe{}",
        b"{",
        b'{"event":"a","event_ts":NaN}',
        b'{"event":"a","x":Infinity}',
        b'{"event":"a","x":1e999}',
        b'{"event":"a","event":"b"}',
        b'{"event":"a","payload":{"object":{"id":"1","id":"2"}}}',
        b'{"event":"a","x":"\\u0000"}',
        b'{"event":"a","\\ud800":1}',
        b'{"event":"a","x":["\\udfff"]}',
        b'{"event":"a","x":' + b"[" * 65 + b"1" + b"]" * 65 + b"}",
        b'{"event":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"event":"a","x":' + b"9" * 5000 + b"}",
        b'{"event":7}',
        b'{"event":""}',
        b"{}",
        b'{"event":"a","payload":[]}',
        b'{"event":"a","payload":{"object":"x"}}',
        b'{"event":"a","payload":{"account_id":5}}',
        b'{"event":"a","event_ts":"1793000000123"}',
        b'{"event":"a","event_ts":true}',
        b'{"event":"a","event_ts":-1}',
        b'{"event":"a","event_ts":99999999999999999999}',
        b'{"event":"recording.completed","payload":{"object":{"uuid":"u","recording_files":[1]}}}',
        b'{"event":"meeting.summary_completed","payload":{"object":{"meeting_uuid":5}}}',
    ],
)
def test_a_signed_body_that_is_not_as_documented_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        receive(body)


def test_sixty_four_levels_are_fine() -> None:
    assert only(b'{"event":"a","x":' + b"[" * 63 + b"1" + b"]" * 63 + b"}").kind == "a"


def test_a_kind_without_a_trigger_is_an_event_all_the_same() -> None:
    assert only(b'{"event":"meeting.started","event_ts":1}').kind == "meeting.started"
    event = only(sample("app_deauthorized"))
    assert (event.kind, event.occurred_at, event.once_key) == ("app_deauthorized", 1793200000789, "")


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_copy_has_the_same_key_whatever_its_bytes() -> None:
    body = sample("summary_completed")
    assert only(body).dedupe_key == only(json.dumps(json.loads(body)).encode()).dedupe_key


@pytest.mark.parametrize(
    "change", [{"meeting_uuid": "other"}, {"event_ts": 1793000000124}, {"event": "meeting.summary_updated"}]
)
def test_another_event_has_another_key(change: dict[str, Any]) -> None:
    assert only(changed(**change)).dedupe_key != only(sample("summary_completed")).dedupe_key


def test_another_account_has_another_key() -> None:
    document = json.loads(sample("summary_completed"))
    document["payload"]["account_id"] = "acc2"
    assert only(json.dumps(document).encode()).dedupe_key != only(sample("summary_completed")).dedupe_key


def test_parts_of_a_key_cannot_be_shifted_into_each_other() -> None:
    def key(account: str, uuid: str) -> str:
        payload = {"account_id": account, "object": {"meeting_uuid": uuid}}
        return only(
            json.dumps({"event": "meeting.summary_completed", "event_ts": 1, "payload": payload}).encode()
        ).dedupe_key

    assert key('a","b', "c") != key("a", 'b","c')


def test_two_people_joining_in_one_millisecond_are_two_events() -> None:
    def joined(name: str) -> str:
        about = {"uuid": "u", "participant": {"user_name": name}}
        document = {"event": "meeting.participant_joined", "event_ts": 1, "payload": {"object": about}}
        return only(json.dumps(document).encode()).dedupe_key

    assert joined("Ana") != joined("Ben")


def test_a_retry_with_another_time_starts_nothing_twice() -> None:
    first, retry = only(sample("summary_completed")), only(changed(event_ts=1793000300000))
    assert first.dedupe_key != retry.dedupe_key
    assert first.once_key == retry.once_key != ""


def test_each_edit_is_news_of_its_own() -> None:
    first = only(sample("summary_updated"))
    copy = only(changed("summary_updated", event_ts=1793000999999))
    later = only(changed("summary_updated", summary_last_modified_time="2026-11-02T10:00:00Z"))
    assert first.once_key == copy.once_key
    assert first.once_key != later.once_key
    assert first.serial_key == later.serial_key == "/aB1+x=="


def test_recordings_are_told_apart_by_their_files() -> None:
    def once(*ids: str, kind: str = "recording.completed") -> str:
        about = {"uuid": "u", "recording_files": [{"id": i} for i in ids]}
        return only(json.dumps({"event": kind, "event_ts": 1, "payload": {"object": about}}).encode()).once_key

    assert once("f1", "f2") == once("f2", "f1") != once("f1")
    assert once("f1") != once("f1", kind="recording.transcript_completed")


# --- recaps -----------------------------------------------------------------------------------------------------------


def test_a_recap_as_a_recipe_sees_it() -> None:
    assert shape(sample("summary_completed")) == {
        "meeting_uuid": "/aB1+x==",
        "meeting_id": "81234567890",
        "topic": "Weekly stock call",
        "title": "Meeting summary for Weekly stock call",
        "summary": "The team went through the paper stock.\n\n### Stock\n\nTwo boxes are left. Ana orders ten more.\n\n"
        "### Next steps\n\n- Ana: order paper",
        "next_steps": ["Ana: order paper"],
        "host_email": "ana@shop.example",
        "start": "2026-11-02T09:00:00Z",
        "end": "2026-11-02T09:31:00Z",
        "account_id": "acc1",
    }


def test_what_a_person_edited_wins() -> None:
    recap = shape(sample("summary_updated"))
    assert recap["next_steps"] == ["Ben: order paper"]
    assert "Ben orders twenty more." in recap["summary"]
    assert "Ana" not in recap["summary"]
    assert "The team went through the paper stock." in recap["summary"]


def test_next_steps_that_were_all_deleted_stay_deleted() -> None:
    recap = shape(changed("summary_updated", edited_summary={"next_steps": []}))
    assert recap["next_steps"] == []
    assert "Next steps" not in recap["summary"]
    assert "Ana orders ten more." in recap["summary"]


def test_an_edit_beats_the_text_in_one_piece() -> None:
    recap = shape(changed("summary_in_one_piece", edited_summary={"summary_details": "Chloe presented seven titles."}))
    assert recap["summary"] == "Chloe presented seven titles."


def test_a_text_in_one_piece_is_taken_as_it_is() -> None:
    recap = shape(sample("summary_in_one_piece"))
    assert recap["summary"].startswith("## Quick recap\n\nChloe presented six titles.")
    assert recap["next_steps"] == []


@pytest.mark.parametrize("content", [None, "", "  \n", 7, {"parts": []}, ["x"]])
def test_another_shape_of_the_one_piece_falls_back_to_the_parts(content: Any) -> None:
    assert "Ana orders ten more." in shape(changed(summary_content=content))["summary"]


def test_details_under_older_names() -> None:
    details = [{"summary_title": "Stock\nand more", "summary_content": "Two boxes."}, {"summary": "No label."}, "Bare."]
    recap = shape(changed(summary_details=details, summary_overview=None, next_steps=None))
    assert recap["summary"] == "### Stock and more\n\nTwo boxes.\n\nNo label.\n\nBare."


def test_words_in_an_unknown_wrapping_are_not_lost() -> None:
    recap = shape(
        changed(summary_details=[{"heading": "Stock", "body": ["Two", "boxes"]}], next_steps=[{"do": "order"}])
    )
    assert "Stock\nTwo\nboxes" in recap["summary"]
    assert recap["next_steps"] == ["order"]


def test_a_next_step_of_two_lines_stays_one_entry() -> None:
    assert shape(changed(next_steps=["Order\npaper"]))["summary"].endswith("- Order\n  paper")


def test_a_recap_without_a_summary_has_an_empty_one() -> None:
    gone = dict.fromkeys(("summary_overview", "summary_details", "next_steps", "summary_title"))
    recap = shape(changed(**gone))
    assert (recap["summary"], recap["next_steps"], recap["title"]) == ("", [], "")
    assert recap["topic"] == "Weekly stock call"


def test_only_a_time_is_a_time() -> None:
    assert shape(changed(meeting_start_time="...", meeting_end_time=5))["start"] == ""


def test_hard_text_survives() -> None:
    topic = "‏اجتماع <b>&amp;</b> 👩‍👩‍👧‍👧 ‮"
    long = "ä" * 300_000
    recap = shape(changed(meeting_topic=topic, summary_overview=long, next_steps=[f"step {i}" for i in range(200)]))
    assert recap["topic"] == topic
    assert long in recap["summary"]
    assert len(recap["next_steps"]) == 200


# --- anything at all --------------------------------------------------------------------------------------------------

_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_WORDS = (
    "event event_ts payload object account_id meeting_uuid uuid meeting_id meeting_topic summary_title summary_content "
    "summary_overview summary_details next_steps edited_summary label summary meeting_start_time plainToken "
    "recording_files id meeting_host_email"
)
_NAMES = st.sampled_from(_WORDS.split())
_ANY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=5)
)


def _shape_if_received(body: bytes, headers: dict[str, str] | None = None) -> None:
    """Nothing but the two refusals comes out of `receive`, and nothing at all out of `shape` afterwards."""
    try:
        events = receive(body, headers).events
    except (BadSignature, Unreadable):
        return
    for event in events:
        recap = shape(event.body)
        assert {name for name in FIELDS if "[" not in name} == set(recap)
        assert all(isinstance(step, str) for step in recap.pop("next_steps"))
        assert all(isinstance(value, str) for value in recap.values())


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.dictionaries(st.text(max_size=30), st.text(max_size=80), max_size=3),
    st.text(),
    st.text(),
)
def test_anything_unsigned_is_refused_and_nothing_worse(
    body: bytes, headers: dict[str, str], stamp: str, signature: str
) -> None:
    with pytest.raises(BadSignature):
        receive(body, headers | {"x-zm-request-timestamp": stamp, "x-zm-signature": signature})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_signed_bytes_are_an_event_or_unreadable(body: bytes) -> None:
    _shape_if_received(body)


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(["meeting.summary_completed", "meeting.summary_updated", "recording.completed", "x"]), _ANY, _ANY
)
def test_any_signed_json_is_an_event_or_unreadable(kind: str, about: Any, edits: Any) -> None:
    about = about if isinstance(about, dict) else {"summary_details": about}
    payload = {"account_id": "acc1", "object": {**about, "meeting_uuid": "u", "edited_summary": edits}}
    _shape_if_received(json.dumps({"event": kind, "event_ts": 1, "payload": payload}).encode())
