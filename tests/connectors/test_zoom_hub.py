"""A whole hub with the practice Zoom: a transcript is told or caught up with, read, and written once, and nothing that opens a
recording is kept in the open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.zoom_samples import SAMPLES
from tests.durability.world import World

RECIPE = Path(__file__).parent / "recipes" / "zoom-minutes"
OPENS = ("example-download-token", "Ex4mple")


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.with_recipe(settings, tmp_path, RECIPE) as made:
        yield made


def transcript(**more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / "transcript_completed.json").read_bytes())
    body["payload"]["object"] |= more
    return body


def deliver(here: World, body: dict[str, Any]) -> intake.Answer:
    sent = here.signed(json.dumps(body).encode())
    return intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers)


def posted(here: World) -> list[str]:
    found = here.served.ledger("slack", bodies=True)
    return [json.loads(one["body"])["text"] for one in found if one["path"] == "/api/chat.postMessage"]


def test_a_transcript_that_is_ready_is_read_and_told_once(here: World) -> None:
    body = transcript()
    here.served.control("zoom_recording", {"body": body})
    assert deliver(here, body).status == 200
    assert deliver(here, {**body, "event_ts": body["event_ts"] + 300_000}).status == 200  # Zoom's retry
    here.work()
    assert [run["state"] for run in here.runs()] == ["done"]
    (text,) = posted(here)
    assert text.startswith("Weekly stock call, 2 people. Ana Silva: Good morning.")


def test_what_opens_a_recording_is_sealed_and_shown_nowhere(here: World) -> None:
    body = transcript()
    here.served.control("zoom_recording", {"body": body})
    deliver(here, body)
    here.work()
    kept = b"".join(path.read_bytes() for path in here.settings.home.rglob("*") if path.is_file())
    assert b"recording.transcript_completed" in kept  # it is there
    assert not [word for word in OPENS if word.encode() in kept]
    assert not [text for text in posted(here) for word in OPENS if word in text]
    rows = json.dumps([here.runs(), here.writes()], default=str)
    assert not [word for word in OPENS if word in rows]


def test_a_lost_delivery_is_caught_up_with(here: World) -> None:
    body = transcript(start_time=here.served.control("zoom_recording", {"body": transcript()})["meeting"]["start_time"])
    whole.due(here, "zoom")  # the first look
    body["payload"]["object"] |= {"uuid": "m2", "start_time": None}
    here.served.control("zoom_recording", {"body": body})
    assert len(whole.catch_up(here, "zoom")) == 1
    here.work()
    assert len(posted(here)) == 1


def test_a_transcript_that_is_not_made_yet_is_waited_for(here: World) -> None:
    assert deliver(here, transcript()).status == 200
    here.work(1000)
    assert here.run()["state"] not in ("done", "failed")
    assert posted(here) == []
    here.served.control("zoom_recording", {"body": transcript()})
    here.skip(1_000_000)
    here.work()
    assert here.run()["state"] == "done"
    assert len(posted(here)) == 1


def test_an_app_that_was_removed_at_zoom_is_noticed_at_once(here: World) -> None:
    whole.due(here, "zoom")
    here.served.control("revoke", {"slug": "zoom"})
    assert whole.due(here, "zoom") == []
    assert connections.get(here.hub, here.connection("zoom"))["state"] == "ok"
    assert deliver(here, json.loads((SAMPLES / "app_deauthorized.json").read_bytes())).status == 200
    whole.due(here, "zoom")
    assert connections.get(here.hub, here.connection("zoom"))["state"] == "reconnect"


def test_while_the_account_is_revoked_the_event_waits_and_goes_on_by_itself(here: World) -> None:
    own, body = here.connection("zoom"), transcript()
    here.served.control("zoom_recording", {"body": body})
    here.served.control("revoke", {"slug": "zoom"})
    assert deliver(here, body).status == 200
    here.work()
    assert connections.get(here.hub, own)["state"] == "reconnect"
    assert posted(here) == []
    here.served.control("unrevoke", {"slug": "zoom"})
    assert connections.check(here.hub, own)["ok"]
    here.work()
    assert here.run()["state"] == "done"
    assert len(posted(here)) == 1
