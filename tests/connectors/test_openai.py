"""The model's connector: addresses, prices, what is never taken from the environment, checks and refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import openai
import pytest

from app.cli.place import ROOT
from app.core.http import Door
from app.practice.serve import Served
from connectors.contract import Account, Refused
from connectors.openai import MODEL, ModelClient, connector
from tests.connectors.loopback import Answer, Asked, Vendor, vendor


def opened(door: Door, **credentials: str) -> ModelClient:
    client = connector.open({"api_key": "sk-test", **credentials}, door)
    assert isinstance(client, ModelClient)
    return client


def models(*names: str) -> Answer:
    return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


def checked(answer: Answer, **credentials: str) -> tuple[Account, Vendor]:
    with vendor(lambda asked: answer) as served:
        return connector.check(opened(served.door(), **credentials)), served


# --- opening ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "typed", "address", "official", "limit"),
    [
        ("https://api.openai.com", "", "https://api.openai.com/v1", True, "max_completion_tokens"),
        ("https://eu.api.openai.com", "x", "https://eu.api.openai.com/v1", True, "max_completion_tokens"),
        ("http://localhost:11434", "x", "http://localhost:11434/v1", False, "max_tokens"),
        ("http://localhost:11434/v1", "x", "http://localhost:11434/v1", False, "max_tokens"),
        ("https://gateway.example/llm", "x", "https://gateway.example/llm", False, "max_tokens"),
        ("http://127.0.0.1:8000/practice/openai", "", "http://127.0.0.1:8000/practice/openai/v1", False, "max_tokens"),
        ("https://api.openai.com.evil.example", "x", "https://api.openai.com.evil.example/v1", False, "max_tokens"),
    ],
)
def test_the_address_decides(base: str, typed: str, address: str, official: bool, limit: str) -> None:
    client = opened(Door({"api": base}), base_url=typed)
    assert (client.address, client.official, client.token_parameter) == (address, official, limit)


def test_the_name_of_the_limit_can_be_set() -> None:
    client = opened(Door({"api": "http://localhost:1/v1"}), base_url="x", token_parameter="max_completion_tokens")
    assert client.token_parameter == "max_completion_tokens"
    with pytest.raises(Refused, match="max_tokens"):
        opened(Door({"api": "https://api.openai.com"}), token_parameter="limit")


def test_a_model_of_your_own_or_the_usual_one() -> None:
    door = Door({"api": "https://api.openai.com"})
    assert opened(door).model == opened(door, model=" ").model == MODEL
    assert opened(door, model=" llama3.2 ").model == "llama3.2"


@pytest.mark.parametrize(
    ("text", "price"),
    [("", None), ("0.25", Decimal("0.25")), ("$ 2", Decimal(2)), ("0,25", Decimal("0.25")), ("0", Decimal(0))],
)
def test_prices(text: str, price: Decimal | None) -> None:
    client = opened(Door({"api": "https://api.openai.com"}), price_in=text, price_out=text)
    assert client.price_in == client.price_out == price


@pytest.mark.parametrize("text", ["cheap", "-1", "NaN", "Infinity", "1e9", "1.000,50"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not a price"):
        opened(Door({"api": "https://api.openai.com"}), price_in=text)


def test_openai_wants_a_key_and_a_server_of_your_own_may_not() -> None:
    with pytest.raises(Refused, match="API key"):
        opened(Door({"api": "https://api.openai.com"}), api_key=" ")
    with vendor(lambda asked: models("m")) as served:
        connector.check(opened(served.door(), api_key="", model="m"))
    assert served.asked[0].headers["authorization"] == "Bearer none"


def test_the_key_is_in_no_words_about_the_client() -> None:
    assert "sk-test" not in repr(opened(Door({"api": "https://api.openai.com"})))


def test_nothing_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", f"from-environment-{name}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.test/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: from-environment\nAuthorization: Bearer from-environment")
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere.test:1")
    monkeypatch.setenv("HTTP_PROXY", "http://elsewhere.test:1")
    _, served = checked(models(MODEL))
    (asked,) = served.asked
    assert asked.headers["authorization"] == "Bearer sk-test"
    assert "from-environment" not in str(asked.headers)


# --- checking ---------------------------------------------------------------------------------------------------------


def test_check_names_the_server_and_the_model() -> None:
    account, served = checked(models("other", MODEL))
    assert account == Account(served.url.removeprefix("http://"), MODEL)
    assert served.paths() == ["/v1/models"]


def test_ollama_has_names_with_a_tag() -> None:
    assert checked(models("llama3.2:latest"), model="llama3.2")[0].name == "llama3.2"


def test_a_model_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refused, match=r"no model called “gpt-5-mimi”.*“gpt-5-mini”"):
        checked(models("gpt-5-mini", "whisper-1"), model="gpt-5-mimi")


@pytest.mark.parametrize("answer", [(404, {}), (405, {}), models(), (200, {"data": None}), (200, {"data": [5, {}]})])
def test_a_compatible_server_without_a_list_is_accepted(answer: Answer) -> None:
    assert checked(answer, model="anything")[0].name == "anything"


def test_a_wrong_path_is_not_taken_for_a_server_without_a_list() -> None:
    with vendor(lambda asked: (404, {})) as served, pytest.raises(openai.NotFoundError):
        connector.check(opened(served.door("/llm"), base_url="typed"))


@pytest.mark.parametrize("said", [b"<html>Welcome</html>", b"[]", b""])
def test_a_page_that_is_no_model_server_is_refused(said: bytes) -> None:
    with pytest.raises(Refused, match=r"no model server.*/v1"):
        checked((200, said))


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_refusals_pass_through_and_nothing_is_asked_twice(status: int) -> None:
    with vendor(lambda asked: (status, {"error": {"message": "no"}})) as served:
        with pytest.raises(openai.APIStatusError):
            connector.check(opened(served.door()))
        assert len(served.asked) == 1


def test_a_lost_connection_passes_through() -> None:
    with pytest.raises(openai.APIConnectionError):
        connector.check(opened(Door({"api": "http://127.0.0.1:1"}, public_only=False)))


def test_the_practice_model_passes_the_check(practice: Served) -> None:
    door = Door({"api": f"{practice.url}/openai"}, public_only=False)
    credentials = {name: text.replace("{token}", practice.token) for name, text in connector.practice.items()}
    client = connector.open(credentials, door)
    assert connector.check(client).name == client.model


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, {"code": "invalid_api_key", "message": "Incorrect API key"}, "Make a new one"),
        (402, {"message": "Insufficient Balance"}, "no credit left"),
        (403, {"code": "unsupported_country_region_territory"}, "country"),
        (404, {"code": "model_not_found", "message": "The model `x` does not exist"}, "/v1"),
        (422, {"message": "bad"}, "another|given JSON form"),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, "no credit left"),
        (429, {"type": "insufficient_quota", "code": None}, "no credit left"),
        (429, {"code": "credit_balance_exhausted"}, "no credit left"),
        (400, {"code": "context_length_exceeded"}, "too long for this model"),
        (
            400,
            {"message": "Unsupported parameter: 'max_tokens' is not supported with this model."},
            "Name of the limit",
        ),
        (400, {"message": "Invalid schema for response_format"}, "another model"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, error: Mapping[str, Any], says: str) -> None:
    sentence = connector.explain(status, json.dumps({"error": error}).encode())
    assert sentence
    assert any(part in sentence for part in says.split("|"))


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "slow_down", "server_is_overloaded", None])
def test_a_limit_that_waiting_cures_needs_no_words(code: str | None) -> None:
    assert connector.explain(429, json.dumps({"error": {"code": code, "message": "slow down"}}).encode()) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[" * 100_000, b"[]", b'{"error":"words"}', b'{"error":{"message":[],"code":{}}}', b'{"error":7}'],
)
def test_an_odd_body_is_explained_too(body: bytes) -> None:
    assert connector.explain(404, body)
    assert connector.explain(503, body) is None


def test_a_key_that_the_server_repeats_is_cut_out() -> None:
    words = (
        "Incorrect API key provided: sk-proj-abcdefghijklmnop****1234. Find your key at\nhttps://platform.openai.com"
    )
    sentence = connector.explain(401, json.dumps({"error": {"message": words}}).encode())
    assert sentence
    assert "abcdef" not in sentence
    assert "1234" not in sentence
    assert sentence.isprintable()


def test_connections_are_listed_without_their_secrets() -> None:
    assert [one.name for one in connector.auth.fields if one.secret] == ["api_key"]


def test_nothing_is_asked_before_something_is_asked_for() -> None:
    def nobody(asked: Asked) -> Answer:
        raise AssertionError("opening a connection must not call")

    with vendor(nobody) as served:
        opened(served.door())
        assert not served.asked


_SLOWLY = """
import sys, threading
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

half, go_on = threading.Event(), threading.Event()

class Slowly(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "httpx":
            return None
        spec = PathFinder.find_spec(name, path)
        real = spec.loader.exec_module
        def load(module):
            half.set()
            go_on.wait(20)
            real(module)
        spec.loader.exec_module = load
        return spec

import openai
sys.meta_path.insert(0, Slowly())
other = threading.Thread(target=lambda: __import__("httpx"))
other.start()
if not half.wait(20):
    sys.exit("nobody had to import httpx any more: this proves nothing")
threading.Timer(0.5, go_on.set).start()
from app.core.http import Door
from connectors.openai import connector
connector.open({"api_key": "sk-test"}, Door({"api": "http://127.0.0.1:9"}))
other.join()
"""


def test_opening_waits_for_another_thread_that_is_importing_httpx() -> None:
    done = subprocess.run([sys.executable, "-c", _SLOWLY], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
