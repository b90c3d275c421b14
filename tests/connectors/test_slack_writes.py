"""What is written in Slack: one request each, found by our key after a lost answer, taken back where nobody has answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # has no types
import pytest

from connectors.contract import Refused, Unavailable
from connectors.slack import connector
from connectors.slack._text import LONGEST, cut_escaped
from tests.connectors.slack_stand import OFFICE, OLD, ORDERS, RANDOM, SECRET_ONE, Workspace, standing

SPEC = json.loads((Path(__file__).parent / "specs" / "slack.json").read_text())  # see LICENSE-slack beside it
CARD = {
    "channel": ORDERS,
    "title": "Refund 20.00?",
    "text": "Ann asks for it back.",
    "url": "https://hub.example/reviews/1",
}
WRITES = [name for name, action in connector.actions.items() if action.safety]


@pytest.fixture
def work() -> Iterator[Workspace]:
    with standing() as made:
        yield made


def arguments(work: Workspace, name: str) -> dict[str, Any]:
    if name == "post_message":
        return {"channel": ORDERS, "text": "Hello"}
    if name == "post_review_card":
        return CARD
    made = work.do("post_message", "hub-before", channel=ORDERS, text="First")
    more: dict[str, dict[str, Any]] = {
        "update_message": {"text": "Second"},
        "restore_message": {"text": "Third", "blocks": []},
        "delete_message": {},
    }
    return {"message": made["id"], **more[name]}


# --- every write ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_change_whose_answer_is_lost_is_found(work: Workspace, name: str) -> None:
    given = arguments(work, name)
    assert work.find(name, "hub-1", **given) == []
    before = len(work.effects())
    work.served.fault("slack", "cut_after", method="POST")
    with pytest.raises(Exception) as lost:
        work.send(name, "hub-1", given)
    assert work.door.failure is not None, lost
    (found,) = work.find(name, "hub-1", **given)
    assert found["id"].startswith(f"{ORDERS}:")
    assert len(work.effects()) == before + 1


@pytest.mark.parametrize("name", WRITES)
def test_what_did_not_arrive_is_not_found(work: Workspace, name: str) -> None:
    given = arguments(work, name)
    work.served.fault("slack", "cut_before", method="POST")
    with pytest.raises(Exception) as lost:
        work.send(name, "hub-1", given)
    assert work.door.failure is not None, lost
    assert work.find(name, "hub-1", **given) == []


@pytest.mark.parametrize("name", WRITES)
def test_every_request_fits_slacks_own_description(work: Workspace, name: str) -> None:
    """It is of 2021, so it does not know `metadata` yet; lists are text in its forms, and themselves in JSON."""
    request = work.draw(name, "hub-1", arguments(work, name))
    described = SPEC[request.path.removeprefix("/api/")]
    body = json.loads(request.body)
    assert request.method == described["verb"]
    assert request.content_type == "application/json; charset=utf-8"
    assert set(described["needs"]) <= set(body)
    kinds = {"string": {"type": ["string", "array"]}, "boolean": {"type": "boolean"}, "number": {"type": "string"}}
    known = {name: kinds[kind] for name, kind in described["takes"].items()} | {"metadata": {"type": "object"}}
    jsonschema.validate(body, {"properties": known, "additionalProperties": False})


def test_every_question_fits_it_too(work: Workspace) -> None:
    for name in WRITES:
        work.find(name, "hub-1", **arguments(work, name))
    connector.polls[0].run(work.client, None)
    connector.lookups["channel"].run(work.client, "")
    asked = [one for one in work.served.ledger("slack") if one["method"] == "GET"]
    assert len({one["path"] for one in asked}) >= 5
    for one in asked:
        names = {part.partition("=")[0] for part in one["query"].split("&") if part}
        assert names <= {*SPEC[one["path"].removeprefix("/api/")]["takes"], "include_all_metadata", "inclusive"}, one


# --- posting ----------------------------------------------------------------------------------------------------------


def test_a_message_is_posted_with_our_key_and_named(work: Workspace) -> None:
    made = work.do("post_message", channel=ORDERS, text=" Order 1042 is paid: https://shop.example/1042 ")
    channel, _, ts = made["id"].partition(":")
    assert (channel, made["url"]) == (ORDERS, f"https://slack.com/archives/{ORDERS}/p{ts.replace('.', '')}")
    ((body),) = [json.loads(one["body"]) for one in work.served.ledger("slack", bodies=True) if one["effect"]]
    assert body["metadata"] == {"event_type": "patchbay", "event_payload": {"key": "hub-1"}}
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)


def test_nothing_in_a_text_can_call_people_or_hide_an_address(work: Workspace) -> None:
    work.do("post_message", channel=ORDERS, text="<!channel> & <https://evil.example|bank.example> a<b>c")
    assert work.texts() == ["&lt;!channel&gt; &amp; &lt;https://evil.example|bank.example&gt; a&lt;b&gt;c"]


def test_an_answer_goes_into_its_thread_and_is_found_there(work: Workspace) -> None:
    asked = f"{ORDERS}:{work.say(text='Is it paid?')}"
    made = work.do("post_message", channel=ORDERS, text="It is", thread=asked)
    assert work.find("post_message", "hub-1", channel=ORDERS, text="It is", thread=asked)[0]["id"] == made["id"]
    assert work.find("post_message", "hub-1", channel=ORDERS, text="It is") == []


def test_a_key_in_somebody_elses_message_is_not_ours(work: Workspace) -> None:
    work.do("post_message", "hub-1", channel=ORDERS, text="Hello")
    (kept,) = work.served.control("state?slug=slack")["message"]
    assert kept["message"]["metadata"]["event_payload"]["key"] == "hub-1"
    work.client.me()["bot_id"] = "B0ANOTHER"  # as another app would look for it
    assert work.find("post_message", "hub-1", channel=ORDERS, text="Hello") == []


def test_it_is_found_behind_many_others(work: Workspace) -> None:
    work.do("post_message", channel=ORDERS, text="Hello")
    for number in range(210):
        work.say(text=f"Message {number}")
    assert len(work.find("post_message", "hub-1", channel=ORDERS, text="Hello")) == 1
    work.served.fault("slack", "status", path="/api/conversations.history", skip=1, status=500)
    with pytest.raises(Exception, match="500"):  # a second page that fails is not "absent"
        work.find("post_message", "hub-1", channel=ORDERS, text="Hello")


def test_a_history_that_does_not_end_is_not_read_for_ever(work: Workspace) -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "more"}}
    work.served.fault("slack", "status", path="/api/conversations.history", status=200, body=page, times=100)
    with pytest.raises(Unavailable):
        work.find("post_message", "hub-1", channel=ORDERS, text="Hello")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"channel": "#orders", "text": "a"}, "not a Slack channel"),
        ({"channel": "", "text": "a"}, "not a Slack channel"),
        ({"channel": ORDERS, "text": "  "}, "nothing in the message"),
        ({"channel": ORDERS, "text": "x" * (LONGEST + 1)}, "too long"),
        ({"channel": ORDERS, "text": "&" * 10_000}, "too long"),  # it counts as it is sent
        ({"channel": ORDERS, "text": "a", "thread": 1793000000.0001}, "does not name"),
        ({"channel": ORDERS, "text": "a", "thread": "1793000000.0001"}, "does not name"),
        ({"channel": ORDERS, "text": "a", "thread": f"{OFFICE}:1793000000.0001"}, "another channel"),
    ],
)
def test_what_slack_would_refuse_or_cut_is_not_sent(work: Workspace, given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        work.do("post_message", **given)
    assert work.served.ledger("slack") == []


def test_a_long_message_is_sent_whole(work: Workspace) -> None:
    work.do("post_message", channel=ORDERS, text="x" * LONGEST)
    assert [len(text) for text in work.texts()] == [LONGEST]


@pytest.mark.parametrize(
    ("channel", "said"),
    [(RANDOM, "/invite"), (OLD, "archived"), (SECRET_ONE, "no such channel"), ("C0NOWHERE", "no such channel")],
)
def test_a_channel_that_cannot_be_written_to_says_what_to_do(work: Workspace, channel: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        work.do("post_message", channel=channel, text="Hello")
    assert work.effects() == []


BUTTONS = [{"name": "ship", "label": "Ship it", "value": "order-1042"}, {"name": "hold", "label": "Hold"}]


def test_buttons_stand_below_the_message_and_their_press_says_which(work: Workspace) -> None:
    made = work.do("post_message", channel=ORDERS, text="Order <1042>", buttons=BUTTONS)
    (kept,) = [one["message"] for one in work.served.control("state?slug=slack")["message"]]
    section, actions = kept["blocks"]
    assert section["text"]["text"] == kept["text"] == "Order &lt;1042&gt;"
    assert [(one["action_id"], one.get("value")) for one in actions["elements"]] == [
        ("ship", "order-1042"),
        ("hold", None),
    ]
    assert work.find("post_message", "hub-1", channel=ORDERS, text="x")[0]["id"] == made["id"]
    work.do("update_message", "hub-2", message=made["id"], text="Shipped")
    (after,) = work.served.control("state?slug=slack")["message"]
    assert "blocks" not in after["message"]  # a decided message has no buttons any more


@pytest.mark.parametrize(
    ("buttons", "said"),
    [
        ("ship", "a list"),
        ([{"name": str(n), "label": "x"} for n in range(26)], "at most 25"),
        ([{"name": "a"}], "a name and a label"),
        ([{"name": "a", "label": "b", "url": "https://x.example"}], "nothing else"),
        ([{"name": "patchbay_open", "label": "b"}], "are ours"),
        ([{"name": "a", "label": "b" * 76}], "does not fit"),
        ([{"name": "a", "label": "b", "value": "c" * 2001}], "does not fit"),
        ([{"name": "a", "label": "b"}, {"name": "a", "label": "c"}], "the same name"),
    ],
)
def test_buttons_that_slack_would_refuse_are_not_sent(work: Workspace, buttons: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        work.do("post_message", channel=ORDERS, text="a", buttons=buttons)
    with pytest.raises(Refused, match="3,000"):
        work.do("post_message", channel=ORDERS, text="a" * 3001, buttons=BUTTONS)
    assert work.served.ledger("slack") == []


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_card_opens_our_page_and_decides_nothing(work: Workspace) -> None:
    made = work.do("post_review_card", **CARD)
    (kept,) = [one["message"] for one in work.served.control("state?slug=slack")["message"]]
    (button,) = kept["blocks"][-1]["elements"]
    assert (button["url"], button["action_id"]) == (CARD["url"], "patchbay_open")
    assert "value" not in button
    assert made["id"] == f"{ORDERS}:{kept['ts']}"
    assert kept["text"] == "Refund 20.00?: Ann asks for it back."  # for notifications


def test_a_long_card_is_cut_to_what_slack_takes_in_all(work: Workspace) -> None:
    """Each block has a limit, and all together another: https://github.com/slackapi/bolt-js/issues/2509"""
    work.do("post_review_card", **{**CARD, "title": "T" * 500, "text": "<&>" * 9000, "button": "b" * 500})
    (kept,) = [one["message"] for one in work.served.control("state?slug=slack")["message"]]
    header, section, actions = kept["blocks"]
    assert len(header["text"]["text"]) == 150
    assert 2800 < len(section["text"]["text"]) <= 2900
    assert section["text"]["text"].endswith((";…", "…"))
    assert len(actions["elements"][0]["text"]["text"]) == 75
    assert len(json.dumps(kept["blocks"])) < 13_200


