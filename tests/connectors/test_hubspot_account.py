"""HubSpot: whose key it is, signing in, what refusals mean, how its limits are kept, what people choose from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.core.answers import Kind
from connectors.contract import Account, Refused, Unavailable
from connectors.hubspot import SCOPES, connector
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import vendor


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


# --- whose account ----------------------------------------------------------------------------------------------------


def test_check_names_the_account(at: Hands) -> None:
    assert connector.check(at.client) == Account("1001", "HubSpot account 1001")


def test_a_key_that_ended_asks_for_a_new_connection(at: Hands) -> None:
    at.open(token="old")
    with pytest.raises(requests.HTTPError) as refusal:
        connector.check(at.client)
    trouble = at.trouble(refusal.value)
    assert trouble.kind is Kind.RECONNECT
    assert "Service Keys" in trouble.words
    at.open()
    assert connector.check(at.client).id == "1001"


def test_who_signed_in_needs_no_key(at: Hands) -> None:
    at.open(token="", access_token=at.served.token)
    assert connector.check(at.client).id == "1001"


def test_signing_in_uses_the_dated_addresses_with_the_secret_in_the_form() -> None:
    oauth = connector.oauth
    assert oauth
    assert (oauth.token, oauth.client, oauth.pkce) == ("{api}/oauth/2026-03/token", "body", True)
    assert "/v1/" not in oauth.token + oauth.authorize + oauth.revoke
    assert set(oauth.scopes) == set(SCOPES)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, {"category": "VALIDATION_ERROR", "message": "amount was not a number"}, "amount was not a number"),
        (401, {"category": "EXPIRED_AUTHENTICATION"}, "Service Keys"),
        (403, {"category": "MISSING_SCOPES", "context": {"missingScopes": ["crm.objects.deals.write"]}}, "deals.write"),
        (403, {"errors": [{"context": {"requiredGranularScopes": ["crm.objects.owners.read"]}}]}, "owners.read"),
        (403, {"message": "Your plan has no such thing"}, "“Your plan has no such thing”"),
        (404, {"category": "OBJECT_NOT_FOUND"}, "deleted or archived"),
        (409, {"message": "Contact already exists. Existing ID: 123"}, "number 123"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: Any, says: str) -> None:
    sentence = connector.explain(status, json.dumps(body).encode())
    assert sentence
    assert says in sentence


ODD = [
    b"",
    b"\xff",
    b"[" * 100_000,
    b"[]",
    b"null",
    b'{"context": [], "errors": {}, "message": {}}',
    b'{"errors": [5]}',
]


@pytest.mark.parametrize("body", ODD)
def test_every_part_of_a_refusal_may_be_missing(body: bytes) -> None:
    for status in (400, 401, 403, 404, 409):
        assert connector.explain(status, body)
    for status in (429, 500, 502, 504, 522, 524):
        assert connector.explain(status, body) is None


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "calls", "seconds"), [({"hubspot_rate": 2}, 2, 10.0), ({"hubspot_daily": 1}, 1, 3600.0)]
)
def test_limits_say_how_long_to_wait(settings: dict[str, Any], calls: int, seconds: float) -> None:
    with at_work(connector, limits=True) as at:
        at.served.control("settings", settings)
        for _ in range(calls):
            connector.check(at.client)
        with pytest.raises(Unavailable) as stop:
            connector.check(at.client)
        assert stop.value.seconds == seconds
        assert at.trouble(stop.value).kind is Kind.WAIT


def test_the_search_has_a_limit_of_its_own() -> None:
    with at_work(connector, limits=True) as at:
        for _ in range(5):
            at.choices("deal")
        with pytest.raises(Unavailable) as stop:
            at.choices("deal")
        assert stop.value.seconds == 1.0


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (423, {}, 5.0),
        (477, {}, 86_400.0),
        (477, {"Retry-After": "600"}, 600.0),
        (477, {"Retry-After": "soon"}, 86_400.0),
    ],
)
def test_locked_and_moving_accounts_are_waited_for(
    at: Hands, status: int, headers: dict[str, str], seconds: float
) -> None:
    at.served.fault("hubspot", "status", status=status, headers=headers)
    with pytest.raises(Unavailable) as stop:
        connector.check(at.client)
    assert stop.value.seconds == seconds


@pytest.mark.parametrize("status", [502, 504, 522, 524])
def test_a_write_that_a_proxy_cut_off_is_looked_up(at: Hands, status: int) -> None:
    arguments = at.prepared("save_contact", email="ben@koch.example")
    at.served.fault("hubspot", "status", method="POST", status=status, body="<html>")
    with pytest.raises(requests.HTTPError) as refusal:
        at.action("save_contact").run(at.client, "hub-1", **arguments)
    assert at.trouble(refusal.value, write=True).kind is Kind.UNKNOWN


def test_an_address_that_is_there_already_is_looked_up_before_anything_else(at: Hands) -> None:
    arguments = at.prepared("save_contact", email="ben@koch.example")
    there = {"status": "error", "message": "Contact already exists. Existing ID: 123", "category": "CONFLICT"}
    at.served.fault("hubspot", "status", method="POST", status=409, body=there)
    with pytest.raises(requests.HTTPError) as refusal:
        at.action("save_contact").run(at.client, "hub-1", **arguments)
    trouble = at.trouble(refusal.value, write=True)
    assert (trouble.kind, trouble.left) == (Kind.UNKNOWN, "there")
    assert "number 123" in trouble.words


@pytest.mark.parametrize("said", [b"<html>", b"[]", b"5"])
def test_an_answer_that_is_no_object_is_no_answer(said: bytes) -> None:
    with vendor(lambda asked: (200, said)) as there:
        client = connector.open({"token": "t"}, there.door())
        with pytest.raises(ValueError):
            connector.check(client)


# --- what people choose from ------------------------------------------------------------------------------------------


def test_pickers_are_filled(at: Hands) -> None:
    assert at.choices("stage", "ren") == {"Renewals: Due": "9011", "Renewals: Renewed": "9012"}
    assert at.choices("stage", "offer") == {"Sales: Offer sent": "contractsent"}
    assert at.choices("owner") == {"Ana Silva": "71", "ben@practice.example": "72"}  # on two pages
    assert at.choices("contact", "lee.ex") == {"Ann Lee (501)": "501"}
    assert at.choices("company") == {"Lee and Daughters (502)": "502"}
    assert at.choices("deal", "nothing like it") == {}


def test_a_second_page_that_fails_is_no_half_list(at: Hands) -> None:
    at.served.fault("hubspot", "status", status=500, skip=1)
    with pytest.raises(requests.HTTPError):
        at.choices("owner")


@pytest.mark.parametrize(
    "text",
    [
        "501",
        "https://app.hubspot.com/contacts/1001/record/0-1/501?x=y",
        "https://app.hubspot.com/contacts/1001/contact/501/",
    ],
)
def test_a_pasted_address_is_understood(at: Hands, text: str) -> None:
    resolve = connector.lookups["contact"].resolve
    assert resolve
    assert [choice.label for choice in resolve(at.client, text)] == ["Ann Lee (501)"]


@pytest.mark.parametrize("text", ["", "999", "https://app.hubspot.com/contacts/1001/record/0-3/503"])
def test_an_address_of_something_else_is_refused(at: Hands, text: str) -> None:
    resolve = connector.lookups["contact"].resolve
    assert resolve
    with pytest.raises(Refused, match="Open the contact there"):
        resolve(at.client, text)


def test_contacts_and_deals_are_read(at: Hands) -> None:
    found = at.read("find_contact", email=" ANN@lee.example")
    assert (found["found"], found["id"], found["first_name"]) == (True, "501", "Ann")
    nobody = at.read("find_contact", email="nobody@lee.example")
    assert nobody["found"] is False
    assert set(nobody) == set(found)
    deal = at.read("read_deal", deal="503")
    assert (deal["name"], deal["amount"], deal["stage"]) == ("Roof repair", "5000", "contractsent")
    assert at.read("read_deal", deal="999")["found"] is False
