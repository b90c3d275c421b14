"""New rows of a Google sheet: each told once, whatever people insert, sort, edit, cut and delete, and whatever fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.practice.vendors.google.sheets import BOOK
from connectors.contract import Refused, Unreadable
from connectors.google import _sheets_fresh, _sheets_watch
from connectors.google._sheets_fresh import Row, by_cells, by_column
from connectors.google._sheets_watch import added, shape, watched
from tests.connectors.google_sheets import ADDRESS, ORDERS, book, by_hand, lines, with_lines
from tests.connectors.stand import KEY, Stand, reopened

NEW = [1043, "Cy Example", "cy@client.example", 3.0, "open"]
SAMPLES = Path(__file__).parent / "samples" / "google"


@pytest.fixture(params=["", " by Order number"], ids=["by all cells", "by a column"])
def shop(request: pytest.FixtureRequest) -> Iterator[Stand]:
    with book(sheets=ADDRESS + request.param) as stand:
        yield stand


@pytest.fixture
def plain() -> Iterator[Stand]:
    with book(sheets=ADDRESS) as stand:
        yield stand


def names(events: list[Any]) -> list[str]:
    return [json.loads(event.body)["fields"]["Name"] for event in events]


def begun(stand: Stand) -> Any:
    events, cursor = added(stand.client, None)
    assert events == [], "what is there starts nothing"
    return json.loads(json.dumps(cursor))


def test_a_row_at_the_end_or_in_between_is_told_once(shop: Stand) -> None:
    cursor = begun(shop)
    with_lines(shop, lambda it: it.append(NEW))
    with_lines(shop, lambda it: it.insert(1, [1040, "Di", "", 1, ""]))
    events, after = added(shop.client, cursor)
    assert sorted(names(events)) == ["Cy Example", "Di"]
    assert added(shop.client, after)[0] == []
    assert len({event.dedupe_key for event in events}) == 2


def test_a_look_that_is_repeated_after_a_crash_tells_the_same_and_what_came_in_between(shop: Stand) -> None:
    cursor = begun(shop)
    with_lines(shop, lambda it: it.append(NEW))
    first, _ = added(shop.client, cursor)
    with_lines(shop, lambda it: it.insert(1, [1040, "Di", "", 1, ""]))
    second, _ = added(shop.client, cursor)
    assert {event.dedupe_key for event in first} < {event.dedupe_key for event in second}
    assert len(second) == 2


def test_sorting_editing_and_deleting_make_nothing_new(shop: Stand) -> None:
    with_lines(shop, lambda it: it.append(NEW))
    cursor = begun(shop)
    with_lines(shop, lambda it: it.__setitem__(slice(1, None), it[:0:-1]))
    events, cursor = added(shop.client, cursor)
    assert events == [], "sorted"
    with_lines(shop, lambda it: it[1].__setitem__(4, "paid"))
    events, cursor = added(shop.client, cursor)
    assert events == [], "edited"
    with_lines(shop, lambda it: it.pop(2))
    events, cursor = added(shop.client, cursor)
    assert events == [], "deleted"


def test_an_edit_and_a_new_row_below_it_are_told_apart(shop: Stand) -> None:
    cursor = begun(shop)
    with_lines(shop, lambda it: it[2].__setitem__(4, "paid"))
    with_lines(shop, lambda it: it.append(NEW))
    assert names(added(shop.client, cursor)[0]) == ["Cy Example"]


def test_columns_that_come_go_or_get_another_name_make_no_row_new(shop: Stand) -> None:
    cursor = begun(shop)
    by_hand(shop, lines=[[*line[:2], f"note {n}", *line[2:]] for n, line in enumerate(lines(shop))])
    with_lines(shop, lambda it: it[0].__setitem__(5, "State"))
    with_lines(shop, lambda it: it.append([1043, "Cy Example"]))
    events, cursor = added(shop.client, cursor)
    assert names(events) == ["Cy Example"]
    assert added(shop.client, cursor)[0] == []


def test_what_patchbay_added_starts_nothing_but_a_persons_copy_of_it_does(shop: Stand) -> None:
    cursor = begun(shop)
    shop.do("append_rows", KEY, sheet=ORDERS, rows=[{"Order number": 7, "Name": "Ours"}, {"Name": "Ours, too"}])
    events, cursor = added(shop.client, cursor)
    assert events == []
    with_lines(shop, lambda it: it.append([8, "A copy", "", "", "", *it[3][5:]]))
    events, cursor = added(shop.client, cursor)
    assert names(events) == ["A copy"]


def test_many_rows_are_told_over_several_looks(shop: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sheets_watch, "ENOUGH", 3)
    cursor = begun(shop)
    with_lines(shop, lambda it: it.extend([[n, f"Number {n}"] for n in range(7)]))
    told = []
    for _ in range(4):
        events, cursor = added(shop.client, cursor)
        told += names(events)
    assert told == [f"Number {n}" for n in range(7)]


def test_the_same_row_again_is_new_by_all_cells(plain: Stand) -> None:
    cursor = begun(plain)
    with_lines(plain, lambda it: it.append(NEW))
    first, cursor = added(plain.client, cursor)
    with_lines(plain, lambda it: it.append(NEW))
    second, cursor = added(plain.client, cursor)
    assert names(first + second) == ["Cy Example", "Cy Example"]
    assert first[0].dedupe_key != second[0].dedupe_key


def test_a_value_that_was_cut_and_comes_back_is_not_new_by_a_column() -> None:
    rows = [Row(2, {"Id": 1}), Row(3, {"Id": 2})]
    _, state = by_column(None, "Id", rows, 100)
    fresh, state = by_column(state, "Id", rows[:1], 100)
    fresh, state = by_column(state, "Id", rows, 100)
    assert fresh == []
    fresh, _ = by_column(state, "Id", [*rows, Row(4, {"Name": "no id yet"}), Row(5, {"Id": 2})], 100)
    assert fresh == [], "nothing to tell it by, and a value that is there"


def test_a_row_that_replaces_another_is_new_and_a_row_that_is_completed_is_not() -> None:
    before = [Row(2, {"A": "x", "B": 1, "C": 2}), Row(3, {"A": "y"})]
    _, state = by_cells(None, ["A", "B", "C"], before, 100)
    replaced = [before[0], Row(3, {"A": "z", "B": 5, "C": 6})]
    assert by_cells(state, ["A", "B", "C"], replaced, 100)[0] == [replaced[1]]
    completed = [before[0], Row(3, {"A": "y", "B": 5, "C": 6})]
    assert by_cells(state, ["A", "B", "C"], completed, 100)[0] == []
    moved = [Row(2, {"A": "y", "B": 5, "C": 6}), before[0]]
    assert by_cells(state, ["A", "B", "C"], moved, 100)[0] == [moved[0]], "elsewhere it is another one"


def test_thousands_of_rows_that_all_change_at_once_take_no_time() -> None:
    old = [Row(n, {"A": n, "B": f"b{n}"}) for n in range(3000)]
    _, state = by_cells(None, ["A", "B"], old, 100)
    new = [Row(n, {"A": n + 10_000, "B": f"c{n}"}) for n in range(3000)]
    assert len(by_cells(state, ["A", "B"], new, 5000)[0]) == 3000


def test_a_sheet_that_fails_holds_up_no_other(plain: Stand) -> None:
    gone = f"https://docs.google.com/spreadsheets/d/{'1' * 30}/edit"
    both = reopened(plain, sheets=f"{gone}, {ADDRESS}")
    with pytest.raises(Refused, match="not there, or this Google account does not see it"):
        added(both.client, None)
    cursor = begun(plain)
    with_lines(plain, lambda it: it.append(NEW))
    events, after = added(both.client, cursor)
    assert names(events) == ["Cy Example"]
    with pytest.raises(Refused):
        added(both.client, after)


def test_a_read_that_fails_loses_nothing(shop: Stand) -> None:
    cursor = begun(shop)
    with_lines(shop, lambda it: it.append(NEW))
    shop.served.fault("google", "status", status=503, path="/v4/spreadsheets/", skip=2)
    with pytest.raises(Exception, match="503"):
        added(shop.client, cursor)
    assert names(added(shop.client, cursor)[0]) == ["Cy Example"]


def test_a_sheet_that_is_renamed_or_empty_is_still_the_same(shop: Stand) -> None:
    by_hand(shop, lines=lines(shop)[:1])
    cursor = begun(shop)
    by_hand(shop, title="It's new")
    with_lines(shop, lambda it: it.append(NEW))
    assert names(added(shop.client, cursor)[0]) == ["Cy Example"]


def test_a_column_that_is_gone_and_a_sheet_that_is_too_large_are_said(
    plain: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="no column “Number”"):
        added(reopened(plain, sheets=f"{ADDRESS} by Number").client, None)
    monkeypatch.setattr(_sheets_watch, "LARGEST", 1)
    with pytest.raises(Refused, match="name the column by which rows are told apart"):
        added(plain.client, None)


def test_what_a_recipe_sees_of_a_row(plain: Stand) -> None:
    by_hand(plain, lines=[["Name", "", "Name"]])
    cursor = begun(plain)
    by_hand(plain, lines=[["Name", "", "Name"], ["=1", True, 2.5], ["Di"]])
    events, _ = added(plain.client, cursor)
    assert shape(events[0].body) == {
        "sheet": ORDERS,
        "sheet_name": "Orders",
        "spreadsheet_name": "Practice shop",
        "row": 2,
        "url": f"https://docs.google.com/spreadsheets/d/{BOOK}/edit#gid=0&range=A2",
        "fields": {"Name": "=1", "Column B": True, "Name (2)": 2.5},
    }
    assert shape(events[1].body)["fields"] == {"Name": "Di", "Column B": "", "Name (2)": ""}


def test_rows_may_be_quoted_from_a_sheet_of_several_and_named_by_a_column() -> None:
    other = f"https://docs.google.com/spreadsheets/d/{BOOK}/edit#gid=77"
    found = watched(f"{ADDRESS} by Name, first, {other} BY “Item”")
    assert [(str(one.place), one.by) for one in found] == [(ORDERS, "Name, first"), (f"{BOOK}/77", "Item")]
    assert watched("") == []
    with pytest.raises(Refused, match="no address"):
        watched("Orders")
    with pytest.raises(Refused, match="10 sheets"):
        watched(", ".join([ADDRESS] * 11))


def test_sheets_that_cannot_be_read_are_said_before_the_account_is_saved(plain: Stand) -> None:
    with pytest.raises(Refused, match="no address of a Google sheet"):
        reopened(plain, sheets="Orders").check()


def test_without_sheets_nothing_is_asked(plain: Stand) -> None:
    assert added(reopened(plain, sheets="").client, None) == ([], {})
    assert plain.asked() == []


def test_samples_are_read_and_what_is_no_row_is_said() -> None:
    for name in ("order_row.json", "stock_row.json"):
        assert shape((SAMPLES / name).read_bytes())["sheet"]
    with pytest.raises(Unreadable):
        shape(b"{}")


def test_marks_are_short() -> None:
    _, state = by_cells(None, ["A", "B"], [Row(2, {"A": "a" * 1000})], 100)
    assert [len(line) for line in state["rows"]] == [2 * _sheets_fresh.WIDTH]
