"""The practice model: OpenAI's chat completions, answered from recordings and from nothing else.

A recording is a file `recordings/<recipe>/<name>.json`:

    {"when": "words that stand in the text the model is given", "answer": {"overview": "...", "todos": []}}

It is used when `when` (a text, or a list of texts that must all occur) stands in the user's messages; capitals and
white space do not matter, the longest `when` wins. Choose words without quotation marks and line ends, and so
distinctive that no other text has them. The answer is fitted to the schema of the request: a choice that is not
offered becomes "nobody" or the last choice, and what is not asked for is left out.

Tests fix the answer with `POST /_control/model` {"answer": {...} or text, "delay_ms": 0} or {"answers": [...]}, one for
each request, then the fixed one; {} ends that. A fault `{"slug": "openai", "do": "model", "as": ...}` answers badly:
refusal, length, content_filter, not_json, wrong_shape, empty, no_choices, no_usage, slow_down, insufficient_quota.
Settings: `models` (names it knows; else any), `reasoning` (true: refuses max_tokens and temperature).
"""

from __future__ import annotations

import json
import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, bearer, done, interface, same, visit
from app.practice.vendors.openai import strict
from app.practice.vendors.openai.faults import FAULTS, refuse

PRACTICE_ONLY = (
    "The practice model only knows the shipped samples. Connect a real model under Connections to use your own text."
)
_PARAMETERS = """
messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
metadata modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options
prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options
"""
PARAMETERS = set(_PARAMETERS.split())
ROLES = ("developer", "system", "user", "assistant", "tool", "function")
KNOWN = ("practice", "gpt-5-mini")


