"""What a person who approves sees instead of an id: its name at the vendor, if the vendor tells it soon."""

from __future__ import annotations

from typing import Any

import pytest

from app.core import named
from tests.durability.world import MEETINGS, World

WHERE: dict[str, Any] = {"data_source": MEETINGS, "title": "A title", "markdown": ""}


def names(here: World, **more: Any) -> dict[str, str]:
    return named.names(here.hub, here.connection("notion"), "create_page", {**WHERE, **more})


def asked(here: World) -> int:
    return sum(row["method"] == "GET" for row in here.served.ledger("notion"))


def test_an_id_that_says_where_is_named_and_asked_for_once(here: World) -> None:
    assert names(here) == {"data_source": "Meetings"}
    before = asked(here)
    assert before > 0
    assert names(here) == {"data_source": "Meetings"}
    assert asked(here) == before


def test_what_the_vendor_does_not_know_stays_an_id(here: World) -> None:
    assert names(here, data_source="99999999-1111-4111-8111-111111111111") == {}


def test_a_vendor_that_does_not_answer_holds_up_no_page_and_is_asked_again(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "_PATIENCE", 0.2)
    here.served.fault("notion", "hold_before", method="GET", seconds=30)
    assert names(here) == {}
    here.served.control("release", {})
    monkeypatch.setattr(named, "_PATIENCE", 20.0)
    assert names(here) == {"data_source": "Meetings"}


def test_a_connection_that_is_gone_names_nothing(here: World) -> None:
    assert named.names(here.hub, "nobody", "create_page", WHERE) == {}
