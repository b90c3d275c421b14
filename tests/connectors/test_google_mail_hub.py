"""Gmail in a whole hub: a mail comes in, is answered once whatever gets lost, and is taken back as far as that goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import undo
from app.settings import Settings
from tests.connectors import whole
from tests.durability.world import World

SAMPLE = Path(__file__).parent / "samples" / "google" / "inquiry.json"
TEXT = "We have got “{{ event.subject }}”."
STEPS = [
    {
        "id": "note",
        "do": "google.draft_mail",
        "given": {"to": "ann@client.example", "text": TEXT, "answers": "{{ event.id }}"},
    },
    {"id": "tell", "do": "google.send_mail", "given": {"to": "office@client.example", "subject": "News", "text": TEXT}},
]
WRITTEN = ["draft.create", "draft.create", "mail.send"]
BASE = "/gmail/v1/users/me/drafts"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    event = json.loads(SAMPLE.read_text())
    with whole.hub(settings, tmp_path, "google.mail.received", event, STEPS) as made:
        whole.catch_up(made, "google")
        made.served.control("google_mail_arrive", {"headers": {"Subject": "An order"}})
        assert len(whole.catch_up(made, "google")) == 1
        yield made


def effects(here: World) -> list[str]:
    """What was done to mail: the calendar's channels are another matter."""
    found = [one["effect"] for one in here.served.effects("google")]
    return [one for one in found if not one.startswith("channel.")]


def test_a_mail_is_answered_and_what_was_sent_stays_sent(here: World) -> None:
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert effects(here) == WRITTEN
    assert whole.catch_up(here, "google") == [], "what we wrote ourselves starts nothing"
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert effects(here) == [*WRITTEN, "draft.delete"]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize(("path", "skip"), [(BASE, 0), (BASE, 1), (f"{BASE}/send", 0)])
def test_whichever_answer_gets_lost_each_mail_is_written_and_sent_once(
    here: World, do: str, path: str, skip: int
) -> None:
    here.served.fault("google", do, method="POST", path=path, skip=skip)
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert effects(here) == WRITTEN


def test_a_mail_waits_a_minute_in_which_the_run_can_be_stopped(here: World) -> None:
    here.work(1_000)
    assert here.approve() == 1
    here.work(1_000)
    assert "mail.send" not in effects(here)
    assert "Stop the run to keep it back" in here.run()["why"]
