"""A whole hub with the practice Slack: heard or caught up, written once whatever gets lost, undone, reconnected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake, practice, recipes, undo
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.signing_slack import handshake, signed
from tests.connectors.slack_stand import ORDERS, changed, sample
from tests.durability.world import World

RECIPE = Path(__file__).parent / "recipes" / "slack-orders"
MADE = ["message.post", "message.update", "message.post"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.with_recipe(settings, tmp_path, RECIPE) as made:
        yield made


def own(here: World) -> dict[str, Any]:
    return connections.get(here.hub, here.connection("slack"))


def deliver(here: World, body: bytes, kind: str = "application/json", **more: str) -> intake.Answer:
    key = own(here)["hook_address"].rsplit("/", 1)[1]
    headers = signed(body, practice.token(here.hub), time.time()) | more
    return intake.receive(here.hub, "slack", key, body, headers, kind)


def asked(here: World) -> bytes:
    """Somebody asks about an order, now."""
    ts = here.served.control("slack_say", {"channel": ORDERS, "text": "Is 1042 paid?"})["ts"]
    return changed("message_posted", text="Is 1042 paid?", ts=ts)


def effects(here: World) -> list[str]:
    return [one["effect"] for one in here.served.effects("slack")]


def test_a_message_is_answered_once_and_all_is_taken_back(here: World) -> None:
    body = asked(here)
    assert deliver(here, body).status == 200
    again = deliver(here, body, **{"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})
    assert (again.status, [event["copies"] for event in here.events()]) == (200, [1])
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", MADE)
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert effects(here)[len(MADE) :] == ["message.delete", "message.update", "message.delete"]


@pytest.mark.parametrize("do", ["cut_after", "cut_before", "rubbish", "status_after", "status", "error_in_200"])
@pytest.mark.parametrize("skip", range(3))
def test_an_answer_that_is_lost_changes_nothing_twice(here: World, do: str, skip: int) -> None:
    body = {"ok": False, "error": "fatal_error"} if do == "error_in_200" else {}
    here.served.fault("slack", do, method="POST", skip=skip, **({"body": body, "applied": True} if body else {}))
    assert deliver(here, asked(here)).status == 200
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", MADE)


@pytest.mark.parametrize("do", ["cut_after", "cut_before"])
@pytest.mark.parametrize("skip", range(3))
def test_nor_does_one_that_is_lost_while_it_is_taken_back(here: World, do: str, skip: int) -> None:
    assert deliver(here, asked(here)).status == 200
    here.work()
    here.served.fault("slack", do, method="POST", skip=skip)
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert effects(here)[len(MADE) :] == ["message.delete", "message.update", "message.delete"]


def test_a_message_that_got_lost_is_caught_up_and_its_late_event_starts_nothing(here: World) -> None:
    body = asked(here)
    here.skip(1_000_000)
    found = whole.due(here, "slack")
    assert len(found) == 1
    here.work()
    assert effects(here) == MADE
    assert deliver(here, body).status == 200
    here.work()
    assert len(here.runs()) == 1
    here.skip(1_000_000)
    assert whole.due(here, "slack") == []


def test_when_slack_left_events_out_the_channels_are_read_at_once(here: World) -> None:
    whole.due(here, "slack")
    asked(here)
    assert whole.due(here, "slack") == []  # not its time yet
    assert deliver(here, b'{"type":"app_rate_limited","team_id":"T0PRACTICE","api_app_id":"A0PATCHBAY"}').status == 200
    found = whole.due(here, "slack")
    assert len(found) == 1


def test_the_address_is_verified_and_presses_come_as_forms(here: World) -> None:
    body, headers = handshake(practice.token(here.hub), time.time())
    key = own(here)["hook_address"].rsplit("/", 1)[1]
    answer = intake.receive(here.hub, "slack", key, body, headers)
    assert (answer.status, answer.body) == (200, "3eZbrw1aBm2rZgRNFdxV2595E9CYzmE")
    press = sample("button_pressed")
    assert deliver(here, press, FORM).status == 200
    assert deliver(here, press, f"{FORM}; charset=utf-8").status == 200
    assert deliver(here, press, "text/plain").status == 415
    assert [(event["kind"], event["copies"]) for event in here.events()] == [("slack.button.pressed", 1)]


def test_a_revoked_token_stops_the_run_until_there_is_a_new_one(here: World) -> None:
    here.served.control("settings", {"revoked": ["slack"]})
    assert deliver(here, asked(here)).status == 200
    here.work()
    assert own(here)["state"] == "reconnect"
    assert "install it again" in own(here)["why"]
    assert deliver(here, sample("message_in_thread")).status == 200  # events keep coming in
    here.served.control("settings", {"revoked": []})
    token = f"xoxb-{practice.token(here.hub)}"
    connections.change(here.hub, own(here)["id"], {"token": token}, by="Ana")
    assert (own(here)["state"], own(here)["account_name"]) == ("ok", "Practice shop")
    here.work()
    assert effects(here)[: len(MADE)] == MADE


def test_another_workspaces_token_and_events_are_not_taken(here: World) -> None:
    token = f"xoxb-{practice.token(here.hub)}"
    connections.change(here.hub, own(here)["id"], {"token": token}, by="Ana")
    other = {"ok": True, "team": "Other", "team_id": "T0OTHER", "bot_id": "B1"}
    here.served.fault("slack", "status", path="/api/auth.test", status=200, body=other)
    with pytest.raises(ValueError, match="belong to Other"):
        connections.change(here.hub, own(here)["id"], {"token": token}, by="Ana")
    assert deliver(here, changed("message_posted", team_id="T0OTHER", authorizations=[])).status == 200
    assert here.events() == []
    assert deliver(here, sample("message_posted")).status == 200
    assert len(here.events()) == 1


def test_a_rehearsal_draws_everything_and_sends_nothing(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE.name, practice=True, level="rehearse", by="a test")
    assert deliver(here, asked(here)).status == 200
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", [])
    assert [write["state"] for write in here.writes()] == ["drawn"] * 3
