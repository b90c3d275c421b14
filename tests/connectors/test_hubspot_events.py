"""HubSpot rings with a signature over method, address, body and time; its search says what happened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import BadSignature, Received, Unavailable, Unreadable
from connectors.hubspot import connector
from connectors.hubspot._delivery import decoded
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import Asked, vendor
from tests.connectors.signing_hubspot import ADDRESS, signed
from tests.connectors.test_hubspot import ROOF, by_hand

NOW = 1_795_160_000.0
BODY = b'[{"eventId":1,"subscriptionType":"contact.creation","portalId":1001,"objectId":501}]'
LONG_AGO = "2026-01-01T00:00:00+00:00"
SINCE = {"begun": LONG_AGO, "since": LONG_AGO}


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def receive(body: bytes, headers: dict[str, str], now: float = NOW, secrets: tuple[str, ...] = ("secret",)) -> Received:
    assert connector.hook
    return connector.hook.receive(body, headers, secrets, now)


# --- the bell ---------------------------------------------------------------------------------------------------------


def test_a_signed_delivery_rings(at: Hands) -> None:
    rung = Received(catch_up=True, accounts=("1001",))
    assert receive(BODY, signed(BODY, "secret", NOW)) == rung
    assert receive(BODY, signed(BODY, "secret", NOW), secrets=("new", "secret")) == rung
    assert receive(b"[]", signed(b"[]", "secret", NOW)) == Received(catch_up=True)


def test_a_delivery_for_several_accounts_rings_each_of_them_once() -> None:
    body = b'[{"portalId":1001},{"portalId":1002},{"portalId":1001},{"portalId":"x"},{"portalId":true},{"objectId":5}]'
    assert receive(body, signed(body, "secret", NOW)).accounts == ("1001", "1002")


@pytest.mark.parametrize("seconds", [301, -301, 3600, -86_400])
def test_it_was_signed_within_five_minutes_before_or_after(seconds: float) -> None:
    with pytest.raises(BadSignature, match="clock"):
        receive(BODY, signed(BODY, "secret", NOW), now=NOW + seconds)
    assert receive(BODY, signed(BODY, "secret", NOW), now=NOW + (299 if seconds > 0 else -299)).catch_up


def test_the_address_is_part_of_it() -> None:
    """Behind a proxy the hub signs with its public address, not with the one that the proxy called."""
    inside = "http://127.0.0.1:8000/hooks/hubspot/key"
    with pytest.raises(BadSignature, match="public address"):
        receive(BODY, signed(BODY, "secret", NOW, called=inside))
    other = {**signed(BODY, "secret", NOW), ":method": "PUT"}
    with pytest.raises(BadSignature):
        receive(BODY, other)


def test_escapes_in_the_address_are_undone_as_hubspot_does() -> None:
    assert (
        decoded("https://x/a%3Ab%2fc%40d%21?e=%2C%3B%28%29%27%24%2A&f=%20%25")
        == "https://x/a:b/c@d!?e=,;()'$*&f=%20%25"
    )
    headers = signed(BODY, "secret", NOW, signed_as=f"{ADDRESS}/a:b", called=f"{ADDRESS}/a%3Ab")
    assert receive(BODY, headers).catch_up


@pytest.mark.parametrize("older", ["x-hubspot-signature", "x-hubspot-signature-v2"])
def test_older_signatures_are_not_taken(older: str) -> None:
    headers = signed(BODY, "secret", NOW)
    headers[older] = headers.pop("x-hubspot-signature-v3")
    with pytest.raises(BadSignature):
        receive(BODY, headers)


@pytest.mark.parametrize("stamp", ["", "soon", "1" * 30, "１７９５１６００００", "-1", "nan"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    with pytest.raises(BadSignature):
        receive(BODY, {**signed(BODY, "secret", NOW), "x-hubspot-request-timestamp": stamp})


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_list_of_events_is_kept_for_a_person(body: bytes) -> None:
    with pytest.raises(Unreadable):
        receive(body, signed(body, "secret", NOW))


def test_what_the_stand_in_sends_rings(at: Hands) -> None:
    heard: list[Any] = []

    def hub(asked: Asked) -> tuple[int, Any]:
        heard.append(asked)
        return 200, {}

    with vendor(hub) as there:
        url = f"{there.url}/hooks/hubspot/key"
        headers = {"Authorization": f"Bearer {at.served.token}"}
        body = {"address": url, "signed_as": ADDRESS}
        requests.post(f"{at.served.url}/hubspot/deliver", json=body, headers=headers, timeout=5)
    came = {**heard[0].headers, ":method": "POST", ":url": ADDRESS}
    assert receive(heard[0].body, came, time.time(), (at.served.token,)) == Received(catch_up=True, accounts=("1001",))


# --- catching up ------------------------------------------------------------------------------------------------------


def kinds(found: list[Any]) -> list[tuple[str, str]]:
    return sorted((event.kind, event.serial_key) for event in found)


def test_it_begins_with_what_changes_from_now_on(at: Hands) -> None:
    found, cursor = at.poll("deal.created", None)
    assert found == []
    by_hand(at, f"/deals/{ROOF}", {"amount": "1"})
    assert kinds(at.poll("deal.created", cursor)[0]) == [("deal.changed", f"deal:{ROOF}")]


def test_a_stage_that_was_reached_is_told_once(at: Hands) -> None:
    _, cursor = at.poll("deal.created", None)
    by_hand(at, f"/deals/{ROOF}", {"dealstage": "closedwon", "pipeline": "default"})
    found, after = at.poll("deal.created", cursor)
    assert kinds(found) == [("deal.changed", f"deal:{ROOF}"), ("deal.stage_reached", f"deal:{ROOF}")]
    seen = at.seen(found[-1])
    assert (seen["name"], seen["stage"], seen["amount"], seen["made_by_patchbay"]) == (
        "Roof repair",
        "closedwon",
        "5000",
        False,
    )
    again, _ = at.poll("deal.created", after)
    assert {event.dedupe_key for event in again} == {event.dedupe_key for event in found}
    by_hand(at, f"/deals/{ROOF}", {"amount": "6000"})
    third = [event for event in at.poll("deal.created", after)[0] if event.kind == "deal.stage_reached"]
    assert {event.dedupe_key for event in third} <= {event.dedupe_key for event in found}


def test_new_records_are_told_as_new_only_and_ours_say_so(at: Hands) -> None:
    contact = at.write("save_contact", email="ben@koch.example", first_name="Ben").result["id"]
    deal = at.write("save_deal", name="Ours").result["id"]
    assert (f"contact:{contact}", "contact.created") in [
        (one.serial_key, one.kind) for one in at.poll("contact.created", SINCE)[0]
    ]
    found = [event for event in at.poll("deal.created", SINCE)[0] if event.serial_key == f"deal:{deal}"]
    assert [event.kind for event in found] == ["deal.created"]
    assert at.seen(found[0])["made_by_patchbay"] is True
    company = at.poll("company.created", SINCE)[0][0]
    assert (company.kind, at.seen(company)["domain"]) == ("company.created", "lee.example")


def test_archived_records_do_not_appear(at: Hands) -> None:
    by_hand(at, f"/deals/{ROOF}", {}, "DELETE")
    assert at.poll("deal.created", SINCE)[0] == []


def test_a_search_that_is_behind_loses_nothing(at: Hands) -> None:
    _, cursor = at.poll("contact.created", None)
    at.served.control("settings", {"hubspot_lag": 3600})
    made = at.write("save_contact", email="ben@koch.example").result["id"]
    found, cursor = at.poll("contact.created", cursor)
    assert found == []
    at.served.control("settings", {"hubspot_lag": 0})
    assert kinds(at.poll("contact.created", cursor)[0]) == [("contact.created", f"contact:{made}")]


# --- pages ------------------------------------------------------------------------------------------------------------


def many(at: Hands, count: int, since: str) -> dict[str, str]:
    at.served.control("hubspot_many", {"count": count, "since": since})
    return {"begun": LONG_AGO, "since": (datetime.fromisoformat(since) - timedelta(seconds=1)).isoformat()}


def test_a_long_list_comes_in_pages_with_a_time_in_milliseconds(at: Hands) -> None:
    cursor = many(at, 250, "2026-11-20T00:00:00+00:00")
    found, _ = at.poll("contact.created", cursor)
    assert len(found) == 250
    bodies = [json.loads(asked["body"]) for asked in at.asked("POST")]
    assert [body["after"] for body in bodies] == ["0", "100", "200"]
    assert bodies[0]["filterGroups"][0]["filters"][0]["value"].isdecimal()
    assert bodies[0]["sorts"] == [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]


def test_more_than_the_search_gives_comes_in_rounds(at: Hands) -> None:
    cursor: Any = many(at, 4500, "2026-11-20T00:00:00+00:00")
    told: set[str] = set()
    for _ in range(2):
        found, cursor = at.poll("contact.created", cursor)
        told |= {event.dedupe_key for event in found}
    assert len(told) == 4500


def test_where_page_two_fails_page_one_is_kept_and_the_rest_comes_next(at: Hands) -> None:
    cursor: Any = many(at, 150, "2026-11-20T00:00:00+00:00")
    at.served.fault("hubspot", "status", status=500, skip=1)
    found, cursor = at.poll("contact.created", cursor)
    assert len(found) == 100
    rest, _ = at.poll("contact.created", cursor)
    assert len({event.dedupe_key for event in found + rest}) == 150


def test_where_page_one_fails_the_round_fails(at: Hands) -> None:
    at.served.fault("hubspot", "status", status=429, body={"policyName": "SECONDLY"})
    with pytest.raises(Unavailable):
        at.poll("contact.created", SINCE)
    at.served.fault("hubspot", "status", status=500)
    with pytest.raises(requests.HTTPError):
        at.poll("contact.created", SINCE)
