"""Asking the language model: a question becomes a request, the answer is kept as it came, then read and checked.

Everything here is pure but `call`, which makes one HTTP exchange. https://developers.openai.com/api/reference/resources/chat
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from app.core import model_prompt
from app.core.model_prompt import Message
from app.core.model_reply import RawReply, Unusable, raw_reply, tokens, value
from connectors.contract import JSON

__all__ = [
    "Answer",
    "Client",
    "Options",
    "Question",
    "RawReply",
    "Unusable",
    "call",
    "cost",
    "estimate",
    "options",
    "read",
    "repair",
    "request",
]

_SHOWN = 5  # problems named to a person; the model is told all


class Answer(Protocol):
    """The shape an answer must have (`core.answer`)."""

    def schema(self, given: Mapping[str, JSON]) -> dict[str, JSON]: ...

    def read(self, value: JSON, given: Mapping[str, JSON]) -> list[str]: ...


class Client(Protocol):
    """What the connector opens (`connectors.openai.ModelClient`)."""

    def complete(self, body: Mapping[str, JSON], seconds: float) -> tuple[bytes, str]: ...
    @property
    def token_parameter(self) -> str: ...
    @property
    def official(self) -> bool: ...


@dataclass(frozen=True)
class Question:
    """What a step asks: the recipe's words, the material by name, the shape of the answer, and its longest length."""

    instructions: str
    given: Mapping[str, JSON]
    answer: Answer
    max_tokens: int = 8000


@dataclass(frozen=True)
class Options:
    """How servers differ. `official`: OpenAI itself, which is told not to store, and shows its models the form."""

    token_parameter: str = "max_completion_tokens"  # noqa: S105 (a name)
    official: bool = False


def options(client: Client) -> Options:
    """Those of an opened connection."""
    return Options(client.token_parameter, client.official)


def request(
    question: Question, model: str, options: Options = Options(), more: Sequence[Message] = ()
) -> dict[str, JSON]:
    """The body of chat.completions; the same for the same arguments. `more`: messages of a `repair`."""
    schema = question.answer.schema(question.given)
    form = None if options.official else schema
    body: dict[str, JSON] = {
        "model": model,
        "messages": [*model_prompt.messages(question.instructions, question.given, form), *more],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}},
        options.token_parameter: question.max_tokens,
    }
    return {**body, "store": False} if options.official else body


def estimate(body: Mapping[str, JSON], longest: int) -> int:
    """Tokens to reserve before the call: the whole prompt, guessed high, and the longest answer."""
    return tokens(_asked(body)) + longest


def call(client: Client, body: Mapping[str, JSON], timeout: float) -> RawReply:
    """One HTTP exchange (seconds in all), no retries. Exceptions of the SDK pass through."""
    content, request_id = client.complete(body, timeout)
    return raw_reply(content, lambda: _asked(body), request_id)


def read(question: Question, raw: RawReply) -> JSON:
    """The answer as a value that fits the question. Raises `Unusable`."""
    found = value(raw, question.max_tokens)
    problems = question.answer.read(found, question.given)
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise Unusable(
            f"The model's answer does not fit: {'; '.join(problems[:_SHOWN])}{more}. "
            "Run this again, or do this one by hand.",
            True,
            tuple(problems),
        )
    return found


def repair(question: Question, raw: RawReply, unusable: Unusable) -> list[Message]:
    """Messages to add to the request so that the model mends its answer once. A cut answer is not repeated to it."""
    whole = raw.finish_reason in ("stop", "")
    return model_prompt.repair(raw.text if whole else "", unusable.problems)


def cost(tokens_in: int, tokens_out: int, price_in: Decimal | None, price_out: Decimal | None) -> int:
    """Millionths of a dollar, rounded up. Prices are dollars per million tokens, so numbers multiply as they are."""
    exact = tokens_in * (price_in or Decimal(0)) + tokens_out * (price_out or Decimal(0))
    return int(exact.to_integral_value(ROUND_CEILING))


def _asked(body: Mapping[str, JSON]) -> str:
    """The part of a body that the model reads."""
    return json.dumps([body.get("messages"), body.get("response_format")], ensure_ascii=False)
