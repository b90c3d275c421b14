"""Recipes that begin at times: one run per instant, whatever clocks and outages do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import time_machine

from app.core import firing, hold, house, recipes, rehearsal, runs, schedules, wall
from app.core.hub import open_hub
from app.db.models import recipes as table
from app.settings import Settings
from tests.durability.world import MEETINGS, World, quick, world

RECIPE = """\
recipe: morning-note
title: Morning note
purpose: To write a note at a time.
settings:
  meetings: {label: Database, type: notion.data_source}
when: WHEN
steps:
  - id: page
    do: notion.create_page
    given:
      data_source: "{{ settings.meetings }}"
      title: "Note of {{ event.weekday }} {{ event.local }}, after {{ event.last_at }}"
      markdown: "Today is {{ house.today }}."
"""
CASES = """\
- name: A note
  event: {at: 2026-11-30T07:00}
  settings: {meetings: 11111111-1111-4111-8111-111111111111}
  expect: {writes: [{action: notion.create_page, arguments: {title: {starts: Note of Monday}}}]}
"""
BEGIN = "2026-11-29T12:00:00+00:00"  # a Sunday


def publish(here: World, folder: Path, when: str, text: str = RECIPE) -> None:
    place = folder / "morning-note"
    place.mkdir(exist_ok=True)
    (place / "recipe.yaml").write_text(text.replace("WHEN", when))
    (place / "cases.yaml").write_text(CASES)
    recipes.publish(here.hub, place, by="test")


def on(here: World, folder: Path, when: str) -> None:
    publish(here, folder, when)
    recipes.switch_on(here.hub, "morning-note", practice=True, settings={"meetings": MEETINGS})


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.fromisoformat(BEGIN), tick=False) as moved:
        yield moved


@pytest.fixture(params=["sqlite", "postgres"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    request.getfixturevalue("clock")
    own = Settings(home=tmp_path / "home")
    if request.param == "postgres":
        with (
            request.getfixturevalue("postgres").fresh() as url,
            world(Settings(home=tmp_path / "home", database_url=url), tmp_path / "vendors") as made,
        ):
            yield made
        return
    with world(own, tmp_path / "vendors") as made:
        yield made


def to(clock: time_machine.Traveller, text: str) -> None:
    clock.move_to(datetime.fromisoformat(text))


MONDAYS = "{every: monday at 07:00, zone: Europe/Berlin}"


def test_a_run_begins_at_its_time_and_writes_what_the_recipe_says(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, MONDAYS)
    coming = schedules.coming(here.hub, "morning-note", True)
    assert coming
    assert coming.next_at == datetime.fromisoformat("2026-11-30T06:00:00Z").timestamp() * 1000
    to(clock, "2026-11-30T05:59:59Z")
    assert firing.fire(here.hub) == []
    to(clock, "2026-11-30T06:00:01Z")
    assert len(firing.fire(here.hub)) == 1
    assert firing.fire(here.hub) == []
    here.work()
    run = here.run()
    assert (run["state"], run["start_key"]) == ("done", "time:morning-note:practice:1796018400000")
    assert here.pages() == ["Note of Monday 2026-11-30T07:00+01:00, after"]
    to(clock, "2026-12-07T06:00:03Z")
    firing.fire(here.hub)
    here.work()
    assert here.pages()[-1] == "Note of Monday 2026-12-07T07:00+01:00, after 2026-11-30T06:00:00Z"
    assert run["title"] == "Monday, 30 November 2026, 07:00"
    told = runs.story(here.hub, run["id"])
    assert told["event"]["kind"] == "time"


def test_any_number_of_clocks_begin_one_run(here: World, clock: time_machine.Traveller, tmp_path: Path) -> None:
    on(here, tmp_path, MONDAYS)
    to(clock, "2026-11-30T06:00:01Z")
    hubs = [open_hub(here.settings, quick(here.settings)) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            started = [run for found in pool.map(firing.fire, hubs) for run in found]
    finally:
        for hub in hubs:
            hub.close()
    assert len(started) == 1
    assert [run["id"] for run in here.runs()] == started


@pytest.mark.parametrize(
    ("catch_up", "instants"),
    [
        ("last", ["2026-12-02T20:00Z"]),
        (
            "all",
            [f"2026-12-0{1 + (h >= 24)}T{h % 24:02}:00Z" for h in range(21, 24)]
            + [f"2026-12-02T{h:02}:00Z" for h in range(21)],
        ),
        ("none", []),
    ],
)
def test_after_an_outage_catch_up_says_what_begins(
    here: World, clock: time_machine.Traveller, tmp_path: Path, catch_up: str, instants: list[str]
) -> None:
    on(here, tmp_path, f"{{every: hour, catch_up: {catch_up}}}")
    to(clock, "2026-12-02T20:30:00Z")
    assert len(firing.fire(here.hub)) == len(instants)
    assert firing.fire(here.hub) == []
    made = sorted(int(run["start_key"].rpartition(":")[2]) for run in here.runs())
    assert made == [int(datetime.fromisoformat(each).timestamp() * 1000) for each in instants]
    coming = schedules.coming(here.hub, "morning-note", True)
    assert coming
    assert coming.next_at == int(datetime.fromisoformat("2026-12-02T21:00Z").timestamp() * 1000)


def test_all_makes_good_a_hundred_at_most(here: World, clock: time_machine.Traveller, tmp_path: Path) -> None:
    on(here, tmp_path, "{every: minute, catch_up: all, window: 31 days}")
    to(clock, "2026-12-20T20:30:00Z")
    assert len(firing.fire(here.hub)) == 100


def test_a_wall_clock_that_goes_back_begins_nothing_twice_and_misses_nothing(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: hour}")
    wall.watch(here.hub)
    to(clock, "2027-11-29T12:30:00Z")  # a year ahead by mistake
    wall.watch(here.hub)
    assert wall.jump(here.hub)
    assert len(firing.fire(here.hub)) == 1
    to(clock, "2026-11-29T12:10:00Z")
    wall.watch(here.hub)
    assert firing.fire(here.hub) == []
    to(clock, "2026-11-29T13:00:05Z")
    assert len(firing.fire(here.hub)) == 1
    to(clock, "2026-11-29T12:10:00Z")
    wall.watch(here.hub)
    to(clock, "2026-11-29T13:00:05Z")
    assert firing.fire(here.hub) == []
    assert len(here.runs()) == 2


def test_a_pause_leaves_out_what_falls_into_it(here: World, clock: time_machine.Traveller, tmp_path: Path) -> None:
    on(here, tmp_path, "{every: hour, catch_up: all}")
    schedules.pause(here.hub, "morning-note", practice=True)
    to(clock, "2026-11-29T15:30:00Z")
    assert firing.fire(here.hub) == []
    schedules.resume(here.hub, "morning-note", practice=True)
    assert firing.fire(here.hub) == []
    to(clock, "2026-11-29T16:00:01Z")
    assert len(firing.fire(here.hub)) == 1


def test_a_hub_that_was_put_back_begins_nothing_of_the_time_before_it_was_resumed(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: hour, catch_up: all}")
    here.hub.db.write(lambda conn: house.put(conn, "hold", hold.Hold(hold.RESTORED, here.hub.now(), 1).__dict__))
    to(clock, "2026-11-29T15:30:00Z")
    assert firing.fire(here.hub) == []
    hold.resume(here.hub, by="Ana")
    again = open_hub(here.settings, quick(here.settings))
    try:
        assert firing.fire(again) == []
        to(clock, "2026-11-29T16:00:01Z")
        assert len(firing.fire(again)) == 1
    finally:
        again.close()


def test_a_recipe_that_is_off_begins_nothing_and_makes_nothing_good(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: hour, catch_up: all}")
    recipes.switch_off(here.hub, "morning-note", practice=True)
    to(clock, "2026-11-29T15:30:00Z")
    assert firing.fire(here.hub) == []
    recipes.switch_on(here.hub, "morning-note", practice=True)
    assert firing.fire(here.hub) == []
    to(clock, "2026-11-29T16:00:01Z")
    assert len(firing.fire(here.hub)) == 1


def test_new_times_hold_from_the_moment_they_are_published(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: hour}")
    to(clock, "2026-11-29T12:50:00Z")
    publish(here, tmp_path, "{every: 30 minutes}")
    to(clock, "2026-11-29T13:00:01Z")
    assert len(firing.fire(here.hub)) == 1
    publish(
        here,
        tmp_path,
        "zoom.meeting.summary_completed",
        RECIPE.replace("event.weekday", "event.topic")
        .replace("event.local", "event.topic")
        .replace("event.last_at", "event.topic"),
    )
    to(clock, "2026-11-29T14:00:01Z")
    assert firing.fire(here.hub) == []


def test_the_house_zone_holds_where_a_recipe_names_none(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: day at 07:00}")
    schedules.set_house_zone(here.hub, "Asia/Tokyo")
    to(clock, "2026-11-29T22:00:01Z")
    assert len(firing.fire(here.hub)) == 1
    here.work()
    assert here.pages() == ["Note of Monday 2026-11-30T07:00+09:00, after"]
    with pytest.raises(ValueError, match="Did you mean `Asia/Tokyo`"):
        schedules.set_house_zone(here.hub, "Asia/Tokio")


def test_a_version_that_no_longer_loads_still_gets_its_run_which_says_why(
    here: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    on(here, tmp_path, "{every: hour}")
    page = recipes.get(here.hub, "morning-note")
    broken = page.recipe.text.replace("notion.create_page", "notion.make_page") if page.recipe else ""
    here.hub.db.write(
        lambda conn: conn.execute(table.update().where(table.c.slug == "morning-note").values(text=broken))
    )
    recipes._version.cache_clear()
    to(clock, "2026-11-29T13:00:01Z")
    firing.fire(here.hub)
    here.work()
    assert here.run()["state"] == "waiting"
    assert "notion.make_page" in here.run()["why"]
    assert [review["kind"] for review in here.reviews()] == ["stuck"]


def test_a_rehearsal_and_a_try_take_the_instant_they_are_given(here: World, tmp_path: Path) -> None:
    on(here, tmp_path, MONDAYS)
    found = rehearsal.rehearse(here.hub, "morning-note", b'{"at": "2026-12-01T09:30"}', practice=True)
    assert found["event"]["local"] == "2026-12-01T09:30+01:00"
    assert found["requests"][-1]["action"] == "notion.create_page"
    firing.try_now(here.hub, "morning-note", b"{}")
    here.work()
    assert here.run()["state"] == "done"
    assert here.pages() == ["Note of Sunday 2026-11-29T13:00+01:00, after"]
    with pytest.raises(ValueError, match="is no time"):
        firing.try_now(here.hub, "morning-note", b'{"at": "soon"}')
