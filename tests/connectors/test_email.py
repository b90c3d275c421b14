"""A mailbox over real sockets: connecting, drafts that are found and taken back, mails that are sent once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from connectors.contract import Refused, Unauthorized, Unavailable
from connectors.email import _message
from connectors.email._client import addresses, typed
from tests.connectors.mailbox import DRAFTS, MAIL, arrive, handed_over, lying, parsed
from tests.connectors.stand import KEY, Stand, reopened, standing


@pytest.fixture
def box() -> Iterator[Stand]:
    with standing("email") as stand:
        yield stand


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_address_and_nothing_is_sent(box: Stand) -> None:
    assert box.check().name == "office@practice.example"
    assert handed_over(box) == []
    assert {one["path"] for one in box.asked("GET")} == {"/imap", "/smtp"}, "both servers let us in"


def test_a_password_that_is_not_taken_says_what_is_wanted(box: Stand) -> None:
    with pytest.raises(Unauthorized, match="app password"):
        reopened(box, password="the one to sign in with").check()
    box.served.control("settings", {"revoked": ["email"]})
    with pytest.raises(Unauthorized, match="app password"):
        box.check()
    box.served.control("settings", {"revoked": []})
    assert box.check().id == "office@practice.example"


@pytest.mark.parametrize(
    ("notes", "problem", "says"),
    [
        (
            {"login": "550 5.7.30 Basic authentication is not supported for Client Submission."},
            Unauthorized,
            "Microsoft",
        ),
        ({"login": "534 5.7.9 Application-specific password required"}, Unauthorized, "app password"),
        ({"login": "454 4.7.0 Temporary authentication failure"}, Unavailable, "now"),
        ({"imap_login": "[UNAVAILABLE] Try again"}, Unavailable, "not available now"),
        ({"imap_login": "BasicAuthBlocked: basic authentication is disabled"}, Unauthorized, "Microsoft"),
    ],
)
def test_what_is_wrong_at_the_servers_is_said(box: Stand, notes: Any, problem: type[Exception], says: str) -> None:
    box.note(**notes)
    with pytest.raises(problem, match=says):
        box.check()


def test_folders_are_found_by_what_they_are_for_or_by_their_name(box: Stand) -> None:
    box.do("draft", **MAIL)
    assert len(lying(box, DRAFTS)) == 1
    box.note(special_use=False)
    with pytest.raises(Refused, match="one of: INBOX, Entwürfe, Gesendet, Papierkorb"):
        reopened(box).check()
    named = reopened(box, drafts="entwürfe", sent="gesendet")
    named.check()
    named.do("draft", "another key", **MAIL)
    assert len(lying(box, DRAFTS)) == 2


@pytest.mark.parametrize(
    ("imap", "smtp", "bases"),
    [
        ("imap.example.com", "smtp.example.com", ("imaps://imap.example.com:993", "smtps://smtp.example.com:465")),
        (
            "IMAP.Example.com:143",
            "smtp.example.com:587",
            ("imap://imap.example.com:143", "smtp://smtp.example.com:587"),
        ),
        ("i.example.com:993", "s.example.com:25", ("imaps://i.example.com:993", "smtp://s.example.com:25")),
    ],
)
def test_servers_are_typed_with_or_without_their_port(imap: str, smtp: str, bases: tuple[str, str]) -> None:
    assert tuple(typed({"imap": imap, "smtp": smtp}).values()) == bases


@pytest.mark.parametrize(
    "server",
    ["", "localhost", "https://imap.example.com", "imap.example.com:22", "a@b.example", "x.example:٩٩٣", "a b.example"],
)
def test_what_is_no_mail_server_is_refused(server: str) -> None:
    with pytest.raises(ValueError, match=r"no IMAP server|IMAP servers are reached"):
        typed({"imap": server, "smtp": "smtp.example.com"})


# --- what is written --------------------------------------------------------------------------------------------------


def test_a_comma_in_a_name_makes_no_other_recipient() -> None:
    assert addresses("ann@a.example, bob@b.example,ann@a.example") == ["ann@a.example", "bob@b.example"]
    for hostile in ("Ann, Inc <a@b.example>, evil@e.example", '"a@b.example, c"@d.example', "a@b.example\r\nBcc: e@e.example",
                    "a@b", "jürgen@b.example", "a@b.example c@d.example", "<a@b.example>"):  # fmt: skip
        with pytest.raises(Refused, match="plain mail address"):
            addresses(hostile)


def test_a_line_break_in_a_subject_begins_no_header(box: Stand) -> None:
    box.do("draft", **{**MAIL, "subject": "Offer\r\nBcc: evil@e.example"})
    (one,) = lying(box, DRAFTS)
    assert parsed(one)["Subject"] == "Offer Bcc: evil@e.example"
    assert parsed(one)["Bcc"] is None


def test_the_id_is_the_same_for_each_try_and_never_folded(box: Stand) -> None:
    own = _message.message_id(box.client, KEY)
    assert own == _message.message_id(reopened(box).client, KEY)
    assert own != _message.message_id(box.client, "another key")
    long = reopened(box, address=f"a@{'sub.' * 20}department.example.com").client
    folded = _message.message_id(long, KEY)
    assert len(folded) <= 66
    assert folded.endswith("example.com>")
    assert "." in own.partition("@")[2]


def test_a_mail_has_what_a_mail_must_have(box: Stand) -> None:
    named = reopened(box, name="The office, Inc")
    named.do("send", **{**MAIL, "cc": "bob@client.example"})
    (one,) = handed_over(box)
    mail = parsed(one)
    assert mail["From"] == '"The office, Inc" <office@practice.example>'
    assert (mail["To"], mail["Cc"]) == ("ann@client.example", "bob@client.example")
    assert mail["Message-ID"] == _message.message_id(named.client, KEY)
    assert mail["Date"].endswith("+0000")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == ["Dear Ann,", "here it is.", ".", "Best"], "the dot is no end"
    assert one["to"] == ["ann@client.example", "bob@client.example"]


@pytest.mark.parametrize(("name", "value"), [("to", ""), ("subject", " "), ("text", "\n"), ("text", "x" * 200_001)])
def test_a_mail_without_its_parts_is_refused(box: Stand, name: str, value: str) -> None:
    with pytest.raises(Refused):
        box.prepared("send", **{**MAIL, name: value})


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_lies_where_people_look_for_it(box: Stand) -> None:
    made = box.do("draft", **MAIL)
    (one,) = lying(box, DRAFTS)
    assert one["flags"] == ["\\Draft", "\\Seen"]
    assert (made["uid"], made["uidvalidity"]) == (one["uid"], 1000)
    assert handed_over(box) == []
    assert parsed(one)["Auto-Submitted"] is None, "a person sends it"


def test_a_draft_whose_answer_was_lost_is_found(box: Stand) -> None:
    (found,) = box.lost("draft", **MAIL)
    assert found["uid"] == lying(box, DRAFTS)[0]["uid"]
    assert box.lost("draft", "cut_before", "another key", **MAIL) == []
    assert len(lying(box, DRAFTS)) == 1


def test_a_draft_is_taken_back_and_nothing_else(box: Stand) -> None:
    arguments = box.prepared("draft", **MAIL)
    made = box.send("draft", KEY, arguments)
    other = box.do("draft", "another key", **MAIL)
    assert box.undo("draft", arguments, made) is None
    assert [one["uid"] for one in lying(box, DRAFTS)] == [other["uid"]]
    assert box.undo("draft", arguments, made) == (
        "The draft was edited, sent or deleted in a mail program. There is nothing to take back."
    )


def test_a_draft_that_a_person_edited_stays(box: Stand) -> None:
    """Mail programs keep the Message-ID, but put another mail in its place."""
    arguments = box.prepared("draft", **MAIL)
    made = box.send("draft", KEY, arguments)
    box.served.control("email_edit", {"uid": made["uid"]})
    assert "edited" in str(box.undo("draft", arguments, made))
    assert len(lying(box, DRAFTS)) == 1


def test_a_folder_that_was_made_anew_loses_no_draft_of_somebody_else(box: Stand) -> None:
    arguments = box.prepared("draft", **MAIL)
    made = box.send("draft", KEY, arguments)
    box.served.control("email_renumber", {"folder": DRAFTS})
    assert "edited" in str(box.undo("draft", arguments, made))
    with pytest.raises(Refused, match="anew"):
        box.client.ask("EXPUNGE", DRAFTS, uid=made["uid"], uidvalidity=made["uidvalidity"])
    assert len(lying(box, DRAFTS)) == 1


def test_a_server_that_cannot_remove_one_mail_removes_none(box: Stand) -> None:
    box.note(uidplus=False)
    arguments = box.prepared("draft", **MAIL)
    made = box.send("draft", KEY, arguments)
    assert "Delete it in your mail program" in str(box.undo("draft", arguments, made))
    with pytest.raises(Refused, match="cannot remove a single mail"):
        box.client.ask("EXPUNGE", DRAFTS, uid=1, uidvalidity=1000)


@pytest.mark.parametrize(
    ("words", "says"), [("[OVERQUOTA] Full", "mailbox is full"), ("[TRYCREATE] No", "no longer there")]
)
def test_a_no_to_a_draft_is_told(box: Stand, words: str, says: str) -> None:
    box.served.fault("email", "status", method="APPEND", body=words)
    trouble = box.trouble("draft", **MAIL)
    assert trouble.kind is Kind.REFUSED
    assert says in trouble.words


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_belongs_to_its_thread(box: Stand) -> None:
    arrive(box, headers={"Message-ID": "<one@client.example>", "References": "<zero@client.example>"})
    box.do("send", **MAIL, answers="<one@client.example>")
    mail = parsed(handed_over(box)[0])
    assert mail["In-Reply-To"] == "<one@client.example>"
    assert mail["References"] == "<zero@client.example> <one@client.example>"
    assert mail["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    "header",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<list.example>"},
        {"Return-Path": "<>"},
        {"From": "Office <OFFICE@practice.example>"},
    ],
)
def test_programs_are_not_answered(box: Stand, header: dict[str, str]) -> None:
    arrive(box, headers={"Message-ID": "<one@client.example>", **header})
    for action in ("send", "draft"):
        with pytest.raises(Refused, match="not answered"):
            box.prepared(action, **MAIL, answers="<one@client.example>")


@pytest.mark.parametrize(
    "id", ["<a@b.example>\r\nBcc: e@e.example", "no id", "<ü@b.example>", "<a b>", '<a@b>" TEXT "']
)
def test_what_is_no_id_of_a_mail_is_not_looked_for(box: Stand, id: str) -> None:
    asked = len(box.asked("SEARCH"))
    with pytest.raises(Refused, match="not the id of a mail"):
        box.prepared("send", **MAIL, answers=id)
    assert len(box.asked("SEARCH")) == asked


def test_a_text_that_no_mail_can_hold_is_made_one(box: Stand) -> None:
    box.do("send", **{**MAIL, "text": "half \ud800 and nothing \x00"})
    assert parsed(handed_over(box)[0]).get_content().strip() == "half � and nothing �"


def test_a_mail_that_is_gone_is_not_answered(box: Stand) -> None:
    with pytest.raises(Refused, match="no longer in the inbox"):
        box.prepared("send", **MAIL, answers="<nobody@client.example>")