def blueprint(ground: Ground) -> Blueprint:
    api = interface("openai", ground)
    api.before_request(lambda: _admit(ground))

    @api.get("/v1/models")
    def models() -> Response:
        names = ground.ledger.note("models") or KNOWN
        data = [{"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "practice"} for name in names]
        return jsonify(object="list", data=data)

    @api.post("/v1/chat/completions")
    def complete() -> Response:
        given = checked(ground, request.get_data())
        content = answer(ground, given)
        reply = completion(given, content)
        if visit().do == "model":
            reply = FAULTS[str((visit().fault or {})["as"])](reply)
        done(ground, "completion", reply["id"])
        response = jsonify(reply)
        response.headers["x-request-id"] = f"req_{secrets.token_hex(16)}"
        return response

    @api.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def elsewhere(rest: str) -> Response:
        refuse(404, f"Invalid URL ({request.method} /{rest})", None)

    return api


def commands(ground: Ground) -> dict[str, Command]:
    def model(body: dict[str, Any]) -> dict[str, Any]:
        ground.ledger.set_note("model", body or None)
        return body

    return {"model": model}


@cache
def recordings() -> tuple[dict[str, Any], ...]:
    """The shipped recordings, the most particular first; each with the recipe it belongs to."""
    files = sorted((Path(__file__).parent / "recordings").glob("*/*.json"))
    read = [{"recipe": f.parent.name, "name": f.stem, **json.loads(f.read_text(encoding="utf-8"))} for f in files]
    return tuple(sorted(read, key=lambda one: -sum(map(len, _when(one)))))


def _when(recording: dict[str, Any]) -> list[str]:
    when = recording["when"]
    return [_plain(words) for words in ([when] if isinstance(when, str) else when)]


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


# --- answering --------------------------------------------------------------------------------------------------------


def answer(ground: Ground, given: dict[str, Any]) -> str:
    """The text of the answer, from a test's order or a recording."""
    fixed, delay = _ordered(ground)
    if delay:
        ground.closing.wait(delay / 1000)
    if fixed is not None:
        return fixed if isinstance(fixed, str) else json.dumps(fixed, ensure_ascii=False)
    asked = _plain(" ".join(_words(message) for message in given["messages"] if message["role"] == "user"))
    found = next((one for one in recordings() if all(words in asked for words in _when(one))), None)
    if found is None:
        refuse(422, PRACTICE_ONLY, "practice_only")
    schema = _schema(given)
    return json.dumps(strict.fit(found["answer"], schema, schema) if schema else found["answer"], ensure_ascii=False)


def _ordered(ground: Ground) -> tuple[Any, float]:
    """What a test told it to answer, and after how many milliseconds."""
    if not ground.control:
        return None, 0
    with ground.ledger.write():
        order = ground.ledger.note("model") or {}
        waiting = order.get("answers") or []
        if waiting:
            ground.ledger.set_note("model", {**order, "answers": waiting[1:]})
    return waiting[0] if waiting else order.get("answer"), float(order.get("delay_ms", 0))


def completion(given: dict[str, Any], content: str) -> dict[str, Any]:
    """A `chat.completion`; the answer is cut where the request's token limit cuts it."""
    limit = given.get("max_completion_tokens") or given.get("max_tokens")
    asked = sum(_tokens(_words(message)) for message in given["messages"]) + _tokens(json.dumps(_schema(given) or {}))
    used, reason = _tokens(content), "stop"
    if limit and used > limit:
        content, used, reason = content[: limit * 4], limit, "length"
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    usage: dict[str, Any] = {"prompt_tokens": asked, "completion_tokens": used, "total_tokens": asked + used}
    usage |= {"prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}}
    reply = {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": "chat.completion", "created": int(time.time())}
    return {**reply, "model": "practice", "choices": [choice], "usage": usage}


def _tokens(words: str) -> int:
    return -(-len(words.encode("utf-8", "replace")) // 4)


def _words(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content)
    return content or ""


def _schema(given: dict[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = (given.get("response_format") or {}).get("json_schema", {}).get("schema")
    return schema


# --- checking ---------------------------------------------------------------------------------------------------------


def _admit(ground: Ground) -> None:
    key = bearer()
    if not key:
        refuse(401, "You didn't provide an API key. You need to provide your API key in an Authorization header.", None)
    if not same(key, ground.token) or "openai" in ground.ledger.note("revoked", []):
        words = f"Incorrect API key provided: {key[:3]}***. You can find your API key at the practice model's owner."
        refuse(401, words, "invalid_api_key")


def checked(ground: Ground, body: bytes) -> dict[str, Any]:
    """The request, or OpenAI's refusal of it."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        refuse(400, "We could not parse the JSON body of your request.", None)
    for name in given:
        if name not in PARAMETERS:
            refuse(400, f"Unrecognized request argument supplied: {name}", "unknown_parameter", name)
    _check_model(ground, given)
    _check_messages(given.get("messages"))
    _check_format(given.get("response_format"))
    return given


def _check_model(ground: Ground, given: dict[str, Any]) -> None:
    name, names = given.get("model"), ground.ledger.note("models")
    if not isinstance(name, str) or not name:
        refuse(400, "you must provide a model parameter", None)
    if names and name not in names:
        words = f"The model `{name}` does not exist or you do not have access to it."
        raise Refusal(404, {"error": {"message": words, "type": "invalid_request_error", "code": "model_not_found"}})
    if given.get("stream"):
        refuse(400, "Unsupported value: 'stream' must be false with this model.", "unsupported_value", "stream")
    for word in ("max_tokens", "temperature") if ground.ledger.note("reasoning") else ():
        if word in given:
            words = f"Unsupported parameter: '{word}' is not supported with this model."
            words += " Use 'max_completion_tokens' instead." if word == "max_tokens" else ""
            refuse(400, words, "unsupported_parameter", word)
    for word in ("max_tokens", "max_completion_tokens"):
        if word in given and (not isinstance(given[word], int) or given[word] < 1):
            refuse(400, f"Invalid '{word}': integer below minimum value.", "integer_below_min_value", word)


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        refuse(400, "Invalid 'messages': expected a non-empty array.", "invalid_type", "messages")
    for i, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            refuse(400, f"Invalid value for 'messages[{i}].role'.", "invalid_value", f"messages[{i}].role")
        content = message.get("content")
        if not isinstance(content, str | list) and not (content is None and message["role"] == "assistant"):
            words = f"Invalid value for 'content': expected a string, got {json.dumps(content)[:40]}."
            refuse(400, words, "invalid_type", f"messages[{i}].content")


def _check_format(given: Any) -> None:
    if given is None:
        return
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in ("text", "json_object", "json_schema"):
        refuse(400, f"Invalid value: '{kind}'.", "invalid_value", "response_format.type")
    if kind != "json_schema":
        return
    form = given.get("json_schema")
    if not isinstance(form, dict) or "name" not in form:
        words = "Missing required parameter: 'response_format.json_schema.name'."
        refuse(400, words, "missing_required_parameter", "response_format.json_schema.name")
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", str(form["name"])):
        words = "Invalid 'response_format.json_schema.name': string does not match pattern."
        refuse(400, words, "invalid_value", "response_format.json_schema.name")
    wrong = strict.problem(form.get("schema")) if form.get("strict") else ""
    if wrong:
        words = f"Invalid schema for response_format '{form['name']}': {wrong}"
        refuse(400, words, "invalid_json_schema", "response_format")


# --- for people -------------------------------------------------------------------------------------------------------


def pages(ground: Ground) -> Blueprint:
    site = Blueprint("openai_pages", __name__, url_prefix="/openai")

    @site.get("/")
    def index() -> str:
        known = sorted(recordings(), key=lambda one: (one["recipe"], one["name"]))
        shown = [{**one, "answer": json.dumps(one["answer"], ensure_ascii=False, indent=2)} for one in known]
        return render_template("practice/openai.html", recordings=shown)

    return site


vendor = Vendor(
    slug="openai",
    title="Language model",
    says="Not a real model: it answers the shipped samples from recordings, and nothing else.",
    paths=("/v1/",),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
    faults=tuple(FAULTS),
)
