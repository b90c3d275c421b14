"""New and changed opportunities, found by asking once a day, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine

from app.core import connections, polling
from app.core.hub import Hub
from app.practice.serve import Served
from connectors.contract import JSON, Event, Refused
from connectors.grants import _client, _federal, connector
from connectors.grants._catch_up import CHANGED, POSTED
from tests.connectors.stand import Stand, reopened, standing

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
(POLL,) = connector.polls


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as at_noon:
        yield at_noon


@pytest.fixture(params=["", "key"])
def grants(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """Both interfaces, without the first three."""
    with standing("grants") as stand:
        for one in stand.served.control("state?slug=grants")["opportunity"]:
            stand.served.control("grants_forget", {"id": one["id"]})
        yield reopened(stand, key=stand.served.token) if request.param else stand


def keep(stand: Stand, days: int = 0, **given: Any) -> dict[str, Any]:
    """An opportunity that opened `days` ago."""
    opened = {} if "id" in given else {"opened": (NOW - timedelta(days=days)).date().isoformat()}
    return dict(stand.served.control("grants_keep", {**opened, **given}))


def look(stand: Stand, cursor: JSON = None) -> tuple[list[Event], JSON]:
    """One round; the cursor is stored as JSON in between."""
    found, after = POLL.run(stand.client, cursor)
    return found, json.loads(json.dumps(after))


def seen(event: Event) -> dict[str, Any]:
    return next(one for one in connector.triggers if one.kind == event.kind).shape(event.body)


def test_the_first_look_goes_back_one_week(grants: Stand) -> None:
    keep(grants, 8, title="Old")
    keep(grants, 6, title="New")
    found, cursor = look(grants)
    assert [seen(event)["title"] for event in found] == ["New"]
    assert len(cursor["seen"]) == 2


def test_a_search_is_run_once_a_day(grants: Stand, clock: time_machine.Traveller) -> None:
    _, cursor = look(grants)
    asked = len(grants.asked())
    clock.shift(timedelta(hours=21))
    assert look(grants, cursor) == ([], cursor)
    assert len(grants.asked()) == asked
    clock.shift(timedelta(hours=2))
    keep(grants, 300, title="Late to the list")
    found, cursor = look(grants, cursor)
    assert [event.kind for event in found] == [POSTED], "after the first look everything unknown is news"
    clock.shift(timedelta(hours=23))
    assert look(grants, cursor)[0] == []


def test_another_search_on_the_same_connection_is_run_at_once(grants: Stand) -> None:
    keep(grants, 100, title="Energy", categories=["EN"])
    keep(grants, 1, title="Health", categories=["HL"])
    key = grants.client.key
    _, cursor = look(reopened(grants, category="EN", key=key))
    found, _ = look(reopened(grants, category="HL", key=key), cursor)
    assert [seen(event)["title"] for event in found] == ["Health"]
    assert look(reopened(grants, key=key), cursor)[0] != []


def test_details_are_read_for_news_only(grants: Stand, clock: time_machine.Traveller) -> None:
    keep(grants, 1)
    keep(grants, 2)
    _, cursor = look(grants)
    clock.shift(timedelta(days=1))
    before = len(grants.asked())
    look(grants, cursor)
    assert len(grants.asked()) == before + 1


def test_a_deadline_that_moves_is_told_with_the_old_one(grants: Stand, clock: time_machine.Traveller) -> None:
    one = keep(grants, 30, title="Moves", closes="2027-01-31")
    _, cursor = look(grants)
    clock.shift(timedelta(days=1))
    keep(grants, id=one["id"], closes="2026-12-15")
    (event,), cursor = look(grants, cursor)
    told = seen(event)
    assert (event.kind, told["changes"]) == (CHANGED, ["deadline"])
    assert (told["closes_before"], told["closes"]) == ("2027-01-31", "2026-12-15")
    assert event.serial_key == f"grants:{one['id']}"
    clock.shift(timedelta(days=1))
    keep(grants, id=one["id"], closes="2027-01-31")
    clock.shift(timedelta(seconds=1))
    (back,), cursor = look(grants, cursor)
    clock.shift(timedelta(days=1))
    keep(grants, id=one["id"], closes="2026-12-15")
    (again,), _ = look(grants, cursor)
    assert len({event.dedupe_key, back.dedupe_key, again.dedupe_key}) == 3, "the same deadline a second time is news"


def test_a_forecast_that_is_posted_is_a_change_and_not_new(grants: Stand, clock: time_machine.Traveller) -> None:
    one = keep(grants, 3, status="forecasted")
    (first,), cursor = look(grants)
    clock.shift(timedelta(days=1))
    keep(grants, id=one["id"], status="posted")
    (event,), _ = look(grants, cursor)
    assert (first.kind, event.kind) == (POSTED, CHANGED)
    assert (seen(event)["status_before"], seen(event)["status"]) == ("forecasted", "posted")


def test_new_words_are_a_change(grants: Stand, clock: time_machine.Traveller) -> None:
    one = keep(grants, 3, title="Fist grant")
    _, cursor = look(grants)
    clock.shift(timedelta(days=1))
    keep(grants, id=one["id"], title="First grant")
    (event,), _ = look(grants, cursor)
    assert seen(event)["changes"] == ["text"]


def test_with_a_key_the_same_opportunities_go_on(clock: time_machine.Traveller) -> None:
    """Both interfaces name an opportunity by its whole number, so that the other one tells nothing twice."""
    with standing("grants") as stand:
        found, cursor = look(stand)
        assert len(found) == 3
        clock.shift(timedelta(days=1))
        other = reopened(stand, key=stand.served.token)
        assert look(other, cursor)[0] == []
        assert {event.dedupe_key for event in look(other)[0]} == {event.dedupe_key for event in found}


def test_all_pages_are_read(grants: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_pages(grants, monkeypatch)
    ids = {keep(grants, n % 5, title=f"No {n}")["id"] for n in range(7)}
    found, _ = look(grants)
    assert {seen(event)["id"] for event in found} == ids
    assert len(found) == 7


def _small_pages(grants: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three, so that a few opportunities fill several."""
    monkeypatch.setattr(_federal, "ROWS", 3)
    page = grants.client.page
    monkeypatch.setattr(grants.client, "page", lambda what, number: page(what, number, 3))


