"""Zoom's deliveries: signatures and their traps, bodies, the keys of events, and anything at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import BadSignature, Event, Received, Unreadable
from connectors.zoom import connector
from connectors.zoom._recap import FIELDS, shape
from tests.connectors.zoom_samples import changed, sample

SECRET = "s3cret-token"
NOW = 1_793_000_000.0


def sign(body: bytes, secret: str = SECRET, stamp: str = str(int(NOW))) -> dict[str, str]:
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-zm-signature": f"v0={mac}", "x-zm-request-timestamp": stamp}


def receive(body: bytes, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Received:
    assert connector.hook
    return connector.hook.receive(body, sign(body) if headers is None else headers, secrets, NOW)


def only(body: bytes) -> Event:
    (event,) = receive(body).events
    return event


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
