"""Events whose deliveries got lost: listed since the cursor, each once, oldest first, whatever the pages do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from connectors.stripe import connector
from connectors.stripe._catch_up import FIRST_LOOK, OVERLAP
from tests.connectors.signing_stripe import signed
from tests.connectors.stripe_stand import Shop, standing

(POLL,) = connector.polls


@pytest.fixture
def shop() -> Iterator[Shop]:
    with standing() as made:
        yield made


def happened(shop: Shop, name: str, ago: float = 60, kind: str = "customer.created") -> str:
    made = shop.command("event", type=kind, object={"id": name, "object": "customer"}, created=int(time.time() - ago))
    return str(made["id"])


def crowd(shop: Shop, number: int, ago: Any) -> None:
    """So many events; `ago`: seconds before now of each, by its number."""
    shop.command("events", events=[
        {"type": "customer.created", "object": {"id": f"cus_{n}"}, "created": int(time.time() - ago(n))}
        for n in range(number)
    ])  # fmt: skip


def round_of(shop: Shop, cursor: Any = None) -> tuple[list[str], Any]:
    """The objects of the events of one round; the cursor goes through JSON as in the database."""
    events, after = POLL.run(shop.client, cursor)
    return [event.serial_key for event in events], json.loads(json.dumps(after))


def test_what_was_lost_comes_once_and_oldest_first(shop: Shop) -> None:
    happened(shop, "cus_second", ago=30)
    happened(shop, "cus_first", ago=90)
    found, cursor = round_of(shop)
    assert found == ["cus_first", "cus_second"]
    assert round_of(shop, cursor)[0] == []
    happened(shop, "cus_third", ago=0)
    happened(shop, "cus_late", ago=OVERLAP - 30)  # listed late
    assert round_of(shop, cursor)[0] == ["cus_late", "cus_third"]


def test_it_is_the_event_that_the_webhook_would_have_brought(shop: Shop) -> None:
    token = shop.served.token
    body = {"id": "x", "object": "event", "type": "invoice.paid", "created": 1, "data": {"object": {"id": "in_1"}}}
    sent = requests.post(
        f"{shop.served.url}/stripe/deliver",
        json={"address": "https://nowhere.example", "body": body, "lose": True},
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    ).json()["body"]
    raw, now = json.dumps(sent).encode(), time.time()
    assert connector.hook
    (hooked,) = connector.hook.receive(raw, signed(raw, token, now), [token], now).events
    ((polled,), _) = POLL.run(shop.client, None)
    for name in ("kind", "dedupe_key", "serial_key", "once_key", "occurred_at"):
        assert getattr(polled, name) == getattr(hooked, name)
    assert json.loads(polled.body) == sent


def test_other_kinds_are_not_asked_for(shop: Shop) -> None:
    happened(shop, "cus_1", kind="customer.updated")
    assert round_of(shop)[0] == []
    assert set(POLL.kinds) == {trigger.kind for trigger in connector.triggers}
    assert len(POLL.kinds) <= 20  # more may not be asked for at once


def test_the_first_look_goes_a_day_back(shop: Shop) -> None:
    happened(shop, "cus_old", ago=FIRST_LOOK + 60)
    happened(shop, "cus_yesterday", ago=FIRST_LOOK - 60)
    assert round_of(shop)[0] == ["cus_yesterday"]


def test_several_pages_are_read(shop: Shop) -> None:
    crowd(shop, 250, lambda n: 1000 - n)
    found, cursor = round_of(shop)
    assert found == [f"cus_{number}" for number in range(250)]
    assert round_of(shop, cursor)[0] == []


def test_a_second_page_that_fails_leaves_the_cursor_where_it_was(shop: Shop) -> None:
    crowd(shop, 150, lambda n: 1000 - n)
    shop.served.fault("stripe", "status", path="/v1/events", skip=1, status=500)
    with pytest.raises(Exception, match="ordered by the test"):
        POLL.run(shop.client, None)
    assert len(round_of(shop)[0]) == 150


def test_after_a_long_absence_it_catches_up_round_by_round(shop: Shop) -> None:
    crowd(shop, 1300, lambda n: 100_000 - n * 60)
    cursor: Any = {"since": int(time.time()) - 200_000, "seen": {}}
    seen: list[str] = []
    for _ in range(12):
        found, cursor = round_of(shop, cursor)
        assert len(found) <= 600
        seen += found
        if len(seen) == 1300:
            break
    assert seen == [f"cus_{number}" for number in range(1300)]
    assert round_of(shop, cursor)[0] == []


def test_a_crowd_within_the_overlap_does_not_hold_it_up(shop: Shop) -> None:
    crowd(shop, 700, lambda n: 300 - n // 100)
    cursor: Any = {"since": int(time.time()) - 200, "seen": {}}
    happened(shop, "cus_new", ago=5)
    for _ in range(3):
        found, cursor = round_of(shop, cursor)
        if "cus_new" in found:
            return
    raise AssertionError("it never gets past the crowd")


def test_what_stripe_no_longer_lists_is_not_asked_for(shop: Shop) -> None:
    round_of(shop, {"since": 1, "seen": {}})
    asked = next(one["query"] for one in shop.served.ledger("stripe") if one["path"] == "/v1/events")
    begin = int(dict(parse_qsl(asked))["created[gte]"])
    assert 29 * 86400 < time.time() - begin < 30 * 86400


@pytest.mark.parametrize("cursor", [[], "x", {}, {"since": None}])
def test_a_cursor_of_another_release_is_no_end(shop: Shop, cursor: Any) -> None:
    happened(shop, "cus_1")
    assert round_of(shop, cursor)[0] in (["cus_1"], [])