@pytest.mark.parametrize("most", [10, 11, 12, 13, 14, 50])
def test_text_is_never_cut_within_a_replaced_character(most: int) -> None:
    sent = cut_escaped("a&<>" * 20, most)
    assert len(sent) <= most
    assert sent.removesuffix("…").replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").strip("a") == ""
    assert cut_escaped("a&b", most) == "a&amp;b"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "/reviews/1", "", "https://", "https://a.example/" + "x" * 3000]
)
def test_a_cards_page_is_an_address(work: Workspace, url: str) -> None:
    with pytest.raises(Refused, match="address of a page"):
        work.do("post_review_card", **{**CARD, "url": url})


# --- changing and taking back -----------------------------------------------------------------------------------------


def test_a_message_is_deleted_again_but_not_when_somebody_answered(work: Workspace) -> None:
    given = {"channel": ORDERS, "text": "Hello"}
    made = work.do("post_message", **given)
    assert work.undo("post_message", given, made) is None
    assert work.texts() == []
    assert work.undo("post_message", given, made) is None  # gone is as good
    second = work.do("post_message", "hub-2", **given)
    work.say(text="Thanks", thread_ts=second["id"].partition(":")[2])
    assert work.undo("post_message", given, second) == "Somebody has answered this message in Slack, so it stays."


