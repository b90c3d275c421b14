"""What a language model answered: as it came (kept in the journal), and as the value a recipe goes on with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NoReturn

from connectors.contract import JSON

NO_ANSWER = "no_answer"  # our finish_reason for a 200 that holds no answer: some gateways wrap errors so
_MOST_TOKENS = 100_000_000
_DEPTH = 64
_FENCE = re.compile(r"\A```[a-zA-Z]*\s*(.*?)\s*```\Z", re.DOTALL)
_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class RawReply:
    """One answer as it came. `tokens_*` are the server's count, or an estimate where it gives none."""

    text: str
    refusal: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    model: str
    request_id: str

    def to_json(self) -> dict[str, JSON]:
        """For the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> RawReply:
        """From the journal."""
        return cls(**data)


class Unusable(Exception):
    """The answer cannot be used. `reason` is for a person; `problems` are for the model, if asking again can help."""

    def __init__(self, reason: str, repairable: bool, problems: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.repairable, self.problems = reason, repairable, problems or (reason,)


def tokens(text: str) -> int:
    """A careful guess, rather too high than too low: a token for every three bytes."""
    return -(-len(text.encode("utf-8", "replace")) // 3)


def raw_reply(content: bytes, asked: Callable[[], str], request_id: str) -> RawReply:
    """From the body of a 200. Never fails: what is no answer becomes one that `value` refuses. `asked` gives what was sent, for
    servers that count no tokens."""
    answer = _object(content)
    choice = _first(answer.get("choices"))
    message = _mapping(choice.get("message"))
    text = _joined(message.get("content"))
    reason = _text(choice.get("finish_reason")) if message else NO_ANSWER
    usage = _mapping(answer.get("usage"))
    return RawReply(
        text=text if message else _text(_mapping(answer.get("error")).get("message") or answer.get("error"))[:500],
        refusal=_text(message.get("refusal")),
        finish_reason=reason,
        tokens_in=_count(usage.get("prompt_tokens"), lambda: tokens(asked())),
        tokens_out=_count(usage.get("completion_tokens"), lambda: tokens(text)),
        model=_text(answer.get("model"))[:200],
        request_id=request_id[:200],
    )


def value(raw: RawReply, limit: int) -> JSON:
    """The JSON in an answer of at most `limit` tokens. Raises `Unusable`."""
    spoilt = _no_answer(raw) or _broken_off(raw, limit)
    if spoilt:
        raise spoilt
    bare = raw.text.strip()
    fenced = _FENCE.match(bare)  # weak models put their JSON into a Markdown block
    try:
        found = json.loads(fenced.group(1) if fenced else bare, object_pairs_hook=_once, parse_constant=_refuse)
        _inspect(found)
    except (ValueError, RecursionError) as problem:
        raise _no_json(problem) from problem
    return found


def _no_answer(raw: RawReply) -> Unusable | None:
    """Looked at first: a refusal has no content, and a gateway's error in a 200 has not even that."""
    if raw.finish_reason == NO_ANSWER:
        said = f"The model server sent no answer{_quoted(raw.text)}. Check the address and the model of its connection."
        return Unusable(said, True)
    if raw.refusal:
        said = f"The model refused{_quoted(raw.refusal)}. Do this one by hand, or run it again with another model."
        return Unusable(said, False)
    return None


def _broken_off(raw: RawReply, limit: int) -> Unusable | None:
    """Looked at before parsing: a cut answer may happen to parse."""
    if raw.finish_reason == "length":
        said = (
            f"The model's answer was cut off at its limit of {limit} tokens. Choose a model that says and thinks less, "
            "or shorten the text."
        )
        return Unusable(said, True, ("It was cut off before its end. Give a much shorter one.",))
    if raw.finish_reason == "content_filter":
        return Unusable("The model server's content filter stopped the answer. Do this one by hand.", False)
    if not raw.text.strip():
        said = "The model answered nothing. Run this again, or choose another model."
        return Unusable(said, True, ("It was empty. Answer in full.",))
    return None


def _no_json(problem: Exception) -> Unusable:
    what = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)[:200]
    said = (
        "The model's answer is not the JSON it was asked for. Run this again, or choose a model that can answer in a "
        "given JSON form."
    )
    return Unusable(said, True, (f"It is not one valid JSON object: {what}.",))


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def _inspect(found: JSON) -> None:
    level: list[JSON] = [found]
    for _ in range(_DEPTH + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError("it is nested too deeply")


def _inside(part: JSON) -> list[JSON]:
    if isinstance(part, str) and _BAD_CHARACTER.search(part):
        raise ValueError("it holds characters that are no text")
    if isinstance(part, float) and part in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    if isinstance(part, dict):
        return [*part.keys(), *part.values()]
    return part if isinstance(part, list) else []


# --- picking from what a server sent ----------------------------------------------------------------------------------


def _object(content: bytes) -> dict[str, JSON]:
    try:
        return _mapping(json.loads(content))
    except (ValueError, RecursionError):
        return {}


def _mapping(part: JSON) -> dict[str, JSON]:
    return part if isinstance(part, dict) else {}


def _first(choices: JSON) -> dict[str, JSON]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _text(part: JSON) -> str:
    return part if isinstance(part, str) else ""


def _joined(content: JSON) -> str:
    """Text, or a list of parts with text in them."""
    if isinstance(content, list):
        return "".join(_text(_mapping(part).get("text")) for part in content)
    return _text(content)


def _count(part: JSON, otherwise: Callable[[], int]) -> int:
    fits = isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= _MOST_TOKENS
    return int(part) if fits else otherwise()


def _quoted(words: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())[:300]
    return f": “{text}”" if text else ""
