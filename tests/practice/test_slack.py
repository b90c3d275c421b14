"""The practice Slack signs, asks, keeps its limits and says no as the real one does."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from app.practice.serve import Served
from tests.practice.test_zoom import Hub, hub

__all__ = ["hub"]  # a place to deliver to
EVENT: dict[str, Any] = {
    "type": "event_callback",
    "team_id": "T0PRACTICE",
    "event_id": "Ev1",
    "event_time": 1,
    "event": {"type": "message", "channel": "C0ORDERS", "user": "U0ANA", "text": "Grüße", "ts": "1.000001"},
}
PRESS: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANA"},
    "actions": [{"action_id": "a", "action_ts": "1.1"}],
}


def ask(practice: Served, method: str, token: str = "", body: Any = None, **query: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or 'xoxb-' + practice.token}"}
    verb = "GET" if body is None else "POST"
    answer = requests.request(
        verb, f"{practice.url}/slack/api/{method}", json=body, params=query, headers=headers, timeout=5
    )
    return answer.status_code, answer.json()


def send(practice: Served, address: str, path: str = "deliver", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {practice.token}"}
    given = {"address": address, **({"body": EVENT} if path == "deliver" else {}), **more}
    return requests.post(f"{practice.url}/slack/{path}", json=given, headers=headers, timeout=10).json()


def verified(practice: Served, headers: dict[str, str], raw: bytes) -> bool:
    """As slack_sdk's SignatureVerifier does it."""
    signed = f"v0:{headers['x-slack-request-timestamp']}:".encode() + raw
    mac = hmac.new(practice.token.encode(), signed, hashlib.sha256).hexdigest()
    return (
        headers["x-slack-signature"] == f"v0={mac}" and abs(time.time() - int(headers["x-slack-request-timestamp"])) < 5
    )


def test_events_go_as_json_and_presses_as_a_signed_form(practice: Served, hub: Hub) -> None:
    assert send(practice, hub.address, again=2)["status"] == 200
    assert send(practice, hub.address, body=PRESS)["status"] == 200
    (event_headers, event), (press_headers, press) = hub.came
    assert verified(practice, event_headers, event)
    assert verified(practice, press_headers, press)
    assert event_headers["x-slack-retry-num"] == "2"
    assert press_headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(parse_qs(press.decode())["payload"][0])["type"] == "block_actions"


def test_what_is_delivered_or_lost_stands_in_its_channel(practice: Served, hub: Hub) -> None:
    first = send(practice, hub.address)["body"]
    lost = send(practice, hub.address, lose=True)["body"]
    assert first["event_id"] != lost["event_id"] != "Ev1"
    _, answer = ask(practice, "conversations.history", channel="C0ORDERS")
    assert [one["ts"] for one in answer["messages"]] == [lost["event"]["ts"], first["event"]["ts"]]
    assert len(hub.came) == 1


def test_an_address_is_asked_for_its_challenge(practice: Served, hub: Hub) -> None:
    hub.answer = lambda raw: {"challenge": json.loads(raw)["challenge"]}
    assert send(practice, hub.address, "verify")["valid"] is True
    hub.answer = {"ok": True}
    assert send(practice, hub.address, "verify")["valid"] is False


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), (" ", "not_authed")])
def test_strangers_are_refused_with_200(practice: Served, token: str, error: str) -> None:
    assert ask(practice, "auth.test", token) == (200, {"ok": False, "error": error})


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", {"channel": "C0ORDERS"}, "no_text"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0SECRET", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "a"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0OLDSTUFF", "text": "a"}, "is_archived"),
        ("chat.postMessage", {"channel": "C0ORDERS", "text": "a" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0ORDERS", "text": "a", "thread_ts": 1.5}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C0ORDERS", "blocks": [{"type": "section", "text": {"text": "x" * 3001}}]},
         "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0ORDERS", "blocks": [{"type": "section", "text": {"text": "x" * 2900}}] * 5},
         "msg_blocks_too_long"),
        ("chat.postMessage", {"channel": "C0ORDERS", "text": "a", "metadata": {"key": 1}}, "invalid_metadata_format"),
        ("chat.update", {"channel": "C0ORDERS", "ts": "1.1", "text": "a"}, "message_not_found"),
        ("chat.juggle", {}, "unknown_method"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_in_slacks_words(practice: Served, method: str, body: Any, error: str) -> None:
    status, answer = ask(practice, method, body=body)
    assert (status, answer["ok"], answer["error"]) == (200, False, error)


def test_metadata_is_shown_only_to_those_who_ask_and_threads_are_told_apart(practice: Served) -> None:
    meta = {"event_type": "x", "event_payload": {"key": "k"}}
    _, made = ask(practice, "chat.postMessage", body={"channel": "C0ORDERS", "text": "a", "metadata": meta})
    ask(practice, "chat.postMessage", body={"channel": "C0ORDERS", "text": "b", "thread_ts": made["ts"]})
    (plain,) = ask(practice, "conversations.history", channel="C0ORDERS")[1]["messages"]
    assert ("metadata" in plain, plain["reply_count"]) == (False, 1)
    wide = ask(practice, "conversations.history", channel="C0ORDERS", include_all_metadata="true")[1]["messages"]
    assert wide[0]["metadata"] == meta
    thread = ask(practice, "conversations.replies", channel="C0ORDERS", ts=made["ts"])[1]["messages"]
    assert [one["text"] for one in thread] == ["a", "b"]


def test_a_list_ends_with_an_empty_cursor(practice: Served) -> None:
    first = ask(practice, "conversations.list", limit="2")[1]
    cursor = first["response_metadata"]["next_cursor"]
    last = ask(practice, "conversations.list", limit="2", cursor=cursor)[1]
    assert len(first["channels"]) == 2
    assert last["response_metadata"]["next_cursor"] == ""
    assert ask(practice, "conversations.list", cursor="x")[1]["error"] == "invalid_cursor"


def test_the_token_address_says_no_with_200(practice: Served) -> None:
    url = f"{practice.url}/slack/api/oauth.v2.access"
    wrong = requests.post(
        url, data={"grant_type": "authorization_code", "code": "x"}, auth=("practice", "no"), timeout=5
    )
    assert (wrong.status_code, wrong.json()) == (200, {"ok": False, "error": "bad_client_secret"})
    code = requests.post(
        url, data={"grant_type": "authorization_code", "code": "x"}, auth=("practice", practice.token), timeout=5
    )
    assert (code.status_code, code.json()) == (200, {"ok": False, "error": "invalid_code"})


def test_what_stands_there_can_be_looked_at(practice: Served) -> None:
    ask(practice, "chat.postMessage", body={"channel": "C0ORDERS", "text": "Seen in the browser"})
    assert "Seen in the browser" in requests.get(f"{practice.url}/slack/", timeout=5).text
