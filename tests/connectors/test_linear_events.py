"""What Linear tells, and what is caught up with: the same event under the same key, either way."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.contract import BadSignature, Received, Refused, Unavailable, Unreadable
from connectors.linear import connector
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import Asked, vendor
from tests.connectors.signing_linear import signed
from tests.connectors.test_linear import SAW, edit

NOW = 1_795_010_531.391
SAMPLES = Path(__file__).parent / "samples" / "linear"
LONG_AGO = "2026-01-01T00:00:00+00:00"
SINCE = {"begun": LONG_AGO, "since": LONG_AGO}


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def sample(name: str, **more: Any) -> bytes:
    return json.dumps({**json.loads((SAMPLES / f"{name}.json").read_text()), **more}).encode()


def receive(body: bytes, now: float = NOW, **headers: str) -> Received:
    assert connector.hook
    given = {**signed(body, "secret", NOW), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return connector.hook.receive(body, given, ["other", "secret"], now)


# --- deliveries -------------------------------------------------------------------------------------------------------


def test_an_issue_that_was_completed_is_told_as_changed_and_completed(at: Hands) -> None:
    changed, completed = receive(sample("issue_updated")).events
    assert (changed.kind, completed.kind) == ("issue.changed", "issue.completed")
    assert changed.dedupe_key == "issue.changed:7c2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4b:2026-11-18T14:02:11.391Z"
    assert changed.serial_key == completed.serial_key == "issue:7c2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4b"
    seen = at.seen(changed)
    assert (seen["identifier"], seen["state_name"], seen["state_type"]) == ("ENG-483", "Done", "completed")
    assert (seen["labels"], seen["team_key"], seen["by"], seen["by_kind"]) == (["Bug"], "ENG", "Ann", "user")
    assert seen["changed_fields"] == ["completedAt", "stateId"]
    assert seen["url"] == "https://linear.app/acme/issue/ENG-483/the-saw-is-loud"


def test_a_comment_names_its_issue(at: Hands) -> None:
    (event,) = receive(sample("comment_created")).events
    seen = at.seen(event)
    assert (seen["text"], seen["issue_identifier"], seen["by"]) == ("It is the belt.", "ENG-483", "Ann")
    assert event.serial_key == "issue:7c2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4b"


def test_a_retry_has_the_same_key_and_the_subscription_says_nothing() -> None:
    first = receive(sample("issue_updated")).events[0]
    retry = receive(sample("issue_updated", webhookId="another"), linear_delivery="another").events[0]
    assert retry.dedupe_key == first.dedupe_key
    later = json.loads(sample("issue_updated"))
    later["data"]["updatedAt"] = "2026-11-18T14:02:11.392Z"
    assert receive(json.dumps(later).encode()).events[0].dedupe_key != first.dedupe_key


@pytest.mark.parametrize("seconds", [61, -61, 300])
def test_it_was_signed_within_a_minute(seconds: float) -> None:
    body = sample("issue_updated", webhookTimestamp=int(NOW * 1000))
    with pytest.raises(BadSignature, match="clock"):
        receive(body, now=NOW + seconds, linear_timestamp=f"{(NOW + seconds) * 1000:.0f}")
    assert receive(body, now=NOW + 59).events


@pytest.mark.parametrize("stamp", ["soon", -5, 1.5, "１７９５", 10**20, [1]])
def test_a_time_that_is_none_is_refused(stamp: Any) -> None:
    with pytest.raises(BadSignature):
        receive(sample("issue_updated", webhookTimestamp=stamp))


def test_the_signature_is_bare_hex() -> None:
    body = sample("issue_updated")
    mac = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    for wrong in (f"sha256={mac}", mac.upper(), "", "é"):
        with pytest.raises(BadSignature):
            receive(body, linear_signature=wrong)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_kept_for_a_person(body: bytes) -> None:
    with pytest.raises(Unreadable):
        receive(body)


@pytest.mark.parametrize("data", [None, [], {}, {"id": 5}])
def test_a_delivery_about_nothing_is_kept_for_a_person(data: Any) -> None:
    with pytest.raises(Unreadable):
        receive(sample("issue_updated", data=data))


def test_what_no_recipe_starts_on_is_taken_and_left() -> None:
    assert receive(sample("issue_updated", type="Project")) == Received()
    assert receive(sample("issue_updated", action="remove")) == Received()
    on_a_project = {"id": "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9", "body": "x", "projectId": "p"}
    assert receive(sample("comment_created", data=on_a_project)) == Received()


def test_an_app_that_was_removed_is_asked_after() -> None:
    assert receive(sample("issue_updated", type="OAuthApp", action="revoked")) == Received(catch_up=True)


def test_what_the_stand_in_sends_is_understood(at: Hands) -> None:
    heard: list[Any] = []

    def hub(asked: Asked) -> tuple[int, Any]:
        heard.append(asked)
        return 200, {}

    with vendor(hub) as there:
        body = {"address": f"{there.url}/hooks/linear/key", "updatedFrom": {"title": "Old"}}
        headers = {"Authorization": f"Bearer {at.served.token}"}
        requests.post(f"{at.served.url}/linear/deliver", json=body, headers=headers, timeout=5)
    assert connector.hook
    (event,) = connector.hook.receive(heard[0].body, heard[0].headers, [at.served.token], time.time()).events
    assert at.seen(event)["changed_fields"] == ["title"]
    assert at.seen(event)["title"] == "Oil the saw"


# --- catching up ------------------------------------------------------------------------------------------------------


def kinds(found: list[Any]) -> list[str]:
    return sorted(event.kind for event in found)


def test_it_begins_with_what_happens_from_now_on(at: Hands) -> None:
    found, cursor = at.poll("issue.created", None)
    assert found == []
    at.write("update_issue", issue=SAW, state="state-done")
    found, _ = at.poll("issue.created", cursor)
    assert kinds(found) == ["issue.changed", "issue.completed"]
    assert at.seen(found[0])["state_name"] == "Done"


def test_what_came_by_webhook_has_the_same_key(at: Hands) -> None:
    _, cursor = at.poll("issue.created", None)
    at.write("update_issue", issue=SAW, state="state-done")
    caught = {event.kind: event.dedupe_key for event in at.poll("issue.changed", cursor)[0]}
    issue = next(one for one in at.state()["issue"] if one["id"] == SAW)
    body = sample("issue_updated", data=issue, updatedFrom={"stateId": "state-todo"})
    told = {event.kind: event.dedupe_key for event in receive(body).events}
    assert told == caught


def test_new_issues_and_comments_are_told(at: Hands) -> None:
    issue = at.write("create_issue", team="team-eng", title="Sharpen").result
    at.write("add_comment", issue=SAW, text="It is the belt.")
    found, _ = at.poll("issue.created", SINCE)
    assert [event.kind for event in found if event.serial_key == f"issue:{issue['id']}"] == ["issue.created"]
    (comment,) = at.poll("comment.created", SINCE)[0]
    seen = at.seen(comment)
    assert (seen["text"], seen["issue"], seen["issue_identifier"]) == ("It is the belt.", SAW, "ENG-1")


def test_an_issue_in_the_trash_is_still_told_as_changed(at: Hands) -> None:
    edit(at, "issue", SAW, trashed=True)
    assert "issue.changed" in kinds(at.poll("issue.changed", SINCE)[0])


def test_where_page_two_fails_page_one_is_kept_and_the_next_round_begins_anew(at: Hands) -> None:
    since = "2026-11-20T00:00:00+00:00"
    at.served.control("linear_many", {"count": 80, "since": since})
    cursor: Any = {"begun": LONG_AGO, "since": (datetime.fromisoformat(since) - timedelta(seconds=1)).isoformat()}
    at.served.fault("linear", "status", status=500, skip=1)
    found, after = at.poll("issue.created", cursor)
    assert (len(found), after["since"]) == (50, cursor["since"])
    rest, after = at.poll("issue.created", after)
    assert len({event.dedupe_key for event in found + rest}) == 80
    assert after["since"] > cursor["since"]


def test_where_page_one_fails_the_round_fails(at: Hands) -> None:
    at.served.fault("linear", "status", status=429, body="{}")
    with pytest.raises(Unavailable):
        at.poll("issue.created", SINCE)


# --- our webhook ------------------------------------------------------------------------------------------------------


def keep(at: Hands, address: str) -> list[str]:
    assert connector.hook
    assert connector.hook.subscription
    return list(connector.hook.subscription.keep(at.client, address, ["mine"]))


def test_the_webhook_is_made_once_and_switched_on_again(at: Hands) -> None:
    address = "https://hub.example/hooks/linear/key"
    for _ in range(2):
        assert keep(at, address) == ["mine"]
    (made,) = at.state()["webhook"]
    assert (made["url"], made["resourceTypes"]) == (address, ["Issue", "Comment"])
    (asked,) = [asked for asked in at.asked() if "webhookCreate" in asked["body"]]
    assert json.loads(asked["body"])["variables"]["input"]["secret"] == "mine"
    edit(at, "webhook", made["id"], enabled=False)
    keep(at, address)
    assert at.state()["webhook"][0]["enabled"] is True
    assert keep(at, "") == ["mine"]


def test_two_rounds_at_once_make_one_webhook(at: Hands) -> None:
    address = "https://hub.example/hooks/linear/key"
    keep(at, address)
    (made,) = at.state()["webhook"]
    edit(at, "webhook", made["id"], url="https://not.yet.listed/")
    assert keep(at, address) == ["mine"]
    assert len(at.state()["webhook"]) == 1


def test_who_is_no_administrator_reads_what_to_do(at: Hands) -> None:
    no = {"errors": [{"message": "You are not an admin", "extensions": {"type": "forbidden"}}]}
    at.served.fault("linear", "error_in_200", contains="webhookCreate", body=no)
    with pytest.raises(Refused, match="administrator of the workspace"):
        keep(at, "https://hub.example/hooks/linear/key")
