"""New and changed posts of a WordPress site, found by asking; and what recipes see of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from connectors.contract import Event, Unreadable
from connectors.wordpress import connector
from tests.connectors.stand import Stand, standing

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PUBLISHED, UPDATED = connector.polls


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("wordpress") as stand:
        yield stand


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as at_noon:
        yield at_noon


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def post(site: Stand, ago: timedelta, title: str = "By hand", **more: Any) -> dict[str, Any]:
    when = stamp(NOW - ago)
    body = {"title": title, "date_gmt": when, "modified_gmt": when, **more}
    return dict(site.served.control("wordpress_post", body))


def titles(events: list[Event]) -> list[str]:
    (trigger, _) = connector.triggers
    return [str(trigger.shape(event.body)["title"]) for event in events]


def test_the_first_look_goes_back_one_day(site: Stand) -> None:
    post(site, timedelta(hours=25), "Old")
    post(site, timedelta(hours=23), "New")
    post(site, timedelta(hours=1), "Draft", status="draft")
    events, _ = PUBLISHED.run(site.client, None)
    assert titles(events) == ["New"]


def test_a_post_starts_once_however_often_it_is_changed(site: Stand, clock: time_machine.Traveller) -> None:
    made = post(site, timedelta(minutes=10))
    (first,), cursor = PUBLISHED.run(site.client, None)
    clock.shift(300)
    post(site, timedelta(minutes=10), "New title", number=made["number"], modified_gmt=stamp(NOW))
    assert PUBLISHED.run(site.client, json.loads(json.dumps(cursor)))[0] == []
    ((again,), _) = PUBLISHED.run(site.client, None)
    assert again.dedupe_key == first.dedupe_key == f"post.published:{made['number']}"
    assert first.occurred_at == int((NOW - timedelta(minutes=10)).timestamp() * 1000)


def test_a_scheduled_post_is_found_though_its_last_change_is_old(site: Stand, clock: time_machine.Traveller) -> None:
    """WordPress sets the status and leaves the time of the last change as it was; late, where nobody visits the site."""
    made = post(site, timedelta(hours=1), "Scheduled", status="future", modified_gmt=stamp(NOW - timedelta(days=9)))
    events, cursor = PUBLISHED.run(site.client, None)
    assert events == []
    post(site, timedelta(minutes=-5), "Right away")
    clock.shift(3600)
    events, cursor = PUBLISHED.run(site.client, cursor)
    post(site, timedelta(hours=1), number=made["number"], status="publish", modified_gmt=stamp(NOW - timedelta(days=9)))
    late, _ = PUBLISHED.run(site.client, cursor)
    assert (titles(events), titles(late)) == (["Right away"], ["By hand"])


def test_a_site_that_reads_times_in_its_own_zone_loses_nothing(site: Stand, clock: time_machine.Traveller) -> None:
    """`after` may mean local time: the question reaches two days back, and only what is new comes of it."""
    _, cursor = PUBLISHED.run(site.client, None)
    asked = site.asked("GET")[-1]["query"]
    assert "after=2026-10-30T12%3A00%3A00Z" in asked
    clock.shift(300)
    post(site, timedelta(hours=30), "Before the connection")
    assert PUBLISHED.run(site.client, cursor)[0] == []


def test_dates_without_a_zone_are_utc(site: Stand) -> None:
    post(site, timedelta(hours=2))
    (event,), _ = PUBLISHED.run(site.client, None)
    assert connector.triggers[0].shape(event.body)["published"] == "2026-11-02T10:00:00Z"


def test_changes_of_public_posts_are_told_once_each(site: Stand, clock: time_machine.Traveller) -> None:
    made = post(site, timedelta(days=90), "Evergreen", modified_gmt=stamp(NOW - timedelta(hours=2)))
    post(site, timedelta(hours=1), "Just published")
    events, cursor = UPDATED.run(site.client, None)
    assert titles(events) == ["Evergreen"]
    clock.shift(900)
    assert UPDATED.run(site.client, cursor)[0] == []
    post(site, timedelta(days=90), "Again", number=made["number"], modified_gmt=stamp(NOW + timedelta(minutes=9)))
    events, _ = UPDATED.run(site.client, cursor)
    assert titles(events) == ["Again"]


def test_many_posts_come_page_by_page(site: Stand) -> None:
    for n in range(230):
        post(site, timedelta(hours=20) - timedelta(minutes=n), f"P{n}")
    events, cursor = PUBLISHED.run(site.client, None)
    assert titles(events) == [f"P{n}" for n in range(200)]
    events, cursor = PUBLISHED.run(site.client, cursor)
    assert titles(events) == [f"P{n}" for n in range(200, 230)]
    assert PUBLISHED.run(site.client, cursor)[0] == []


def test_a_page_past_the_end_is_the_end(site: Stand) -> None:
    for n in range(100):
        post(site, timedelta(hours=20) - timedelta(minutes=n))
    assert len(PUBLISHED.run(site.client, None)[0]) == 100
    assert [one["status"] for one in site.asked("GET")[-2:]] == [200, 400]


def test_what_was_read_before_page_two_failed_is_kept(site: Stand) -> None:
    for n in range(150):
        post(site, timedelta(hours=20) - timedelta(minutes=n), f"P{n}")
    site.client.read("/")
    site.served.fault("wordpress", "status", method="GET", path="/wp-json/wp/v2/posts", skip=1, status=500)
    events, cursor = PUBLISHED.run(site.client, None)
    assert titles(events) == [f"P{n}" for n in range(100)]
    site.served.fault("wordpress", "status", method="GET", path="/wp-json/wp/v2/posts", status=500)
    with pytest.raises(requests.HTTPError):
        PUBLISHED.run(site.client, cursor)
    events, _ = PUBLISHED.run(site.client, cursor)
    assert titles(events) == [f"P{n}" for n in range(100, 150)]


@pytest.mark.parametrize("odd", ["0000-00-00T00:00:00", "never", None, 7])
def test_a_post_without_a_date_is_passed_over(site: Stand, odd: Any) -> None:
    from connectors.wordpress._published import _fresh, _Place

    place = _Place.read(None)
    assert _fresh(place, {"id": 1, "date_gmt": odd, "modified_gmt": odd}, "post.published", "date") == []


# --- what recipes see -------------------------------------------------------------------------------------------------

SAMPLES = sorted((Path(__file__).parent / "samples" / "wordpress").glob("*.json"))


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_every_field_is_always_there(sample: Path) -> None:
    for trigger in connector.triggers:
        seen = trigger.shape(sample.read_bytes())
        assert set(seen) == {name for name in trigger.fields if not name.endswith("[]")}


def test_text_is_readable_and_holds_no_scripts() -> None:
    (trigger, _) = connector.triggers
    seen = trigger.shape((Path(__file__).parent / "samples" / "wordpress" / "post_published.json").read_bytes())
    assert seen["title"] == "Grants for makers’ workshops & studios"
    assert seen["text"].split("\n")[:2] == ["The foundation gives up to 5,000.", "Who may apply"]
    assert "alert" not in seen["text"]
    assert seen["category_ids"] == ["3"]


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"post": 5}', b'{"post": {}}'])
def test_what_is_no_post_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        connector.triggers[0].shape(body)