def test_what_was_found_before_page_two_failed_is_kept(grants: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_pages(grants, monkeypatch)
    for n in range(5):
        keep(grants, n)
    grants.served.fault("grants", "status", status=500, contains='"startRecordNum": 3')
    grants.served.fault("grants", "status", status=500, contains='"page_offset": 2')
    found, cursor = look(grants)
    assert len(found) == 3
    rest, cursor = look(grants, cursor)
    assert len(rest) == 2
    assert not {event.dedupe_key for event in found} & {event.dedupe_key for event in rest}


def test_a_first_page_that_fails_is_heard(grants: Stand) -> None:
    grants.served.fault("grants", "status", status=500)
    with pytest.raises(requests.HTTPError):
        look(grants)


def test_a_round_has_an_end(grants: Stand) -> None:
    for n in range(60):
        keep(grants, n % 3)
    first, cursor = look(grants)
    rest, cursor = look(grants, cursor)
    assert (len(first), len(rest)) == (50, 10)
    assert look(grants, cursor) == ([], cursor)


def test_a_search_that_finds_too_much_says_so(grants: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(grants)
    keep(grants)
    monkeypatch.setattr(_client, "MOST", 1)
    monkeypatch.setattr(_federal, "ROWS", 1)
    with pytest.raises(Refused, match="Narrow it"):
        look(grants)


def test_one_that_is_gone_before_it_is_read_is_left_for_tomorrow() -> None:
    with standing("grants") as stand:
        gone = {"errorcode": 1, "msg": "gone", "data": {}}
        stand.served.fault("grants", "status", path="/v1/api/fetchOpportunity", status=200, body=gone)
        found, cursor = look(stand)
        assert len(found) == 2
        assert len(cursor["seen"]) == 2


def test_what_is_no_longer_listed_is_forgotten_after_a_while(grants: Stand, clock: time_machine.Traveller) -> None:
    keep(grants, status="posted")
    _, cursor = look(grants)
    grants.served.control("grants_forget", {"id": next(iter(cursor["seen"]))})
    clock.shift(timedelta(days=89))
    _, cursor = look(grants, cursor)
    assert len(cursor["seen"]) == 1
    clock.shift(timedelta(days=3))
    _, cursor = look(grants, cursor)
    assert cursor["seen"] == {}


def test_a_hub_stores_each_opportunity_once(hub: Hub, practice: Served, clock: time_machine.Traveller) -> None:
    """Through the connection, its poll, and the table of events."""
    hub.settings = replace(hub.settings, vendor_urls={"practice": practice.url})
    assert hub.secret  # made at the start of every process
    made = connections.create(hub, "grants", {"applicant": "all", "words": "mentoring"}, practice=True)
    assert made["name"] == "“mentoring” (All applicants)"
    assert polling.due(hub) == [(made["id"], POSTED)]
    assert len(polling.poll(hub, made["id"], POSTED)) == 1
    assert polling.poll(hub, made["id"], POSTED) == []
