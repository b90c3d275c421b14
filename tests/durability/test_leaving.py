"""Processes that leave: a worker that only stays as long as there is work, and one that is asked to go while a vendor thinks."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest

from app.core import house
from tests.durability.processes import process, ring
from tests.durability.test_restore_processes import command
from tests.durability.world import ALL_WELL, World, until


def test_a_burst_works_until_nothing_is_left_and_says_how_much(here: World) -> None:
    for topic in ("One", "Two", "Three"):
        here.receive(topic, meeting=topic)
    code, done, said = command(here, "", "worker", "--burst")
    assert code == 0, said
    assert done["events"] == len(here.events())  # with what the other practice accounts had to tell
    assert done["runs"] >= 3
    assert [run["state"] for run in here.runs()] == ["done"] * 3
    assert sorted(here.pages()) == ["One", "Three", "Two"]
    assert command(here, "", "worker", "--burst")[1] == {"events": 0, "runs": 0}


def test_a_burst_on_hold_does_nothing(here: World) -> None:
    here.receive()
    here.hub.db.write(lambda conn: house.put(conn, "hold", {"why": "moved", "since": 1, "data_until": 1}))
    assert command(here, "", "worker", "--burst")[1] == {"events": 0, "runs": 0}
    assert here.pages() == []


@pytest.mark.parametrize(("slug", "path"), [("openai", ""), ("notion", "/v1/pages")])
def test_a_worker_that_is_asked_to_go_ends_the_call_in_hand_and_frees_the_run(
    here: World, redis_url: str, slug: str, path: str
) -> None:
    here.hub.settings = replace(here.settings, patience=1.0)  # calls have their real time
    here.served.fault(slug, "hold_before", method="POST", path=path, seconds=60)
    with process(here, "worker", redis_url) as working:
        ring(here, redis_url, here.receive())
        until(lambda: any(request["held"] for request in here.served.ledger(slug)))
        working.send_signal(signal.SIGTERM)
        time.sleep(1)  # it waits for the answer
        assert working.poll() is None
        here.served.control("release", {})
        assert working.wait(30) == 0
    run = here.run()
    assert (run["state"], run["holder"]) == ("later", "")
    assert run["wake_at"] <= here.hub.steady.now()
    assert {w["state"] for w in here.writes()} <= {"done"}
    assert here.asked() == 1
    here.work()
    assert here.state() == ALL_WELL
    assert here.asked() == 1
