"""The workspace: which tokens are taken, signing in, what pickers offer, and messages whose events got lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from app.core import apps, connections, oauth
from app.core.hub import Hub
from app.core.oauth import Opened
from app.core.sessions import Session
from app.core.users import User
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Account, Refused, Unauthorized
from connectors.slack import connector
from connectors.slack._catch_up import FIRST_LOOK, OVERLAP
from connectors.slack._client import SCOPES
from connectors.slack._sign_in import read
from tests.connectors import person
from tests.connectors.slack_stand import OFFICE, OLD, ORDERS, RANDOM, Workspace, opened, standing

SESSION = Session("a browser", User("u", "a@example.com", "Ana", "owner"), "csrf")
(POLL,) = connector.polls


@pytest.fixture
def work() -> Iterator[Workspace]:
    with standing() as made:
        yield made


# --- which tokens -----------------------------------------------------------------------------------------------------


def test_the_workspace_names_itself(work: Workspace) -> None:
    assert connector.check(work.client) == Account("T0PRACTICE", "Practice shop")


@pytest.mark.parametrize("token", ["xoxp-1", "xapp-1", "https://hooks.slack.com/services/T/B/x"])
def test_other_tokens_are_not_sent_anywhere(work: Workspace, token: str) -> None:
    with pytest.raises(Refused, match="Bot User OAuth Token"):
        connector.check(opened(work.served, token).client)
    assert work.served.ledger("slack") == []


def test_a_token_that_slack_does_not_know_asks_to_reconnect(work: Workspace) -> None:
    with pytest.raises(Unauthorized, match="invalid_auth"):
        connector.check(opened(work.served, "xoxb-wrong").client)


def test_missing_permissions_are_named_before_anything_is_saved(work: Workspace) -> None:
    work.set(slack_lacks=["groups:history", "channels:read"])
    with pytest.raises(Refused, match="channels:read, groups:history") as said:
        connector.check(work.client)
    assert "Reinstall to Workspace" in str(said.value)


def test_a_person_whose_token_looks_like_a_bots_is_noticed(work: Workspace) -> None:
    me = {"ok": True, "team": "Shop", "team_id": "T1", "user_id": "U1"}
    work.served.fault("slack", "status", path="/api/auth.test", status=200, body=me)
    with pytest.raises(Refused, match="token of a person"):
        connector.check(work.client)


# --- signing in -------------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(settings: Settings, work: Workspace) -> Iterator[Hub]:
    with person.hub_at(settings, "slack", work.served) as made:
        yield made


def sign_in(hub: Hub, **more: str) -> Any:
    return person.sign_in(hub, "slack", "T0PRACTICE", **more)


def test_signing_in_opens_the_bots_account_and_again_the_same_one(hub: Hub, work: Workspace) -> None:
    made = sign_in(hub)
    assert isinstance(made, Opened)
    assert made.account == Account("T0PRACTICE", "Practice shop")
    assert connections.check(hub, made.connection_id)["ok"]
    again = sign_in(hub, connection=made.connection_id)
    assert isinstance(again, Opened)
    assert (again.connection_id, again.renewed) == (made.connection_id, True)
    assert "a person's" not in json.dumps(connections.get(hub, made.connection_id))


def test_slack_is_asked_in_its_own_way(hub: Hub) -> None:
    asked = dict(parse_qsl(urlsplit(oauth.start(hub, "slack", SESSION)).query))
    assert asked["scope"] == ",".join(SCOPES)
    assert "code_challenge" not in asked


def test_a_no_at_the_token_address_comes_with_200_and_is_one(hub: Hub, work: Workspace) -> None:
    apps.save(hub, "slack", "practice", "another-secret", by="a test")
    with pytest.raises(Refused, match="bad_client_secret"):
        sign_in(hub)
    assert [row for row in connections.listing(hub) if not row["practice"]] == []


def test_a_person_who_says_no_is_believed(hub: Hub) -> None:
    with pytest.raises(oauth.Declined):
        sign_in(hub, answer="no")


def test_permissions_that_were_left_out_are_named(hub: Hub) -> None:
    with pytest.raises(oauth.Missing):
        sign_in(hub, leave_out="groups:history")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ({"ok": False, "error": "code_already_used"}, Unauthorized, "Sign in there again"),
        ({"ok": False, "error": "invalid_client_id"}, Refused, "client ID"),
        ({"ok": False, "error": "bad_redirect_uri"}, Refused, "return address"),
        ({"ok": False, "error": "something_new"}, Refused, "something_new"),
        ({}, Refused, "no reason"),
        ({"ok": True, "token_type": "user", "access_token": "xoxp-1"}, Refused, "instead of the app's bot"),
    ],
)
def test_token_answers_are_read_for_what_they_say(answer: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        read(answer)


def test_a_rotating_token_is_taken_with_its_end() -> None:
    answer = {
        "ok": True,
        "token_type": "bot",
        "access_token": "xoxe.xoxb-1",
        "expires_in": 43200,
        "refresh_token": "xoxe-1",
    }
    assert read(answer) == answer


# --- pickers ----------------------------------------------------------------------------------------------------------


def pick(work: Workspace, query: str = "") -> list[tuple[str, str]]:
    return [(c.id, c.label) for c in connector.lookups["channel"].run(work.client, query)]


def resolve(work: Workspace, text: str) -> list[str]:
    way = connector.lookups["channel"].resolve
    assert way
    return [choice.id for choice in way(work.client, text)]


def test_channels_are_offered_with_what_has_to_be_done_first(work: Workspace) -> None:
    found = dict(pick(work))
    assert (found[ORDERS], found[OFFICE]) == ("#orders", "#office (private)")
    assert found[RANDOM] == "#random: invite Patchbay there first"
    assert OLD not in found
    assert list(found)[-1] == RANDOM
    assert pick(work, "#ord") == [(ORDERS, "#orders")]


def test_all_pages_are_looked_through_and_one_that_fails_is_no_short_list(work: Workspace) -> None:
    for number in range(250):
        work.served.control("slack_channel", {"id": f"C1NUMBER{number}", "name": f"channel-{number}"})
    assert pick(work, "channel-249") == [("C1NUMBER249", "#channel-249")]
    work.served.fault(
        "slack", "status", path="/api/conversations.list", skip=1, status=200, body={"ok": False, "error": "x"}
    )
    with pytest.raises(Refused):
        pick(work, "channel-249")


@pytest.mark.parametrize(
    "text", ["https://practice.slack.com/archives/C0ORDERS/p1793000000000100", "C0ORDERS", "#orders", " Orders "]
)
def test_what_somebody_pastes_is_understood(work: Workspace, text: str) -> None:
    assert resolve(work, text) == [ORDERS]


@pytest.mark.parametrize(
    ("text", "said"), [("nowhere", "Copy link"), ("", "Copy link"), ("C0NOWHERE", "no such channel")]
)
def test_what_is_no_channel_says_what_to_do(work: Workspace, text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        resolve(work, text)


# --- catching up ------------------------------------------------------------------------------------------------------


def round_of(work: Workspace, cursor: Any = None) -> tuple[list[str], Any]:
    """The texts of one round; the cursor goes through JSON as in the database."""
    events, after = POLL.run(work.client, cursor)
    shape = connector.triggers[0].shape
    return [shape(event.body)["text"] for event in events], json.loads(json.dumps(after))


def at(ago: float) -> str:
    return f"{time.time() - ago:.6f}"


def test_what_was_written_since_comes_oldest_first_from_all_channels(work: Workspace) -> None:
    work.say(ORDERS, "second", ts=at(60))
    work.say(OFFICE, "first", ts=at(90))
    work.say(RANDOM, "the bot is not there", ts=at(60))
    work.say(ORDERS, "long ago", ts=at(FIRST_LOOK + 60))
    found, cursor = round_of(work)
    assert found == ["first", "second"]
    work.say(ORDERS, "third")
    assert "third" in round_of(work, cursor)[0]


def test_what_comes_twice_in_the_overlap_has_the_same_names(work: Workspace) -> None:
    work.say(ORDERS, "just now")
    first, cursor = POLL.run(work.client, None)
    again, _ = POLL.run(work.client, cursor)
    names = [(one.dedupe_key, one.once_key, one.serial_key) for one in (*first, *again)]
    assert len(names) == 2
    assert len(set(names)) == 1
    assert OVERLAP > 0


def test_what_patchbay_wrote_is_left_out(work: Workspace) -> None:
    work.do("post_message", channel=ORDERS, text="Filed")
    work.say(ORDERS, "Thanks")
    assert round_of(work)[0] == ["Thanks"]


def test_answers_in_threads_are_found_also_of_yesterdays_messages(work: Workspace) -> None:
    first = work.say(ORDERS, "a question", ts=at(20 * 3600))
    work.say(ORDERS, "an answer", thread_ts=first)
    assert round_of(work)[0] == ["an answer"]


def test_several_pages_are_read(work: Workspace) -> None:
    for number in range(205):
        work.say(ORDERS, f"m{number}", ts=at(1000 - number))
    assert round_of(work)[0] == [f"m{number}" for number in range(205)]


def test_a_first_channel_that_fails_fails_the_round(work: Workspace) -> None:
    work.served.fault("slack", "status", path="/api/conversations.history", status=500)
    with pytest.raises(Exception, match="500"):
        POLL.run(work.client, None)


def test_a_later_channel_that_fails_keeps_its_place(work: Workspace) -> None:
    for channel in ("C0GENERAL", ORDERS, OFFICE):
        work.say(channel, f"in {channel}", ts=at(300))
    work.served.fault("slack", "status", path="/api/conversations.history", skip=1, status=500)
    first, cursor = round_of(work)
    assert len(first) == 1
    second, _ = round_of(work, cursor)
    assert sorted(first + second) == sorted(f"in {channel}" for channel in ("C0GENERAL", ORDERS, OFFICE))


def test_a_second_page_that_fails_loses_nothing(work: Workspace) -> None:
    work.served.control("slack_channel", {"id": "C0GENERAL", "is_member": False})
    work.served.control("slack_channel", {"id": OFFICE, "is_member": False})
    for number in range(205):
        work.say(ORDERS, f"m{number}", ts=at(1000 - number))
    work.served.fault("slack", "status", path="/api/conversations.history", skip=1, status=500)
    with pytest.raises(Exception, match="500"):
        POLL.run(work.client, None)
    assert len(round_of(work)[0]) == 205


def test_a_channel_the_bot_was_put_out_of_meanwhile_is_passed_over(work: Workspace) -> None:
    work.say(OFFICE, "still here", ts=at(60))
    gone = {"ok": False, "error": "not_in_channel"}
    work.served.fault("slack", "status", path="/api/conversations.history", status=200, body=gone)
    assert round_of(work)[0] == ["still here"]


def test_too_fast_is_waited_for(work: Workspace) -> None:
    body = {"ok": False, "error": "ratelimited"}
    work.served.fault(
        "slack", "status", path="/api/users.conversations", status=429, body=body, headers={"Retry-After": "7"}
    )
    with pytest.raises(requests.HTTPError):
        POLL.run(work.client, None)


@pytest.mark.parametrize("cursor", [[], "x", {}, {"since": None}, {"since": {ORDERS: "x"}}])
def test_a_cursor_of_another_release_is_no_end(work: Workspace, cursor: Any) -> None:
    work.say(ORDERS, "hello", ts=at(60))
    assert round_of(work, cursor)[0] == ["hello"]


def test_the_practice_account_is_the_stand_ins(tmp_path: Path) -> None:
    with Served(tmp_path, "a-token") as served:
        token = connector.practice["token"].replace("{token}", served.token)
        assert connector.check(opened(served, token).client).id == "T0PRACTICE"
