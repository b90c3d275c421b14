"""Gmail: drafts that are found and taken back, mails that are sent once, answers in their thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from connectors.contract import Refused
from connectors.google import _mail_message
from connectors.google._mail_message import addresses
from tests.connectors.google_mail import MAIL, arrive, drafts, mailbox, parsed
from tests.connectors.stand import KEY, Stand, reopened


@pytest.fixture
def box() -> Iterator[Stand]:
    with mailbox() as stand:
        yield stand


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_lies_in_gmail_as_it_was_written_and_nothing_is_sent(box: Stand) -> None:
    made = box.do("draft_mail", KEY, **MAIL, cc="bob@client.example")
    mail = parsed(box, made["message"])
    assert (mail["To"], mail["Cc"], mail["Subject"]) == ("ann@client.example", "bob@client.example", "Your order")
    assert mail.get_content().splitlines() == ["Dear Ann,", "", "it is on its way."]
    assert mail["From"] == "ana@practice.example"
    assert "Auto-Submitted" not in mail, "a person presses Send"
    assert made["url"].endswith(f"#all/{made['message']}")
    assert box.effects() == ["draft.create"]


@pytest.mark.parametrize("keeps_ids", [True, False])
@pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)
def test_a_draft_whose_answer_was_lost_is_found(box: Stand, fault: str, arrived: int, keeps_ids: bool) -> None:
    box.note(mail_ids=keeps_ids)
    box.do("draft_mail", "hub-another", **MAIL)
    found = box.lost("draft_mail", fault, **MAIL)
    assert len(found) == arrived
    assert {one["id"] for one in found} < set(drafts(box)) or not arrived


def test_an_untouched_draft_is_taken_back(box: Stand) -> None:
    made = box.do("draft_mail", KEY, **MAIL)
    assert box.undo("draft_mail", MAIL, made) is None
    assert drafts(box) == []
    assert (
        box.undo("draft_mail", MAIL, made) == "The draft was sent or deleted in Gmail. There is nothing to take back."
    )


def test_a_draft_that_a_person_changed_is_left_alone(box: Stand) -> None:
    made = box.do("draft_mail", KEY, **MAIL)
    box.served.control("google_mail_edit", {"draft": made["id"]})
    assert "Somebody has changed the draft" in str(box.undo("draft_mail", MAIL, made))
    assert drafts(box) == [made["id"]]


def test_a_discarded_draft_whose_answer_was_lost_is_gone(box: Stand) -> None:
    made = box.do("draft_mail", KEY, **MAIL)
    assert len(box.lost("discard_draft", "cut_after", draft=made["id"])) == 1
    other = box.do("draft_mail", KEY, **MAIL)
    assert box.lost("discard_draft", "cut_before", draft=other["id"]) == []


# --- sending ----------------------------------------------------------------------------------------------------------


def test_a_mail_is_drafted_and_then_sent_after_a_minute_and_a_decision(box: Stand) -> None:
    made = box.do("send_mail", KEY, **MAIL)
    assert box.effects() == ["draft.create", "mail.send"]
    mail = parsed(box, made["message"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == _mail_message.message_id(KEY, "ana@practice.example")
    action = box.action("send_mail")
    assert (action.judgment, action.delay) == (True, 60.0)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "status_after", "rubbish"])
def test_after_a_lost_answer_the_draft_says_whether_it_was_sent(box: Stand, fault: str) -> None:
    draft = box.send("send_mail", KEY, box.prepared("send_mail", **MAIL))
    given = {"draft": draft["id"], "message": draft["message"]}
    found = box.lost("send_draft", fault, **given)
    still = box.action("send_draft").still
    assert still
    sent = fault != "cut_before"
    assert (len(found), still(box.client, given)) == (int(sent), not sent)
    assert box.effects().count("mail.send") == int(sent)


def test_a_draft_that_a_person_changed_before_it_was_sent_again_is_not_sent(box: Stand) -> None:
    draft = box.send("send_mail", KEY, box.prepared("send_mail", **MAIL))
    given = {"draft": draft["id"], "message": draft["message"]}
    box.served.control("google_mail_edit", {"draft": draft["id"]})
    action = box.action("send_draft")
    assert action.find
    assert action.still
    assert action.find(box.client, KEY, given) == []
    assert action.still(box.client, given) is False


def test_a_draft_that_is_gone_when_it_should_leave_says_where_to_look(box: Stand) -> None:
    draft = box.send("send_mail", KEY, box.prepared("send_mail", **MAIL))
    box.client.gmail.users().drafts().delete(userId="me", id=draft["id"]).execute()
    trouble = box.trouble("send_draft", draft=draft["id"])
    assert trouble.kind is Kind.REFUSED
    assert "Look under Sent" in trouble.words


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_lies_in_its_thread_under_the_same_subject(box: Stand) -> None:
    asked = arrive(box, headers={"Subject": "Where is it?", "Message-ID": "<q1@client.example>"})
    made = box.do("draft_mail", KEY, to="ann@client.example", text="On its way.", answers=asked["id"])
    mail = parsed(box, made["message"])
    assert made["thread"] == asked["thread"]
    assert mail["Subject"] == "Re: Where is it?"
    assert (mail["In-Reply-To"], mail["References"]) == ("<q1@client.example>", "<q1@client.example>")


def test_an_answer_can_name_the_message_id_and_keeps_the_thread_so_far(box: Stand) -> None:
    head = {"Subject": "Re: Offer", "Message-ID": "<q2@client.example>", "References": "<q0@a.example> <q1@a.example>"}
    arrive(box, headers=head)
    made = box.do("send_mail", KEY, to="ann@client.example", text="Yes.", answers="<q2@client.example>")
    mail = parsed(box, made["message"])
    assert mail["References"].split() == ["<q0@a.example>", "<q1@a.example>", "<q2@client.example>"]
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Re: Offer", "auto-replied")


def test_an_answer_under_another_subject_begins_a_thread_of_its_own(box: Stand) -> None:
    asked = arrive(box, headers={"Subject": "Where is it?"})
    given = box.prepared("draft_mail", to="ann@client.example", text="Hm.", subject="A new offer", answers=asked["id"])
    assert given["thread"] == ""
    assert given["answers"].startswith("<")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ({"Auto-Submitted": "auto-generated"}, "sent by a program"),
        ({"List-Id": "<news.client.example>"}, "sent by a program"),
        ({"Return-Path": "<>"}, "sent by a program"),
        ({"From": "Ana <ana@practice.example>"}, "sent by a program"),
        ({"Message-ID": None}, "no longer there"),
    ],
)
def test_programs_are_not_answered(box: Stand, head: dict[str, Any], says: str) -> None:
    asked = arrive(box, headers=head)
    with pytest.raises(Refused, match=says):
        box.prepared("draft_mail", **MAIL, answers=asked["id"])


@pytest.mark.parametrize("answers", ["<a@b.example> OR in:anywhere", "../profile", "<a b@c>", "no such id!"])
def test_what_is_no_id_is_not_looked_for(box: Stand, answers: str) -> None:
    with pytest.raises(Refused, match="not the id of a mail"):
        box.prepared("draft_mail", **MAIL, answers=answers)
    assert not [one for one in box.asked("GET") if "messages" in one["path"]]


def test_a_mail_that_is_gone_cannot_be_answered(box: Stand) -> None:
    with pytest.raises(Refused, match="no longer there"):
        box.prepared("draft_mail", **MAIL, answers="190000000fff0000")


# --- what may go into a mail ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        "ann@client.example\r\nBcc: eve@evil.example",
        "ann@client.example\n\nHello",
        "Ann <ann@client.example>",
        '"a,eve@evil.example"@client.example',
        "ann@client.example; eve@evil.example",
        "ann",
        "ann@localhost",
    ],
)
def test_only_plain_addresses_are_recipients(to: str) -> None:
    with pytest.raises(Refused, match="not one plain mail address"):
        addresses([to])


def test_a_subject_begins_no_other_header(box: Stand) -> None:
    made = box.do("draft_mail", KEY, **{**MAIL, "subject": "Hello\r\nBcc: eve@evil.example\r\n\r\nBuy"})
    mail = parsed(box, made["message"])
    assert (mail["Subject"], mail["Bcc"]) == ("Hello Bcc: eve@evil.example Buy", None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"to": []}, "no recipient"),
        ({"subject": ""}, "needs a subject"),
        ({"text": "  \n"}, "needs a subject"),
        ({"text": "a" * 200_001}, "needs a subject"),
        ({"to": [f"a{n}@client.example" for n in range(501)]}, "500 recipients"),
    ],
)
def test_a_mail_that_cannot_leave_is_said_beforehand(box: Stand, change: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        box.prepared("draft_mail", **{**MAIL, **change})


def test_umlauts_and_long_lines_arrive_whole(box: Stand) -> None:
    text = "Grüße aus Köln 🎈\n" + "lang " * 400
    made = box.do("draft_mail", KEY, to="ann@client.example", subject="Grüße 🎈", text=text)
    mail = parsed(box, made["message"])
    assert mail["Subject"] == "Grüße 🎈"
    assert mail.get_content().splitlines() == text.splitlines()


def test_what_was_left_out_at_the_sign_in_is_said(box: Stand) -> None:
    only = reopened(box, scope="openid https://www.googleapis.com/auth/gmail.compose")
    assert only.do("draft_mail", KEY, **MAIL)["id"]
    with pytest.raises(Refused, match=r"read the mail that is answered.*sign in to Google again"):
        only.prepared("draft_mail", **MAIL, answers="190000000fff0000")
    none = reopened(box, scope="openid")
    with pytest.raises(Refused, match="may not write mail"):
        none.prepared("draft_mail", **MAIL)
