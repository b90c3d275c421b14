"""A Google account: who it is, what it may do, and what Google's refusals mean."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.answers import Kind, classify
from connectors.contract import Refused, Unauthorized, Unavailable
from connectors.google import connector
from connectors.google._client import Google
from connectors.google._refusals import _until_tomorrow, explain, reasons
from connectors.google._scopes import CALENDARS, EVENTS, NEEDED, SCOPES
from tests.connectors import google_specification
from tests.connectors.stand import Stand, reopened, standing


@pytest.fixture
def google() -> Iterator[Stand]:
    with standing("google") as made:
        yield made


def refusal(status: int, reason: str = "", *, kind: str = "", details: str = "", words: str = "No") -> dict[str, Any]:
    """In all the shapes that Google's services have."""
    error: dict[str, Any] = {"code": status, "message": words}
    if reason:
        error["errors"] = [{"domain": "usageLimits", "reason": reason, "message": words}]
    if kind:
        error["status"] = kind
    if details:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": details}]
    return {"status": status, "body": {"error": error}}


def trouble(google: Stand, **fault: Any) -> Any:
    """What the hub makes of a call that is answered so."""
    google.served.fault("google", "status", **fault)
    try:
        connector.check(google.client)
    except Exception as error:
        return classify(google.door, error, connector, write=False, now=time.time())
    raise AssertionError("it did not fail")


def test_the_account_is_known_by_an_id_that_stays_and_named_by_its_address(google: Stand) -> None:
    account = google.check()
    assert (account.id, account.name) == ("108204268033311374519", "ana@practice.example")
    assert google_specification.asked(google) == {"oauth2.userinfo.get"}


def test_a_token_that_was_taken_back_wants_a_new_sign_in_and_hints_at_the_weekly_end(google: Stand) -> None:
    with pytest.raises(Unauthorized, match=r"sign in to Google again.*must not be Testing"):
        reopened(google, access_token="old").check()
    assert google.check().id


def test_one_request_leaves_for_one_call_even_if_the_connection_breaks(google: Stand) -> None:
    google.served.fault("google", "cut_after")
    with pytest.raises(Exception, match=r"cut|closed|answer"):
        connector.check(google.client)
    assert len(google.asked()) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (refusal(403, "rateLimitExceeded"), Kind.WAIT, "slow down"),
        (refusal(403, "userRateLimitExceeded"), Kind.WAIT, "slow down"),
        (refusal(429, "rateLimitExceeded", kind="RESOURCE_EXHAUSTED"), Kind.WAIT, "slow down"),
        (refusal(429), Kind.WAIT, "slow down"),
        (refusal(403, "dailyLimitExceeded"), Kind.WAIT, "tomorrow"),
        (refusal(403, "quotaExceeded"), Kind.WAIT, "tomorrow"),
        (refusal(403, "insufficientPermissions"), Kind.REFUSED, "leave all ticked"),
        (
            refusal(403, kind="PERMISSION_DENIED", details="ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            Kind.REFUSED,
            "leave all ticked",
        ),
        (refusal(403, "domainPolicy"), Kind.REFUSED, "administrator"),
        (refusal(403, "accessNotConfigured", kind="PERMISSION_DENIED"), Kind.REFUSED, "click Enable"),
        (refusal(403, kind="PERMISSION_DENIED", details="SERVICE_DISABLED"), Kind.REFUSED, "click Enable"),
        (refusal(403, "forbidden"), Kind.REFUSED, "right to make changes"),
        (refusal(404, "notFound"), Kind.REFUSED, "does not show it"),
        (refusal(410, "deleted"), Kind.REFUSED, "deleted"),
        (refusal(400, "invalid"), Kind.REFUSED, "in the recipe"),
        (refusal(401, "authError"), Kind.RECONNECT, "sign in to Google again"),
        (refusal(500, "backendError"), Kind.RETRY, "answered 500"),
        (refusal(503, "backendError"), Kind.RETRY, "answered 503"),
    ],
    ids=lambda value: str(value.get("body", {}).get("error", {}))[:60] if isinstance(value, dict) else "",
)
def test_what_google_says_no_with_decides_and_not_the_status(google: Stand, fault: Any, kind: Kind, said: str) -> None:
    found = trouble(google, **fault)
    assert (found.kind, said in found.words) == (kind, True), found.words


def test_it_waits_as_long_as_google_asks_and_until_its_next_day_for_what_a_day_allows(google: Stand) -> None:
    assert trouble(google, **refusal(403, "rateLimitExceeded"), headers={"Retry-After": "37"}).seconds == 37.0
    assert 0 < trouble(google, **refusal(403, "dailyLimitExceeded")).seconds <= 26 * 3600
    assert _until_tomorrow(datetime(2026, 11, 29, 7, 0, tzinfo=UTC)) == 2 * 3600  # 23:00 in California


def test_a_change_that_met_a_limit_surely_did_nothing(google: Stand) -> None:
    google.served.fault("google", "status", **refusal(403, "rateLimitExceeded"))
    with pytest.raises(Unavailable) as met:
        google.client.people.userinfo().get().execute()
    found = classify(google.door, met.value, connector, write=True, now=0.0)
    assert (found.kind, found.outcome) == (Kind.WAIT, "not taken")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"errors": 1}}', b"[" * 9999])
def test_refusals_of_any_shape_are_read(body: bytes) -> None:
    assert reasons(body) == frozenset()
    assert explain(403, body)
    assert explain(429, body) is None
    assert explain(503, body) is None


def test_googles_words_are_quoted_short_and_on_one_line() -> None:
    body = b'{"error": {"message": "Calendar\\nAPI \\u0000 has' + b" x" * 900 + b'"}}'
    words = explain(403, body) or ""
    assert "Google's words: “Calendar API has x" in words
    assert len(words) < 500
    assert words.isprintable()


# --- scopes -----------------------------------------------------------------------------------------------------------


def test_what_was_left_out_is_said_before_google_is_asked(google: Stand) -> None:
    less: Google = reopened(google, scope=" ".join(NEEDED)).client
    with pytest.raises(Refused, match=r"may not read your calendars.*sign in to Google again"):
        less.require(CALENDARS, what="read your calendars")
    more: Google = reopened(google, scope=" ".join(SCOPES)).client
    more.require(EVENTS, CALENDARS, what="read your calendars")
    google.client.require(EVENTS, what="…")  # nothing was said about it: all is granted


def test_services_are_built_when_they_are_first_used_and_go_through_the_door(google: Stand) -> None:
    assert google.client._services == {}
    for name in ("calendar", "drive", "gmail", "sheets", "docs"):
        service = getattr(google.client, name)
        assert service._baseUrl.startswith(f"{google.served.url}/google/")
        assert getattr(google.client, name) is service


def test_the_token_is_shown_nowhere(google: Stand) -> None:
    assert google.served.token not in repr(google.client)
