"""New mail by search: nothing is lost and nothing told twice, whatever fails on the way; and what a stranger's mail becomes."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused, Unavailable, Unreadable
from connectors.google import _mail_watch
from connectors.google._mail_text import read
from connectors.google._mail_watch import received, search_of, shape
from tests.connectors.google_mail import MAIL, arrive, mailbox, told
from tests.connectors.stand import KEY, Stand, reopened

DAY = 86_400


@pytest.fixture
def box() -> Iterator[Stand]:
    with mailbox(mail_search="from:client.example OR label:orders") as stand:
        yield stand


def subjects(events: list[Any]) -> list[str]:
    return [mail["subject"] for mail in told(events)]


def letter(stand: Stand, subject: str, **more: Any) -> Any:
    return arrive(stand, headers={"Subject": subject}, **more)


def test_the_first_look_starts_nothing_and_later_ones_tell_each_mail_once(box: Stand) -> None:
    letter(box, "Old")
    events, cursor = received(box.client, None)
    assert events == []
    letter(box, "One")
    letter(box, "Two")
    arrive(box, headers={"Subject": "Not looked for", "From": "x@other.example"})
    events, after = received(box.client, cursor)
    assert subjects(events) == ["One", "Two"], "the oldest first"
    assert received(box.client, after)[0] == []
    again, _ = received(box.client, cursor)
    assert [e.dedupe_key for e in again] == [e.dedupe_key for e in events], "after a crash they fold"


def test_without_a_search_nothing_is_asked(box: Stand) -> None:
    assert received(reopened(box, mail_search="").client, None) == ([], None)
    assert box.asked() == []


def test_another_search_begins_anew(box: Stand) -> None:
    _, cursor = received(box.client, None)
    letter(box, "One")
    events, _ = received(reopened(box, mail_search="from:client.example").client, cursor)
    assert events == []


def test_many_mails_are_told_over_several_rounds_and_pages(box: Stand) -> None:
    box.note(mail_page=7)
    _, cursor = received(box.client, None)
    for n in range(30):
        letter(box, f"Number {n}")
    first, cursor = received(box.client, cursor)
    second, cursor = received(box.client, cursor)
    assert subjects(first + second) == [f"Number {n}" for n in range(30)]
    assert received(box.client, cursor)[0] == []


def test_a_page_that_fails_loses_nothing(box: Stand) -> None:
    box.note(mail_page=2)
    _, cursor = received(box.client, None)
    for n in range(5):
        letter(box, f"Number {n}")
    box.served.fault("google", "status", status=503, path="/gmail/v1/users/me/messages", skip=1)
    with pytest.raises(Exception, match="503"):
        received(box.client, cursor)
    assert len(received(box.client, cursor)[0]) == 5


def test_a_mail_that_cannot_be_read_holds_up_no_other_and_is_told_later(box: Stand) -> None:
    _, cursor = received(box.client, None)
    bad = letter(box, "Bad")
    letter(box, "Good")
    box.served.fault("google", "status", status=500, path=f"/gmail/v1/users/me/messages/{bad['id']}", times=1)
    events, cursor = received(box.client, cursor)
    assert subjects(events) == ["Good"]
    events, cursor = received(box.client, cursor)
    assert subjects(events) == ["Bad"]
    assert received(box.client, cursor)[0] == []


def test_a_limit_ends_the_round_and_keeps_what_was_read(box: Stand) -> None:
    _, cursor = received(box.client, None)
    letter(box, "One")
    two = letter(box, "Two")
    place = f"/gmail/v1/users/me/messages/{two['id']}"
    body = {"error": {"code": 429, "errors": [{"reason": "rateLimitExceeded"}]}}
    box.served.fault("google", "status", status=429, body=body, path=place, times=2)
    events, cursor = received(box.client, cursor)
    assert subjects(events) == ["One"]
    with pytest.raises(Unavailable):
        received(box.client, cursor)
    assert subjects(received(box.client, cursor)[0]) == ["Two"]


def test_a_mail_that_was_deleted_meanwhile_is_left_out(box: Stand) -> None:
    _, cursor = received(box.client, None)
    gone = letter(box, "Gone")
    box.served.fault("google", "status", status=404, path=f"/gmail/v1/users/me/messages/{gone['id']}")
    assert received(box.client, cursor)[0] == []


def test_a_mail_that_the_search_begins_to_find_is_told(box: Stand) -> None:
    late = arrive(box, headers={"From": "x@other.example", "Subject": "Labelled"}, at=time.time() - 3 * DAY)
    _, cursor = received(box.client, None)
    box.served.control("google_mail_label", {"id": late["id"], "label": "orders"})
    events, cursor = received(box.client, cursor)
    assert subjects(events) == ["Labelled"]
    assert received(box.client, cursor)[0] == []


def test_after_a_month_of_standing_still_nothing_is_lost_and_nothing_old_told(box: Stand) -> None:
    """Gmail's history would be gone by then."""
    letter(box, "Before", at=time.time() - 40 * DAY)
    _, cursor = received(box.client, None)
    letter(box, "While away", at=time.time() - 20 * DAY)
    events, _ = received(box.client, {**cursor, "since": int(time.time() - 30 * DAY)})
    assert subjects(events) == ["While away"]


