"""Webflow: pickers, and refusals that say what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Choice, Refused, Unavailable
from connectors.webflow import connector
from tests.connectors.stand import Stand, standing


@pytest.fixture
def studio() -> Iterator[Stand]:
    with standing("webflow") as stand:
        yield stand


def test_collections_and_forms_are_picked(studio: Stand) -> None:
    assert studio.choices("collection", "ev") == [Choice("65b1aa", "Events")]
    assert studio.choices("form") == [Choice("65f1aa", "Contact (Home)"), Choice("65f2aa", "Contact (About)")]


@pytest.mark.parametrize(
    ("states", "label"),
    [
        ({"isDraft": True}, "draft"),
        ({"isDraft": False}, "goes live with the next publication"),
        ({"publish": True}, "live"),
        ({"isDraft": True, "lastPublished": "2026-01-01T00:00:00.000Z"}, "live, with changes that are not"),
        ({"isArchived": True}, "archived"),
    ],
)
def test_items_are_picked_with_their_state(studio: Stand, states: dict[str, Any], label: str) -> None:
    made = studio.served.control("webflow_item", {"fieldData": {"name": "Open day"}, **states})
    assert studio.choices("item", "open") == [Choice(f"65b1aa/{made['id']}", f"Open day (Events, {label})")]


def test_an_item_beyond_the_first_hundred_is_found_by_its_whole_name(studio: Stand) -> None:
    for n in range(101):
        studio.served.control("webflow_item", {"fieldData": {"name": f"I{n:03}"}})
    assert [choice.label for choice in studio.choices("item", "I100")] == ["I100 (Events, draft)"]


def test_ids_of_recipes_and_whole_names_are_resolved(studio: Stand) -> None:
    made = studio.served.control("webflow_item", {"fieldData": {"name": "Open day"}})
    own = Choice(f"65b1aa/{made['id']}", "Open day (Events, draft)")
    for text in (own.id, "open DAY"):
        assert studio.resolve("item", text) == [own]
    for text in ("65b2aa", "jobs"):
        assert studio.resolve("collection", text) == [Choice("65b2aa", "Jobs")]
    assert studio.resolve("form", "65f2aa") == [Choice("65f2aa", "Contact (About)")]


@pytest.mark.parametrize(
    ("lookup", "text"),
    [("item", "65b1aa/65a5ff"), ("item", "Nothing"), ("item", "https://x/"), ("collection", "News"), ("form", "")],
)
def test_what_is_not_there_is_said(studio: Stand, lookup: str, text: str) -> None:
    with pytest.raises(Refused):
        studio.resolve(lookup, text)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (400, "validation_error", "did not accept the item"),
        (401, "not_authorized", "nobody used it for a year"),
        (402, "", "plan of this site"),
        (403, "forbidden", "read and write for"),
        (403, "missing_scopes", "does not allow this"),
        (404, "item_not_found", "no such item"),
        (409, "conflict", "Look at the item"),
        (409, "forms_require_republish", "published once more"),
    ],
)
def test_refusals_say_what_to_do(status: int, code: str, says: str) -> None:
    body = {
        "code": code,
        "message": "Some words",
        "details": [{"param": "slug", "description": "is taken"}, "and more"],
    }
    sentence = connector.explain(status, json.dumps(body).encode()) or ""
    assert says in sentence
    if status == 400:
        assert "“Some words; slug is taken; and more”" in sentence


@pytest.mark.parametrize("body", [b"", b"[]", b'{"details": 5}', b'{"details": [5, {}], "message": 7}', b"[" * 100_000])
def test_hostile_answers_are_read_calmly(body: bytes) -> None:
    assert connector.explain(403, body)
    assert connector.explain(429, body) is None
    assert connector.explain(502, body) is None


def test_a_limit_is_waited_for_as_long_as_webflow_says(studio: Stand) -> None:
    studio.served.fault(
        "webflow", "status", status=429, headers={"Retry-After": "60"}, body={"code": "too_many_requests"}
    )
    with pytest.raises(Unavailable, match="slow down"):
        studio.check()
