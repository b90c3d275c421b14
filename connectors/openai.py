"""The language model: OpenAI, or any server that speaks its chat completions (Ollama, vLLM, llama.cpp, gateways).

https://developers.openai.com/api/reference/resources/chat
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.contract import JSON, Account, ApiKey, Connector, Field, Http, Refused

if TYPE_CHECKING:
    from openai import OpenAI

MODEL = "gpt-5-mini"
_LIMIT_NAMES = ("max_completion_tokens", "max_tokens")
_OUT_OF_MONEY = ("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached")


@dataclass(frozen=True)
class ModelClient:
    """One model behind one address. Prices are US dollars per million tokens, None where nobody entered them.

    `official`: it is OpenAI itself, which takes fields that compatible servers may refuse. `token_parameter` is the
    name this server has for the limit of an answer.
    """

    sdk: OpenAI = field(repr=False)
    model: str
    price_in: Decimal | None
    price_out: Decimal | None
    token_parameter: str
    official: bool
    address: str

    def complete(self, body: Mapping[str, JSON], seconds: float) -> tuple[bytes, str]:
        """One question: the answer as it came and the server's name for the request. Exceptions of the SDK pass through.

        By the SDK's own way for paths it has no method for: its method for chat.completions walks through every part of
        the body and the answer, which takes three times as long and changes nothing.
        """
        import httpx2

        answer = self.sdk.post(
            "/chat/completions", cast_to=httpx2.Response, body=dict(body), options={"timeout": seconds}
        )
        return answer.content, answer.headers.get("x-request-id") or ""


def open_model(credentials: Mapping[str, str], http: Http) -> ModelClient:
    """Raises `Refused` for a price that is no amount, an unknown limit name, or a missing key where one is needed."""
    given = {name: value.strip() for name, value in credentials.items()}
    address = _address(http.url("api"), typed=bool(given.get("base_url")))
    host = urlsplit(address).hostname or ""
    official = host == "api.openai.com" or host.endswith(".api.openai.com")
    limit_name = given.get("token_parameter") or _LIMIT_NAMES[0 if official else 1]
    if limit_name not in _LIMIT_NAMES:
        raise Refused(f"The name of the limit must be {' or '.join(_LIMIT_NAMES)}, or empty.")
    if official and not given.get("api_key"):
        raise Refused("Enter an API key. Only a server of your own, under an address of its own, may do without.")
    return ModelClient(
        sdk=_sdk(given.get("api_key") or "none", address, http),
        model=given.get("model") or MODEL,
        price_in=_price(given.get("price_in", "")),
        price_out=_price(given.get("price_out", "")),
        token_parameter=limit_name,
        official=official,
        address=address,
    )


def _address(base: str, *, typed: bool) -> str:
    """What "/chat/completions" is appended to. An address that a person typed with a path is kept as it is."""
    return base if typed and urlsplit(base).path.strip("/") else f"{base}/v1"


def _sdk(api_key: str, address: str, http: Http) -> OpenAI:
    """The SDK with nothing taken from the environment: OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS would
    else travel with every request, also to other people's servers (openai 3.57, `lib/_client_auth.py`)."""
    # The SDK looks into whatever `sys.modules` calls httpx (`_httpx2.py`). Another thread may be in the middle of
    # importing it; importing it here waits until it is whole.
    import httpx  # noqa: F401
    from openai import OpenAI

    sdk = OpenAI(
        api_key=api_key,
        admin_api_key="",
        webhook_secret="",
        base_url=address,
        max_retries=0,
        timeout=60,
        http_client=http.httpx2(),
    )
    sdk.organization = sdk.project = None
    sdk._custom_headers = {}
    return sdk


