"""Pipedrive in a whole hub: a deal that was won is caught up with, a run writes once, an answer gets lost, all is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.core import connections, intake
from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.connectors.signing_pipedrive import signed
from tests.durability.world import World

EVENT = {"event": "deal.won", "data": {"id": 1, "title": "Roof repair"}, "url": ""}
STEPS = [
    {"id": "visit", "do": "pipedrive.create_deal", "given": {"title": "Visit after {{ event.title }}", "stage": "1"}},
    {"id": "note", "do": "pipedrive.add_note", "given": {"deal": "{{ event.id }}", "text": "Won: {{ event.title }}"}},
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "pipedrive.deal.won", EVENT, STEPS) as made:
        whole.catch_up(made, "pipedrive")  # from here on
        yield made


def win(here: World, deal: int = 1) -> None:
    address = f"{here.served.url}/pipedrive/api/v2/deals/{deal}"
    requests.patch(address, json={"status": "won"}, headers={"x-api-token": here.served.token}, timeout=5)


def alive(here: World, kind: str) -> list[Any]:
    found = [one["record"] for one in here.served.control("state?slug=pipedrive").get(kind, [])]
    return [one for one in found if not one.get("is_deleted") and one.get("active_flag") is not False]


def test_a_won_deal_makes_one_visit_and_one_note(here: World) -> None:
    win(here)
    assert len(whole.catch_up(here, "pipedrive")) >= 1
    assert whole.catch_up(here, "pipedrive") == []
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert [one["title"] for one in alive(here, "deal")] == ["Roof repair", "Visit after Roof repair"]
    assert len(alive(here, "note")) == 1
    assert len(here.served.effects("pipedrive", "field.create")) == 1
    whole.take_back(here, here.run()["id"])
    assert [one["title"] for one in alive(here, "deal")] == ["Roof repair"]
    assert alive(here, "note") == []


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("path", ["/api/v2/dealFields", "/api/v2/deals", "/api/v1/notes"])
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, path: str) -> None:
    here.served.fault("pipedrive", do, method="POST", path=path)
    win(here)
    whole.catch_up(here, "pipedrive")
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert len(alive(here, "deal")) == 2
    assert len(alive(here, "note")) == 1
    assert len(here.served.effects("pipedrive", "field.create")) == 1
    (visit,) = here.writes(action="pipedrive.create_deal")
    (made,) = [one for one in alive(here, "deal") if one["id"] != 1]
    assert visit["key"] in made["custom_fields"].values()


def test_a_delivery_makes_the_polls_run_and_a_stranger_does_not(here: World) -> None:
    win(here)
    before = len(here.events())
    key = str(connections.get(here.hub, here.connection("pipedrive"))["hook_address"]).rsplit("/", 1)[1]
    stranger = intake.receive(here.hub, "pipedrive", key, b"{}", signed(b"{}", "guessed", 0))
    assert (stranger.status, len(here.events())) == (401, before)
    taken = intake.receive(here.hub, "pipedrive", key, b"{}", signed(b"{}", whole.own_token(here), 0))
    assert (taken.status, len(here.events())) == (200, before)
    assert whole.catch_up(here, "pipedrive")


def test_a_token_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    win(here)
    whole.catch_up(here, "pipedrive")
    gone = {"success": False, "error": "unauthorized access"}
    here.served.fault("pipedrive", "status", status=401, body=gone, path="/api/v2", times=1)
    here.work()
    assert here.run()["state"] == "waiting"
    assert "copy the token" in here.run()["why"]
    mine = {"api_domain": "https://practice.pipedrive.com"}
    with pytest.raises(ConnectorError, match="copy the token"):
        whole.change_credentials(here, "pipedrive", token="old", **mine)
    whole.change_credentials(here, "pipedrive", token=whole.own_token(here), **mine)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert len(alive(here, "deal")) == 2
