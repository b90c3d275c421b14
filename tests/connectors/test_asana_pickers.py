"""Asana: pickers, pasted addresses, and refusals that say what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.asana import connector
from connectors.contract import Choice, Refused, Unavailable
from tests.connectors.asana_app import app_token
from tests.connectors.stand import Stand, reopened, standing


@pytest.fixture
def plain() -> Iterator[Stand]:
    with standing("asana") as stand:
        yield stand


def by_hand(office: Stand, **more: Any) -> dict[str, Any]:
    return dict(office.served.control("asana_task", more))


def test_projects_people_and_tasks_are_picked(plain: Stand) -> None:
    assert plain.choices("project", "gra") == [Choice("1302", "Grants")]
    assert plain.choices("assignee", "ana") == [Choice("1202", "Ana Silva (ana.silva@practice.example)")]
    task = by_hand(plain, name="Order chairs")
    assert plain.choices("task", "chairs") == [Choice(task["gid"], "Order chairs")]


@pytest.mark.parametrize(
    "address",
    [
        "https://app.asana.com/0/1302/{task}",
        "https://app.asana.com/1/1100/project/1302/task/{task}?focus=true",
        "https://app.asana.com/1/1100/inbox/77/item/88/task/{task}",
        "{task}",
    ],
)
def test_pasted_addresses_are_understood(plain: Stand, address: str) -> None:
    task = by_hand(plain, name="Order chairs")
    text = address.format(task=task["gid"])
    assert plain.resolve("task", text) == [Choice(task["gid"], "Order chairs")]
    if "1302" in address:
        assert plain.resolve("project", text) == [Choice("1302", "Grants")]


def test_tasks_are_picked_through_an_app_too(plain: Stand) -> None:
    """Its scopes do not open Asana's search box."""
    signed_in = reopened(plain, access_token=app_token(plain))
    task = by_hand(plain, name="Order chairs")
    by_hand(plain, name="Order lamps")
    assert signed_in.choices("task", "chairs") == [Choice(task["gid"], "Order chairs")]


def test_a_comment_made_through_an_app_is_taken_back_by_hand(plain: Stand) -> None:
    signed_in = reopened(plain, access_token=app_token(plain))
    task = by_hand(plain, name="Order chairs")
    made = signed_in.do("comment", task=task["gid"], text="Hello")
    trouble = signed_in.trouble("delete_comment", comment=made["id"])
    assert (trouble.kind, "or do it in Asana" in trouble.words) == ("refused", True)


@pytest.mark.parametrize("text", ["1202", "ana.silva@practice.example", "Ana Silva"])
def test_people_are_found_by_what_recipes_call_them(plain: Stand, text: str) -> None:
    assert [choice.id for choice in plain.resolve("assignee", text)] == ["1202"]
    assert [choice.id for choice in plain.resolve("assignee", "me")] == ["1201"]
    with pytest.raises(Refused, match="knows nobody"):
        plain.resolve("assignee", "Nobody Here")


@pytest.mark.parametrize("text", ["https://app.asana.com/0/home", "Grants", "4711", ""])
def test_an_address_with_nothing_behind_it(plain: Stand, text: str) -> None:
    with pytest.raises(Refused, match="no project behind"):
        plain.resolve("project", text)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, "did not accept"),
        (401, "Admin Console"),
        (402, "paid plans only"),
        (403, "click Share"),
        (404, "no such task"),
        (451, "legal reasons"),
    ],
)
def test_refusals_say_what_to_do_in_asanas_words(status: int, says: str) -> None:
    body = json.dumps({"errors": [{"message": "Some\nwords", "help": "…"}]}).encode()
    sentence = connector.explain(status, body) or ""
    assert says in sentence
    assert "Asana's words: “Some words”" in sentence


@pytest.mark.parametrize("body", [b"", b"[]", b'{"errors": 5}', b'{"errors": [5, {}]}', b"[" * 100_000])
def test_hostile_answers_are_read_calmly(body: bytes) -> None:
    assert connector.explain(403, body)
    assert connector.explain(500, body) is None
    assert connector.explain(429, body) is None


def test_a_limit_is_waited_for_as_long_as_asana_says(plain: Stand) -> None:
    plain.served.fault("asana", "status", status=429, headers={"Retry-After": "30"}, body={"errors": []})
    with pytest.raises(Unavailable, match="slow down"):
        plain.check()
    task = by_hand(plain, name="x")
    plain.served.fault("asana", "status", method="PUT", status=429, headers={"Retry-After": "30"})
    trouble = plain.trouble("complete_task", task=task["gid"])
    assert (trouble.kind, trouble.seconds) == ("wait", 30.0)


def test_a_plan_without_a_feature_is_said_so(plain: Stand) -> None:
    task = by_hand(plain, name="x")
    plain.served.fault("asana", "status", method="PUT", status=402, body={"errors": [{"message": "Premium only"}]})
    trouble = plain.trouble("complete_task", task=task["gid"])
    assert (trouble.kind, "paid plans" in trouble.words) == ("refused", True)
