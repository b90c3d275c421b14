"""What comes in from Slack: signatures over the bytes as they came, messages, presses, and what recipes see of them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from connectors.contract import BadSignature, Unreadable
from connectors.slack import connector
from connectors.slack._text import plain
from tests.connectors.signing_slack import signed
from tests.connectors.slack_stand import changed, pressed, sample

NOW = 1_793_000_005.0
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TRIGGERS = {trigger.kind: trigger for trigger in connector.triggers}


def receive(body: bytes, headers: dict[str, str] | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Any:
    assert connector.hook
    return connector.hook.receive(body, signed(body, SECRET, NOW) if headers is None else headers, list(secrets), NOW)


def one(body: bytes) -> Any:
    (event,) = receive(body).events
    return event


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_example_of_slacks_documentation_is_signed_right() -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack#validating-a-request"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&"
        b"user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F"
        b"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c4"
        b"47fce8b6703c"
    )
    known = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signed(body, SECRET, 1531420618)["x-slack-signature"] == known


@pytest.mark.parametrize("off", [-301, 301], ids=["past", "future"])
def test_another_time_is_refused(off: int) -> None:
    body = sample("message_posted")
    with pytest.raises(BadSignature, match="this computer's clock"):
        receive(body, signed(body, SECRET, NOW + off))


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "²", "-5", "17930000050000", " 1793000005"])
def test_a_time_that_is_none_is_refused_and_no_error(stamp: str) -> None:
    body = sample("message_posted")
    with pytest.raises(BadSignature, match="when it was signed"):
        receive(body, {**signed(body, SECRET, NOW), "x-slack-request-timestamp": stamp})


@pytest.mark.parametrize("signature", ["", "v0=", "v0=ü", "v1=00"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    body = sample("message_posted")
    with pytest.raises(BadSignature, match="not signed"):
        receive(body, {**signed(body, SECRET, NOW), "x-slack-signature": signature})


def test_a_form_is_verified_as_it_came_not_as_it_reads() -> None:
    body = sample("button_pressed")
    decoded = body.replace(quote("{").encode(), b"{")
    assert decoded != body
    with pytest.raises(BadSignature):
        receive(decoded, signed(body, SECRET, NOW))
    assert one(body).kind == "button.pressed"


def test_the_secret_before_is_good_while_it_is_changed() -> None:
    assert receive(sample("message_posted"), secrets=("new", SECRET)).events


# --- the address is checked -------------------------------------------------------------------------------------------


def test_the_challenge_comes_back_and_only_if_it_was_signed() -> None:
    body = b'{"type":"url_verification","challenge":"abc","token":"x"}'
    reply = receive(body).reply
    assert (reply.body, reply.status) == ("abc", 200)
    with pytest.raises(BadSignature):
        receive(body, {})
    with pytest.raises(Unreadable, match="challenge"):
        receive(b'{"type":"url_verification"}')


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_is_an_event_named_by_slack() -> None:
    event = one(sample("message_posted"))
    assert (event.kind, event.dedupe_key, event.account) == ("message.posted", "Ev0MESSAGE", "T0PRACTICE")
    assert (event.serial_key, event.once_key) == ("C0ORDERS:1793000000.000100", "message:C0ORDERS:1793000000.000100")
    assert event.occurred_at == 1793000000000
    assert event.body == sample("message_posted")


def test_a_second_try_is_taken_like_a_first_one() -> None:
    body = sample("message_posted")
    again = {**signed(body, SECRET, NOW), "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}
    assert receive(body, again).events == receive(body).events


def test_what_our_own_bot_writes_starts_nothing() -> None:
    assert receive(sample("message_by_patchbay")).events == ()
    by_profile = changed("message_by_patchbay", app_id=None, bot_profile={"app_id": "A0PATCHBAY"})
    assert receive(by_profile).events == ()
    assert one(changed("message_by_patchbay", app_id="A0OTHER", bot_id="B0OTHER")).kind == "message.posted"


@pytest.mark.parametrize("subtype", ["message_changed", "message_deleted", "channel_join", "channel_topic"])
def test_changes_and_comings_are_no_new_messages(subtype: str) -> None:
    event = one(changed("message_changed", subtype=subtype))
    assert (event.kind, event.once_key) == (f"message.{subtype}", "")


def test_an_answer_is_kept_in_the_order_of_its_thread() -> None:
    assert one(sample("message_in_thread")).serial_key == one(sample("message_posted")).serial_key


def test_a_shared_channels_message_belongs_to_the_workspace_with_the_app() -> None:
    body = changed("message_posted", team_id="T0OTHER")
    assert one(body).account == "T0PRACTICE"
    assert one(changed("message_posted", authorizations=[])).account == "T0PRACTICE"


def test_when_slack_left_events_out_they_are_fetched() -> None:
    received = receive(b'{"type":"app_rate_limited","team_id":"T0","minute_rate_limited":1793000000,"api_app_id":"A0"}')
    assert (received.catch_up, received.events) == (True, ())


def test_a_message() -> None:
    event = TRIGGERS["message.posted"].shape(sample("message_posted"))
    assert event == {
        "channel": "C0ORDERS",
        "channel_type": "channel",
        "user": "U0ANA",
        "text": "The order 1042 (https://shop.example/orders/1042) isn't paid & it's > 100 €",
        "id": "C0ORDERS:1793000000.000100",
        "thread": "C0ORDERS:1793000000.000100",
        "is_answer": False,
        "by_bot": False,
        "team": "T0PRACTICE",
        "url": "https://slack.com/archives/C0ORDERS/p1793000000000100",
        "posted_at": "2026-10-26T07:33:20Z",
        "files": [],
    }
    answer = TRIGGERS["message.posted"].shape(sample("message_in_thread"))
    assert (answer["thread"], answer["is_answer"]) == ("C0ORDERS:1793000000.000100", True)
    assert answer["files"] == [{"name": "receipt.pdf", "url": "https://files.slack.com/files-pri/T-F/receipt.pdf"}]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<https://a.example>", "https://a.example"),
        ("<https://a.example|https://a.example>", "https://a.example"),
        ("<https://a.example|a.example>", "https://a.example"),
        ("<https://evil.example|bank.example>", "bank.example (https://evil.example)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("&lt;!channel&gt; &amp;amp;", "<!channel> &amp;"),
        ("<@U1> in <#C1|orders>", "<@U1> in <#C1|orders>"),
    ],
)
def test_text_is_read_as_people_see_it(sent: str, read: str) -> None:
    assert plain(sent) == read


# --- presses ----------------------------------------------------------------------------------------------------------


def test_a_press_is_an_event_of_its_button_person_and_moment() -> None:
    event = one(sample("button_pressed"))
    assert (event.kind, event.account, event.occurred_at) == ("button.pressed", "T0PRACTICE", 1793000055100)
    assert event.serial_key == "C0ORDERS:1793000000.000100"
    assert TRIGGERS["button.pressed"].shape(event.body) == {
        "channel": "C0ORDERS",
        "user": "U0ANA",
        "team": "T0PRACTICE",
        "button": "ship",
        "value": "order-1042",
        "message": "Order 1042 arrived & waits",
        "message_id": "C0ORDERS:1793000000.000100",
        "pressed_at": "2026-10-26T07:34:15Z",
    }


def test_presses_are_told_apart() -> None:
    action = {"action_id": "ship", "type": "button", "action_ts": "1793000055.100000"}
    variants = [
        pressed(),
        pressed(actions=[{**action, "action_ts": "1793000056.1"}]),
        pressed(actions=[{**action, "action_id": "hold"}]),
        pressed(user={"id": "U0BEN"}),
        pressed(team={"id": "T0OTHER"}),
    ]
    assert len({one(body).dedupe_key for body in variants}) == len(variants)
    assert one(pressed()).dedupe_key == one(pressed(trigger_id="another")).dedupe_key


def test_two_buttons_in_one_delivery_are_two_events() -> None:
    both = [{"action_id": name, "type": "button", "action_ts": "1793000055.1"} for name in ("a", "b")]
    events = receive(pressed(actions=both)).events
    assert [TRIGGERS["button.pressed"].shape(event.body)["button"] for event in events] == ["a", "b"]


def test_the_button_of_a_card_only_opens_its_page() -> None:
    received = receive(pressed(actions=[{"action_id": "patchbay_open", "type": "button", "action_ts": "1793000055.1"}]))
    assert (received.events, received.reply.body) == ((), None)


@pytest.mark.parametrize("kind", ["view_submission", "view_closed", "shortcut", "message_action"])
def test_what_is_no_press_is_acknowledged_with_an_empty_body(kind: str) -> None:
    received = receive(pressed(type=kind))  # any other body would keep a form open
    assert (received.events, received.reply.body, received.reply.status) == ((), None, 200)


def test_an_organisations_app_has_no_team() -> None:
    assert one(pressed(team=None)).account == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not the JSON"),
        (b'{"type":"event_callback","type":"x"}', "not the JSON"),
        (b'{"type":"event_callback","event":{"a":NaN}}', "not the JSON"),
        (b'{"type":"something"}', "which event"),
        (b'{"type":"event_callback"}', "what happened"),
        (b'{"type":"event_callback","event":{"type":"message"}}', "which event"),
        (b'{"a":"\\u0000"}', "no text"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deeper than"),
        (b"", "one payload"),
        (b"payload", "not the form"),
        (b"a=b", "one payload"),
        (b"payload=1&payload=2", "one payload"),
        (b"payload=[]", "not an object"),
        (b"payload=%7B%22type%22%3A%22block_actions%22%7D", "which button"),
        (b"payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%7B%7D%5D%7D", "by whom"),
        (b"\xff", "not the form"),
    ],
)
def test_what_cannot_be_read_is_kept_with_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        receive(body)


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
@pytest.mark.parametrize(
    "document", [{}, {"event": {"ts": 5, "files": "x", "text": None}, "actions": [3], "channel": []}]
)
def test_every_field_is_always_there(kind: str, document: Any) -> None:
    event = TRIGGERS[kind].shape(json.dumps(document).encode())
    assert set(event) == {name.partition("[")[0] for name in TRIGGERS[kind].fields}
