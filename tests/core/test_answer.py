"""Answers of the model: the schema that is asked for, and every way an answer can be wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import quotes
from app.core.answer import Answer
from tests.core import shipped, small

GIVEN: dict[str, Any] = {
    "text": "Ana will order ten boxes.\nBen said: “we don’t pay twice” — and left. Price: 15 boxes for $40.",
    "words": ["high", "low"],
    "tags": ["red", "blue"],
}


def made(parts: str) -> Answer:
    text = small.HEAD + small.STEPS
    start, end = text.index("      about: short_text"), text.index("  - id: sent")
    text = text[:start] + f"      {parts}\n" + text[end:].replace("recap.about", "recap")
    answer = small.load(text).steps[0].answer
    assert answer
    return answer


def wrong(parts: str, value: Any, **more: Any) -> list[str]:
    return made(parts).read(value, {**GIVEN, **more})


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ("a: short_text", {"a": "x" * 300}),
        ("a: text", {"a": "one\ntwo"}),
        ("a: number", {"a": 2.5}),
        ("a: integer", {"a": 3}),
        ("a: yes_no", {"a": False}),
        ("a: date", {"a": "2026-02-28"}),
        ("a: date?", {"a": None}),
        ("a: short_text?", {"a": None}),
        ("a: one of low, middle, high", {"a": "middle"}),
        ("a: one of low, middle or high", {"a": "high"}),
        ("a: one of yes or no", {"a": "no"}),
        ("a: one of words or nobody", {"a": "nobody"}),
        ("a: one of words?", {"a": None}),
        ("a: {list: short_text}", {"a": []}),
        ("a: {b: {c: integer}}", {"a": {"b": {"c": 1}}}),
        ("a: quote of text", {"a": "Ana will order ten boxes"}),
        ("a: quote of text?", {"a": None}),
    ],
)
def test_what_fits(parts: str, value: Any) -> None:
    assert wrong(parts, value) == []
    jsonschema.validate(value, made(parts).schema(GIVEN))


@pytest.mark.parametrize(
    ("parts", "value", "said"),
    [
        ("a: short_text", {"a": "x" * 301}, "a has 301 characters; at most 300 are allowed"),
        ("a: short_text", {"a": "one\ntwo"}, "a must be on one line"),
        ("a: short_text", {"a": " "}, "a is empty"),
        ("a: short_text", {"a": None}, "a must be text, not null"),
        ("a: text", {"a": "x\x00"}, "a contains characters that cannot be stored"),
        ("a: text", {"a": "\ud83d"}, "a contains characters that cannot be stored"),
        ("a: number", {"a": "3"}, "a must be a number, not “3”"),
        ("a: number", {"a": True}, "a must be a number, not true"),
        ("a: number", {"a": float("nan")}, "a is not a number that can be used"),
        ("a: integer", {"a": 1.5}, "a must be a whole number, not 1.5"),
        ("a: integer", {"a": 1}, ""),
        ("a: yes_no", {"a": 1}, "a must be true or false, not 1"),
        ("a: date", {"a": "2026-02-30"}, "a must be a day as YYYY-MM-DD, not “2026-02-30”"),
        ("a: date", {"a": "20260228"}, "a must be a day as YYYY-MM-DD, not “20260228”"),
        ("a: date", {"a": "2026-W09-6"}, "a must be a day as YYYY-MM-DD, not “2026-W09-6”"),
        ("a: one of words or nobody", {"a": "High"}, "a is “High”, which is not one of: high, low, nobody"),
        ("a: {list: {b: integer}}", {"a": [{"b": 1}, {"b": "x"}]}, "a[1].b must be a whole number, not “x”"),
        ("a: {list: integer}", {"a": list(range(501))}, "a has 501 entries; at most 500 are allowed"),
        ("a: {list: integer}", {"a": {"b": 1}}, "a must be a list, not an object"),
        ("a: text", [], "the answer must be an object with a, not a list"),
        ("a: text", {}, "a is missing"),
        ("a: text", {"a": "x", "b": 1}, "b is not asked for"),
        ("a: quote of text", {"a": "Ana"}, "a is too short to prove anything; copy a few words of text"),
        ("a: quote of text", {"a": 5}, "a must be text, not 5"),
    ],
)
def test_what_does_not_fit_is_said_so_that_it_can_be_mended(parts: str, value: Any, said: str) -> None:
    assert wrong(parts, value) == ([said] if said else [])


def test_several_faults_are_said_together() -> None:
    parts = "todos: {list: {task: short_text, due: date?, quote: quote of text}}"
    todo = {"task": "", "due": "soon", "quote": "Ana will order twelve boxes"}
    assert wrong(parts, {"todos": [todo]}) == [
        "todos[0].task is empty",
        "todos[0].due must be a day as YYYY-MM-DD, not “soon”",
        "todos[0].quote does not occur in text: “Ana will order twelve boxes”; "
        "copy the words exactly, leaving none out",
    ]


# --- quotes -----------------------------------------------------------------------------------------------------------

SOURCE = """## Recap

