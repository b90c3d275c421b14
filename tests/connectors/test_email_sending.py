"""Sending: a mail leaves once, to all of its recipients or to nobody, and is looked for after a lost answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from connectors.email import _message, connector
from tests.connectors.mailbox import MAIL, SENT, arrive, handed_over, lying, parsed
from tests.connectors.stand import KEY, Stand, standing


@pytest.fixture
def box() -> Iterator[Stand]:
    with standing("email") as stand:
        yield stand


# --- sending ----------------------------------------------------------------------------------------------------------


def test_a_copy_is_filed_where_the_server_files_none(box: Stand) -> None:
    made = box.do("send", **MAIL)
    (copy,) = lying(box, SENT)
    assert copy["raw"] == handed_over(box)[0]["raw"]
    assert parsed(copy)["Message-ID"] == made["id"]
    assert copy["flags"] == ["\\Seen"]


def test_no_second_copy_beside_the_servers_own(box: Stand) -> None:
    box.note(files_copies=True)
    box.do("send", **MAIL)
    assert len(lying(box, SENT)) == 1
    assert box.effects("mail.seen") == ["mail.seen"]


def test_a_lost_answer_is_looked_for_among_what_was_sent(box: Stand) -> None:
    assert box.lost("send", **MAIL) == [], "this server files no copy, so that its absence proves nothing"
    box.note(files_copies=True)
    (found,) = box.lost("send", "cut_after", "another key", **MAIL)
    assert found["id"] == _message.message_id(box.client, "another key")
    assert len(handed_over(box)) == 2


@pytest.mark.parametrize("bounced", [False, True])
def test_a_reply_or_a_bounce_proves_that_a_mail_left(box: Stand, bounced: bool) -> None:
    """A bounce comes as a report with the headers of the mail in it; the same words about another mail prove nothing."""
    own = _message.message_id(box.client, KEY)
    report = {"Content-Type": "multipart/report; report-type=delivery-status; boundary=b", "Return-Path": "<>"}
    body = f"--b\n\nNot delivered\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {own}\n--b--\n"
    other = body.replace(own, "<h.0123456789abcdef01234567@practice.example>")
    arrive(box, headers=report, text=other)
    assert box.lost("send", **MAIL) == []
    if bounced:
        arrive(box, headers=report, text=body)
    else:
        arrive(box, headers={"In-Reply-To": own, "References": own})
    find = box.action("send").find
    assert find
    assert find(box.client, KEY, box.prepared("send", **MAIL)) == [{"id": own, "url": ""}]


def test_a_late_answer_is_no_answer(box: Stand) -> None:
    box.door.seconds = 0.5
    box.served.fault("email", "slow", method="SEND", seconds=2)
    trouble = box.trouble("send", **MAIL)
    assert (trouble.kind, len(handed_over(box))) == (Kind.UNKNOWN, 1)
    assert "did not answer within" in trouble.words


def test_a_bad_goodbye_after_a_mail_is_out_changes_nothing(box: Stand) -> None:
    """The classic duplicate: QUIT is answered badly, an error is raised, and the mail is sent again."""
    box.note(bad_goodbye=True)
    assert box.do("send", **MAIL)["id"]
    assert len(handed_over(box)) == 1


@pytest.mark.parametrize(
    ("stage", "said", "kind", "says"),
    [
        ("mail", [550, "5.1.8 Sender rejected"], Kind.REFUSED, "under this address"),
        (
            "rcpt",
            [550, "5.1.1 No such user", "bob@client.example"],
            Kind.REFUSED,
            "bob@client.example: 5.1.1 No such user",
        ),
        ("rcpt", [450, "4.2.0 Greylisted"], Kind.RETRY, "Greylisted"),
        ("data", [554, "5.7.1 Spam"], Kind.REFUSED, "as spam"),
        ("data", [452, "4.3.1 Full"], Kind.RETRY, "Full"),
        ("mail", [550, "5.4.5 Daily user sending limit exceeded"], Kind.WAIT, "limit for today"),
        ("mail", [421, "4.7.0 Try again later"], Kind.WAIT, "limit for today"),
    ],
)
def test_what_is_refused_is_sent_to_nobody(box: Stand, stage: str, said: list[Any], kind: Kind, says: str) -> None:
    box.note(smtp={stage: said})
    trouble = box.trouble("send", **{**MAIL, "cc": "bob@client.example"})
    assert trouble.kind is kind
    assert says in trouble.words
    assert handed_over(box) == []


@pytest.mark.parametrize(("status", "kind"), [(554, Kind.REFUSED), (451, Kind.RETRY)])
def test_a_no_to_the_mail_itself_is_no(box: Stand, status: int, kind: Kind) -> None:
    box.served.fault("email", "status", method="SEND", status=status, body="5.7.1 Message refused")
    assert box.trouble("send", **MAIL).kind is kind
    assert handed_over(box) == []


def test_a_mail_larger_than_the_server_takes_is_not_begun(box: Stand) -> None:
    box.note(size=200)
    trouble = box.trouble("send", **MAIL)
    assert (trouble.kind, box.asked("SEND")) == (Kind.REFUSED, [])
    assert "larger than the server takes" in trouble.words


def test_a_connection_that_ends_before_the_mail_is_tried_again(box: Stand) -> None:
    """Nothing of it had left."""
    arguments = box.prepared("send", **MAIL)
    box.served.fault("email", "cut_before", method="GET", path="/smtp")
    with pytest.raises(Exception, match="connection to"):
        box.send("send", KEY, arguments)
    assert type(box.door.failure).__name__ == "NotSent"
    assert box.send("send", KEY, arguments)["id"]


def test_sending_waits_a_minute_and_for_a_person() -> None:
    action = connector.actions["send"]
    assert (action.judgment, action.delay, action.undo) == (True, 60.0, None)
    assert not connector.actions["draft"].judgment


def test_passwords_are_in_no_request(box: Stand) -> None:
    arguments = box.prepared("send", **MAIL)
    run = box.action("send").run
    drawn = box.door.draw(lambda: run(box.client, KEY, **arguments))
    assert drawn.path == "/?from=office%40practice.example&to=ann%40client.example"
    secret = box.served.token.encode()
    assert secret not in drawn.body
    assert base64.b64encode(secret) not in drawn.body
