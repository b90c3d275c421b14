"""Properties of pages that are there: changed, found after a lost answer, given back unless somebody has changed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors.notion_rows import BEN, cell, row, table
from tests.connectors.stand import KEY, Stand, standing

FAULTS = pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing("notion") as made:
        yield made


@pytest.fixture
def source(stand: Stand) -> str:
    return table(stand)


@pytest.fixture
def page(stand: Stand, source: str) -> str:
    filled = {"State": {"status": {"name": "Open"}}, "Notes": {"rich_text": [{"text": {"content": "Old"}}]}}
    return str(row(stand, source, "Chairs", **filled)["id"])


def properties(**given: Any) -> dict[str, Any]:
    return {
        "task": "Tables",
        "State": "closed",
        "Kind": "Open",
        "Tags": ["Open", "Closed"],
        "Due": "2026-12-01T09:30:00Z",
        "Hours": "2.5",
        "Done": True,
        "Notes": "New",
        "Mail": "ann@shop.example",
        "Link": "https://shop.example/",
        "Who": BEN,
        **given,
    }


def test_every_kind_of_column_is_written_found_and_given_back(stand: Stand, source: str, page: str) -> None:
    before_all = stand.action("get_page").run(stand.client, page=page)["properties"]
    given = stand.prepared("update_page", page=page, properties=properties(Near=row(stand, source, "Other")["id"]))
    before = stand.before("update_page", **given)
    find = stand.action("update_page").find
    assert find
    assert find(stand.client, KEY, given) == []
    made = stand.send("update_page", KEY, given)
    assert find(stand.client, KEY, given) == [made]
    shown = stand.action("get_page").run(stand.client, page=page)["properties"]
    assert (shown["Task"], shown["State"], shown["Tags"], shown["Hours"]) == (
        "Tables",
        "Closed",
        ["Open", "Closed"],
        2.5,
    )
    assert (shown["Done"], shown["Notes"], shown["Who"]) == (True, "New", ["Ben Ortiz"])
    assert stand.undo("update_page", given, made, before) is None
    assert stand.action("get_page").run(stand.client, page=page)["properties"] == before_all
    assert stand.effects("page.update") == ["page.update", "page.update"]


@FAULTS
def test_a_lost_answer_is_looked_up(stand: Stand, page: str, fault: str, arrived: int) -> None:
    assert len(stand.lost("update_page", fault, page=page, properties=properties())) == arrived


def test_what_is_empty_stays_as_it_is(stand: Stand, page: str) -> None:
    stand.do("update_page", page=page, properties={"State": "", "Notes": None, "Tags": [], "Hours": 0, "Done": False})
    assert (cell(stand, page, "State"), cell(stand, page, "Notes"), cell(stand, page, "Hours")) == ("Open", "Old", 0)
    with pytest.raises(Refused, match="nothing to change"):
        stand.prepared("update_page", page=page, properties={"State": " "})


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("State", "Almost", "takes “Open”, “Closed”"),
        ("Tags", ["Open", "red"], "“red” does not fit"),
        ("Hours", "three", "a number"),
        ("Due", "next Friday", "2026-11-02"),
        ("Who", "Ann", "ids"),
        ("Made", "2026-11-02", "Notion fills in by itself"),
        ("Notes", "x" * 300_000, "less text"),
        ("Nothing", "x", "There is “"),
        ("Patchbay key", "x", "no column"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    stand: Stand, page: str, column: str, value: Any, says: str
) -> None:
    """A new page writes it into its text; a page that is there has no such place."""
    with pytest.raises(Refused, match=says):
        stand.prepared("update_page", page=page, properties={column: value})
    assert stand.effects("page.update") == []


def test_a_title_is_changed_whatever_its_column_is_called(stand: Stand, page: str) -> None:
    assert stand.do("update_page", page=page, title="Benches")["title"] == "Benches"


def test_a_page_outside_of_databases_has_a_title_too(stand: Stand) -> None:
    page = stand.served.control("notion_page", {"title": "Handbook"})["id"]
    assert stand.do("update_page", page=page, title="House rules")["title"] == "House rules"


def test_what_somebody_changed_after_it_was_prepared_is_not_overwritten(stand: Stand, page: str) -> None:
    given = stand.prepared("update_page", page=page, properties={"State": "Closed"})
    notes = {"Notes": {"rich_text": [{"text": {"content": "Another column"}}]}}
    stand.served.control("notion_set", {"page": page, "properties": notes})
    assert stand.before("update_page", **given) == {"State": {"status": {"name": "Open"}}}
    stand.served.control("notion_set", {"page": page, "properties": {"State": {"status": {"name": "Closed"}}}})
    with pytest.raises(Refused, match="changed “State” of the page “Chairs”"):
        stand.before("update_page", **given)


def test_undo_leaves_what_somebody_changed_and_minds_nothing_else(stand: Stand, page: str) -> None:
    given = stand.prepared("update_page", page=page, properties={"State": "Closed"})
    before = stand.before("update_page", **given)
    made = stand.send("update_page", KEY, given)
    stand.served.control("notion_set", {"page": page, "properties": {"Hours": {"number": 5}}})
    assert stand.undo("update_page", given, made, before) is None
    made = stand.send("update_page", KEY, given)
    stand.served.control("notion_set", {"page": page, "properties": {"State": {"status": {"name": "Open"}}}})
    assert "Somebody changed “State”" in (stand.undo("update_page", given, made, before) or "")
    stand.served.control("trash", {"page": page})
    assert "nothing to take back" in (stand.undo("update_page", given, made, before) or "")


def test_many_related_pages_are_all_given_back(stand: Stand, source: str) -> None:
    near = [{"id": row(stand, source, str(n))["id"]} for n in range(30)]
    page = row(stand, source, "Hub", Near={"relation": near})["id"]
    given = stand.prepared("update_page", page=page, properties={"Near": [near[0]["id"]]})
    before = stand.before("update_page", **given)
    made = stand.send("update_page", KEY, given)
    assert cell(stand, page, "Near") == [near[0]["id"]]
    assert stand.undo("update_page", given, made, before) is None
    assert cell(stand, page, "Near") == [one["id"] for one in near]


@pytest.mark.parametrize("gone", ["trash", "unknown"])
def test_a_page_that_is_gone_is_said_in_words(stand: Stand, page: str, gone: str) -> None:
    if gone == "trash":
        stand.served.control("trash", {"page": page})
    else:
        page = "99999999-0000-4000-8000-000000000000"
    with pytest.raises(Refused, match="Restore or share it"):
        stand.prepared("update_page", page=page, properties={"State": "Closed"})
    with pytest.raises(Refused, match="Copy link"):
        stand.prepared("update_page", page="my page", properties={})


def test_a_page_is_chosen_by_its_title_or_its_address(stand: Stand, page: str) -> None:
    assert [one.id for one in stand.choices("page", "chairs")] == [page]
    address = f"https://www.notion.so/shop/Chairs-{page.replace('-', '')}?pvs=4"
    assert [one.label for one in stand.resolve("page", address)] == ["Chairs"]
    with pytest.raises(Refused, match="cannot see this page"):
        stand.resolve("page", "99999999-0000-4000-8000-000000000000")
