"""Calendly's deliveries: signatures, what a move is made of, and a booking as recipes see it."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.calendly import connector
from connectors.calendly._booking import FIELDS, LONGEST, shape
from connectors.calendly._client import path_of
from connectors.calendly._explain import explain
from connectors.contract import BadSignature, Event, Received, Refused, Unreadable
from tests.connectors.signing_calendly import signed

SAMPLES = Path(__file__).parent / "samples" / "calendly"
KEY = "0123abcd"
NOW = 1_795_000_000.0


def sample(name: str = "created") -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def changed(name: str = "created", /, **more: Any) -> bytes:
    document = json.loads(sample(name))
    document["payload"] |= more
    return json.dumps(document).encode()


def receive(body: bytes, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (KEY,)) -> Received:
    assert connector.hook
    return connector.hook.receive(body, signed(body, KEY, NOW) if headers is None else headers, secrets, NOW)


def only(body: bytes) -> Event:
    (event,) = receive(body).events
    return event


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a_signature_of_the_body_alone_is_refused() -> None:
    mac = hmac.new(KEY.encode(), sample(), hashlib.sha256).hexdigest()
    for header in (f"t={NOW:.0f},v1={mac}", f"v1={mac}", mac, "", "t=,v1="):
        with pytest.raises(BadSignature):
            receive(sample(), {"calendly-webhook-signature": header})


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [(-180, True), (180, True), (-181, False), (181, False), (-(10**8), False)]
)
def test_three_minutes_are_allowed(seconds: int, is_taken: bool) -> None:
    headers = signed(sample(), KEY, NOW + seconds)
    if is_taken:
        assert receive(sample(), headers).events
    else:
        with pytest.raises(BadSignature):
            receive(sample(), headers)


def test_without_a_key_nothing_is_believed() -> None:
    for secrets in ((), ("",)):
        with pytest.raises(BadSignature):
            receive(sample(), signed(sample(), "", NOW), secrets)


def test_our_own_key_and_that_of_an_app_both_hold() -> None:
    assert receive(sample(), None, ("the key of the app", KEY)).events


def test_several_signatures_and_spaces_are_read() -> None:
    header = signed(sample(), KEY, NOW)["calendly-webhook-signature"].replace(",", f", v1={'0' * 64}, ")
    assert receive(sample(), {"calendly-webhook-signature": header}).events


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, too
@given(st.binary(max_size=200), st.text(max_size=60))
def test_anything_at_all_is_refused_without_another_error(body: bytes, header: str) -> None:
    for one in (header, f"t={NOW:.0f},v1={header}"):
        with pytest.raises(BadSignature):
            receive(body, {"calendly-webhook-signature": one})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"event":"invitee.created"}',
        b'{"event":"invitee.created","payload":{"uri":5}}',
    ],
)
def test_a_signed_body_that_is_no_booking_is_kept_for_a_person(body: bytes) -> None:
    with pytest.raises(Unreadable):
        receive(body)


# --- what happened ----------------------------------------------------------------------------------------------------


def test_a_booking_and_its_cancellation() -> None:
    made, cancelled = only(sample()), only(sample("canceled"))
    assert (made.kind, cancelled.kind) == ("booking.made", "booking.cancelled")
    assert made.dedupe_key != cancelled.dedupe_key
    assert made.serial_key == cancelled.serial_key == "https://api.calendly.com/scheduled_events/EV1/invitees/IN1"
    assert made.occurred_at == 1795015361000


def test_a_move_is_one_event_in_whichever_order_its_two_deliveries_come() -> None:
    """Not a cancellation and a new client."""
    for order in (("moved_old", "moved_new"), ("moved_new", "moved_old")):
        events = [event for name in order for event in receive(sample(name)).events]
        assert [event.kind for event in events] == ["booking.moved"]
        assert shape(events[0].body)["old_booking"] == "https://api.calendly.com/scheduled_events/EV2/invitees/IN2"


def test_the_same_event_delivered_again_is_the_same() -> None:
    again = json.dumps({**json.loads(sample()), "created_at": "2026-11-18T15:30:00.000000Z"}).encode()
    assert only(again).dedupe_key == only(sample()).dedupe_key
    assert (
        only(changed(uri="https://api.calendly.com/scheduled_events/EV1/invitees/IN9")).dedupe_key
        != only(again).dedupe_key
    )


def test_a_delivery_without_its_meeting_is_fetched_whole() -> None:
    assert receive(changed(scheduled_event=None)) == Received(catch_up=True)


@pytest.mark.parametrize("kind", ["invitee_no_show.created", "routing_form_submission.created", None])
def test_other_kinds_are_taken_and_do_nothing(kind: Any) -> None:
    assert receive(json.dumps({**json.loads(sample()), "event": kind}).encode()) == Received()


# --- a booking as a recipe sees it ------------------------------------------------------------------------------------


def test_a_booking_as_a_recipe_sees_it() -> None:
    assert shape(sample()) == {
        "booking": "https://api.calendly.com/scheduled_events/EV1/invitees/IN1",
        "meeting": "https://api.calendly.com/scheduled_events/EV1",
        "old_booking": "",
        "event_type": "https://api.calendly.com/event_types/ET1",
        "title": "30 min",
        "start": "2026-11-25T15:00:00.000000Z",
        "end": "2026-11-25T15:30:00.000000Z",
        "booked_at": "2026-11-18T15:22:40.000000Z",
        "name": "Ann Lee",
        "email": "ann@example.com",
        "timezone": "Europe/London",
        "location": "https://zoom.us/j/1",
        "cancel_url": "https://calendly.com/cancellations/IN1",
        "reschedule_url": "https://calendly.com/reschedulings/IN1",
        "cancelled_by": "",
        "reason": "",
        "questions": [{"question": "Topic?", "answer": "Tax"}, {"question": "Anything else?", "answer": ""}],
        "answers": {"Topic?": "Tax", "Anything else?": ""},
        "text": "Topic?: Tax",
        "tracking": {"utm_source": "newsletter", "utm_campaign": ""},
    }


def test_a_cancellation_says_who_and_why() -> None:
    seen = shape(sample("canceled"))
    assert (seen["cancelled_by"], seen["reason"], seen["location"]) == ("Ann Lee", "Ill", "12 High Street")


def test_every_field_is_always_there_and_only_text() -> None:
    for body in (b"{}", b'{"payload":{}}', changed(name=5, start=5, tracking=None), sample("moved_old")):
        assert set(shape(body)) == {name.partition(".")[0].partition("[")[0] for name in FIELDS}
    odd = shape(changed(name="x" * 20_000, email="nul\x00 half\ud800"))
    assert (len(odd["name"]), odd["email"]) == (LONGEST, "nul half")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, too
@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_booking_has_a_shape(anything: Any) -> None:
    for name in ("scheduled_event", "cancellation", "questions_and_answers", "tracking", "name"):
        shape(changed(**{name: anything}))


# --- addresses and words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "kind", "path"),
    [
        ("https://api.calendly.com/scheduled_events/EV1", "scheduled_events", "/scheduled_events/EV1"),
        ("EV1", "scheduled_events", "/scheduled_events/EV1"),
        ("https://evil.example/scheduled_events/EV1", "scheduled_events", "/scheduled_events/EV1"),
        ("https://x/scheduled_events/a%2Fb", "scheduled_events", "/scheduled_events/a%252Fb"),
        ("https://x/scheduled_events/E/invitees/I", "scheduled_events/invitees", "/scheduled_events/E/invitees/I"),
    ],
)
def test_only_ids_are_taken_from_addresses(uri: str, kind: str, path: str) -> None:
    assert path_of(uri, kind) == path


@pytest.mark.parametrize(
    "uri", ["", "https://api.calendly.com/users/AAA", "https://x/scheduled_events/E/invitees/I", "a/b"]
)
def test_an_address_of_another_kind_is_refused(uri: str) -> None:
    with pytest.raises(Refused, match="not what Calendly calls a scheduled event"):
        path_of(uri, "scheduled_events")


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (401, "The access token is invalid", "Sign in again"),
        (403, "Please upgrade your Calendly account to Standard", "need the plan Standard or higher"),
        (403, "You do not have permission", "owner or admin"),
        (404, "x", "no such booking"),
        (400, "x", "did not accept"),
        (409, "x", "there already"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, message: str, says: str) -> None:
    details = [{"parameter": "url", "message": "a\x1b[31m\n" + "b" * 5000}]
    words = explain(status, json.dumps({"title": "X", "message": message, "details": details}).encode())
    assert words
    assert says in words
    assert words.isprintable()
    assert len(words) < 800


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[" * 100_000, b"[]", b'{"message":[],"details":{}}', b'{"details":[5]}']
)
def test_a_refusal_without_readable_words_is_explained_too(body: bytes) -> None:
    assert explain(403, body)
    assert explain(429, body) is None
    assert explain(500, body) is None
