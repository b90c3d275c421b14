"""Rows looked for as a recipe says it, read to their end, and what stands on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from connectors.notion import _rows
from tests.connectors.notion_rows import BEN, row, table
from tests.connectors.stand import Stand, standing


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing("notion") as made:
        yield made


@pytest.fixture
def source(stand: Stand) -> str:
    own = table(stand)
    for n, (task, state, due, hours) in enumerate(
        [("Chairs", "Open", "2026-12-01", 2), ("Tables", "Closed", "2026-12-05", 5.5), ("Lamps", "Open", "", None)]
    ):
        filled: dict[str, Any] = {"State": {"status": {"name": state}}, "Done": {"checkbox": n == 1}}
        filled |= {"Due": {"date": {"start": due}}} if due else {}
        filled |= {"Hours": {"number": hours}, "Mail": {"email": f"{task.lower()}@shop.example"}}
        filled |= {"Tags": {"multi_select": [{"name": "Open"}]}, "Who": {"people": [{"id": BEN}]}} if n == 0 else {}
        row(stand, own, task, **filled)
    return own


def query(stand: Stand, source: str, **given: Any) -> dict[str, Any]:
    return dict(stand.action("query_rows").run(stand.client, data_source=source, **given))


def titles(stand: Stand, source: str, where: Any = None, **given: Any) -> list[str]:
    return [one["title"] for one in query(stand, source, where=where or {}, **given)["rows"]]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, ["Chairs", "Tables", "Lamps"]),
        ({"State": "open"}, ["Chairs", "Lamps"]),
        ({"state": "Open", "Hours": {"greater than": 1}}, ["Chairs"]),
        ({"Due": {"on_or_after": "2026-12-01", "before": "2026-12-05"}}, ["Chairs"]),
        ({"Due": ""}, ["Lamps"]),
        ({"Due": {"is not empty": True}}, ["Chairs", "Tables"]),
        ({"Task": ["Tables", "Lamps"]}, ["Tables", "Lamps"]),
        ({"Task": {"starts_with": "Ch"}}, ["Chairs"]),
        ({"Mail": "lamps@shop.example"}, ["Lamps"]),
        ({"Done": True}, ["Tables"]),
        ({"Done": "no"}, ["Chairs", "Lamps"]),
        ({"Tags": "Open"}, ["Chairs"]),
        ({"Tags": {"does not contain": "Open"}}, ["Tables", "Lamps"]),
        ({"Who": BEN}, ["Chairs"]),
        ({"Hours": "5.5"}, ["Tables"]),
        ({"Task": "nothing"}, []),
    ],
)
def test_conditions_are_said_in_plain_words(stand: Stand, source: str, where: Any, found: list[str]) -> None:
    assert titles(stand, source, where) == found


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"Nothing": 1}, "no column “Nothing”"),
        ({"State": "Almost"}, "“Almost” is nothing"),
        ({"Hours": "many"}, "“many” is nothing"),
        ({"State": {"greater_than": "Open"}}, "It knows: equals, does not equal"),
        ({"Due": {"equals": "soon"}}, "“soon” is nothing"),
    ],
)
def test_what_cannot_be_asked_is_said(stand: Stand, source: str, where: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        query(stand, source, where=where)


def test_rows_come_sorted_and_with_plain_values(stand: Stand, source: str) -> None:
    assert titles(stand, source, sort="-Hours")[0] == "Tables"
    assert titles(stand, source, {"State": "Open"}, sort="Task") == ["Chairs", "Lamps"]
    (one,) = query(stand, source, where={"Task": "Chairs"})["rows"]
    assert one["properties"]["State"] == "Open"
    assert one["properties"]["Hours"] == 2
    assert one["properties"]["Who"] == ["Ben Ortiz"]
    with pytest.raises(Refused, match="no column"):
        query(stand, source, sort="Nothing")


def test_rows_are_read_over_many_answers_and_it_is_said_that_there_are_more(stand: Stand, source: str) -> None:
    for n in range(230):
        row(stand, source, f"Row {n}")
    assert (query(stand, source)["count"], query(stand, source)["more"]) == (100, True)
    everything = query(stand, source, most=5000)
    assert (everything["count"], everything["more"]) == (233, False)
    assert query(stand, source, most=2)["count"] == 2


def test_a_list_that_notion_cuts_is_not_taken_for_whole(stand: Stand, source: str) -> None:
    stand.note(most=2)
    with pytest.raises(Refused, match="narrower condition"):
        query(stand, source, most=10)


def test_a_database_may_be_given_by_its_address(stand: Stand) -> None:
    made = stand.served.control("database", {"title": "One", "properties": {"Name": "title"}})
    row(stand, made["data_source"], "Only")
    assert titles(stand, f"https://www.notion.so/{made['database'].replace('-', '')}?v=1") == ["Only"]


def test_a_page_is_read_with_its_content(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "11111111-1111-4111-8111-111111111111"
    made = stand.do("create_page", data_source=source, title="Weekly", markdown="# Plan\n\n- [x] chairs\n\n> said")
    page = stand.action("get_page").run(stand.client, page=made["id"])
    assert (page["title"], page["markdown"], page["cut"]) == ("Weekly", "# Plan\n- [x] chairs\n> said", False)
    assert page["properties"] == {"Name": "Weekly", "Date": None}
    monkeypatch.setattr(_rows, "TEXT", 6)
    page = stand.action("get_page").run(stand.client, page=made["id"])
    assert (page["markdown"], page["cut"]) == ("# Plan", True)
    stand.note(blocks=1)
    monkeypatch.setattr(_rows, "TEXT", 100)
    assert stand.action("get_page").run(stand.client, page=made["id"])["cut"] is True
    with pytest.raises(Refused, match="Restore or share it"):
        stand.action("get_page").run(stand.client, page="99999999-0000-4000-8000-000000000000")