def test_what_was_written_here_is_no_new_mail(box: Stand) -> None:
    mine = reopened(box, mail_search="order")
    _, cursor = received(mine.client, None)
    mine.do("draft_mail", KEY, **MAIL)
    mine.do("send_mail", "hub-another", **MAIL)
    letter(box, "An order")
    events, cursor = received(mine.client, cursor)
    assert subjects(events) == ["An order"]
    assert received(mine.client, cursor)[0] == []


def test_a_search_without_end_says_so(box: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mail_watch, "PAGES", 2)
    box.note(mail_page=1)
    for n in range(3):
        letter(box, f"Number {n}")
    with pytest.raises(Refused, match="Narrow it"):
        received(box.client, None)


@pytest.mark.parametrize("search", ['subject:"offer', "(from:a OR from:b", "from:a) OR (in:anywhere", "{a b"])
def test_a_search_that_would_swallow_ours_is_refused(search: str) -> None:
    with pytest.raises(Refused, match="not closed"):
        search_of(search)


def test_a_long_search_is_refused_and_a_good_one_is_one_line() -> None:
    with pytest.raises(Refused, match="Shorten"):
        search_of("a" * 501)
    assert search_of(' subject:"a (b"\n from:c ') == 'subject:"a (b" from:c'


def test_a_search_that_would_fail_at_every_look_is_said_before_the_account_is_saved(box: Stand) -> None:
    with pytest.raises(Refused, match="not closed"):
        reopened(box, mail_search='subject:"offer').check()
    assert box.check().name == "ana@practice.example"


def test_reading_mail_needs_to_have_been_allowed(box: Stand) -> None:
    with pytest.raises(Refused, match="may not read your mail"):
        received(reopened(box, scope="openid", mail_search="in:inbox").client, None)


# --- what a mail becomes ----------------------------------------------------------------------------------------------


def one(box: Stand, **mail: Any) -> dict[str, Any]:
    _, cursor = received(box.client, None)
    arrive(box, **mail)
    events, _ = received(box.client, cursor)
    return shape(events[0].body)


def test_what_a_recipe_sees_of_a_mail(box: Stand) -> None:
    raw = (
        "From: =?utf-8?q?J=C3=B6rg=2C_Eve?= <Joerg@Client.example>\r\nTo: ana@practice.example, b@c.example\r\n"
        "Cc: d@e.example\r\nReply-To: r@client.example\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
        "Date: Mon, 02 Nov 2026 09:15:00 +0100\r\nMessage-ID: <m1@client.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
        "<p>Hello<script>no()</script> <b>Ana</b></p><p>Bye</p>\r\n--x\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="order.pdf"\r\n\r\nPDF\r\n--x--\r\n'
    )
    event = one(box, raw=raw)
    assert event["from_address"] == "joerg@client.example"
    assert event["from_name"] == "Jörg, Eve", "decoded after the addresses were told apart"
    assert (event["to"], event["cc"]) == (["ana@practice.example", "b@c.example"], ["d@e.example"])
    assert (event["reply_to"], event["subject"]) == ("r@client.example", "Grüße")
    assert event["text"] == "Hello Ana\nBye"
    assert event["attachments"] == [{"name": "order.pdf", "type": "application/pdf"}]
    assert (event["date"], event["message_id"]) == ("2026-11-02T08:15:00Z", "<m1@client.example>")
    assert event["labels"] == ["INBOX", "UNREAD"]
    assert event["thread"] == event["id"]
    assert event["url"] == f"https://mail.google.com/mail/#all/{event['id']}"
    assert (event["automatic"], event["whole"]) == (False, True)


def test_a_long_text_is_cut_and_says_so(box: Stand) -> None:
    event = one(box, text="word " * 20_000)
    assert len(event["text"]) == 50_000
    assert event["whole"] is False


def test_a_text_that_gmail_keeps_apart_is_told_by_its_beginning() -> None:
    part = {"mimeType": "text/plain", "body": {"attachmentId": "A1", "size": 9_000_000}}
    mail = read({"snippet": "It&#39;s long", "payload": part}, "ana@practice.example")
    assert (mail["text"], mail["whole"]) == ("It's long", False)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"headers": [{"name": "From", "value": "=?x-none?q?=FF?= <a@b"}], "mimeType": "text/plain"},
        {"mimeType": "text/plain", "body": {"data": "!!!not base64"}},
        {"mimeType": "text/plain", "body": {"data": base64.urlsafe_b64encode(b"\xff\x00").decode()}},
        {"headers": [{"name": "Date", "value": "yesterday"}, {"name": "Subject", "value": "\x00=?utf-8?b?AA==?="}]},
    ],
)
def test_whatever_a_stranger_sends_is_text_or_nothing(payload: Any) -> None:
    mail = read({"payload": payload}, "ana@practice.example")
    assert "\\x00" not in repr(mail)


def test_latin_text_and_parts_deep_inside_are_read() -> None:
    text = {
        "mimeType": "text/plain",
        "headers": [{"name": "Content-Type", "value": "text/plain; charset=iso-8859-1"}],
        "body": {"data": base64.urlsafe_b64encode("Grüße".encode("latin-1")).decode().rstrip("=")},
    }
    payload: dict[str, Any] = text
    for _ in range(50):
        payload = {"mimeType": "multipart/mixed", "parts": [payload]}
    assert read({"payload": payload}, "a@b.example")["text"] == "Grüße"


def test_what_is_no_mail_is_said() -> None:
    with pytest.raises(Unreadable):
        shape(b"{}")
