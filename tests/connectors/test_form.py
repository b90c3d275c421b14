"""Forms: what visitors type becomes plain values or a sentence, and events stay readable when the form changes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.contract import JSON, Label, Refused
from connectors.form import answers, connector, definition, submission
from connectors.form.definition import Form, Question

SAMPLES = Path(__file__).parent / "samples" / "form"
CHOICES = ("A repair", "A new piece")
ASKED = Form(
    "Quote", "Berg Joinery", (Question("name", "Your name", required=True), Question("n", "How many?", "number"))
)


def one(kind: str, text: str, required: bool = False) -> tuple[JSON, str]:
    """(answer, problem) of a form with one question of this kind."""
    question = Question("it", "It", kind, required, CHOICES if kind == "choice" else ())
    held, problems = answers.read(Form("T", "O", (question,)), {"it": text})
    return held.get("it"), problems.get("it", "")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("short_text", "  Ilse \r\n Berg\x00 ", "Ilse Berg"),
        ("short_text", "=SUM(A1)", "=SUM(A1)"),
        ("short_text", "<b>bold</b>", "<b>bold</b>"),
        ("short_text", "\u202egnp.exe", "gnp.exe"),
        ("long_text", "one\r\ntwo\rthree\x07", "one\ntwo\nthree"),
        ("email", "ilse+desk@example.com", "ilse+desk@example.com"),
        ("number", "12", 12),
        ("number", "-12,5", -12.5),
        ("number", "1 234.50", 1234.5),
        ("number", "0.125", 0.125),
        ("date", "2028-02-29", "2028-02-29"),
        ("choice", "A repair", "A repair"),
        ("yes_no", "yes", True),
        ("yes_no", "no", False),
        ("number", "", None),
        ("yes_no", "", None),
    ],
)
def test_answers_by_their_kind(kind: str, text: str, value: JSON) -> None:
    assert one(kind, text) == (value, "")
    assert type(one(kind, text)[0]) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("short_text", "x" * 301),
        ("short_text", "\x01\x02"),
        ("long_text", "x" * 5001),
        ("email", "ilse"),
        ("email", "ilse@example.com\r\nBcc: all@example.com"),
        ("email", "a@example.com,b@example.com"),
        ("email", '"x"@example.com'),
        ("email", f"{'x' * 250}@example.com"),
        ("number", "1,234"),
        ("number", "1.234"),
        ("number", "1.234,50"),
        ("number", "1e9"),
        ("number", "NaN"),
        ("number", "\u0661\u0662"),
        ("number", "9" * 13),
        ("date", "2027-02-29"),
        ("date", "29.11.2026"),
        ("date", "20261129"),
        ("date", "0001-01-01"),
        ("choice", "Something that was not offered"),
        ("yes_no", "true"),
    ],
)
def test_what_is_none_of_its_kind_gets_a_sentence(kind: str, text: str) -> None:
    held, problem = one(kind, text)
    assert held is None
    assert problem.startswith("Please ")


@pytest.mark.parametrize("kind", definition.KINDS)
def test_what_must_be_answered(kind: str) -> None:
    assert one(kind, " \n ", required=True)[1].startswith("Please ")


def test_the_same_answers_of_a_page_are_one_and_others_are_not() -> None:
    first, same, other, elsewhere = (
        submission.event("f", ASKED, nonce, {"name": name, "n": 1}, now).dedupe_key
        for nonce, name, now in (("a", "Ilse", 1000), ("a", "Ilse", 9000), ("a", "Ilsa", 1000), ("b", "Ilse", 1000))
    )
    assert first == same
    assert len({first, other, elsewhere}) == 3


def test_an_event_reads_as_it_was_asked() -> None:
    event = submission.event("f", ASKED, "a", {"name": "Ilse", "n": None}, 1_700_000_000_000)
    seen = submission.shape(event.body)
    assert seen["answers"] == {"name": "Ilse", "n": None}
    assert seen["text"] == "Your name: Ilse"
    assert seen["submitted_at"] == "2023-11-14T22:13:20Z"
    assert [one["answer"] for one in seen["questions"]] == ["Ilse", ""]


def test_a_question_that_is_no_longer_asked_is_empty_and_old_events_stay() -> None:
    later = definition.changed(ASKED, replace(ASKED, questions=(ASKED.questions[0],)))
    assert later.former == ("n",)
    seen = submission.shape(submission.event("f", later, "a", {"name": "Ilse"}, 0).body)
    assert seen["answers"] == {"name": "Ilse", "n": None}
    asked_again = definition.changed(later, ASKED)
    assert asked_again.former == ()


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_answer_is_from_outside(sample: Path) -> None:
    seen = connector.triggers[0].shape(sample.read_bytes())
    fields = connector.triggers[0].fields
    assert {name.split(".")[0].split("[")[0] for name in fields} == set(seen)
    assert {fields[name] for name in ("answers.*", "text", "questions[].answer")} == {Label.OUTSIDE}
    assert seen["answers"]["name"]


def test_a_form_is_written_and_read() -> None:
    assert definition.read(definition.written(ASKED)) == ASKED
    assert definition.read(connector.practice["definition"]).questions


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        json.dumps({"title": "T", "owner": "O"}),
        json.dumps({"title": "", "owner": "O", "questions": [{"name": "a", "label": "A"}]}),
        json.dumps({"title": "T", "owner": "O", "questions": [{"name": "A b", "label": "A"}]}),
        json.dumps({"title": "T", "owner": "O", "questions": [{"name": "a", "label": "A"}] * 2}),
        json.dumps({"title": "T", "owner": "O", "questions": [{"name": "a", "label": "A", "kind": "file"}]}),
        json.dumps({"title": "T", "owner": "O", "questions": [{"name": "a", "label": "A", "kind": "choice"}]}),
        json.dumps({"title": "T", "owner": "O", "questions": [{"name": f"a{n}", "label": "A"} for n in range(31)]}),
    ],
)
def test_a_definition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        definition.read(text)


def test_names_for_recipes_are_made_of_the_words() -> None:
    assert definition.name_for("Your phone number?", []) == "your_phone_number"
    assert definition.name_for("Name", ["name", "name_2"]) == "name_3"
    assert definition.name_for("電話", []) == "question"