Ana **will not** order ten boxes - the price is 15 boxes for $40.
- [ ] Ben said: “we don’t pay twice” — and left…
\u2022 Chloe re-orders the blue folders,
  and pays. Dana left 2.5 kilos are left.
اتفق الجميع على التسليم. 会议决定下周发货。
"""


@pytest.mark.parametrize(
    "quote",
    [
        "Ana will not order ten boxes",
        "ANA  will not\norder TEN boxes – the price",
        '"we don\'t pay twice" - and left.',
        "we don't pay twice--and left",
        "...we don’t pay twice…",
        "Ben said: “we don’t pay twice” — and left…",
        "Chloe re-orders the blue folders, and pays",
        "Chloe re‑orders the blue folders, and pays!",
        "**Chloe** re-orders",
        "اتفق الجميع على التسليم",
        "会议决定下周发货",
        "下周发货",
        "the price is 15 boxes for $40",
    ],
)
def test_quotes_are_found_however_they_are_set(quote: str) -> None:
    assert quotes.stands_in(quote, SOURCE)


@pytest.mark.parametrize(
    "quote",
    [
        "5 kilos are left",
        "Dana left 2",
        "Ana will order ten boxes",
        "Ana will ... order ten boxes",
        "Ana will … order ten boxes",
        "5 boxes for $40",
        "the price is 15 boxes for $4",
        "orders the blue fold",
        "will not order ten boxes tomorrow",
        "ten boxes order",
        "we do not pay twice",
        "",
        "…",
        "---",
    ],
)
def test_invented_missing_and_halved_words_are_not(quote: str) -> None:
    assert not quotes.stands_in(quote, SOURCE)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.integers(0, 40), st.integers(1, 40))
def test_every_whole_piece_of_a_text_stands_in_it(source: str, start: int, length: int) -> None:
    words = source.split()
    piece = " ".join(words[start % (len(words) or 1) :][:length])
    if quotes.plain(piece).strip(quotes.ENDS) and quotes.plain(piece) in quotes.plain(source):
        assert quotes.stands_in(piece, source)


# --- schemas ----------------------------------------------------------------------------------------------------------

ALLOWED = {"type", "enum", "items", "properties", "required", "description", "additionalProperties"}


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema."""
    yield schema
    for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from objects(inner)


def test_the_schema_keeps_to_what_strict_mode_takes() -> None:
    answer = shipped.load().steps[0].answer
    assert answer
    schema = answer.schema({"summary": "x", "people": ["Ana Silva", "Ana Silva", ""], "meeting_day": ""})
    assert schema["properties"]["todos"]["items"]["properties"]["owner"]["enum"] == ["Ana Silva", "nobody"]
    for part in objects(schema):
        assert set(part) <= ALLOWED
        if part["type"] == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
    jsonschema.Draft202012Validator.check_schema(schema)


def test_a_choice_that_may_be_missing_allows_null_in_its_enum() -> None:
    assert made("a: one of words?").schema(GIVEN)["properties"]["a"] == {
        "type": ["string", "null"],
        "enum": ["high", "low", None],
    }


@pytest.mark.parametrize("people", [[], [f"Person {i}" for i in range(1_001)], ["x" * 70 + str(i) for i in range(300)]])
def test_lists_that_do_not_fit_an_enum_are_checked_all_the_same(people: list[str]) -> None:
    answer = made("a: one of words?, b: one of words or nobody".replace(", ", "\n      "))
    schema = answer.schema({**GIVEN, "words": people})
    enums = [part["enum"] for part in objects(schema) if "enum" in part]
    assert sum(map(len, enums)) <= 1_000
    assert len(json.dumps(schema)) < 120_000
    good = {"a": people[-1] if people else None, "b": "nobody"}
    assert answer.read(good, {**GIVEN, "words": people}) == []
    assert answer.read({**good, "b": "Somebody Else"}, {**GIVEN, "words": people}) != []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "todos", "task", "quote"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_answer_is_judged_without_an_error(value: Any) -> None:
    answer = shipped.load_once().steps[0].answer
    assert answer
    assert answer.read(value, {"summary": "text", "people": ["Ana"], "meeting_day": ""}) != []
