"""Typeform's deliveries and responses: signatures, keys, and answers as recipes see them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import BadSignature, Event, Received, Unreadable
from connectors.typeform import connector
from connectors.typeform._answers import FIELDS, LONGEST, shape, value
from tests.connectors.signing_typeform import signed

SAMPLES = Path(__file__).parent / "samples" / "typeform"
SECRET = "s3cret"


def sample(name: str = "response") -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def changed(**more: Any) -> bytes:
    document = json.loads(sample())
    document["form_response"] |= more
    return json.dumps(document).encode()


def receive(body: bytes, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Received:
    assert connector.hook
    return connector.hook.receive(body, signed(body, SECRET, 0) if headers is None else headers, secrets, 0)


def only(body: bytes) -> Event:
    (event,) = receive(body).events
    return event


# --- deliveries -------------------------------------------------------------------------------------------------------


def test_a_response_is_one_event_named_by_its_token() -> None:
    event = only(sample())
    assert (event.kind, event.dedupe_key) == ("form_response", "form_response:A1b2C3:6f3e00000000000000000000000000aa")
    assert event.occurred_at == 1795010687000
    assert event.body == sample()


def test_a_delivery_that_is_sent_again_by_hand_is_the_same_event() -> None:
    again = json.dumps({**json.loads(sample()), "event_id": "01HXother"}).encode()
    assert only(again).dedupe_key == only(sample()).dedupe_key
    assert only(changed(token="another")).dedupe_key != only(sample()).dedupe_key


def test_a_signature_in_hex_or_without_its_name_is_refused() -> None:
    mac = hmac.new(SECRET.encode(), sample(), hashlib.sha256)
    for made in (f"sha256={mac.hexdigest()}", base64.b64encode(mac.digest()).decode(), ""):
        with pytest.raises(BadSignature):
            receive(sample(), {"typeform-signature": made})


def test_the_same_json_written_anew_is_refused() -> None:
    with pytest.raises(BadSignature):
        receive(json.dumps(json.loads(sample()), indent=1).encode(), signed(sample(), SECRET, 0))


def test_without_a_secret_nothing_is_believed() -> None:
    """Typeform signs nothing where no secret is set."""
    with pytest.raises(BadSignature):
        receive(sample(), {})
    with pytest.raises(BadSignature):
        receive(sample(), signed(sample(), "", 0), ("",))


def test_during_a_change_of_secret_both_hold() -> None:
    assert receive(sample(), None, ("new", SECRET)).events


@pytest.mark.parametrize("kind", ["form_response_partial", "something_new", None])
def test_other_kinds_are_taken_and_do_nothing(kind: Any) -> None:
    assert receive(json.dumps({**json.loads(sample()), "event_type": kind}).encode()) == Received()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"event_type":"form_response"}',
        b'{"event_type":"form_response","form_response":{"token":""}}',
        b'{"event_type":"form_response","form_response":{"token":5,"form_id":"a"}}',
    ],
)
def test_a_signed_body_that_is_no_response_is_kept_for_a_person(body: bytes) -> None:
    with pytest.raises(Unreadable):
        receive(body)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, too
@given(st.binary(max_size=300), st.text(max_size=60))
def test_anything_at_all_is_refused_without_another_error(body: bytes, signature: str) -> None:
    with pytest.raises(BadSignature):
        receive(body, {"typeform-signature": signature})


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_response_as_a_recipe_sees_it() -> None:
    assert shape(sample()) == {
        "form": "A1b2C3",
        "form_title": "Intake",
        "response": "6f3e00000000000000000000000000aa",
        "submitted_at": "2026-11-18T14:04:47Z",
        "landed_at": "2026-11-18T14:02:11Z",
        "score": 9,
        "text": "Your e-mail?: ann@example.com\nBudget: 5-10k",
        "answers": {"email": "ann@example.com", "budget": "5-10k", "more": None},
        "choices": {"budget": "b2"},
        "hidden": {"utm_source": "newsletter"},
        "questions": [
            {"ref": "email", "title": "Your e-mail?", "type": "email", "answer": "ann@example.com"},
            {"ref": "budget", "title": "Budget", "type": "multiple_choice", "answer": "5-10k"},
            {"ref": "more", "title": "Anything else?", "type": "long_text", "answer": ""},
        ],
    }


def test_every_kind_of_answer() -> None:
    seen = shape(sample("response_of_all_kinds"))
    assert seen["answers"] == {
        "name": "Ann alert(1)Lee",
        "rooms": ["Kitchen", "Hall", "Attic"],
        "other": "The shed",
        "chairs": 12,
        "rush": False,
        "due": "2026-12-01",
        "site": "https://ann.example",
        "phone": "+15550100",
        "plan": "https://api.typeform.com/forms/A1b2C3/responses/x/fields/q09/files/plan.pdf",
        "deposit": "$10.00",
        "city": "York",
    }
    assert seen["choices"] == {"rooms": ["r1", "r2"], "other": None}
    assert "Urgent: no" in seen["text"]
    assert seen["score"] is None


def test_every_field_is_always_there() -> None:
    for body in (b'{"form_response":{}}', b"{}", sample()):
        assert set(shape(body)) == {name.partition(".")[0].partition("[")[0] for name in FIELDS}


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"type": "email", "email": "not an address"}, None),
        ({"type": "email", "email": "<b>a@b.example</b>"}, "a@b.example"),
        ({"type": "url", "url": "javascript:alert(1)"}, None),
        ({"type": "date", "date": "soon"}, None),
        ({"type": "number", "number": "5"}, None),
        ({"type": "boolean", "boolean": "yes"}, None),
        ({"type": "choice", "choice": {}}, None),
        ({"type": "choices", "choices": {}}, []),
        ({"type": "text", "text": "x" * 20_000}, "x" * LONGEST),
        ({"type": "text", "text": "1 < 2 and <3 and a<b>c</b>"}, "1 < 2 and <3 and ac"),
        ({"type": "text", "text": "nul\x00 half\ud800"}, "nul half"),
        ({"type": "signature", "signature": {"drawn": "x"}}, '{"drawn": "x"}'),
        ({"type": "multi_format", "multi_format": "spoken"}, "spoken"),
        ({"type": 5}, ""),
        ({}, ""),
    ],
)
def test_answers_are_read_as_what_they_say_they_are(answer: dict[str, Any], seen: Any) -> None:
    assert value(answer) == seen


def test_an_answer_that_is_no_address_is_still_told_as_text() -> None:
    seen = shape(changed(answers=[{"type": "email", "email": "ann at home", "field": {"ref": "email"}}]))
    assert seen["answers"]["email"] is None
    assert seen["questions"][0]["answer"] == "ann at home"


def test_questions_without_a_reference_go_by_their_id() -> None:
    seen = shape(changed(definition=None, answers=[{"type": "text", "text": "x", "field": {"id": "q9"}}]))
    assert seen["answers"] == {"q9": "x"}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, too
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_response_has_a_shape(anything: Any) -> None:
    for name in ("answers", "definition", "hidden", "calculated", "token"):
        shape(changed(**{name: anything}))
