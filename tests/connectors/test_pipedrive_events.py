"""Pipedrive rings, and its lists say what happened."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import BadSignature, Received, Unavailable
from connectors.pipedrive import connector
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import Asked, vendor
from tests.connectors.signing_pipedrive import signed
from tests.connectors.test_pipedrive import by_hand

LONG_AGO = "2026-01-01T00:00:00Z"
SINCE = {"begun": LONG_AGO, "since": LONG_AGO}


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def kinds(found: list[Any]) -> list[tuple[str, str]]:
    return sorted((event.kind, event.serial_key) for event in found)


def aged(at: Hands, kind: str, record: int, **times: str) -> None:
    """As if it had happened at another time."""
    at.served.control("pipedrive_set", {"kind": kind, "id": record, **times})


# --- the bell ---------------------------------------------------------------------------------------------------------


def test_the_password_opens_whatever_the_user_is_called() -> None:
    assert connector.hook
    for login in ("patchbay:pass:word", ":pass:word"):
        header = {"authorization": "basic " + base64.b64encode(login.encode()).decode()}
        assert connector.hook.receive(b"anything", header, ["old", "pass:word"], 0) == Received(catch_up=True)


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Basic \xe9", "Bearer secret", "Basic c2VjcmV0", "Basic OnNlY3JldA"]
)
def test_anything_else_is_refused(header: str) -> None:
    assert connector.hook
    with pytest.raises(BadSignature):
        connector.hook.receive(b"{}", {"authorization": header}, ["secret"], 0)


def test_a_wrong_password_is_a_401_for_pipedrive() -> None:
    assert connector.hook
    assert connector.hook.refused == 401
    assert signed(b"", "x", 0)["authorization"].startswith("Basic ")


# --- catching up ------------------------------------------------------------------------------------------------------


def test_it_begins_with_what_changes_from_now_on(at: Hands) -> None:
    aged(at, "deal", 1, add_time=LONG_AGO, update_time=LONG_AGO)
    found, cursor = at.poll("deal.created", None)
    assert found == []
    assert abs(datetime.fromisoformat(cursor["since"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_happens_to_a_deal_is_told_once_by_each_of_its_times(at: Hands) -> None:
    _, cursor = at.poll("deal.created", SINCE)
    by_hand(at, "/api/v2/deals/1", {"stage_id": 3})
    by_hand(at, "/api/v2/deals/1", {"status": "won"})
    aged(at, "deal", 1, add_time=LONG_AGO)
    found, cursor = at.poll("deal.created", cursor)
    assert kinds(found) == [("deal.changed", "deal:1"), ("deal.moved", "deal:1"), ("deal.won", "deal:1")]
    again, _ = at.poll("deal.created", cursor)
    assert {event.dedupe_key for event in again} == {event.dedupe_key for event in found}
    seen = at.seen(found[0])
    assert (seen["title"], seen["value"], seen["stage"], seen["status"]) == ("Roof repair", 5000, "3", "won")
    assert (seen["person"], seen["made_by_patchbay"]) == ("1", False)
    assert seen["url"].endswith("/pipedrive/deal/1")


def test_a_new_deal_without_an_update_time_is_told(at: Hands) -> None:
    made = by_hand(at, "/api/v2/deals", {"title": "New"}, "POST")
    at.served.control("pipedrive_set", {"kind": "deal", "id": made["id"], "update_time": None})
    found, _ = at.poll("deal.created", SINCE)
    assert ("deal.created", f"deal:{made['id']}") in kinds(found)
    assert ("deal.changed", f"deal:{made['id']}") not in kinds(found)


def test_what_patchbay_made_says_so(at: Hands) -> None:
    written = at.write("create_deal", title="Ours")
    found, _ = at.poll("deal.created", SINCE)
    ours = {event.serial_key: at.seen(event)["made_by_patchbay"] for event in found}
    assert ours == {"deal:1": False, f"deal:{written.result['id']}": True}


def test_people_and_organizations_are_told_too(at: Hands) -> None:
    found, _ = at.poll("person.changed", SINCE)
    seen = at.seen(found[0])
    assert (found[0].kind, seen["name"], seen["email"], seen["organization"]) == (
        "person.created",
        "Ann Lee",
        "ann@lee.example",
        "1",
    )
    found, _ = at.poll("organization.created", SINCE)
    assert at.seen(found[0])["name"] == "Lee and Daughters"


def test_a_deal_that_was_won_and_archived_at_once_is_told(at: Hands) -> None:
    by_hand(at, "/api/v2/deals/1", {"status": "won"})
    by_hand(at, "/api/v2/deals/1", {"is_archived": True})
    assert ("deal.won", "deal:1") in kinds(at.poll("deal.won", SINCE)[0])


def test_filters_have_no_parts_of_a_second(at: Hands) -> None:
    at.poll("deal.created", {"begun": LONG_AGO, "since": "2026-11-01T10:00:00.123456+00:00"})
    (listed, archived) = at.asked()
    assert "updated_since=2026-11-01T09%3A58%3A00Z" in listed["query"]
    assert archived["path"] == "/api/v2/deals/archived"
    headers = {"x-api-token": at.served.token}
    asked = f"{at.served.url}/pipedrive/api/v2/deals?updated_since=2026-11-01T10:00:00.123Z"
    assert requests.get(asked, headers=headers, timeout=5).status_code == 400


# --- pages ------------------------------------------------------------------------------------------------------------


def many(at: Hands, count: int) -> None:
    at.served.control("pipedrive_many", {"kind": "person", "count": count, "since": "2026-11-01T00:00:00Z"})


def test_a_long_list_comes_in_pages(at: Hands) -> None:
    many(at, 1100)
    found, _ = at.poll("person.created", {**SINCE, "since": "2026-11-01T00:00:00Z"})
    assert len([event for event in found if event.kind == "person.created"]) == 1101
    assert len(at.asked()) == 3


def test_where_page_two_fails_page_one_is_kept_and_the_rest_comes_next(at: Hands) -> None:
    many(at, 700)
    at.served.fault("pipedrive", "status", status=500, skip=1)
    found, cursor = at.poll("person.created", {**SINCE, "since": "2026-11-01T00:00:00Z"})
    assert len(found) == 500
    rest, _ = at.poll("person.created", cursor)
    told = {event.dedupe_key for event in found + rest}
    assert len(told) == 701


def test_where_page_one_fails_the_round_fails(at: Hands) -> None:
    at.served.fault("pipedrive", "status", status=429)
    with pytest.raises(Unavailable):
        at.poll("person.created", SINCE)
    at.served.fault("pipedrive", "status", status=500)
    with pytest.raises(requests.HTTPError):
        at.poll("person.created", SINCE)


def test_deals_stand_in_two_lists_and_both_must_answer(at: Hands) -> None:
    at.served.fault("pipedrive", "status", status=500, path="/api/v2/deals/archived")
    with pytest.raises(requests.HTTPError):
        at.poll("deal.created", SINCE)


# --- our webhook ------------------------------------------------------------------------------------------------------


def keep(at: Hands, address: str) -> list[str]:
    assert connector.hook
    assert connector.hook.subscription
    return list(connector.hook.subscription.keep(at.client, address, ["new", "old"]))


def test_the_webhook_is_made_once_and_again_when_pipedrive_has_deleted_it(at: Hands) -> None:
    address = "https://hub.example/hooks/pipedrive/key"
    for _ in range(2):
        assert keep(at, address) == ["new", "old"]
    (made,) = by_hand(at, "/api/v1/webhooks", {}, "GET")
    assert (made["subscription_url"], made["version"], made["http_auth_user"]) == (address, "2.0", "patchbay")
    assert [json.loads(asked["body"])["http_auth_password"] for asked in at.asked("POST")] == ["new"]
    assert (made["event_action"], made["event_object"]) == ("*", "*")
    by_hand(at, f"/api/v1/webhooks/{made['id']}", {}, "DELETE")
    keep(at, address)
    assert len(by_hand(at, "/api/v1/webhooks", {}, "GET")) == 1


def test_without_a_public_address_none_is_made(at: Hands) -> None:
    assert keep(at, "") == ["new", "old"]
    assert at.asked() == []


def test_what_the_stand_in_sends_rings(at: Hands) -> None:
    heard: list[Any] = []

    def hub(asked: Asked) -> tuple[int, Any]:
        heard.append(asked)
        return 200, {}

    with vendor(hub) as there:
        headers = {"Authorization": f"Bearer {at.served.token}"}
        body = {"address": f"{there.url}/hooks/pipedrive/key", "id": 1, "action": "change"}
        answer = requests.post(f"{at.served.url}/pipedrive/deliver", json=body, headers=headers, timeout=5)
    assert answer.json()["status"] == 200
    assert connector.hook
    received = connector.hook.receive(heard[0].body, heard[0].headers, [at.served.token], 0)
    assert received == Received(catch_up=True)
    assert heard[0].json["meta"]["entity_id"] == "1"
