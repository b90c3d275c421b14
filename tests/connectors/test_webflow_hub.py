"""Webflow in a whole hub: an answer to a form makes one item, which is published and taken back; answers get lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import connections, intake
from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.connectors.signing_webflow import signed
from tests.durability.world import World

SAMPLE = Path(__file__).parent / "samples" / "webflow" / "form_submission.json"
STEPS = [
    {
        "id": "job",
        "do": "webflow.create_item",
        "given": {"collection": "65b1aa", "name": "{{ event.answers.Message }}", "fields": {"Date": "2026-12-06"}},
    },
    {"id": "more", "do": "webflow.update_item", "given": {"item": "{{ job.id }}", "fields": {"Place": "Hall"}}},
    {"id": "live", "do": "webflow.publish_item", "given": {"item": "{{ job.id }}"}},
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "webflow.form.submitted", json.loads(SAMPLE.read_text()), STEPS) as made:
        whole.catch_up(made, "webflow")  # from here on
        yield made


def items(here: World) -> list[tuple[str, str | None, bool, bool]]:
    found = here.served.control("state?slug=webflow").get("item", [])
    return [
        (one["fieldData"]["name"], one["fieldData"].get("place"), bool(one["lastPublished"]), one["isArchived"])
        for one in found
    ]


def test_an_answer_makes_one_item_that_is_taken_back(here: World) -> None:
    here.served.control("webflow_submit", {})
    assert len(whole.catch_up(here, "webflow")) == 1
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert items(here) == [("Hello", "Hall", True, False)]
    whole.catch_up(here, "webflow")
    assert [event["kind"] for event in here.events()] == ["webflow.form.submitted", "webflow.item.published"]
    whole.take_back(here, here.run()["id"])
    assert items(here) == [("Hello", None, False, True)]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish"])
@pytest.mark.parametrize(
    "what", [("POST", "/v2/collections/65b1aa/items"), ("PATCH", ""), ("POST", "/v2/collections/65b1aa/items/publish")]
)
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, what: tuple[str, str]) -> None:
    here.served.fault("webflow", do, method=what[0], path=what[1])
    here.served.control("webflow_submit", {})
    whole.catch_up(here, "webflow")
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert items(here) == [("Hello", "Hall", True, False)]
    assert len(here.served.effects("webflow", "item.create")) == 1


def told(here: World, trigger: str) -> None:
    """Webflow delivers what happened of this kind; whatever else is forgotten."""
    key = str(connections.get(here.hub, here.connection("webflow"))["hook_address"]).rsplit("/", 1)[1]
    for event in here.served.control("state?slug=webflow").get("event", []):
        here.served.control("webflow_forget", {"id": event["id"]})
        if event["triggerType"] == trigger:
            body = json.dumps({"triggerType": trigger, "payload": event["payload"]}).encode()
            headers = signed(body, whole.own_token(here), time.time())
            assert intake.receive(here.hub, "webflow", key, body, headers).status == 200


def test_a_delivery_about_our_own_change_is_no_news(here: World) -> None:
    here.served.control("webflow_submit", {})
    whole.catch_up(here, "webflow")
    here.work_and_approve()
    told(here, "collection_item_changed")
    assert "webflow.item.changed" not in [event["kind"] for event in here.events()]
    (item,) = here.served.control("state?slug=webflow")["item"]
    here.served.control("webflow_item", {"id": item["id"], "fieldData": {"place": "Garden"}})
    told(here, "collection_item_changed")
    assert [event["kind"] for event in here.events()].count("webflow.item.changed") == 1


def test_a_token_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    here.served.control("webflow_submit", {})
    whole.catch_up(here, "webflow")
    here.served.control("settings", {"revoked": ["webflow"]})
    here.work_and_approve()
    assert (here.run()["state"], "no longer accepts" in here.run()["why"]) == ("waiting", True)
    with pytest.raises(ConnectorError, match="no longer accepts"):
        whole.change_credentials(here, "webflow", token="old")
    here.served.control("settings", {"revoked": []})
    whole.change_credentials(here, "webflow", token=whole.own_token(here))
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert items(here) == [("Hello", "Hall", True, False)]
