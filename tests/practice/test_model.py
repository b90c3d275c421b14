"""The practice model answers the shipped samples, fits the schema, and refuses as OpenAI does."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from app.practice.serve import Served
from app.practice.vendors import openai
from app.practice.vendors.openai import strict

TEXT = {"type": "string"}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def ask(practice: Served, text: str, schema: Any = None, token: str = "", **more: Any) -> requests.Response:
    body: dict[str, Any] = {"model": "practice", "messages": [{"role": "user", "content": text}], **more}
    if schema is not None:
        form = {"name": "answer", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    url = f"{practice.url}/openai/v1/chat/completions"
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {token or practice.token}"}, timeout=10)


def content(answer: requests.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return json.loads(answer.json()["choices"][0]["message"]["content"])


@pytest.fixture
def recording() -> dict[str, Any]:
    return next(one for one in openai.recordings() if one["name"] == "weekly-planning")


def test_a_shipped_sample_is_answered(practice: Served, recording: dict[str, Any]) -> None:
    text = f"Meeting:\n  {recording['when'].upper()}\nand more"
    answer = ask(practice, text, thing(overview=TEXT))
    assert content(answer) == {"overview": recording["answer"]["overview"]}
    usage = answer.json()["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert [request["effect"] for request in practice.ledger("openai")] == ["completion"]


def test_anything_else_is_refused(practice: Served, recording: dict[str, Any]) -> None:
    answer = ask(practice, "Our own meeting", thing(overview=TEXT))
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("practice_only", openai.PRACTICE_ONLY)
    instructions = [{"role": "system", "content": recording["when"]}, {"role": "user", "content": "x"}]
    assert ask(practice, "", messages=instructions).status_code == 422  # only the user's own messages count


def test_an_answer_fits_the_schema(practice: Served, recording: dict[str, Any]) -> None:
    owner = {"type": "string", "enum": ["Ana Silva", "nobody"]}
    todo = thing(task=TEXT, owner=owner, due={"type": ["string", "null"]}, room={"type": ["string", "null"]})
    todos = content(ask(practice, recording["when"], thing(todos={"type": "array", "items": todo})))["todos"]
    assert {one["owner"] for one in todos} == {"Ana Silva", "nobody"}
    assert all(list(one) == ["task", "owner", "due", "room"] and one["room"] is None for one in todos)
    levels = {"type": "string", "enum": ["low", "high"]}
    assert strict.fit({"level": "middle"}, thing(level=levels), {}) == {"level": "high"}
    assert strict.fit({}, thing(names={"type": "array", "items": TEXT}, words=TEXT), {}) == {"names": [], "words": ""}


def test_recordings_are_told_apart(recording: dict[str, Any]) -> None:
    names = [(one["recipe"], one["name"]) for one in openai.recordings()]
    assert len(set(names)) == len(names) > 0
    assert set(recording) >= {"when", "answer"}


NESTED = thing(a=TEXT)
for _ in range(10):
    NESTED = thing(a=NESTED)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "array", "items": TEXT}, 'type: "object"'),
        ({"anyOf": [thing(a=TEXT)]}, 'type: "object"'),
        ({**thing(a=TEXT), "additionalProperties": True}, "'additionalProperties' is required"),
        ({**thing(a=TEXT, b=TEXT), "required": ["a"]}, "Missing 'b'"),
        (thing(a={"type": "string", "default": "x"}), "'default' is not permitted"),
        (thing(a={"type": "integer", "minimum": 1}), "'minimum' is not permitted"),
        (thing(a={"type": "string", "pattern": "x"}), "'pattern' is not permitted"),
        (thing(a={"allOf": [TEXT]}), "'allOf' is not permitted"),
        (thing(a={}), "must have a 'type' key"),
        (thing(a={"type": "array"}), "missing items"),
        (thing(a={"type": "object", "additionalProperties": TEXT}), "'additionalProperties' is required"),
        (NESTED, "maximum nesting depth"),
        (thing(a={"type": "string", "enum": [str(i) for i in range(1001)]}), "enum values in total"),
        (thing(a={"type": "string", "enum": [f"{i:060}" for i in range(300)]}), "string length limit of 15000"),
        (thing(**{"x" * 120_001: TEXT}), "limit of 120000"),
    ],
)
def test_schemas_are_checked_as_strictly_as_openai_does(practice: Served, schema: Any, says: str) -> None:
    answer = ask(practice, "x", schema)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid schema for response_format 'answer': ")
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"temprature": 1}, "Unrecognized request argument supplied: temprature"),
        ({"messages": []}, "Invalid 'messages'"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "Invalid value for 'content'"),
        ({"model": ""}, "you must provide a model parameter"),
        ({"max_tokens": 0}, "below minimum"),
        ({"response_format": {"type": "json_schema", "name": "flat", "schema": {}}}, "json_schema.name"),
        ({"response_format": {"type": "yaml"}}, "Invalid value: 'yaml'"),
    ],
)
def test_wrong_requests_are_refused(practice: Served, more: dict[str, Any], says: str) -> None:
    answer = ask(practice, "x", **more)
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True), answer.text


def test_keys_and_names_are_checked(practice: Served) -> None:
    assert ask(practice, "x", token="sk-other").json()["error"]["code"] == "invalid_api_key"
    assert requests.get(f"{practice.url}/openai/v1/models", timeout=5).status_code == 401
    practice.control("settings", {"models": ["small"], "reasoning": True})
    assert ask(practice, "x").json()["error"]["code"] == "model_not_found"
    answer = ask(practice, "x", model="small", max_tokens=5)
    assert answer.json()["error"]["code"] == "unsupported_parameter"
    practice.control("revoke", {"slug": "openai"})
    assert ask(practice, "x").status_code == 401


def test_a_token_limit_cuts(practice: Served, recording: dict[str, Any]) -> None:
    choice = ask(practice, recording["when"], max_completion_tokens=3).json()["choices"][0]
    assert (choice["finish_reason"], len(choice["message"]["content"])) == ("length", 12)


@pytest.mark.parametrize(
    "way", ["refusal", "length", "content_filter", "not_json", "wrong_shape", "empty", "no_choices", "no_usage"]
)
def test_bad_answers_can_be_ordered(practice: Served, recording: dict[str, Any], way: str) -> None:
    practice.fault("openai", "model", **{"as": way})
    bad: Any = ask(practice, recording["when"], thing(overview=TEXT)).json()
    choice: dict[str, Any] = bad["choices"][0] if bad["choices"] else {"message": {}, "finish_reason": ""}
    message: dict[str, Any] = choice["message"]
    words, reason = message.get("content") or "", choice["finish_reason"]
    assert {
        "refusal": words == "" and bool(message.get("refusal")),
        "length": reason == "length",
        "content_filter": reason == "content_filter" and words == "",
        "not_json": words[:1] not in ("", "{"),
        "wrong_shape": words[:1] == "{" and "overview" not in words,
        "empty": words == "" and reason == "stop",
        "no_choices": bad["choices"] == [],
        "no_usage": bad["usage"] is None,
    }[way]
    assert content(ask(practice, recording["when"], thing(overview=TEXT)))["overview"]


@pytest.mark.parametrize("way", ["slow_down", "insufficient_quota"])
def test_refused_for_money_or_pace(practice: Served, recording: dict[str, Any], way: str) -> None:
    practice.fault("openai", "model", **{"as": way})
    answer = ask(practice, recording["when"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, way)
    assert (answer.headers.get("Retry-After") == "1") is (way == "slow_down")
    assert practice.effects("openai") == []


def test_tests_may_fix_the_answer(practice: Served) -> None:
    practice.control("model", {"answer": {"overview": "fixed"}, "answers": ["first", {"n": 2}], "delay_ms": 60})
    begun = time.monotonic()
    assert ask(practice, "anything").json()["choices"][0]["message"]["content"] == "first"
    assert time.monotonic() - begun > 0.06
    assert [content(ask(practice, "anything")) for _ in range(3)] == [{"n": 2}, *[{"overview": "fixed"}] * 2]
    practice.control("model", {})
    assert ask(practice, "anything").status_code == 422
