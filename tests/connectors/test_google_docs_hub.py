"""Google Docs in a whole hub: a document is made and written once whatever gets lost, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.connectors import whole
from tests.durability.world import World

SAMPLE = Path(__file__).parent / "samples" / "google" / "inquiry.json"
STEPS = [
    {
        "id": "page",
        "do": "google.create_doc",
        "given": {"title": "{{ event.subject }}", "markdown": "# Asked\n\n{{ event.text }}"},
    }
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    event = json.loads(SAMPLE.read_text())
    with whole.hub(settings, tmp_path, "google.mail.received", event, STEPS) as made:
        whole.catch_up(made, "google")
        made.served.control("google_mail_arrive", {"headers": {"Subject": "An order"}, "text": "Ten chairs"})
        assert len(whole.catch_up(made, "google")) == 1
        yield made


def effects(here: World) -> list[str]:
    """Without those of the calendar, which is watched by itself."""
    found = [one["effect"] for one in here.served.effects("google")]
    return [one for one in found if not one.startswith("channel.")]


def text(here: World) -> str:
    (made,) = {one["id"] for one in here.served.effects("google") if one["effect"] == "file.create"}
    return str(here.served.control("google_doc", {"id": made})["text"])


def test_a_mail_makes_a_document_which_is_taken_back(here: World) -> None:
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert text(here) == "Asked\nTen chairs\n"
    whole.take_back(here, here.run()["id"])
    assert here.run()["state"] == "undone", here.run()
    assert effects(here) == ["file.create", "doc.write", "file.trash"]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("path", ["/drive/v3/files", "/v1/documents/"])
def test_whichever_answer_gets_lost_it_is_made_and_written_once(here: World, do: str, path: str) -> None:
    here.served.fault("google", do, method="POST", path=path)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert effects(here) == ["file.create", "doc.write"]
    assert text(here) == "Asked\nTen chairs\n"