def _price(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        price = Decimal(text.strip("$ ").replace(",", "."))
    except InvalidOperation:
        price = Decimal(-1)
    if not (price.is_finite() and 0 <= price <= 100_000):
        raise Refused(f"“{text[:40]}” is not a price. Enter US dollars per million tokens, for example 0.25.")
    return price


# --- checking ---------------------------------------------------------------------------------------------------------


def check(client: ModelClient) -> Account:
    """Asks the server for its models. Raises `Refused` if it lists some but not the one we want."""
    names = _listed(client)
    if names and client.model not in names and not any(name.split(":")[0] == client.model for name in names):
        near = get_close_matches(client.model, names, n=3, cutoff=0.4) or sorted(names)[:3]
        raise Refused(
            f"This server has no model called “{client.model}”. Enter one that it has, for example {_or(near)}."
        )
    return Account(urlsplit(client.address).netloc, client.model)


def _listed(client: ModelClient) -> list[str]:
    """Names of models; empty where a compatible server has no list."""
    from openai import APIStatusError

    try:
        answer = client.sdk.models.with_raw_response.list()
    except APIStatusError as refusal:
        if not client.official and refusal.status_code in (404, 405, 501) and client.address.endswith("/v1"):
            return []
        raise
    found = _object(answer.content)
    if found is None:
        raise Refused(f"There is no model server at {client.address}. Its address usually ends in /v1.")
    data = found.get("data")
    entries = data if isinstance(data, list) else []
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _or(names: list[str]) -> str:
    quoted = [f"“{name[:80]}”" for name in names]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


# --- refusals ---------------------------------------------------------------------------------------------------------


def explain(status: int, body: bytes) -> str | None:
    """What to do about a refusal; None where waiting is all there is to do. https://developers.openai.com/docs/guides/error-codes"""
    code, words = _error(body)
    if code == "practice_only":  # the practice model's own sentence says what to do
        return words or None
    if status == 402 or (status == 429 and code in _OUT_OF_MONEY):
        return (
            "The model's account has no credit left. Add credit (for OpenAI: platform.openai.com, Settings, Billing); "
            f"waiting runs go on by themselves.{_quoted(words)}"
        )
    if status == 400:
        return _bad_request(code, words)
    return _BY_STATUS[status] + _quoted(words) if status in _BY_STATUS else None


_BY_STATUS = {
    401: "The model server does not accept this API key. Make a new one and enter it here.",
    403: "The model server does not allow this: check that the account may use this model from this country.",
    404: "The model server does not know this model, or not this address: compare the model's name with the server's "
    "list, and check that the address ends in /v1 where the server wants that.",
    422: "The model server did not accept the request: choose a model that can answer in a given JSON form.",
}


def _bad_request(code: str, words: str) -> str:
    if code == "context_length_exceeded" or "context length" in words.lower():
        return f"The text is too long for this model. Choose a model that takes more, or shorten it.{_quoted(words)}"
    if any(name in words for name in _LIMIT_NAMES):
        return (
            "This model wants another name for the limit of its answers: change “Name of the limit” of this "
            f"connection.{_quoted(words)}"
        )
    return f"The model server did not accept the request: try another model.{_quoted(words)}"


def _error(body: bytes) -> tuple[str, str]:
    """Code (or type) and words. Compatible servers also send {"error": "words"} or {"message": …}."""
    answer = _object(body) or {}
    error = answer.get("error")
    details = (
        error if isinstance(error, dict) else {"message": error if isinstance(error, str) else answer.get("message")}
    )
    code = next((str(details[name]) for name in ("code", "type") if details.get(name)), "")
    words = details.get("message")
    return code, words if isinstance(words, str) else ""


def _object(body: bytes) -> dict[str, JSON] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _quoted(words: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    text = re.sub(r"sk-[\w*-]{6,}", "sk-…", text)[:200]  # OpenAI repeats part of a wrong key
    return f" The server's words: “{text}”" if text else ""


_FIELDS = (
    Field("api_key", "API key", "Starts with sk- at OpenAI. May be empty for a server of your own.", optional=True),
    Field(
        "base_url",
        "Address",
        "Only for a server other than OpenAI: a public address that begins with https://. For a model on this machine "
        "or in your own network, set OPENAI_BASE_URL where Patchbay starts.",
        secret=False,
        optional=True,
    ),
    Field(
        "model", "Model", f"Its name exactly as the server has it. Empty means {MODEL}.", secret=False, optional=True
    ),
    Field(
        "price_in",
        "Price of input",
        "US dollars per million tokens, to show what runs cost.",
        secret=False,
        optional=True,
    ),
    Field("price_out", "Price of output", "US dollars per million tokens.", secret=False, optional=True),
    Field(
        "token_parameter",
        "Name of the limit",
        "Leave empty. Some servers call the limit of an answer max_tokens, others max_completion_tokens.",
        secret=False,
        optional=True,
    ),
)

connector = Connector(
    slug="openai",
    title="Language model (OpenAI or compatible)",
    says="Reads texts and fills in the answers that recipes ask for.",
    hosts={"api": "https://api.openai.com"},  # /v1 is added to it
    auth=ApiKey(
        fields=_FIELDS,
        guide=(
            "For OpenAI, sign in at platform.openai.com, open API keys and click Create new secret key.",
            "Copy the key into the field here, and add credit under Settings, Billing if there is none.",
            "For a server of your own, enter its address (usually ending in /v1) and the name of a model it has.",
        ),
    ),
    open=open_model,
    check=check,
    explain=explain,
    rate=5.0,
    burst=200,  # limits of models are per minute: with the burst at most 500 in any, what OpenAI gives to its newest customers
    typed_host="base_url",
    limits="By account and model, in requests and tokens a minute: https://developers.openai.com/api/docs/guides/rate-limits",
    lacks={
        "webhooks": "A model answers at once, so there is nothing to be told later.",
        "triggers": "A model does nothing of its own accord.",
        "actions": "Recipes ask it questions with `ask`; it changes nothing.",
        "pickers": "The model is chosen when it is connected.",
    },
    practice={"api_key": "{token}"},
)
