"""Notion's webhooks in a hub that listens: the token is handed over, shown, pasted back, and then events ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from app.core import connections, polling
from app.core.hub import Hub
from app.practice.serve import Served
from app.settings import Settings
from tests.connectors.listening import events, listening, look
from tests.connectors.signing_notion import handshake
from tests.durability.world import MEETINGS


@pytest.fixture
def served() -> Iterator[Served]:
    with Served(limits=False) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, served: Served) -> Settings:
    return replace(settings, vendor_urls={"practice": served.url})


@pytest.fixture
def own(hub: Hub, served: Served) -> Iterator[str]:
    """A connection whose hub is listening, looked at for the first time."""
    assert hub.secret
    made = connections.create(hub, "notion", {"token": served.token}, practice=True)
    with listening(hub):
        look(hub, str(made["id"]))
        yield str(made["id"])


def subscribe(hub: Hub, served: Served, own: str) -> str:
    told = served.control("notion_subscribe", {"address": connections.get(hub, own)["hook_address"]})
    assert told["status"] == 200
    return str(told["token"])


def page(served: Served, title: str) -> str:
    return str(served.control("notion_page", {"data_source": MEETINGS, "title": title})["id"])


def test_a_ring_makes_the_hub_look_at_once(hub: Hub, served: Served, own: str) -> None:
    token = subscribe(hub, served, own)
    page(served, "Found by a look before")
    look(hub, own, now=True)
    assert connections.handed_over(hub, own) == token, "until it has been pasted, whatever is found meanwhile"
    made = page(served, "Plan")
    assert polling.due(hub) == []
    assert served.control("notion_deliver", {"page": made, "type": "page.created"})["status"] == 200
    assert connections.handed_over(hub, own) == ""
    assert look(hub, own) == ["page.created"], "and not only after five minutes"
    assert [kind for kind, _ in events(hub, own)] == ["notion.page.created"] * 2


def test_the_same_event_again_finds_nothing_new(hub: Hub, served: Served, own: str) -> None:
    subscribe(hub, served, own)
    made = page(served, "Plan")
    for attempt in (1, 2, 8):
        told = {"page": made, "type": "page.created", "id": "ev-1", "attempt": attempt}
        assert served.control("notion_deliver", told)["status"] == 200
        look(hub, own)
    assert len(events(hub, own)) == 1


def test_what_our_bot_did_does_not_ring(hub: Hub, served: Served, own: str) -> None:
    subscribe(hub, served, own)
    assert served.control("notion_deliver", {"page": page(served, "Plan"), "bot": True})["status"] == 200
    assert polling.due(hub) == []


def test_the_token_stays_whoever_sends_another_one(hub: Hub, served: Served, own: str) -> None:
    token = subscribe(hub, served, own)
    body, headers = handshake("secret_of_a_stranger", 0)
    address = connections.get(hub, own)["hook_address"]
    sent = requests.post(address, body, headers={**headers, "Content-Type": "application/json"}, timeout=5)
    assert sent.status_code == 400
    assert connections.handed_over(hub, own) == token
    again = served.control("notion_subscribe", {"address": address, "token": token})
    assert again["status"] == 200, "Notion may send it again"
    assert connections.handed_over(hub, own) == token


def test_a_subscription_that_was_made_anew_counts_once_somebody_says_so(hub: Hub, served: Served, own: str) -> None:
    subscribe(hub, served, own)
    address = connections.get(hub, own)["hook_address"]
    assert served.control("notion_subscribe", {"address": address})["status"] == 400
    connections.wait_for_secret(hub, own, by="Ana")
    assert served.control("notion_deliver", {"page": page(served, "Plan")})["status"] == 400
    token = subscribe(hub, served, own)
    assert connections.handed_over(hub, own) == token
    assert served.control("notion_deliver", {"page": page(served, "Plan B")})["status"] == 200
