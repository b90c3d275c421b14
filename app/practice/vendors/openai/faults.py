"""The ways in which a model's answer can be bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from app.practice.door import Refusal

Reply = dict[str, Any]


def refuse(
    status: int, message: str, code: str | None, param: str | None = None, headers: Mapping[str, str] | None = None
) -> NoReturn:
    """OpenAI's error body: https://developers.openai.com/docs/guides/error-codes ."""
    kinds = {429: code or "requests", 422: "invalid_request_error", 401: "invalid_request_error"}
    error = {"message": message, "type": kinds.get(status, "invalid_request_error"), "param": param, "code": code}
    raise Refusal(status, {"error": error}, {"x-request-id": "req_practice", **(headers or {})})


def _message(**changes: Any) -> Callable[[Reply], Reply]:
    """The reply with another message; `finish_reason` belongs to the choice."""
    reason = changes.pop("finish_reason", "stop")

    def change(reply: Reply) -> Reply:
        choice = reply["choices"][0]
        choice = {**choice, "finish_reason": reason, "message": {**choice["message"], **changes}}
        return {**reply, "choices": [choice]}

    return change


def _cut(reply: Reply) -> Reply:
    words = reply["choices"][0]["message"]["content"]
    return _message(content=words[: len(words) // 2], finish_reason="length")(reply)


def _slow_down(reply: Reply) -> Reply:
    words = "Rate limit reached for practice on requests per min (RPM): Limit 3, Used 3, Requested 1."
    refuse(429, words, "slow_down", headers={"Retry-After": "1"})


def _no_money(reply: Reply) -> Reply:
    words = "You exceeded your current quota, please check your plan and billing details."
    refuse(429, words, "insufficient_quota")


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "refusal": _message(content=None, refusal="I'm sorry, I can't help with that."),
    "length": _cut,
    "content_filter": _message(content="", finish_reason="content_filter"),
    "not_json": _message(content="Sure! Here is what the meeting was about: paper, mostly."),
    "wrong_shape": _message(content=json.dumps({"summary": ["paper"], "mood": 7})),
    "empty": _message(content=""),
    "no_choices": lambda reply: {**reply, "choices": []},
    "no_usage": lambda reply: {**reply, "usage": None},
    "slow_down": _slow_down,
    "insufficient_quota": _no_money,
}
