"""From event to runs: one run per recipe however often and from how many sides it is asked, in order, or a reason why not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core import events, intake, recipes, reviews, routing, runs
from app.db import models
from tests.durability.world import RECIPE, World

BOTH = pytest.mark.both_databases


def publish(here: World, folder: Path, old: str, new: str) -> None:
    """Another version of the shipped recipe."""
    text = (recipes.SHIPPED / RECIPE / "recipe.yaml").read_text()
    assert old in text
    home = folder / RECIPE
    home.mkdir()
    (home / "recipe.yaml").write_text(text.replace(old, new))
    recipes.publish(here.hub, home, by="Ana")


@BOTH
def test_routing_twice_makes_one_run(here: World) -> None:
    event = here.receive()
    (run,) = routing.route(here.hub, event)
    assert routing.route(here.hub, event) == []
    assert [r["id"] for r in here.runs()] == [run]
    assert here.events()[0]["state"] == "routed"


@BOTH
def test_many_at_once_make_one_run(here: World) -> None:
    event = here.receive()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: routing.route(here.hub, event), range(8)))
    assert sum(len(ids) for ids in made) == 1
    assert len(here.runs()) == 1
    assert here.events()[0]["state"] == "routed"  # and none of the others called it ignored


def test_the_same_meeting_again_makes_no_second_run(here: World) -> None:
    routing.route(here.hub, here.receive(when=1000))
    assert routing.route(here.hub, here.receive(when=2000)) == []
    assert [e["state"] for e in here.events()] == ["routed", "ignored"]
    assert "already has a run" in here.events()[1]["error"]


def test_what_the_recipe_leaves_out_says_so(here: World) -> None:
    event = here.receive("An INTERVIEW with Dana")
    assert routing.route(here.hub, event) == []
    assert here.events()[0]["state"] == "ignored"
    assert "left out by `only_if`" in here.events()[0]["error"]


def test_a_recipe_that_is_off_starts_nothing(here: World) -> None:
    recipes.switch_off(here.hub, RECIPE, practice=True, by="Ana")
    assert routing.route(here.hub, here.receive()) == []
    assert here.events()[0]["error"] == "No recipe is switched on for this kind of event and account"


def test_an_event_of_another_kind_starts_nothing(here: World) -> None:
    sent = here.delivery()
    body = sent.body.replace(b"meeting.summary_completed", b"meeting.started")
    other = here.signed(body)
    event = intake.receive(here.hub, "zoom", other.key, other.body, other.headers).event_ids[0]
    assert routing.route(here.hub, event) == []
    assert here.events()[0]["state"] == "ignored"


def test_an_unknown_event_starts_nothing(here: World) -> None:
    assert routing.route(here.hub, "nothing") == []


@BOTH
def test_serial_numbers_stand_in_the_order_of_routing(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, "{{ event.meeting_uuid }}", "{{ event.host_email }}")
    made = [here.receive(f"Meeting {n}", meeting=str(n)) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda event: routing.route(here.hub, event), made[:5]))
    routing.route(here.hub, made[5])
    numbers = sorted(r["serial_no"] for r in here.runs())
    assert numbers == [1, 2, 3, 4, 5, 6]  # no gap and none twice
    assert here.run(made[5])["serial_no"] == 6
    assert len({r["serial_key"] for r in here.runs()}) == 1


def test_without_a_serial_nobody_waits(here: World, tmp_path: Path) -> None:
    publish(here, tmp_path, 'serial: "{{ event.meeting_uuid }}"', "")
    routing.route(here.hub, here.receive())
    assert (here.run()["serial_key"], here.run()["serial_no"]) == ("", 0)


def test_a_run_keeps_what_was_true_when_it_began(here: World) -> None:
    routing.route(here.hub, here.receive())
    run = here.run()
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", settings={"skip": ["later"]})
    given = here.hub.vault.open_json(run["input"], f"runs:{run['id']}:input")
    assert given["settings"]["meetings"]
    assert given["settings"].get("skip") != ["later"]
    assert given["people"] == ["Ana Silva", "Ben Ortiz", "Chloe Park"]
    assert (run["level"], run["practice"], run["title"]) == ("auto", True, "Catch-up")


# --- events that cannot be routed -------------------------------------------------------------------------------------


def spoil(here: World, event: str) -> bytes:
    """The body can no longer be opened; returns what it was."""
    with here.hub.db.read() as conn:
        body = bytes(conn.execute(select(models.events.c.body).where(models.events.c.id == event)).scalar_one())
    put(here, event, here.hub.vault.seal(b"{}", "events:another:body"))
    return body


def put(here: World, event: str, body: bytes) -> None:
    change = update(models.events).where(models.events.c.id == event).values(body=body)
    here.hub.db.write(lambda conn: conn.execute(change))


def state(here: World) -> tuple[Any, ...]:
    (event,) = here.events()
    return event["state"], event["tries"]


def test_after_five_tries_a_person_is_asked(here: World) -> None:
    event = here.receive()
    body = spoil(here, event)
    for tries in (1, 2, 3, 4):
        assert routing.route(here.hub, event) == []
        assert state(here) == ("new", tries)
        assert reviews.listing(here.hub) == []
    routing.route(here.hub, event)
    assert state(here) == ("dead", 5)
    routing.route(here.hub, event)
    assert state(here) == ("dead", 5)
    (review,) = reviews.listing(here.hub)
    assert (review["kind"], review["event"]) == ("dead", event)

    put(here, event, body)
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    assert state(here) == ("new", 0)
    assert len(routing.route(here.hub, event)) == 1
    assert reviews.listing(here.hub) == []


def test_a_dead_event_can_be_left(here: World) -> None:
    event = here.receive()
    spoil(here, event)
    for _ in range(5):
        routing.route(here.hub, event)
    (review,) = reviews.listing(here.hub)
    reviews.decide(here.hub, review["id"], "leave", by="Ana")
    assert state(here)[0] == "dead"
    assert reviews.listing(here.hub) == []


# --- starting over ----------------------------------------------------------------------------------------------------


@BOTH
def test_starting_over_makes_one_new_run_per_number(here: World) -> None:
    event = here.receive()
    (first,) = routing.route(here.hub, event)
    (second,) = events.replay(here.hub, event, by="Ana", number="one")
    assert events.replay(here.hub, event, by="Ana", number="one") == []  # the same button, pressed twice
    (third,) = events.replay(here.hub, event, by="Ana")
    assert {r["id"] for r in here.runs()} == {first, second, third}
    assert runs.get(here.hub, third)["event"] == event


def test_starting_over_says_why_it_cannot(here: World) -> None:
    with pytest.raises(LookupError, match="There is no event nothing"):
        events.replay(here.hub, "nothing")
    event = here.receive()
    recipes.switch_off(here.hub, RECIPE, practice=True)
    with pytest.raises(ValueError, match="Nothing to start: no recipe is switched on"):
        events.replay(here.hub, event)


def stored(here: World, old: str, new: str) -> None:
    """The stored text as if this hub had lost what it uses: it loaded when it was published."""
    own = models.recipes.c.slug == RECIPE
    with here.hub.db.read() as conn:
        text = str(conn.execute(select(models.recipes.c.text).where(own)).scalar_one())
    assert old in text
    here.hub.db.write(lambda conn: conn.execute(update(models.recipes).where(own).values(text=text.replace(old, new))))
    recipes._version.cache_clear()


def test_a_recipe_whose_action_is_gone_gets_its_run_which_waits_and_says_why(here: World) -> None:
    stored(here, "do: notion.create_page", "do: notion.make_page")
    event = here.receive()
    here.work()
    run = here.run()
    assert (run["event"], run["state"]) == (event, "waiting")
    assert "notion.make_page" in run["why"]
    assert [review["kind"] for review in here.reviews(state="open")] == ["stuck"]
    stored(here, "do: notion.make_page", "do: notion.create_page")
    runs.retry(here.hub, run["id"])
    here.work()
    assert here.state()[:2] == ("done", ["Catch-up"])


def test_a_recipe_that_does_not_load_leaves_other_kinds_of_events_alone(here: World) -> None:
    stored(here, "when: zoom.meeting.summary_completed", "when: zoom.meeting.summary_updated")
    stored(here, "do: notion.create_page", "do: notion.make_page")
    here.receive()
    here.work()
    assert here.runs() == []
    assert here.events()[0]["state"] == "ignored"


@BOTH
def test_rings_that_overtake_each_other_leave_events_in_order(here: World) -> None:
    first, second, third = (
        here.receive(f"Part {n}", meeting="m", when=1000 + n, recording_files=[{"id": str(n)}]) for n in range(3)
    )
    other = here.receive("Another meeting")
    assert len(routing.route(here.hub, second)) == 2
    routing.route(here.hub, other)
    routing.route(here.hub, third)
    assert routing.route(here.hub, first) == []
    numbers = {run["event"]: run["serial_no"] for run in here.runs()}
    assert [numbers[event] for event in (first, second, third)] == [1, 2, 3]
    assert numbers[other] == 1
