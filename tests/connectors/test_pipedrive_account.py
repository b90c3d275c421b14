"""Pipedrive: whom a token belongs to, what refusals mean, how its limits are kept, what people choose from."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.core.answers import Kind
from connectors.contract import Account, Refused, Unavailable
from connectors.pipedrive import connector
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import vendor


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


# --- whose account ----------------------------------------------------------------------------------------------------


def test_check_names_the_company_with_the_token_in_a_header(at: Hands) -> None:
    assert connector.check(at.client) == Account("1001", "Practice company")
    (asked,) = at.asked()
    assert (asked["path"], asked["query"]) == ("/api/v1/users/me", "")


def test_a_token_in_the_address_is_not_how_we_ask(at: Hands) -> None:
    url = f"{at.served.url}/pipedrive/api/v1/users/me?api_token={at.served.token}"
    assert requests.get(url, timeout=5).status_code == 401
    for name in ("stage", "user", "deal"):
        at.choices(name)
    assert not [asked for asked in at.asked() if "token" in asked["query"] and "api_token" not in asked["query"]]


@pytest.mark.parametrize("address", ["https://acme.pipedrive.com", " https://Acme.pipedrive.com/ "])
def test_a_companys_own_address_is_taken(at: Hands, address: str) -> None:
    at.open(api_domain=address)
    assert at.client.company == "acme"


@pytest.mark.parametrize(
    "address",
    [
        "https://api.pipedrive.com",
        "https://app.pipedrive.com",
        "https://acme.pipedrive.com/pipeline/1",
        "http://acme.pipedrive.com",
        "https://acme.pipedrive.com.evil.example",
        "https://evil.example/acme.pipedrive.com",
        "https://acme.pipedrive.com@evil.example",
        "acme",
        "",
    ],
)
def test_any_other_address_is_refused_before_it_is_called(at: Hands, address: str) -> None:
    with pytest.raises(Refused, match=r"https://acme\.pipedrive\.com"):
        at.open(api_domain=address)
    assert at.asked() == []


def test_the_token_of_another_company_is_noticed(at: Hands) -> None:
    at.open(api_domain="https://other.pipedrive.com")
    with pytest.raises(Refused, match=r"belongs to practice\.pipedrive\.com, not to other\.pipedrive\.com"):
        connector.check(at.client)


def test_who_signed_in_needs_no_token(at: Hands) -> None:
    at.open(token="", access_token=at.served.token)
    assert connector.check(at.client).id == "1001"
    (asked,) = at.asked()
    assert asked["status"] == 200


def test_a_token_that_ended_asks_for_a_new_connection(at: Hands) -> None:
    at.open(token="old")
    with pytest.raises(requests.HTTPError) as refusal:
        connector.check(at.client)
    trouble = at.trouble(refusal.value)
    assert trouble.kind is Kind.RECONNECT
    assert "copy the token" in trouble.words
    at.open()
    assert connector.check(at.client).id == "1001"


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, {"success": False, "error": "Validation failed: title: is required"}, "title: is required"),
        (422, {"error": "x", "error_info": "y"}, "“x y”"),
        (400, {"error": "Archived deals cannot be updated"}, "Take it out of the archive"),
        (401, {"error": "unauthorized access"}, "copy the token"),
        (402, {}, "unpaid bill"),
        (403, {"error": "You do not have access"}, "Permission sets"),
        (403, {"error": "Limit", "code": "feature_capping_deals_limit"}, "plan allows no more"),
        (404, {"error": "Deal not found"}, "deleted, or merged"),
        (410, {}, "Restore it"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: Any, says: str) -> None:
    sentence = connector.explain(status, json.dumps(body).encode())
    assert sentence
    assert says in sentence


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"[]", b"null", b'{"error": {}, "code": 5}'])
def test_unreadable_words_do_no_harm(body: bytes) -> None:
    assert "Permission sets" in (connector.explain(403, body) or "")
    for status in (429, 500, 502, 503):
        assert connector.explain(status, body) is None


def test_an_old_endpoint_is_gone_there_too(at: Hands) -> None:
    headers = {"x-api-token": at.served.token}
    answer = requests.get(f"{at.served.url}/pipedrive/api/v1/deals", headers=headers, timeout=5)
    assert answer.status_code == 410


# --- limits -----------------------------------------------------------------------------------------------------------


def test_the_pace_of_two_seconds() -> None:
    with at_work(connector, limits=True) as at:
        at.served.control("settings", {"pipedrive_burst": 2})
        for _ in range(2):
            connector.check(at.client)
        with pytest.raises(Unavailable) as stop:
            at.choices("stage")
        assert stop.value.seconds in (1.0, 2.0)


def test_a_day_without_budget_waits_for_midnight() -> None:
    with at_work(connector, limits=True) as at:
        at.served.control("settings", {"pipedrive_budget": 9})
        with pytest.raises(Unavailable, match="used up") as stop:
            at.choices("deal")
        midnight = (time.time() // 86_400 + 1) * 86_400
        assert stop.value.seconds == pytest.approx(midnight - time.time(), abs=5)
        assert at.trouble(stop.value).kind is Kind.WAIT


@pytest.mark.parametrize(
    ("headers", "seconds"), [({}, 2.0), ({"x-ratelimit-reset": "7"}, 7.0), ({"x-ratelimit-reset": "soon"}, 2.0)]
)
def test_how_long_a_429_waits(at: Hands, headers: dict[str, str], seconds: float) -> None:
    at.served.fault("pipedrive", "status", status=429, headers=headers)
    with pytest.raises(Unavailable) as stop:
        connector.check(at.client)
    assert stop.value.seconds == seconds


def test_the_network_protection_keeps_us_away_for_an_hour(at: Hands) -> None:
    at.served.fault("pipedrive", "status", status=403, body="<html>Attention required</html>")
    with pytest.raises(Unavailable, match="network protection") as stop:
        connector.check(at.client)
    assert stop.value.seconds == 3600


def test_a_403_in_json_is_a_matter_of_rights(at: Hands) -> None:
    at.served.fault("pipedrive", "status", status=403, body={"success": False, "error": "no access"})
    with pytest.raises(requests.HTTPError) as refusal:
        connector.check(at.client)
    assert at.trouble(refusal.value).kind is Kind.REFUSED


@pytest.mark.parametrize("said", [b"<html>", b"[]", b"{}", {"success": False}, {"success": True}])
def test_an_answer_that_is_not_documented_is_no_answer(said: Any) -> None:
    with vendor(lambda asked: (200, said)) as there:
        door = there.door()
        client = connector.open({"api_domain": "https://acme.pipedrive.com", "token": "t"}, door)
        with pytest.raises(ValueError):
            connector.check(client)


def test_a_plan_without_room_for_more_deals_is_explained(at: Hands) -> None:
    full = {"success": False, "error": "Deals limit reached", "code": "feature_capping_deals_limit"}
    arguments = at.prepared("create_deal", title="One more")
    at.served.fault("pipedrive", "status", method="POST", path="/api/v2/deals", status=403, body=full)
    with pytest.raises(requests.HTTPError) as refusal:
        at.action("create_deal").run(at.client, "hub-1", **arguments)
    trouble = at.trouble(refusal.value, write=True)
    assert trouble.kind is Kind.REFUSED
    assert "larger plan" in trouble.words


# --- what people choose from ------------------------------------------------------------------------------------------


def test_pickers_are_filled(at: Hands) -> None:
    assert at.choices("stage", "offer") == {"Sales: Offer sent": "3"}
    assert at.choices("user") == {"Ana Silva": "7", "Ben Koch": "8"}
    assert at.choices("activity_type", "mee") == {"Meeting": "meeting"}
    assert at.choices("deal") == at.choices("deal", "roof") == {"Roof repair (1)": "1"}
    assert at.choices("person", "l") == {"Ann Lee (1)": "1"}  # the search takes two letters or more
    assert at.choices("organization", "daughters") == {"Lee and Daughters (1)": "1"}
    assert at.choices("deal", "nothing like it") == {}


@pytest.mark.parametrize("text", ["1", "https://acme.pipedrive.com/deal/1", "https://acme.pipedrive.com/deal/1/?x=y#z"])
def test_a_pasted_address_is_understood(at: Hands, text: str) -> None:
    resolve = connector.lookups["deal"].resolve
    assert resolve
    assert [choice.id for choice in resolve(at.client, text)] == ["1"]


@pytest.mark.parametrize("text", ["", "99", "https://acme.pipedrive.com/person/1", "deal 1"])
def test_an_address_of_something_else_is_refused(at: Hands, text: str) -> None:
    resolve = connector.lookups["deal"].resolve
    assert resolve
    with pytest.raises(Refused, match="Open the deal there"):
        resolve(at.client, text)


def test_people_are_looked_up_by_address(at: Hands) -> None:
    found = at.read("find_person", email="ANN@lee.example ")
    assert found == {"found": True, "id": "1", "name": "Ann Lee", "url": f"{at.served.url}/pipedrive/person/1"}
    assert at.read("find_person", email="nobody@lee.example")["found"] is False
    with pytest.raises(Refused, match="was deleted"):
        at.read("read_deal", deal="99")
