"""Linear in a whole hub: an issue was completed, a run writes once, an answer gets lost, all is taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake
from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.connectors.signing_linear import signed
from tests.connectors.test_linear import SAW
from tests.durability.world import World

EVENT = {"type": "Issue", "action": "update", "data": {"id": SAW, "identifier": "ENG-1", "title": "Oil the saw"}}
STEPS = [
    {"id": "next", "do": "linear.create_issue", "given": {"team": "team-eng", "title": "After {{ event.title }}"}},
    {"id": "say", "do": "linear.add_comment", "given": {"issue": "{{ event.id }}", "text": "See {{ next.url }}"}},
]
MADE = {"issue": 1, "comment": 1}


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "linear.issue.completed", EVENT, STEPS) as made:
        whole.catch_up(made, "linear")  # from here on; its webhook is set up, too
        yield made


def complete(here: World) -> dict[str, Any]:
    """By hand, in Linear."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime(time.time() + 1))
    done = {"stateId": "state-done", "completedAt": now, "updatedAt": now}
    return dict(here.served.control("linear_edit", {"kind": "issue", "id": SAW, **done}))


def made(here: World) -> dict[str, int]:
    """How many there are beside the one that stood there at first."""
    state: dict[str, list[Any]] = here.served.control("state?slug=linear")
    alive = {kind: [one for one in state.get(kind, []) if not one.get("trashed")] for kind in MADE}
    return {kind: len(found) - (kind == "issue") for kind, found in alive.items()}


def deliver(here: World, issue: dict[str, Any], secret: str) -> intake.Answer:
    told = {"type": "Issue", "action": "update", "data": issue, "updatedFrom": {"stateId": "state-todo"}}
    body = json.dumps({**told, "webhookTimestamp": int(time.time() * 1000)}).encode()
    own = str(connections.get(here.hub, here.connection("linear"))["hook_address"])
    return intake.receive(here.hub, "linear", own.rsplit("/", 1)[1], body, signed(body, secret, time.time()))


def test_a_completed_issue_makes_one_of_each_and_all_can_be_taken_back(here: World) -> None:
    complete(here)
    assert whole.catch_up(here, "linear")
    assert whole.catch_up(here, "linear") == []
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE
    whole.take_back(here, here.run()["id"])
    assert made(here) == {"issue": 0, "comment": 0}


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("what", ["issueCreate", "commentCreate"])
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, what: str) -> None:
    here.served.fault("linear", do, contains=what)
    complete(here)
    whole.catch_up(here, "linear")
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE


def test_what_came_by_webhook_and_is_caught_up_with_runs_once(here: World) -> None:
    issue = complete(here)
    assert deliver(here, issue, "guessed").status == 401
    answer = deliver(here, issue, whole.own_token(here))
    assert (answer.status, len(answer.event_ids)) == (200, 2)
    assert deliver(here, issue, whole.own_token(here)).event_ids == []
    assert whole.catch_up(here, "linear") == []
    here.work()
    assert len(here.runs()) == 1
    assert made(here) == MADE


def test_the_webhook_is_set_up_with_a_secret_of_ours(here: World) -> None:
    (hook,) = here.served.control("state?slug=linear")["webhook"]
    assert hook["url"] == connections.get(here.hub, here.connection("linear"))["hook_address"]
    asked = here.served.ledger("linear", bodies=True)
    (made,) = [json.loads(one["body"]) for one in asked if "webhookCreate" in one["body"]]
    assert made["variables"]["input"]["secret"] == whole.own_token(here)
    assert "secret" not in hook


def test_a_key_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    complete(here)
    whole.catch_up(here, "linear")
    ended = {"errors": [{"message": "x", "extensions": {"type": "authentication error"}}]}
    here.served.fault("linear", "error_in_200", contains="issueCreate", body=ended)
    here.work()
    assert here.run()["state"] == "waiting"
    assert "personal API key" in here.run()["why"]
    with pytest.raises(ConnectorError, match="personal API key"):
        whole.change_credentials(here, "linear", key="old")
    whole.change_credentials(here, "linear", key=whole.own_token(here))
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert made(here) == MADE
