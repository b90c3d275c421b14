"""The engine through one run, on SQLite and on PostgreSQL: it ends well, finds lost answers, keeps order, and takes back."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core import claims, engine, gate, limits, recipes, reviews, routing, runs, undo, work
from tests.durability.forge import Forge, Order
from tests.durability.world import ALL_WELL, MEETINGS, RECIPE, TODOS, World, one_round, quiet

pytestmark = pytest.mark.both_databases


def test_a_recap_becomes_a_page_and_a_row(here: World) -> None:
    event = here.receive()
    here.work()
    assert here.state() == ALL_WELL
    assert {w["state"] for w in here.writes()} == {"done"}
    assert {w["found_by"] for w in here.writes()} == {"answer"}
    assert here.events()[0]["state"] == "routed"
    assert here.run(event)["ended_at"]
    assert here.asked() == 1


def test_what_a_change_was_given_is_stored_once_and_told(here: World) -> None:
    here.receive()
    here.work()
    assert {e["step"] for e in here.entries() if e["given"]} == {"recap"}
    page = next(step for step in runs.story(here.hub, here.run()["id"])["steps"] if step["id"] == "page")
    sent = {w["id"]: w["arguments"] for w in page["writes"]}
    assert {e["write"]: e["given"] for e in page["entries"]} == sent
    assert len(sent) == 2
    assert all(sent.values())


def test_a_lost_answer_is_looked_up(here: World) -> None:
    here.served.fault("notion", "cut_after", method="POST", path="/v1/pages")
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    page = next(w for w in here.writes() if (w["step"], w["item"]) == ("page", "0"))
    assert (page["state"], page["found_by"], page["tries"]) == ("done", "look-up", 1)


def test_a_worker_is_killed_while_the_vendor_answers(here: World) -> None:
    here.receive("First")
    forge = Forge(here.settings)  # warms up with the first
    try:
        here.receive("Second")
        labels = forge(Order("round")).labels
        here.receive("Third")
        at = labels.index("before read of POST /notion/v1/pages") + 1
        assert forge(Order("round", at=at)).end == "killed"
    finally:
        forge.close()
    quiet(here.served)
    here.work()
    assert here.pages() == ["First", "Second", "Third"]
    assert here.pages(TODOS) == ["Order a catalogue"] * 3
    assert {run["state"] for run in here.runs()} == {"done"}
    assert [w["found_by"] for w in here.writes()].count("look-up") == 1


def test_a_page_that_somebody_edited_stays_when_the_run_is_undone(here: World) -> None:
    here.receive()
    here.work()
    page = next(w for w in here.writes() if (w["step"], w["item"]) == ("page", "0"))
    here.served.control("edit", {"page": page["result_id"], "paragraph": "By hand."})
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "waiting"
    assert len(here.served.effects("notion", "page.trash")) == 1  # the row, which nobody touched
    (review,) = here.reviews(kind="undo", state="open")
    assert review["write"] == page["id"]
    reviews.decide(here.hub, review["id"], "leave", by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert len(here.served.effects("notion", "page.trash")) == 1


def test_an_untouched_run_is_undone_whole(here: World) -> None:
    here.receive()
    here.work()
    undo.start(here.hub, here.run()["id"])
    here.served.fault("notion", "cut_after", method="PATCH", path="/v1/pages")
    here.work()
    assert here.run()["state"] == "undone"
    assert len(here.served.effects("notion", "page.trash")) == 2


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_a_change_waits_for_a_person(here: World, decision: str) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", by="Ana")
    here.receive()
    here.work()
    assert here.run()["state"] == "waiting"
    assert here.served.effects("notion") == []
    for _ in range(10):
        waiting = reviews.listing(here.hub)
        if not waiting or here.run()["state"] != "waiting":
            break
        shown = waiting[0]["request"]["body"]
        reviews.decide(here.hub, waiting[0]["id"], decision, by="Ana")
        here.work()
        sent = [r["body"] for r in here.served.ledger("notion", bodies=True) if r["effect"]]
        assert (shown in sent) == (decision == "approve")
    state = ("failed", [], []) if decision == "decline" else ALL_WELL
    assert here.state() == state


def test_a_rehearsal_sends_nothing(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="rehearse", by="Ana")
    here.receive()
    here.work()
    assert here.run()["state"] == "done"
    assert here.served.effects("notion") == []
    assert {w["state"] for w in here.writes()} == {"drawn"}


def test_two_events_of_one_host_are_worked_off_in_order(here: World, tmp_path: Path) -> None:
    _by_host(here, tmp_path)
    first, second = here.receive("First", meeting="1"), here.receive("Second", meeting="2")
    runs = [routing.route(here.hub, event)[0] for event in (first, second)]
    assert claims.claim(here.hub, "me", runs[1]) is None  # it must wait for the first one
    here.served.fault("notion", "status", method="POST", path="/v1/pages", status=503)
    here.work()
    assert here.pages() == ["First", "Second"]
    assert {run["state"] for run in here.runs()} == {"done"}


def _by_host(here: World, folder: Path) -> None:
    text = (recipes.SHIPPED / RECIPE / "recipe.yaml").read_text()
    assert "{{ event.meeting_uuid }}" in text
    home = folder / RECIPE
    home.mkdir()
    (home / "recipe.yaml").write_text(text.replace("{{ event.meeting_uuid }}", "{{ event.host_email }}"))
    recipes.publish(here.hub, home, by="Ana")


def test_an_event_that_the_recipe_leaves_out_is_ignored(here: World) -> None:
    here.receive("Interview with Dana")
    here.work()
    (event,) = here.events()
    assert event["state"] == "ignored"
    assert "only_if" in event["error"]
    assert here.runs() == []


def test_a_run_that_kills_its_workers_stops_after_five(here: World) -> None:
    run = routing.route(here.hub, here.receive())[0]
    for _ in range(5):
        assert claims.claim(here.hub, "killed", run)
        assert claims.claim(here.hub, "another", run) is None  # the lease still stands
        here.skip(3_600_000)
    assert claims.claim(here.hub, "the sixth", run) is None
    assert here.run()["state"] == "waiting"
    (review,) = here.reviews(kind="poison", state="open")
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    assert here.state() == ALL_WELL


def test_a_run_that_waits_again_and_again_has_not_killed_anybody(here: World) -> None:
    here.served.fault("notion", "status", path="/v1/data_sources", status=503, times=9)
    here.receive()
    here.work()
    assert here.state() == ALL_WELL


def test_a_decision_is_acted_on_once(here: World) -> None:
    """What a person wanted tried again and still cannot go on waits again; it is not tried for ever."""
    routing.route(here.hub, here.receive())
    notion = here.hub.connectors["notion"]
    less = replace(notion, actions={name: a for name, a in notion.actions.items() if name != "create_page"})
    here.hub.connectors = {**here.hub.connectors, "notion": less}
    here.work()
    (review,) = here.reviews(kind="stuck", state="open")
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    assert here.run()["state"] == "waiting"
    assert len(here.reviews(kind="stuck", state="open")) == 1
    assert here.asked() == 1


def test_a_worker_that_lost_its_run_changes_nothing(here: World) -> None:
    run = routing.route(here.hub, here.receive())[0]
    slow = claims.claim(here.hub, "slow", run)
    here.skip(3_600_000)
    here.work()
    before = _everything(here)
    assert slow
    assert engine.work_on(here.hub, slow).state == "lost"
    assert _everything(here) == before
    assert here.pages(MEETINGS) == ["Catch-up"]


def _everything(here: World) -> list[list[dict[str, Any]]]:
    return [here.runs(), here.writes(), here.entries(), here.reviews()]


@pytest.mark.parametrize("calls", [0, 1, 2])  # before a call that reads, and before two that write
def test_also_who_stands_in_line_heeds_a_vendor_that_asks_for_patience(
    here: World, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """Notion takes a call every ten seconds here; while the run sleeps until its next one, another run is told to wait."""
    notion, account = here.hub.connectors["notion"], here.connection("notion")
    monkeypatch.setattr(here.hub, "connectors", {**here.hub.connectors, "notion": replace(notion, rate=0.1, burst=1)})
    now = here.hub.steady.now()
    quiet_until, slept = now + 900_000, 0
    here.hub.db.write(lambda conn: limits.take(conn, f"{account}:calls", 0.1, 1, now, ahead=0))  # somebody else's call

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += 1
        if slept == calls + 1:
            here.hub.db.write(lambda conn: limits.quiet(conn, account, quiet_until))

    for module in (gate, work):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep, time=time.time))
    routing.route(here.hub, here.receive())
    one_round(here.hub)
    run = here.run()
    assert (run["state"], run["cause"]) == ("later", "rate")
    assert run["wake_at"] >= quiet_until
    assert len(here.served.control("ledger?slug=notion")) == calls
    here.work(1_000_000)
    assert here.state() == ALL_WELL
