"""What a delivery gets: a 2xx only for what is committed, each event once, and no word about what is not there."""

from __future__ import annotations

import json
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from app.core import connections, events, intake, reviews
from app.core.intake import LARGEST, Answer
from app.db.models import connections as accounts
from app.db.session import Database
from tests.durability.world import Delivery, World

BOTH = pytest.mark.both_databases


def give(here: World, sent: Delivery, **more: Any) -> Answer:
    return intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers, **more)


@BOTH
def test_a_delivery_is_stored_and_copies_only_count(here: World) -> None:
    sent = here.delivery()
    first = give(here, sent)
    assert (first.status, first.body) == (200, {"event": first.event_ids[0]})
    for copies in (1, 2, 3):
        again = give(here, sent)
        assert (again.status, again.body, again.event_ids) == (200, {**first.body, "copy": True}, [])
        (event,) = here.events()
        assert event["copies"] == copies
    assert event["kind"] == "zoom.meeting.summary_completed"
    assert here.hub.vault.open(event["body"], f"events:{event['id']}:body") == sent.body


@BOTH
def test_fifty_copies_at_once_are_one_event(here: World) -> None:
    sent = here.delivery()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: give(here, sent), range(50)))
    assert {a.status for a in answers} == {200}
    assert sum(len(a.event_ids) for a in answers) == 1
    (event,) = here.events()
    assert event["copies"] == 49


def test_another_time_is_another_event_of_the_same_meeting(here: World) -> None:
    first, second = here.receive(when=1000), here.receive(when=2000)
    assert first != second
    assert len({event["once_key"] for event in here.events()}) == 1


def _flipped(sent: Delivery) -> Delivery:
    return replace(sent, body=sent.body.replace(b"Catch-up", b"Catch-uq"))


def _without(sent: Delivery) -> Delivery:
    return replace(sent, headers={})


def _restyled(sent: Delivery) -> Delivery:
    return replace(sent, body=json.dumps(json.loads(sent.body), indent=1).encode())


def _foreign(sent: Delivery) -> Delivery:
    return replace(sent, headers={**sent.headers, "x-zm-signature": "v0=ü"})


def _stale(sent: Delivery) -> Delivery:
    stamp = str(int(sent.headers["x-zm-request-timestamp"]) - 400)
    return replace(sent, headers={**sent.headers, "x-zm-request-timestamp": stamp})


@pytest.mark.parametrize("spoil", [_flipped, _without, _restyled, _foreign, _stale])
def test_a_bad_signature_is_refused_and_nothing_is_stored(here: World, spoil: Any) -> None:
    answer = give(here, spoil(here.delivery()))
    assert (answer.status, answer.body) == (400, {"error": "signature"})
    assert here.events() == []


def test_all_that_is_not_there_looks_the_same(here: World) -> None:
    sent = here.delivery()
    unknown = [("zoom", "another-key"), ("zoom", ""), ("notion", sent.key), ("nothing", sent.key)]
    answers = [intake.receive(here.hub, slug, key, sent.body, sent.headers) for slug, key in unknown]
    assert {(a.status, json.dumps(a.body)) for a in answers} == {(404, '{"error": "not found"}')}


def test_a_hook_without_a_secret_does_not_exist(here: World) -> None:
    sent, own = here.delivery(), here.connection("zoom")
    sealed = here.hub.vault.seal_json([], f"connections:{own}:hook_secrets")
    for secrets in (sealed, None):
        empty = update(accounts).where(accounts.c.id == own).values(hook_secrets=secrets)
        here.hub.db.write(lambda conn, empty=empty: conn.execute(empty))  # type: ignore[misc]
        assert give(here, sent).status == 404


def test_a_removed_connection_does_not_exist(here: World) -> None:
    sent = here.delivery()
    connections.remove(here.hub, here.connection("zoom"), by="Ana")
    assert give(here, sent).status == 404


def test_a_connection_that_must_be_renewed_still_listens(here: World) -> None:
    own = here.connection("zoom")
    here.hub.db.write(lambda conn: connections.break_connection(conn, here.hub, own, "Reconnect."))
    assert give(here, here.delivery()).status == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/json-seq", 415),
        ("", 415),
    ],
)
def test_only_json_is_taken(here: World, content_type: str, status: int) -> None:
    assert give(here, here.delivery(), content_type=content_type).status == status


def test_the_largest_delivery(here: World) -> None:
    sent = here.delivery(summary_overview="x")
    room = LARGEST - len(sent.body)
    assert give(here, here.delivery(summary_overview="x" * (room + 1))).status == 200
    assert give(here, here.delivery(summary_overview="x" * (room + 2))).status == 413


def test_zooms_check_of_the_address_is_answered(here: World) -> None:
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}
    answer = give(here, here.signed(json.dumps(body).encode()))
    assert answer.status == 200
    assert answer.body["plainToken"] == "abc"
    assert here.events() == []


@BOTH
def test_signed_but_unreadable_is_kept_and_shown(here: World) -> None:
    sent = here.signed(b'{"event": ')
    first, copy = give(here, sent), give(here, sent)
    assert (first.status, copy.status, copy.body) == (202, 202, {**first.body, "copy": True})
    (event,) = here.events()
    assert (event["id"], event["state"], bool(event["error"])) == (first.body["event"], "dead", True)
    assert event["copies"] == 1
    (review,) = reviews.listing(here.hub)
    assert (review["kind"], review["event"]) == ("dead", event["id"])
    assert "signed rightly but cannot be read" in review["says"]


def test_a_body_that_names_a_file_is_just_text(here: World) -> None:
    event = here.receive("/etc/passwd", summary_overview="!!python/object/apply:os.system {{ 7 | times: 7 }}")
    assert here.events()[0]["id"] == event


# --- what cannot be committed is not taken ----------------------------------------------------------------------------


def away(answer: Answer) -> bool:
    return (answer.status, dict(answer.headers), answer.event_ids) == (503, {"Retry-After": "30"}, [])


def test_a_full_disk(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = here.delivery()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=199 * 1024 * 1024))
    assert away(give(here, sent))
    assert here.events() == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=201 * 1024 * 1024))
    assert give(here, sent).status == 200


def test_a_full_disk_takes_no_unreadable_one_either(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = here.signed(b'{"event": ')
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    assert away(give(here, sent))
    assert here.events() == []


def test_a_database_that_is_away(here: World, tmp_path: Path) -> None:
    sent, there = here.delivery(), here.hub.db
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for url in (f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}", f"postgresql+psycopg://u:p@127.0.0.1:{port}/d"):
            here.hub.db = Database(url)
            try:
                assert away(give(here, sent))
            finally:
                here.hub.db.close()
                here.hub.db = there
    assert give(here, sent).status == 200  # and later it is taken


def test_a_commit_that_fails_is_no_yes(here: World) -> None:
    sent = here.delivery()
    refuse = "create trigger no before insert on events begin select raise(fail, 'no'); end"
    here.hub.db.write(lambda conn: conn.exec_driver_sql(refuse))
    assert away(give(here, sent))
    here.hub.db.write(lambda conn: conn.exec_driver_sql("drop trigger no"))
    assert give(here, sent).status == 200


def test_an_event_does_not_wait_for_a_clock_that_was_set_back(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    event = here.receive()
    assert events.new_ones(here.hub, 10, older_than=2000) == [], "it has just been rung for"
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert events.new_ones(here.hub, 10, older_than=2000) == [event]
