"""HubSpot in a whole hub: a deal reached a stage, a run writes once, an answer gets lost, all is taken back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.core import connections, intake
from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.connectors.signing_hubspot import signed
from tests.durability.world import World

EVENT = {"event": "deal.stage_reached", "object": {"id": "503", "properties": {"dealname": "Roof"}}}
STEPS = [
    {"id": "who", "do": "hubspot.save_contact", "given": {"email": "ben@koch.example", "first_name": "Ben"}},
    {"id": "next", "do": "hubspot.save_deal", "given": {"name": "After {{ event.name }}", "contact": "{{ who.id }}"}},
    {"id": "note", "do": "hubspot.add_note", "given": {"deal": "{{ event.id }}", "text": "Reached: {{ event.stage }}"}},
]
MADE = {"contacts": 1, "deals": 1, "notes": 1}


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "hubspot.deal.stage_reached", EVENT, STEPS) as made:
        whole.catch_up(made, "hubspot")  # from here on
        yield made


def win(here: World) -> None:
    url = f"{here.served.url}/hubspot/crm/objects/2026-03/deals/503"
    body = {"properties": {"dealstage": "closedwon", "pipeline": "default"}}
    headers = {"Authorization": f"Bearer {here.served.token}"}
    assert requests.patch(url, json=body, headers=headers, timeout=5).ok
    assert whole.catch_up(here, "hubspot")


def made(here: World) -> dict[str, int]:
    """How many there are beside those that stood there at first."""
    state: dict[str, list[Any]] = here.served.control("state?slug=hubspot")
    alive = {kind: [one for one in state.get(kind, []) if not one["record"]["archived"]] for kind in MADE}
    return {kind: len(found) - (kind != "notes") for kind, found in alive.items()}


def test_a_deal_that_reached_a_stage_makes_one_of_each_and_all_can_be_taken_back(here: World) -> None:
    win(here)
    assert whole.catch_up(here, "hubspot") == []
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE
    whole.take_back(here, here.run()["id"])
    assert made(here) == dict.fromkeys(MADE, 0)


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "status_after"])
@pytest.mark.parametrize(
    "path",
    ["/crm/objects/2026-03/contacts", "/crm/properties", "/crm/objects/2026-03/deals", "/crm/objects/2026-03/notes"],
)
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, path: str) -> None:
    win(here)
    here.served.fault("hubspot", do, method="POST", path=path)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE


def test_a_delivery_makes_the_polls_run_and_a_stranger_does_not(here: World) -> None:
    own = str(connections.get(here.hub, here.connection("hubspot"))["hook_address"])
    key, body, before = own.rsplit("/", 1)[1], b'[{"eventId": 1}]', len(here.events())
    address = f"{here.settings.address}/hooks/hubspot/{key}"
    for secret, status in (("guessed", 400), (whole.own_token(here), 200)):
        headers = signed(body, secret, time.time(), signed_as=address)
        assert intake.receive(here.hub, "hubspot", key, body, headers).status == status
    assert len(here.events()) == before
    url = f"{here.served.url}/hubspot/deliver"
    told = {"address": "http://127.0.0.1:9/", "signed_as": address}
    answer = requests.post(url, json=told, headers={"Authorization": f"Bearer {here.served.token}"}, timeout=5)
    assert answer.json()["status"] is None  # nobody there; it says so


def test_a_key_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    win(here)
    here.served.fault("hubspot", "status", status=401, body={"category": "EXPIRED_AUTHENTICATION"})
    here.work()
    assert here.run()["state"] == "waiting"
    assert "Service Keys" in here.run()["why"]
    with pytest.raises(ConnectorError, match="Service Keys"):
        whole.change_credentials(here, "hubspot", token="old")
    whole.change_credentials(here, "hubspot", token=whole.own_token(here))
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE
