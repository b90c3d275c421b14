"""Each fault does what it says, over real HTTP, and the ledger tells the truth about it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from app.practice.serve import Served

from .conftest import Notion, a_page

CREATE = ("POST", "/pages", a_page("Title"))


def last(practice: Served) -> dict[str, Any]:
    return practice.ledger("notion")[-1]


def order(practice: Served, do: str, **more: Any) -> None:
    practice.fault("notion", do, method="POST", path="/v1/pages", **more)


def waiting(practice: Served) -> None:
    until = time.monotonic() + 5
    while not any(request["held"] for request in practice.ledger("notion")):
        assert time.monotonic() < until, "nothing was held"
        time.sleep(0.01)


@pytest.mark.parametrize(("do", "effect"), [("hold_before", None), ("hold_after", "page.create")])
def test_held_ones_go_on_when_released(practice: Served, notion: Notion, do: str, effect: str | None) -> None:
    order(practice, do)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(notion(*CREATE)))
    thread.start()
    waiting(practice)
    assert (last(practice)["effect"], last(practice)["status"]) == (effect, None)
    practice.control("release", {})
    thread.join(5)
    assert answers[0][0] == 200
    assert (last(practice)["effect"], last(practice)["held"]) == ("page.create", False)


def test_a_held_request_is_applied_though_its_client_is_gone(practice: Served, notion: Notion) -> None:
    order(practice, "hold_before")
    with pytest.raises(requests.Timeout):
        notion(*CREATE, timeout=0.2)
    waiting(practice)
    practice.control("release", {})
    until = time.monotonic() + 5
    while not practice.effects("notion"):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize(("do", "effect"), [("cut_before", None), ("cut_after", "page.create")])
def test_a_cut_connection_gives_no_answer(practice: Served, notion: Notion, do: str, effect: str | None) -> None:
    order(practice, do)
    with pytest.raises(requests.ConnectionError):
        notion(*CREATE)
    assert (last(practice)["effect"], last(practice)["status"], last(practice)["fault"]) == (effect, None, do)
    assert notion(*CREATE)[0] == 200


@pytest.mark.parametrize(
    ("do", "more", "status", "effect"),
    [
        ("status", {"status": 503, "headers": {"Retry-After": "7"}}, 503, None),
        ("status_after", {"status": 504}, 504, "page.create"),
        ("error_in_200", {}, 200, None),
        ("error_in_200", {"applied": True, "body": {"error": "no"}}, 200, "page.create"),
    ],
)
def test_ordered_answers(
    practice: Served, notion: Notion, do: str, more: dict[str, Any], status: int, effect: str | None
) -> None:
    order(practice, do, **more)
    answer = notion.session.post(f"{practice.url}/notion/v1/pages", json=CREATE[2], timeout=5)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == more.get("headers", {}).get("Retry-After")
    assert "object" not in answer.json()
    assert (last(practice)["effect"], last(practice)["status"]) == (effect, status)


def test_rubbish_is_applied_and_not_json(practice: Served, notion: Notion) -> None:
    order(practice, "rubbish")
    answer = notion.session.post(f"{practice.url}/notion/v1/pages", json=CREATE[2], timeout=5)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()
    assert last(practice)["effect"] == "page.create"


def test_drips_and_slow_answers_take_their_time(practice: Served, notion: Notion) -> None:
    practice.fault("notion", "drip", path="/v1/users/me", seconds=0.001)
    practice.fault("notion", "slow", path="/v1/users/me", seconds=0.3)
    begun = time.monotonic()
    assert notion("GET", "/users/me")[1]["object"] == "user"
    assert time.monotonic() - begun > 0.3
    begun = time.monotonic()
    assert notion("GET", "/users/me")[0] == 200
    assert time.monotonic() - begun > 0.3


def test_a_flood_is_as_big_as_ordered(practice: Served, notion: Notion) -> None:
    practice.fault("notion", "flood", bytes=3_000_000)
    answer = notion.session.get(f"{practice.url}/notion/v1/users/me", timeout=5)
    assert len(answer.content) == 3_000_000


def test_faults_choose_their_requests(practice: Served, notion: Notion) -> None:
    order(practice, "status", status=500, skip=1, times=2, contains="Title")
    other = ("POST", "/pages", a_page("Other"))
    seen = [notion(*request)[0] for request in (CREATE, other, CREATE, CREATE, CREATE)]
    assert seen == [200, 200, 500, 500, 200]
    order(practice, "status", status=500)
    practice.control("faults", method="DELETE")
    assert notion(*CREATE)[0] == 200


def test_unknown_faults_are_refused(practice: Served) -> None:
    with pytest.raises(AssertionError, match="do must be one of"):
        practice.fault("notion", "explode")
    with pytest.raises(AssertionError, match="as must be one of"):
        practice.fault("openai", "model", **{"as": "sulk"})


def test_the_ledger_has_bodies_and_hashes(practice: Served, notion: Notion) -> None:
    notion(*CREATE)
    request = practice.ledger("notion", bodies=True)[-1]
    assert (request["method"], request["path"], request["slug"]) == ("POST", "/v1/pages", "notion")
    assert '"Title"' in request["body"]
    assert len(request["body_sha256"]) == 64
    assert practice.control("state?slug=notion")["page"][0]["id"] == request["id"]


def test_a_stop_ends_held_requests() -> None:
    with Served() as practice:
        order(practice, "hold_before")
        client = Notion(practice)

        def ask() -> None:
            with pytest.raises(requests.ConnectionError):
                client(*CREATE)

        thread = threading.Thread(target=ask)
        thread.start()
        waiting(practice)
    thread.join(5)
    assert not thread.is_alive()
    client.session.close()


def test_without_control_nothing_can_be_ordered(tmp_path: Any) -> None:
    with Served(tmp_path, control=False) as practice:
        for path in ("ledger", "state", "faults"):
            assert requests.get(f"{practice.url}/_control/{path}", timeout=5).status_code == 404