def test_an_answer_in_a_thread_is_deleted_again(work: Workspace) -> None:
    asked = f"{ORDERS}:{work.say(text='Is it paid?')}"
    given = {"channel": ORDERS, "text": "It is", "thread": asked}
    made = work.do("post_message", **given)
    assert work.undo("post_message", given, made) is None
    assert work.texts() == ["Is it paid?"]


def test_a_changed_message_is_put_back_and_still_found_by_its_first_key(work: Workspace) -> None:
    posted = work.do("post_message", "hub-1", channel=ORDERS, text="Open <now> https://shop.example/1")
    given = {"message": posted["id"], "text": "Done https://shop.example/1"}
    before = work.before("update_message", **given)
    made = work.do("update_message", "hub-2", **given)
    assert {made["id"], work.find("update_message", "hub-2", **given)[0]["id"]} == {posted["id"]}
    assert len(work.find("post_message", "hub-1", channel=ORDERS, text="x")) == 1
    assert work.undo("update_message", given, made, before) is None
    assert work.texts() == ["Open &lt;now&gt; <https://shop.example/1>"]
    assert work.undo("update_message", given, made, before) == "The message has been changed since."


def test_a_card_that_became_a_text_is_a_card_again(work: Workspace) -> None:
    card = work.do("post_review_card", **CARD)
    given = {"message": card["id"], "text": "Decided by Ana"}
    before = work.before("update_message", **given)
    made = work.do("update_message", "hub-2", **given)
    (kept,) = work.served.control("state?slug=slack")["message"]
    assert "blocks" not in kept["message"]
    assert work.undo("update_message", given, made, before) is None
    (kept,) = work.served.control("state?slug=slack")["message"]
    assert [block["type"] for block in kept["message"]["blocks"]] == ["header", "section", "actions"]


def test_a_message_that_is_gone_is_a_sentence(work: Workspace) -> None:
    posted = work.do("post_message", channel=ORDERS, text="Hello")
    given = {"message": posted["id"], "text": "Done"}
    made = work.do("update_message", "hub-2", **given)
    work.served.control("slack_forget", {"channel": ORDERS, "ts": posted["id"].partition(":")[2]})
    assert work.undo("update_message", given, made, {"text": "Hello", "blocks": []})
    assert work.before("update_message", **given) is None
    with pytest.raises(Refused, match="somebody deleted it"):
        work.do("update_message", "hub-3", **given)


def test_other_peoples_messages_are_left_alone(work: Workspace) -> None:
    theirs = work.say(text="Mine")
    with pytest.raises(Refused, match="only what it wrote itself"):
        work.do("update_message", message=f"{ORDERS}:{theirs}", text="Yours")
    assert work.texts() == ["Mine"]
