"""What a failed call means, by durability's table: over real HTTP, since the door is what knows whether anything was sent."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from app.core.answers import Kind, Left, Trouble, classify, retry_after, vendor_words
from app.core.http import Answer, Door
from connectors.contract import Connector, ConnectorError, InProgress, Refused, Unauthorized, Unavailable
from tests.connectors.loopback import vendor
from tests.core.small import POST
from tests.durability.world import quick

NOW = 1_790_000_000.0
WORDS = {"message": "The vendor's own words."}


def ask(status: int, body: Any = WORDS, *, write: bool, slug: str = "") -> Trouble:
    """The trouble of one call that a vendor answered so."""
    connector = quick()[slug] if slug else POST
    with vendor(lambda asked: (status, body)) as there:
        door = there.door()
        try:
            answer = door.session.post(door.url() + "/things", json={})
            answer.raise_for_status()
            _ = answer.json()["id"]
        except Exception as error:
            return classify(door, error, connector, write=write, now=NOW)
    raise AssertionError("the call did not fail")


# status → (of a write, of a read)
TABLE = {
    303: (Kind.UNKNOWN, Kind.REFUSED),
    400: (Kind.REFUSED, Kind.REFUSED),
    401: (Kind.RECONNECT, Kind.RECONNECT),
    403: (Kind.REFUSED, Kind.REFUSED),
    404: (Kind.REFUSED, Kind.REFUSED),
    408: (Kind.UNKNOWN, Kind.RETRY),
    409: (Kind.UNKNOWN, Kind.REFUSED),  # may mean that it is there already: look first
    412: (Kind.UNKNOWN, Kind.REFUSED),
    422: (Kind.REFUSED, Kind.REFUSED),
    429: (Kind.WAIT, Kind.WAIT),
    500: (Kind.UNKNOWN, Kind.RETRY),
    502: (Kind.UNKNOWN, Kind.RETRY),
    503: (Kind.UNKNOWN, Kind.RETRY),
    504: (Kind.UNKNOWN, Kind.RETRY),
    599: (Kind.UNKNOWN, Kind.RETRY),
    529: (Kind.UNKNOWN, Kind.WAIT),  # a 5xx like the others: nobody says that nothing was changed
}


@pytest.mark.parametrize("status", TABLE)
def test_by_status(status: int) -> None:
    of_write, of_read = ask(status, write=True), ask(status, write=False)
    assert (of_write.kind, of_read.kind) == TABLE[status]
    assert (of_write.status, of_write.request_id) == (status, "req_1")
    assert of_write.words


@pytest.mark.parametrize("body", [b"<html>?</html>", b"", {"no": "id"}, [], b"\xff\xfe"])
def test_a_good_status_with_rubbish_is_no_success(body: Any) -> None:
    assert ask(200, body, write=True).kind is Kind.UNKNOWN
    assert ask(200, body, write=False).kind is Kind.RETRY


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_refusal(status: int) -> None:
    with vendor(lambda asked: (status, {})) as there:
        door = there.door()
        answer = door.session.get(door.url() + "/a")
        trouble = classify(door, KeyError("id"), POST, write=True, now=NOW)
    assert answer.status_code == status
    assert trouble.kind is Kind.REFUSED


@pytest.mark.parametrize(
    ("status", "headers", "left"),
    [
        (500, {}, Left.OPEN),
        (500, {"Idempotent-Replayed": "true"}, Left.STORED),
        (500, {"Idempotent-Replayed": "false"}, Left.OPEN),
        (500, {"X-Replay": "true"}, Left.OPEN),
        (409, {}, Left.THERE),
        (412, {}, Left.THERE),
        (422, {}, Left.REFUSED),
        (429, {}, Left.NOT_TAKEN),
    ],
)
def test_what_a_call_left_behind(status: int, headers: dict[str, str], left: Left) -> None:
    answer = Answer(status, {name.lower(): value for name, value in headers.items()}, b"{}")
    assert _answered(answer, KeyError("id"), POST).outcome is left
    assert _answered(answer, InProgress("Still at it"), POST).outcome is Left.BUSY


def test_a_connector_names_the_header_of_a_stored_answer() -> None:
    answer = Answer(500, {"x-replay": "true"}, b"{}")
    assert _answered(answer, KeyError("id"), replace(POST, replayed="x-replay")).outcome is Left.STORED


def _answered(answer: Answer, error: Exception, connector: Connector) -> Trouble:
    door = Door({"api": "http://127.0.0.1:9"})
    door.last = answer
    return classify(door, error, connector, write=True, now=NOW)


def test_the_vendors_words_reach_the_owner() -> None:
    assert "The vendor's own words." in ask(422, write=True).words
    assert "shared with Patchbay" in ask(404, write=True, slug="notion").words


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_connector_explains_its_own_refusals(status: int) -> None:
    told = ask(status, {"code": "x", "message": "y"}, write=True, slug="notion")
    assert told.words == quick()["notion"].explain(status, b'{"code": "x", "message": "y"}')


def test_no_money_left_is_no_reason_to_wait() -> None:
    body = {"error": {"code": "insufficient_quota", "type": "insufficient_quota", "message": "You exceeded"}}
    assert ask(429, body, write=False, slug="openai").kind is Kind.RECONNECT


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        door = Door({"api": f"http://127.0.0.1:{taken.getsockname()[1]}"}, seconds=2, public_only=False)
        for write in (True, False):
            trouble = _failure(door, write=write)
            assert trouble.kind is Kind.RETRY
            assert "could not be reached" in trouble.words


def test_a_cut_answer_is_unknown_for_a_write_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        door = Door({"api": f"http://127.0.0.1:{listening.getsockname()[1]}"}, seconds=0.2, public_only=False)
        assert _failure(door, write=True).kind is Kind.UNKNOWN
        assert _failure(door, write=False).kind is Kind.RETRY


def _failure(door: Door, *, write: bool) -> Trouble:
    door.forget()
    try:
        door.session.post(door.url() + "/x", json={})
    except Exception as error:
        return classify(door, error, POST, write=write, now=NOW)
    raise AssertionError("the call did not fail")


SAID: list[tuple[ConnectorError, Kind]] = [
    (Unauthorized("Reconnect."), Kind.RECONNECT),
    (Refused("Choose another."), Kind.REFUSED),
    (Unavailable("Later."), Kind.RETRY),
    (Unavailable("Later.", 30), Kind.WAIT),
]


@pytest.mark.parametrize(("error", "kind"), SAID)
def test_what_a_connector_says_counts(error: ConnectorError, kind: Kind) -> None:
    trouble = classify(Door({}), error, POST, write=True, now=NOW)
    assert (trouble.kind, trouble.words) == (kind, str(error))
    assert trouble.seconds == getattr(error, "seconds", None)


def test_an_error_without_any_call_is_ours() -> None:
    assert classify(Door({}), KeyError("oops"), POST, write=True, now=NOW).kind is Kind.BUG


# --- how long to wait -------------------------------------------------------------------------------------------------

DAY = 86_400.0
AFTER: list[tuple[str, float | None]] = [
    ("", None),
    ("7", 7.0),
    (" 0.5 ", 0.5),
    ("0", 0.0),
    ("90000", DAY),  # over a day: asked again tomorrow
    ("9" * 400, DAY),
    ("-5", None),
    ("soon", None),
    ("²", None),
    ("nan", None),
    ("inf", None),
    ("1, 2", None),
    ("Mon, 21 Sep 2026 14:14:20 GMT", 60.0),  # the moment of NOW and a minute
    ("Mon, 21 Sep 2026 14:12:20 GMT", 0.0),
    ("Fri, 21 Sep 2029 14:14:20 GMT", DAY),
    ("2026-09-21T14:14:20Z", 60.0),
    ("2026-09-21T14:14:20", 60.0),
    ("2026-09-21T16:14:20+02:00", 60.0),
    ("2026-09-20T14:13:20Z", 0.0),
    ("0001-01-01T00:00:00Z", 0.0),
    ("Mon, 99 Sep 2026 99:00:00 GMT", None),
]


@pytest.mark.parametrize(("text", "seconds"), AFTER)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after(Answer(429, {"retry-after": text}, b""), NOW) == seconds


def test_the_dates_of_the_table_are_right() -> None:
    assert format_datetime(datetime.fromtimestamp(NOW + 60, UTC), usegmt=True) == "Mon, 21 Sep 2026 14:14:20 GMT"


def test_a_vendor_that_names_no_time_is_left_alone_for_a_moment() -> None:
    assert ask(429, write=True).seconds == 5.0
    assert ask(529, write=False).seconds == 10.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "A"}', "A"),
        (b'{"error": {"message": "B"}}', "B"),
        (b'{"error": "C"}', "C"),
        (b'{"detail": "D"}', "D"),
        (b"[1, 2]", "[1, 2]"),
        (b"plain", "plain"),
        (b"\xff", "\ufffd"),
        (b'{"message": "' + b"x" * 999 + b'"}', "x" * 300),
    ],
)
def test_words_are_found_in_any_body(body: bytes, words: str) -> None:
    assert vendor_words(Answer(400, {}, body)) == words
