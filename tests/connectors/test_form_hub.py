"""A form in a whole hub, on both databases: a submission starts a recipe, waits while it is off, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import forms, recipes, samples
from app.settings import Settings
from connectors.form import definition
from tests.connectors import whole
from tests.durability.world import MEETINGS, World

SAMPLE = json.loads((Path(__file__).parent / "samples" / "form" / "quote.json").read_text())
STEPS = [
    {
        "id": "page",
        "do": "notion.create_page",
        "given": {"data_source": MEETINGS, "title": "{{ event.answers.name }}", "markdown": "{{ event.text }}"},
    }
]
ANSWERS = {
    "name": "Ilse",
    "email": "i@example.com",
    "what": "A repair",
    "budget": 3,
    "by": None,
    "call": True,
    "message": None,
}


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "form.submitted", SAMPLE, STEPS) as made:
        yield made


def send(here: World, page: str = "a page") -> str:
    answer = forms.submit(here.hub, forms.by_id(here.hub, here.connection("form")), page, ANSWERS)
    assert answer.status == 200
    return str(answer.body["event"])


@pytest.mark.both_databases
def test_a_submission_becomes_a_page_once_and_is_taken_back(here: World) -> None:
    assert send(here) == send(here)
    here.work()
    run = here.run()
    assert (run["state"], here.pages()) == ("done", ["Ilse"])
    whole.take_back(here, run["id"])
    assert here.run()["state"] == "undone"


def test_what_came_while_the_recipe_was_off_is_kept(here: World) -> None:
    recipes.switch_off(here.hub, "told", practice=True, by="Ana")
    event = send(here)
    here.work()
    assert here.runs() == []
    assert [(one["id"], one["state"]) for one in here.events()] == [(event, "ignored")]
    assert forms.submissions(here.hub, here.connection("form")) == 1


def test_a_sample_of_a_recipe_is_stored_as_if_it_had_been_filled_in(
    here: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "shipped" / "told" / "samples"
    folder.mkdir(parents=True)
    (folder / "quote.json").write_text(json.dumps(SAMPLE))
    monkeypatch.setattr(recipes, "SHIPPED", tmp_path / "shipped")
    event = samples.send(here.hub, "told", "quote")
    assert samples.send(here.hub, "told", "quote") != event
    here.work()
    assert here.pages() == ["Ilse Berg", "Ilse Berg"]


def test_a_recipe_that_reads_what_the_form_does_not_ask_is_told(here: World) -> None:
    own = forms.by_id(here.hub, here.connection("form"))
    assert own.form
    assert forms.unasked(here.hub, own) == []
    fewer = replace(own.form, questions=tuple(q for q in own.form.questions if q.name != "name"))
    assert forms.unasked(here.hub, replace(own, form=fewer)) == [("Told", "name")]
    assert forms.unasked(here.hub, replace(own, form=definition.changed(own.form, fewer))) == []
