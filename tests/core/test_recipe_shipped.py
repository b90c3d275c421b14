"""The shipped recipe: its cases, samples, recordings and practice settings fit together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import connectors
from app.core import cases
from app.core.cases import Case
from tests.core import shipped

RECORDINGS = Path(__file__).parents[2] / "app" / "practice" / "vendors" / "openai" / "recordings" / shipped.FOLDER.name


@pytest.mark.parametrize("case", shipped.shipped_cases(), ids=lambda case: case.name)
def test_every_case_holds(case: Case) -> None:
    writes, ended = shipped.draw(shipped.load(), case)
    assert cases.compare(case, writes, ended) == []


def test_it_needs_zoom_a_model_and_notion() -> None:
    assert shipped.load().slugs == ("zoom", "openai", "notion")


def test_every_sample_has_a_recorded_answer_that_fits_its_text() -> None:
    made = shipped.load()
    practice = json.loads((shipped.FOLDER / "practice.json").read_text("utf-8"))
    assert made.problems_with(practice["settings"]) == []
    samples = sorted((shipped.FOLDER / "samples").glob("*.json"))
    assert len(samples) == 3
    for sample in samples:
        recording = json.loads((RECORDINGS / sample.name).read_text("utf-8"))
        case = Case(sample.name, 1, sample.read_bytes(), practice["settings"], tuple(practice["people"]))
        given = made.steps[0].given.render(shipped.scope_of(made, case))
        assert recording["when"] in given["summary"]
        assert made.steps[0].answer is not None
        assert made.steps[0].answer.read(recording["answer"], given) == []


def test_no_recording_answers_a_sample_that_is_not_its_own() -> None:
    samples = {f.name: f.read_text("utf-8") for f in (shipped.FOLDER / "samples").glob("*.json")}
    for file in RECORDINGS.glob("*.json"):
        when = json.loads(file.read_text("utf-8"))["when"]
        assert [name for name, text in samples.items() if when in text] == [file.name]


def test_a_summary_as_large_as_a_delivery_may_be_is_kept_whole_on_the_page() -> None:
    made = shipped.load()
    body = json.loads((shipped.FOLDER / "cases" / "empty-summary.json").read_text("utf-8"))
    text = ("[" * 50 + "word " * 10) * 9_000
    body["payload"]["object"]["summary_content"] = text
    case = Case("large", 1, json.dumps(body).encode(), {"meetings": "m"})
    scope = shipped.scope_of(made, case)
    assert len(made.steps[0].given.render(scope)["summary"]) == 100_000
    page = made.steps[1].given.render(scope)["markdown"]
    assert page.replace("\\[", "[").count(text.strip()) == 1


def test_settings_that_are_missing_are_named_with_what_to_do() -> None:
    assert shipped.load().problems_with({"skip": []}) == ["Meetings database: fill this in."]
    assert shipped.load().problems_with({"meetings": "m", "skip": "x", "nix": 1}) == [
        "This recipe has no setting called nix.",
        "Skip meetings whose title contains: write one entry per line, at most 200.",
    ]


def test_everything_it_writes_reads_back_as_the_plain_text_that_came_in() -> None:
    """The hostile case, through the parser that makes Notion's blocks: no link, no picture, no heading of theirs."""
    case = next(c for c in shipped.shipped_cases() if "marks" in c.name.lower())
    writes, _ = shipped.draw(shipped.load(), case)
    run = connectors.load()["notion"].actions["create_page"].run
    module = __import__(run.__module__, fromlist=["read"])
    blocks = json.dumps([str(node) for node in module.read(writes[0]["arguments"]["markdown"])], ensure_ascii=False)
    assert "evil.example/pay" in blocks
    assert "'link': {" not in blocks
    assert "'link': 'http" not in blocks
