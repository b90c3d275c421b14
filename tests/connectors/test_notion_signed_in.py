"""Notion through a public connection: signing in at its page, JSON at its token address, and tokens that name no end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connectors.notion import connector
from tests.connectors.stand import Stand, reopened, standing

BACK = "https://hub.example/oauth/notion/callback"
VERSION = {"Notion-Version": "2026-03-11"}


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing("notion") as made:
        yield made


def code(stand: Stand, **more: str) -> str:
    asked = {"client_id": "practice", "redirect_uri": BACK, "response_type": "code", "state": "s", **more}
    page = f"{stand.served.url}/notion/v1/oauth/authorize"
    sent = requests.post(page, params=asked, data={"answer": "allow"}, allow_redirects=False, timeout=5)
    return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["code"]


def ask(stand: Stand, **given: str) -> requests.Response:
    app = ("practice", stand.served.token)
    return requests.post(f"{stand.served.url}/notion/v1/oauth/token", json=given, auth=app, headers=VERSION, timeout=5)


def tokens(stand: Stand) -> dict[str, Any]:
    answer = ask(stand, grant_type="authorization_code", code=code(stand, owner="user"), redirect_uri=BACK)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_sign_in_is_described_as_notion_does_it() -> None:
    oauth = connector.oauth
    assert oauth
    assert (oauth.client, oauth.json, oauth.pkce, oauth.scopes, oauth.life) == ("basic", True, False, {}, None)
    assert oauth.ask == {"owner": "user"}
    assert oauth.headers == VERSION


def test_an_account_that_was_signed_in_to_is_used_like_one_with_a_secret(stand: Stand) -> None:
    given = tokens(stand)
    assert "expires_in" not in given
    signed_in = reopened(stand, access_token=given["access_token"])
    account = signed_in.check()
    assert (account.id, account.name) == (given["bot_id"], "Practice Notion")
    assert {one.label for one in signed_in.choices("data_source")} == {"To-dos", "Meetings"}


def test_both_tokens_change_and_the_old_ones_end(stand: Stand) -> None:
    first = tokens(stand)
    second = ask(stand, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (
        ask(stand, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()["error"] == "invalid_grant"
    )
    assert reopened(stand, access_token=second["access_token"]).check().name == "Practice Notion"
    with pytest.raises(Exception, match="no longer accepts"):
        reopened(stand, access_token=first["access_token"]).check()


def test_the_words_for_a_token_that_ended_fit_both_ways_in() -> None:
    words = connector.explain(401, b"{}") or ""
    assert "copy its secret" in words
    assert "sign in again" in words
