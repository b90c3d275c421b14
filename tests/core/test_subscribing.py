"""Webhooks that the hub sets up by itself: made once, renewed, replaced, told in words where that fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import update

from app.core import apps, connections, intake, polling
from app.core.hub import Hub
from app.core.opening import row
from app.db import models
from app.settings import Settings
from connectors.contract import (
    Account,
    ApiKey,
    Connector,
    Event,
    Field,
    Hook,
    Http,
    Label,
    Poll,
    Received,
    Subscription,
    Trigger,
)
from tests.connectors.loopback import Answer, Asked, vendor

PUBLIC = "https://hub.example"


class Client:
    def __init__(self, http: Http) -> None:
        self.base, self.session = http.url(), http.session

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, self.base + path, json=body)
        answer.raise_for_status()
        return answer.json()


def keep(client: Client, address: str, secrets: Sequence[str]) -> list[str]:
    """A vendor that keeps one webhook for each address, and signs it with what it is given."""
    if not address:
        return list(secrets)
    if address not in client.ask("GET", "/hooks"):
        client.ask("POST", "/hooks", {"address": address, "secret": secrets[0]})
    return [secrets[0]]


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    return Received(catch_up=headers.get("x-secret") in secrets)


@dataclass
class Stand:
    """What the vendor has been told."""

    hooks: dict[str, str] = field(default_factory=dict)
    status: int = 200

    def answer(self, asked: Asked) -> Answer:
        if self.status != 200:
            return self.status, {}
        if asked.method == "POST":
            self.hooks[asked.json["address"]] = asked.json["secret"]
        return 200, list(self.hooks)


CONNECTOR = Connector(
    slug="signpost",
    title="Signpost",
    says="Points.",
    hosts={"api": "https://signpost.example"},
    auth=ApiKey((Field("key", "Key"),)),
    open=lambda credentials, http: Client(http),
    check=lambda client: Account("1", "One"),
    explain=lambda status, body: "Tick the box for webhooks." if status == 403 else None,
    hook=Hook(receive, "Secret", subscription=Subscription(keep, every=3600.0)),
    triggers=(Trigger("turn", "A turn", lambda body: {}, {"id": Label.VENDOR}),),
    polls=(Poll(("turn",), lambda client, cursor: (list[Event](), cursor)),),
)


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def settings(settings: Settings, stand: Stand) -> Iterator[Settings]:
    with vendor(stand.answer) as served:
        yield replace(settings, vendor_urls={"signpost": served.url}, public_url=PUBLIC)


@pytest.fixture
def made(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(hub.connectors, "signpost", CONNECTOR)
    assert hub.secret  # there since the hub was started
    return connections.create(hub, "signpost", {"key": "k"})


def look(hub: Hub) -> list[str]:
    """A round of the clock; which kinds had their turn."""
    turns = polling.due(hub)
    for turn in turns:
        polling.poll(hub, *turn)
    return sorted(kind for _, kind in turns)


def test_a_new_connection_is_told_to_the_vendor_with_a_secret_that_is_saved(
    hub: Hub, stand: Stand, made: dict[str, Any]
) -> None:
    assert look(hub) == ["turn", "webhooks"]
    assert made["hook_address"].startswith(f"{PUBLIC}/hooks/signpost/")
    ((address, secret),) = stand.hooks.items()
    assert address == made["hook_address"]
    assert len(secret) == 64
    key = address.rsplit("/", 1)[1]
    assert intake.receive(hub, "signpost", key, b"{}", {"x-secret": secret}).status == 200
    assert look(hub) == ["turn"]  # what only says that something happened wakes the polls


def test_the_secret_is_saved_before_the_vendor_hears_of_it(hub: Hub, stand: Stand, made: dict[str, Any]) -> None:
    stand.status = 503
    look(hub)
    assert connections.get(hub, made["id"])["hook_ready"]
    before = row(hub, made["id"])
    stand.status = 200
    connections.change(hub, made["id"], {})
    assert look(hub) == ["turn", "webhooks"]
    assert before is not None
    assert hub.vault.open_json(before["hook_secrets"], f"connections:{made['id']}:hook_secrets") == list(
        stand.hooks.values()
    )


def test_why_it_failed_is_told_until_it_works(hub: Hub, stand: Stand, made: dict[str, Any]) -> None:
    stand.status = 403
    look(hub)
    assert connections.hook_trouble(hub, made["id"]) == "Tick the box for webhooks."
    assert connections.get(hub, made["id"])["state"] == "ok"
    stand.status = 200
    connections.change(hub, made["id"], {})
    look(hub)
    assert connections.hook_trouble(hub, made["id"]) == ""
    assert list(stand.hooks) == [made["hook_address"]]


def test_what_the_vendor_has_lost_is_made_again_with_the_same_secret(
    hub: Hub, stand: Stand, made: dict[str, Any]
) -> None:
    look(hub)
    first = dict(stand.hooks)
    stand.hooks.clear()
    connections.change(hub, made["id"], {})
    look(hub)
    assert stand.hooks == first


def test_a_hub_that_the_vendor_cannot_reach_asks_for_nothing(
    hub: Hub, stand: Stand, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "settings", replace(hub.settings, public_url="http://192.168.0.7"))
    assert "webhooks" in look(hub)
    assert stand.hooks == {}


def test_looking_after_it_keeps_to_the_vendors_pace(
    hub: Hub, stand: Stand, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = replace(CONNECTOR, rate=10.0, burst=1)
    monkeypatch.setitem(hub.connectors, "signpost", slow)
    connections.change(hub, made["id"], {})
    begun = time.monotonic()
    assert "webhooks" in look(hub)  # two requests of it, after one that tried the credentials
    assert time.monotonic() - begun >= 0.1
    assert list(stand.hooks) == [made["hook_address"]]


def test_a_removed_connection_keeps_no_secret(hub: Hub, stand: Stand, made: dict[str, Any]) -> None:
    turns = polling.due(hub)
    connections.remove(hub, made["id"], by="a test")
    for turn in turns:
        polling.poll(hub, *turn)
    found = row(hub, made["id"])
    assert found is not None
    assert found["hook_secrets"] is None
    assert stand.hooks == {}


def test_a_vendor_that_signs_with_the_secret_of_our_app(
    hub: Hub, stand: Stand, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    how = replace(CONNECTOR, hook=Hook(receive, "Secret", subscription=Subscription(keep, app_signs=True)))
    monkeypatch.setitem(hub.connectors, "signpost", how)
    apps.save(hub, "signpost", "id", "secret-of-the-app", by="a test")
    look(hub)
    assert "secret-of-the-app" not in stand.hooks.values(), "nobody signed in"
    mine = update(models.connections).where(models.connections.c.id == made["id"])
    hub.db.write(lambda conn: conn.execute(mine.values(consented_at=1)))
    stand.hooks.clear()
    connections.change(hub, made["id"], {})
    look(hub)
    assert list(stand.hooks.values()) == ["secret-of-the-app"]
    key = made["hook_address"].rsplit("/", 1)[1]
    assert intake.receive(hub, "signpost", key, b"{}", {"x-secret": "secret-of-the-app"}).status == 200
