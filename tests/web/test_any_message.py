"""Any service's messages over real HTTP: what recipes see of them, what nobody can read, and the website to practise with."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from app.core import connections, practice
from app.db import models
from tests.connectors.signing_web import SECRET, signed
from tests.web.conftest import Site
from tests.web.sender import PLAIN, Sender, github


@pytest.fixture
def standard(served: Site) -> Sender:
    return Sender(served, SECRET)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "fields", "text"),
    [
        (b'{"event":"x","a":{"b":[1,2.5,null,true]}}', "application/json", {"event": "x", "a": {"b": [1, 2.5, None, True]}}, None),
        (b'\xef\xbb\xbf{"a":1}', "application/vnd.shop+json; charset=utf-8", {"a": 1}, '{"a":1}'),
        (b"[1]", "", {"list": [1]}, "[1]"),
        (b'"hello"', "application/json", {"value": "hello"}, '"hello"'),
        (b'{"a":1}', "text/plain", {"a": 1}, '{"a":1}'),
        ("Grüße".encode(), "text/plain", {}, "Grüße"),
        (b"{not json", "text/plain", {}, "{not json"),
        (b"", "", {}, ""),
        (b"a=1&b=x+y&a=2&c=", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": "x y", "c": ""}, None),
        (b"<a>1</a>", "application/xml", {}, "<a>1</a>"),
        (
            b'--xx\r\nContent-Disposition: form-data; name="who"\r\n\r\nAna\r\n--xx\r\nContent-Disposition: form-data; '
            b'name="plan"; filename="plan.pdf"\r\nContent-Type: application/pdf\r\n\r\n\xff\xfe\r\n--xx--\r\n',
            "multipart/form-data; boundary=xx",
            {"who": "Ana", "plan": "plan.pdf"},
            "",
        ),
    ],
)  # fmt: skip
def test_what_recipes_see(served: Site, body: bytes, kind: str, fields: Any, text: str | None) -> None:
    sender = Sender(served, scheme="bearer")
    assert sender.post(body, {"Authorization": f"Bearer {PLAIN}"}, kind).status_code == 200
    (seen,) = sender.seen()
    assert (seen["body"], seen["text"]) == (fields, body.decode() if text is None else text)


def test_github_may_send_its_json_as_a_form(served: Site) -> None:
    sender = Sender(served, scheme="github")
    body = urlencode({"payload": '{"action":"opened","issue":{"number":7}}'}).encode()
    assert sender.post(body, github(PLAIN, body), "application/x-www-form-urlencoded").status_code == 200
    (seen,) = sender.seen()
    assert (seen["type"], seen["body"]) == ("issues", {"action": "opened", "issue": {"number": 7}})


def test_githubs_ping_shows_that_it_is_alive_and_starts_nothing(served: Site) -> None:
    sender = Sender(served, scheme="github")
    assert sender.post(b"{}", github("wrong", b"{}", "ping")).status_code == 401
    assert connections.get(served.hub, sender.made["id"])["last_event_at"] is None
    answer = sender.post(b"{}", github(PLAIN, b"{}", "ping"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert sender.rows() == []
    assert connections.get(served.hub, sender.made["id"])["last_event_at"]
    other = Sender(served, scheme="header")  # a handshake only for the kind that was chosen
    assert other.post(b"{}", {"X-Hub-Secret": PLAIN, "X-GitHub-Event": "ping"}).status_code == 200
    assert len(other.rows()) == 1


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"\xff\xfe\x00", "text/plain", "not written in UTF-8"),
        (b"{", "application/json", "it is not"),
        (b'{"a":NaN}', "application/json", "NaN"),
        (b'{"a":1e999}', "application/json", "too large"),
        (b'{"a":1,"a":2}', "application/json", "names a field twice"),
        (b"[" * 21 + b"]" * 21, "application/json", "more than 20 levels"),
        (b"[" * 100_000, "application/json", "more than 20 levels"),
        (b"[" + b"0," * 10_000 + b"0]", "application/json", "more than 10,000 values"),
        (b"&".join([b"a=1"] * 10_001), "application/x-www-form-urlencoded", "more than 10,000 fields"),
        (b"hello", "multipart/form-data; boundary=xx", "there are none"),
    ],
)
def test_a_genuine_message_that_cannot_be_read_waits_for_a_person(
    served: Site, standard: Sender, body: bytes, kind: str, said: str
) -> None:
    answer = standard.post(body, dict(signed(body, SECRET, time.time())), kind)
    assert (answer.status_code, answer.content) == (202, b"")
    (row,) = standard.rows()
    assert (row["state"], said in row["error"]) == ("dead", True), row["error"]
    with served.hub.db.read() as conn:
        assert [r.kind for r in conn.execute(select(models.reviews)) if r.event == row["id"]] == ["dead"]


def test_no_letter_that_a_database_cannot_keep_comes_through(standard: Sender) -> None:
    body = b'{"type":"a\\u0000\\nb","\\ud800key":"x\\u0000\\udfff"}'
    assert standard.post(body, dict(signed(body, SECRET, time.time()))).status_code == 200
    (seen,) = standard.seen()
    assert (seen["type"], seen["body"]) == ("a b", {"type": "a\nb", "key": "x"})


# --- the practice website ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "way"),
    [
        ("standard", "standard"),
        ("standard", "svix"),
        ("github", "github"),
        ("github", "github-form"),
        ("header", "header"),
        ("bearer", "bearer"),
        ("basic", "basic"),
        ("address", "address"),
    ],
)
def test_the_practice_website_sends_in_every_way_when_a_person_presses_send(
    served: Site, scheme: str, way: str
) -> None:
    sender, owner = Sender(served, SECRET, scheme=scheme), served.visitor("owner")
    given = {"address": sender.url, "scheme": way, "message": '{"type":"order.paid"}'}
    assert "Refused (401)" in owner.client.post("/practice/web/send", data={**given, "secret": SECRET[:-4]}).text
    assert "Taken (200)" in owner.client.post("/practice/web/send", data={**given, "secret": SECRET}).text
    assert [one["type"] for one in sender.seen()] == ["order.paid"]


def test_the_practice_account_needs_no_secret_to_be_typed(served: Site) -> None:
    own = connections.get(served.hub, practice.connection_id(served.hub, "web"))
    given = {"address": own["hook_address"], "scheme": "standard", "message": "{}", "secret": ""}
    assert "Taken (200)" in served.visitor("owner").client.post("/practice/web/send", data=given).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"address": "https://elsewhere.example/"}, "Paste the address"),
        ({"address": "http://127.0.0.1:1/hooks/web/unknown"}, "Refused (404)"),  # it asks its own hub, not that address
        ({"message": "hello"}, "is no JSON"),
        ({"message": "[1]"}, "must be a JSON object"),
        ({"secret": "%%"}, "begins with whsec_"),
        ({"scheme": "magic"}, "knows these ways"),
    ],
)
def test_the_practice_website_calls_nobody_else_and_says_what_is_wrong(
    served: Site, standard: Sender, given: dict[str, str], words: str
) -> None:
    whole = {"address": standard.url, "scheme": "standard", "message": "{}", "secret": SECRET, **given}
    answer = served.visitor("owner").client.post("/practice/web/send", data=whole)
    assert (answer.status_code, words in answer.text) == (200, True), answer.text
    assert standard.rows() == []
