"""What an answer of Slack means: a no within a 200, a yes that did not come, too fast, and words for people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind, classify
from app.practice.serve import Served
from connectors.slack import connector
from tests.connectors.slack_stand import OFFICE, ORDERS, Workspace, opened, standing


@pytest.fixture
def work() -> Iterator[Workspace]:
    with standing() as made:
        yield made


def failed(work: Workspace, *, write: bool = True) -> Any:
    with pytest.raises(Exception) as caught:
        work.do("post_message", channel=ORDERS, text="Hello") if write else work.client.get("auth.test")
    return classify(work.door, caught.value, connector, write=write, now=0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_auth", Kind.RECONNECT),
        ("token_revoked", Kind.RECONNECT),
        ("account_inactive", Kind.RECONNECT),
        ("missing_scope", Kind.REFUSED),
        ("restricted_action_thread_only_channel", Kind.REFUSED),
        ("paid_teams_only", Kind.REFUSED),
        ("invalid_blocks", Kind.REFUSED),
        ("ratelimited", Kind.WAIT),
        ("message_limit_exceeded", Kind.WAIT),
        ("internal_error", Kind.UNKNOWN),
        ("fatal_error", Kind.UNKNOWN),
        ("service_unavailable", Kind.UNKNOWN),
    ],
)
def test_a_no_within_a_200_is_a_no(work: Workspace, error: str, kind: Kind) -> None:
    work.set(slack_error=error)
    said = failed(work)
    assert said.kind is kind
    assert said.words
    assert work.effects() == []


@pytest.mark.parametrize("body", ["ok", "[]", "{}", '{"ok":null}', '{"ok":"true"}'])
def test_an_answer_that_says_neither_is_unknown(work: Workspace, body: str) -> None:
    work.served.fault("slack", "status", method="POST", status=200, body=body)
    assert failed(work).kind is Kind.UNKNOWN


def test_an_answer_that_did_not_come_whole_is_unknown_and_nothing_is_sent_twice(work: Workspace) -> None:
    work.served.fault("slack", "status_after", method="POST", status=503)
    assert failed(work).kind is Kind.UNKNOWN
    assert len([one for one in work.served.ledger("slack") if one["path"] == "/api/chat.postMessage"]) == 1


def test_a_channel_takes_one_message_a_second() -> None:
    with Served() as served:
        work = opened(served)
        began = time.monotonic()
        said = None
        for number in range(6):
            try:
                work.do("post_message", f"hub-{number}", channel=OFFICE, text="Hello")
            except Exception as error:
                said = classify(work.door, error, connector, write=True, now=0)
                break
        assert time.monotonic() - began < 3
    assert said is not None
    assert (said.kind, said.status, said.seconds) == (Kind.WAIT, 429, 1.0)


def test_each_refusal_is_explained_with_what_to_do() -> None:
    words = connector.explain(403, b'{"ok":false,"error":"missing_scope","needed":"groups:history"}') or ""
    assert "add groups:history under Bot Token Scopes" in words
    assert "token" in (connector.explain(401, b"") or "")
    for status, body in ((429, b'{"error":"ratelimited"}'), (500, b'{"error":"internal_error"}'), (404, b"<html>")):
        assert connector.explain(status, body) is None
    odd = connector.explain(400, json.dumps({"error": "<script>\u202e" + "x" * 500}).encode()) or ""
    assert "<" not in odd
    assert len(odd) < 300
