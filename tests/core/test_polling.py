"""The catch-up: what a webhook lost is found once, what came both ways runs once, and a failure forgets nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from app.core import connections, events, intake, polling, practice
from app.db import models
from tests.durability.world import ALL_WELL, Delivery, World, drive

BOTH = pytest.mark.both_databases
KIND = "meeting.summary_completed"


def lose(here: World, topic: str = "Catch-up", **about: Any) -> Delivery:
    """A recap that Zoom has, and whose webhook never came."""
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sent = here.delivery(topic, summary_created_time=made, summary_last_modified_time=made, **about)
    here.served.control("recap", {"body": json.loads(sent.body)})
    return sent


def look(here: World) -> list[str]:
    """One round, whenever it is due."""
    here.skip(1_000_000)
    found = [polling.poll(here.hub, *one) for one in due(here)]
    return [event for part in found for event in part]


def row(here: World) -> dict[str, Any]:
    (found,) = here._rows(models.polls, connection=here.connection("zoom"), kind=KIND)
    return found


def due(here: World) -> list[tuple[str, str]]:
    """Of recaps; what else is caught up with is no matter here."""
    return [one for one in polling.due(here.hub) if one == (here.connection("zoom"), KIND)]


@BOTH
def test_a_lost_recap_is_found_once(here: World) -> None:
    lose(here)
    assert len(look(here)) == 1
    assert look(here) == []
    assert look(here) == []
    here.work()
    assert here.state() == ALL_WELL


def test_what_came_by_webhook_is_not_polled_again(here: World) -> None:
    sent = lose(here)
    assert intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers).status == 200
    assert look(here) == []
    here.work()
    assert len(here.runs()) == 1


def test_a_webhook_after_the_poll_starts_nothing_more(here: World) -> None:
    sent = lose(here)
    assert len(look(here)) == 1
    assert intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers).status == 200
    here.work()
    assert len(here.runs()) == 1
    assert here.pages() == ["Catch-up"]


def test_a_poll_has_its_time(here: World) -> None:
    own = here.connection("zoom")
    assert due(here) == [(own, KIND)]
    assert due(here) == []  # leased
    polling.poll(here.hub, own, KIND)
    here.skip(899_000)
    assert due(here) == []
    here.skip(2_000)
    assert due(here) == [(own, KIND)]


def test_a_clock_that_died_while_polling_holds_it_up_for_its_lease_only(here: World) -> None:
    assert due(here)
    here.skip(int(300_000 * here.settings.patience) + 1)
    assert due(here)


def _cut(here: World) -> None:
    here.served.fault("zoom", "cut_before", path="/v2/meetings", times=9)


def _down(here: World) -> None:
    here.served.fault("zoom", "status", path="/v2/meetings", status=503, times=9)


def _rubbish(here: World) -> None:
    here.served.fault("zoom", "rubbish", path="/v2/meetings", times=9)


@pytest.mark.parametrize("fault", [_cut, _down, _rubbish])
def test_a_failure_keeps_the_cursor_and_is_noted(here: World, fault: Callable[[World], None]) -> None:
    look(here)
    cursor = row(here)["cursor"]
    assert cursor
    lose(here)
    fault(here)
    assert look(here) == []
    assert row(here)["cursor"] == cursor
    assert row(here)["error"]
    here.served.control("faults", method="DELETE")
    assert len(look(here)) == 1
    assert row(here)["error"] == ""
    assert row(here)["cursor"] != cursor


def test_what_is_fetched_seldom_is_not_put_off_as_long_by_a_failure(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoom = here.hub.connectors["zoom"]
    seldom = replace(zoom, polls=(replace(zoom.polls[0], every=86_400.0),))
    monkeypatch.setitem(here.hub.connectors, "zoom", seldom)
    _down(here)
    look(here)
    assert row(here)["error"]
    here.skip(901_000)
    assert due(here)


def test_the_cursor_stays_when_what_was_found_cannot_be_stored(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lose(here)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
        assert look(here) == []
        assert row(here)["cursor"] == ""
    assert len(look(here)) == 1


def test_a_revoked_account_is_shown_and_not_asked_again(here: World) -> None:
    own = here.connection("zoom")
    here.served.control("revoke", {"slug": "zoom"})
    assert look(here) == []
    assert connections.get(here.hub, own)["state"] == "reconnect"
    (review,) = here.reviews(state="open")
    assert (review["kind"], review["connection"]) == ("reconnect", own)
    here.skip(1_000_000)
    assert due(here) == []
    here.served.control("unrevoke", {"slug": "zoom"})
    assert connections.check(here.hub, own)["ok"]
    lose(here)
    assert len(look(here)) == 1


def test_a_connection_without_credentials_is_not_polled(here: World) -> None:
    own = here.connection("zoom")
    bare = update(models.connections).where(models.connections.c.id == own).values(secret=None)
    here.hub.db.write(lambda conn: conn.execute(bare))
    assert due(here) == []


def test_a_connection_removed_meanwhile_is_only_a_sentence(here: World) -> None:
    own = here.connection("zoom")
    assert due(here)
    connections.remove(here.hub, own, by="Ana")
    assert polling.poll(here.hub, own, KIND) == []
    assert "was removed" in row(here)["error"]


def test_old_events_are_routed_by_the_clock(here: World) -> None:
    lose(here)
    (event,) = look(here)
    assert events.new_ones(here.hub, 10) == [event]
    drive(here.hub)
    assert events.new_ones(here.hub, 10) == []


def test_clocks_leave_practice_accounts_alone_that_no_recipe_uses(here: World) -> None:
    zoom, notion = (
        practice.connection_id(here.hub, slug) for slug in ("zoom", "notion")
    )  # which the shipped recipe uses
    asked = polling.due(here.hub, idle_practice=False)
    assert {connection for connection, _ in asked} == {zoom, notion}
    rest = polling.due(here.hub)
    assert len({connection for connection, _ in rest}) > 3
    assert zoom not in {connection for connection, _ in rest}  # it is leased
