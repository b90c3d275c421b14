"""New mail, found by asking: nothing twice, nothing left out, and nothing a stranger writes breaks anything."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.core import connections, polling
from app.core.hub import Hub
from app.practice.serve import Served
from connectors.contract import JSON, Event, Refused, Unauthorized, Unreadable
from connectors.email import _inbox, _parse, connector
from tests.connectors.stand import Stand, reopened, standing

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples" / "email"
(POLL,) = connector.polls
(TRIGGER,) = connector.triggers
OWN = "office@practice.example"


@pytest.fixture
def box() -> Iterator[Stand]:
    with standing("email") as stand:
        yield stand


def arrive(box: Stand, **more: Any) -> dict[str, Any]:
    return dict(box.served.control("email_arrive", more))


def look(box: Stand, cursor: JSON) -> tuple[list[Event], JSON]:
    """One round; the cursor is stored as JSON in between."""
    found, after = POLL.run(box.client, cursor)
    return found, json.loads(json.dumps(after))


def subjects(events: list[Event]) -> list[str]:
    return [str(TRIGGER.shape(event.body)["subject"]) for event in events]


def test_what_is_there_at_first_is_no_news(box: Stand) -> None:
    """One mail lies there from the start; people have seen it."""
    found, cursor = look(box, None)
    assert found == []
    arrive(box, headers={"Subject": "First"})
    found, cursor = look(box, cursor)
    assert subjects(found) == ["First"]
    assert look(box, cursor)[0] == [], "the last mail answers to every question, and is told once"


def test_mails_stay_unread(box: Stand) -> None:
    _, cursor = look(box, None)
    one = arrive(box)
    look(box, cursor)
    found = box.served.control("state?slug=email")["mail"]
    assert [mail["flags"] for mail in found if mail["id"] == one["id"]] == [[]]


def test_what_a_recipe_sees(box: Stand) -> None:
    _, cursor = look(box, None)
    when = NOW.timestamp()
    arrive(
        box,
        received=when,
        headers={"Subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Cc": "bob@client.example"},
        text="Hi\n\nAnn",
    )
    ((event,), _) = look(box, cursor)
    seen = TRIGGER.shape(event.body)
    assert set(seen) == {name for name in TRIGGER.fields if "[" not in name}
    assert (seen["from_address"], seen["from_name"]) == ("ann@client.example", "Ann Example")
    assert (seen["subject"], seen["text"], seen["cc"]) == ("Grüße", "Hi\n\nAnn", ["bob@client.example"])
    assert (seen["received"], seen["date"]) == ("2026-11-20T12:00:00Z", "2026-11-02T08:15:00Z")
    assert event.dedupe_key == f"mail.received:{seen['uid']}"
    assert event.occurred_at == int(when * 1000)


def test_a_folder_that_was_made_anew_tells_nothing_twice(box: Stand) -> None:
    with time_machine.travel(NOW, tick=False):
        _, cursor = look(box, None)
        arrive(box, headers={"Subject": "Before"}, received=NOW.timestamp())
        ((before,), cursor) = look(box, cursor)
        box.served.control("email_renumber", {})
        arrive(box, headers={"Subject": "After"}, received=NOW.timestamp())
        found, cursor = look(box, cursor)
        known = {event.once_key: event for event in found}
        assert before.once_key in known
        assert known[before.once_key].dedupe_key != before.dedupe_key, "folded by its once_key"
        assert "After" in subjects(found)
        assert look(box, cursor)[0] == []


def test_what_is_old_is_not_read_again_after_that(box: Stand) -> None:
    with time_machine.travel(NOW, tick=False):
        arrive(box, headers={"Subject": "Old"}, received=(NOW - timedelta(days=3)).timestamp())
        _, cursor = look(box, None)
        box.served.control("email_renumber", {})
        assert "Old" not in subjects(look(box, cursor)[0])


def test_an_old_inbox_that_was_made_anew_is_no_news_in_the_next_round(box: Stand) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        _, cursor = look(box, None)
        for days in (40, 9, 3):
            arrive(box, headers={"Subject": f"{days} days old"}, received=(NOW - timedelta(days=days)).timestamp())
        _, cursor = look(box, cursor)
        clock.shift(timedelta(days=30))
        _, cursor = look(box, cursor)
        box.served.control("email_renumber", {})
        found, cursor = look(box, cursor)
        assert "9 days old" not in subjects(found)
        assert look(box, cursor) == ([], cursor)
        arrive(box, headers={"Subject": "New"})
        assert subjects(look(box, cursor)[0]) == ["New"]


def test_a_round_has_an_end(box: Stand) -> None:
    _, cursor = look(box, None)
    for n in range(30):
        arrive(box, headers={"Subject": str(n)})
    first, cursor = look(box, cursor)
    rest, cursor = look(box, cursor)
    assert subjects(first + rest) == [str(n) for n in range(30)]
    assert len(first) == 25


def test_large_mails_are_read_in_part(box: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_inbox, "WHOLE", 2000)
    monkeypatch.setattr(_inbox, "_BATCH", 2500)
    _, cursor = look(box, None)
    for n, text in enumerate(["small", "x" * 300_000, "small", "y" * 1500, "z" * 1500]):
        arrive(box, headers={"Subject": str(n)}, text=text)
    found, _ = look(box, cursor)
    seen = [TRIGGER.shape(event.body) for event in found]
    assert [one["subject"] for one in seen] == ["0", "1", "2", "3", "4"]
    assert [one["whole"] for one in seen] == [True, False, True, True, True]
    assert seen[1]["text"].startswith("xxx")
    assert len(seen[1]["text"]) == 50_000
    fetched = [one["body"] for one in box.asked("FETCH") if "BODY" in one["body"]]
    assert len(fetched) == 4, "never more at once than is allowed"
    assert "<0.262144>" in fetched[1]


def test_what_was_read_before_a_failure_is_kept(box: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_inbox, "_BATCH", 1)
    _, cursor = look(box, None)
    for n in range(3):
        arrive(box, headers={"Subject": str(n)})
    box.served.fault("email", "cut_before", method="FETCH", skip=2)
    found, cursor = look(box, cursor)
    assert subjects(found) == ["0"]
    assert subjects(look(box, cursor)[0]) == ["1", "2"]


def test_a_failure_at_the_beginning_is_heard(box: Stand) -> None:
    _, cursor = look(box, None)
    arrive(box)
    box.served.fault("email", "status", method="FETCH", body="[SERVERBUG] Sorry")
    with pytest.raises(Exception, match="not available now"):
        look(box, cursor)
    with pytest.raises(Unauthorized):
        look(reopened(box, password="wrong"), cursor)


def test_an_inbox_that_is_gone_is_told(box: Stand) -> None:
    with pytest.raises(Refused, match="folder is no longer there"):
        box.client.ask("SEARCH", "Nowhere", after=1)


# --- what strangers write ---------------------------------------------------------------------------------------------


def read(raw: str | bytes) -> dict[str, Any]:
    content = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
    return _parse.read(base64.b64encode(content).decode(), OWN)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nGr\xfc\xdfe", "Gr"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe", "Gr"),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nnot base64!", ""),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nno end", "no end"),
        (b"Content-Type: multipart/mixed\r\n\r\nno boundary", ""),
        (b'Subject: \xff\xfe\r\nFrom: "\r\nDate: never\r\nMessage-ID:\r\n\r\nHi\x00', "Hi"),
        (b"", ""),
        (b"\xff\xff\xff", ""),
        (b"From: =?utf-8?b?!!!?= <a@b.example>\r\n\r\nHi", "Hi"),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nHi", ""),
    ],
)
def test_broken_mails_are_read_as_far_as_they_can_be(raw: bytes, text: str) -> None:
    seen = read(raw)
    assert text in seen["text"]
    told = json.dumps(seen)
    assert "\\u0000" not in told
    assert told.encode("utf-8")


def test_html_becomes_what_people_would_see() -> None:
    seen = read(
        "Content-Type: text/html\n\n<style>p{}</style><p>Hi &amp; hello</p><!-- x --><script>1</script>Bye<br>Ann"
    )
    assert seen["text"] == "Hi & hello\nBye\nAnn"
    both = read(
        "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nPlain\n"
        "--x\nContent-Type: text/html\n\n<p>Rich</p>\n--x--\n"
    )
    assert both["text"] == "Plain"


def test_attachments_are_named_and_not_read() -> None:
    seen = read(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee there\n"
        '--x\nContent-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename="../a\nb.pdf"\n\n%PDF\n--x--\n'
    )
    assert seen["text"] == "See there"
    assert [one["type"] for one in seen["attachments"]] == ["application/pdf"]
    assert "\n" not in seen["attachments"][0]["name"]


@pytest.mark.parametrize(
    ("head", "automatic"),
    [
        ("Auto-Submitted: auto-generated", True),
        ("Auto-Submitted: No", False),
        ("Precedence: list", True),
        ("List-Id: <a.example>", True),
        ("Return-Path: <>", True),
        (f"From: Us <{OWN}>", True),
        ("From: ann@client.example", False),
    ],
)
def test_mails_of_programs_are_told_apart(head: str, automatic: bool) -> None:
    assert read(f"{head}\n\nHi")["automatic"] is automatic


def test_an_id_that_was_folded_is_the_same_id() -> None:
    assert read("Message-ID:\n <one@client.example>\n\nHi")["message_id"] == "<one@client.example>"


def test_a_copied_id_hides_no_other_mail() -> None:
    head = "Message-ID: <one@client.example>\nFrom: ann@client.example\nSubject: A\n\n"
    assert _parse.once(read(head + "Hi")) == _parse.once(read(head + "Hi"))
    assert _parse.once(read(head + "Hi")) != _parse.once(read(head + "Something else"))
    assert _parse.once(read("Subject: A\n\nHi")) != _parse.once(read("Subject: B\n\nHi"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (" 7-Nov-2026 09:15:00 +0100", "2026-11-07T08:15:00+00:00"),
        ("17-Nov-2026 09:15:00 +0000", "2026-11-17T09:15:00+00:00"),
        ("soon", None),
        ("32-Nov-2026 09:15:00 +0000", None),
    ],
)
def test_the_servers_time_is_read(text: str, moment: str | None) -> None:
    found = _inbox._moment(text)
    assert (found.astimezone(UTC).isoformat() if found else None) == moment


def test_samples_have_the_shape_recipes_see() -> None:
    for sample in SAMPLES.iterdir():
        assert TRIGGER.shape(sample.read_bytes())["from_address"]
    for broken in (b"", b"{}", b'{"mail": {}}', b'{"mail": 1}'):
        with pytest.raises(Unreadable):
            TRIGGER.shape(broken)


def test_a_hub_stores_each_mail_once(hub: Hub, practice: Served) -> None:
    """Through the connection, its poll, and the table of events; also after the folder was made anew."""
    hub.settings = replace(hub.settings, vendor_urls={"practice": practice.url})
    assert hub.secret  # made at the start of every process
    given = {name: value.replace("{token}", practice.token) for name, value in connector.practice.items()}
    own = connections.create(hub, "email", given, practice=True)
    assert own["name"] == OWN
    kind = TRIGGER.kind
    assert polling.due(hub) == [(own["id"], kind)]
    assert polling.poll(hub, own["id"], kind) == []
    practice.control("email_arrive", {})
    assert len(polling.poll(hub, own["id"], kind)) == 1
    practice.control("email_renumber", {})
    practice.control("email_arrive", {"headers": {"Subject": "Another"}})
    assert len(polling.poll(hub, own["id"], kind)) == 2, "the one from before connecting, and the new one"
