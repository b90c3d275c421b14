"""Google Calendar in a whole hub: a new event is heard of, a run writes once and does not start itself, all is taken back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, opening, polling
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.listening import listening
from tests.durability.world import World

EVENT = {
    "event": "event.created",
    "calendar": {"id": "primary", "name": "Ana", "time_zone": "UTC"},
    "item": {"id": "abcde", "summary": "Visit", "start": {"date": "2030-05-06"}, "end": {"date": "2030-05-07"}},
}
STEPS = [
    {
        "id": "travel",
        "do": "google.create_event",
        "given": {"title": "Travel to {{ event.title }}", "start": "2030-05-06T08:00", "calendar": "Bookings"},
    },
    {
        "id": "note",
        "do": "google.update_event",
        "given": {"event": "{{ event.id }}", "calendar": "{{ event.calendar_id }}", "description": "Travel is booked"},
    },
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "google.event.created", EVENT, STEPS) as made:
        whole.catch_up(made, "google")  # from here on
        yield made


def events(here: World) -> dict[str, dict[str, Any]]:
    """By title."""
    rows = here.served.control("state?slug=google")["event"]
    return {row["is"]["summary"]: row["is"] for row in rows}


def arrives(here: World) -> list[str]:
    here.served.control("google_event", {"id": "visit", "summary": "Visit"})
    return whole.catch_up(here, "google")


def test_a_new_event_is_written_to_once_and_starts_nothing_again(here: World) -> None:
    assert len(arrives(here)) == 1
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert set(events(here)) == {"Call with Kim", "Visit", "Travel to Visit"}
    assert events(here)["Visit"]["description"] == "Travel is booked"
    assert whole.catch_up(here, "google") == [], "our own changes are no news"
    whole.take_back(here, here.run()["id"])
    assert events(here)["Travel to Visit"]["status"] == "cancelled"
    assert not events(here)["Visit"].get("description")
    assert whole.catch_up(here, "google") == [], "nor is what was taken back"


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, method: str) -> None:
    here.served.fault("google", do, method=method, path="/calendar", **({"status": 503} if "status" in do else {}))
    arrives(here)
    here.work()
    assert here.run()["state"] == "done", here.run()
    effects = [one["effect"] for one in here.served.effects("google")]
    assert sorted(one for one in effects if one.startswith("event.")) == ["event.insert", "event.patch"]
    assert events(here)["Visit"]["description"] == "Travel is booked"


def test_a_limit_that_is_said_with_403_lets_the_run_wait_and_go_on(here: World) -> None:
    body = {"error": {"code": 403, "message": "Rate Limit Exceeded", "errors": [{"reason": "rateLimitExceeded"}]}}
    here.served.fault("google", "status", status=403, body=body, method="POST", path="/calendar")
    arrives(here)
    here.work()
    assert here.run()["state"] == "done", here.run()


def test_an_event_that_somebody_edits_between_approval_and_change_is_not_written_over(here: World) -> None:
    body = {"error": {"code": 412, "message": "Precondition Failed", "errors": [{"reason": "conditionNotMet"}]}}
    here.served.fault("google", "status", status=412, body=body, method="PATCH", path="/calendar")
    arrives(here)
    here.work()
    assert (here.run()["state"], "nothing was written over" in here.run()["why"]) == ("failed", True), here.run()
    assert not events(here)["Visit"].get("description")


def test_a_sign_in_that_was_taken_back_stops_the_run_until_there_is_another(here: World) -> None:
    arrives(here)
    here.served.control("settings", {"revoked": ["google"]})
    here.work()
    assert (here.run()["state"], "sign in to Google again" in here.run()["why"]) == ("waiting", True)
    here.served.control("settings", {"revoked": []})
    assert connections.check(here.hub, here.connection("google"))["ok"]
    here.work()
    assert here.run()["state"] == "done", here.run()


def test_a_channel_rings_and_what_happened_is_there_at_once(settings: Settings, tmp_path: Path) -> None:
    with whole.hub(settings, tmp_path, "google.event.created", EVENT, STEPS) as here, listening(here.hub) as answered:
        whole.catch_up(here, "google")
        assert answered == [200], "the first message is taken before the answer that tells its channel"
        here.served.control("google_event", {"id": "visit", "summary": "Visit"})
        assert [one["status"] for one in here.served.control("google_deliver", {})] == [200]
        due = [turn for turn in polling.due(here.hub) if turn == (here.connection("google"), "event.created")]
        assert due, "the look does not wait for its turn"
        assert [event for turn in due for event in polling.poll(here.hub, *turn)]
        here.work()
        assert here.run()["state"] == "done", here.run()


def test_threads_share_no_service(here: World) -> None:
    """The SDK's objects are not made for it: https://googleapis.github.io/google-api-python-client/docs/thread_safety.html"""
    own = here.connection("google")
    with ThreadPoolExecutor(2) as pool:
        together = threading.Barrier(2)

        def service(_: int) -> Any:
            together.wait(10)
            return opening.open_connection(here.hub, own).client.calendar

        one, two = pool.map(service, range(2))
    assert one is not two
    assert one._http is not two._http
