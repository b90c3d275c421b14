"""Zoom read through the door: signing in, and what refusals mean."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from connectors.contract import Account, Refused, Unauthorized, Unavailable
from connectors.zoom import connector
from tests.connectors.zoom_stand import CREDENTIALS, POLL, Stand, standing


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing() as one:
        yield one


# --- signing in -------------------------------------------------------------------------------------------------------


def test_check_names_the_account_and_signs_in_as_documented(stand: Stand) -> None:
    assert connector.check(stand.open()) == Account("acc-of-zoom", "ana@shop.example")
    login, me = stand.vendor.asked
    assert (login.method, login.path) == ("POST", "/oauth/token")
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(login.body.decode()) == {"grant_type": ["account_credentials"], "account_id": ["acc1"]}
    assert base64.b64decode(login.headers["authorization"].removeprefix("Basic ")).decode() == "id:sécret"
    assert (me.path, me.headers["authorization"]) == ("/v2/users/me", "Bearer token1")


def test_a_token_serves_many_calls(stand: Stand) -> None:
    zoom = stand.open()
    for _ in range(3):
        connector.check(zoom)
    assert stand.tokens == 1


@pytest.mark.parametrize(("life", "tokens"), [(59, 2), (300, 1), ("soon", 1)])
def test_a_token_is_replaced_a_minute_before_it_ends(stand: Stand, life: Any, tokens: int) -> None:
    stand.life = life
    zoom = stand.open()
    connector.check(zoom)
    connector.check(zoom)
    assert stand.tokens == tokens


def test_a_token_that_ended_early_is_replaced_once(stand: Stand) -> None:
    stand.ends = {"token1"}
    assert connector.check(stand.open()).name == "ana@shop.example"
    assert stand.tokens == 2


def test_a_second_401_is_passed_on(stand: Stand) -> None:
    stand.ends = {"token1", "token2"}
    with pytest.raises(requests.HTTPError) as refusal:
        connector.check(stand.open())
    assert refusal.value.response.status_code == 401
    assert stand.tokens == 2


def test_a_wrong_login_says_where_to_look() -> None:
    wrong = (400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
    with standing(login=wrong) as stand, pytest.raises(Unauthorized, match=r"marketplace\.zoom\.us.*Invalid client_id"):
        connector.check(stand.open())


@pytest.mark.parametrize("said", [b"<html>", [], {"access_token": 5}, {"access_token": "a\nb"}, {}])
def test_a_login_answer_without_a_token_is_tried_later(said: Any) -> None:
    with standing(login=(200, said)) as stand, pytest.raises(Unavailable):
        connector.check(stand.open())


@pytest.mark.parametrize("said", [b"<html>", b"[]", b'"x"', b""])
def test_an_answer_that_is_no_object_is_tried_later(said: bytes) -> None:
    with standing(me=(200, said)) as stand, pytest.raises(Unavailable):
        connector.check(stand.open())


def test_without_credentials_only_webhooks(stand: Stand) -> None:
    zoom = connector.open({}, stand.vendor.door())
    assert connector.check(zoom) == Account("", "webhooks only")
    assert POLL.run(zoom, None) == ([], None)
    assert not stand.vendor.asked


@pytest.mark.parametrize("missing", list(CREDENTIALS))
def test_part_of_the_credentials_is_refused(stand: Stand, missing: str) -> None:
    with pytest.raises(Refused, match="all three"):
        connector.open(CREDENTIALS | {missing: " "}, stand.vendor.door())


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"code": 124, "message": "Invalid access token."}, "no longer accepts"),
        (401, {"code": 200}, "no longer accepts"),
        (
            400,
            {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:read:summary]"},
            "Scopes",
        ),
        (401, {"code": 4700, "message": "x"}, "Scopes"),
        (401, {"code": 4738}, "administrator has switched"),
        (400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, "does not accept"),
        (403, {"code": 3001, "message": "User has not permitted access"}, "administrator"),
        (404, {"code": 1001}, "user"),
        (404, {"code": 3001}, "not ready"),
        (404, {"code": 3301}, "not ready"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: Any, says: str) -> None:
    sentence = connector.explain(status, json.dumps(body).encode())
    assert sentence
    assert says in sentence


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"[]", b'{"code":[],"message":{}}', b"null"])
def test_a_refusal_without_readable_words_is_explained_too(body: bytes) -> None:
    assert connector.explain(403, body)
    assert connector.explain(500, body) is None


def test_words_of_zoom_are_short_and_on_one_line() -> None:
    sentence = connector.explain(403, json.dumps({"message": "a\x1b[31m\n" + "b" * 5000}).encode())
    assert sentence
    assert sentence.isprintable()
    assert len(sentence) < 500
