"""Airtable over real HTTP: connecting, choosing a table, finding and writing records, and taking that back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from app.core.answers import Kind
from connectors.contract import Account, Choice, Refused, Unauthorized, Unavailable
from tests.connectors.airtable_stand import CLIENTS, IDS, ORDERS, airtable, person, row, rows
from tests.connectors.stand import KEY, Stand, reopened

OTHER_KEY = "hub-zyxwvutsrqponmlkjihg"


@pytest.fixture
def base() -> Iterator[Stand]:
    with airtable() as stand:
        yield stand


def with_key_column(stand: Stand) -> Stand:
    stand.do("add_key_column", table=ORDERS)
    return stand


# --- connecting -------------------------------------------------------------------------------------------------------


def test_check_names_the_user_and_reads_a_record(base: Stand) -> None:
    assert base.check() == Account("usrpractice000001", "practice@shop.example")
    paths = [one["path"] for one in base.asked()]
    assert paths == ["/v0/meta/whoami", f"/v0/{ORDERS}"]


def test_a_month_that_is_used_up_is_noticed_although_tables_can_still_be_listed(base: Stand) -> None:
    base.note(used_up=True)
    assert base.client.ask("GET", "meta/whoami")
    with pytest.raises(Unauthorized, match="used up its calls of this month"):
        base.check()


def test_without_tables_to_watch_the_first_table_is_read(base: Stand) -> None:
    base.note(used_up=True)
    with pytest.raises(Unauthorized, match="used up"):
        reopened(base, watch="").check()
    assert base.asked()[-1]["path"].startswith("/v0/apppractice000001/tbl")


def test_a_token_that_was_revoked_says_where_to_make_a_new_one(base: Stand) -> None:
    with pytest.raises(Unauthorized, match=r"airtable\.com/create/tokens"):
        reopened(base, token="pat.wrong").check()


@pytest.mark.parametrize("scope", ["schema.bases:read", "data.records:read"])
def test_a_missing_scope_says_which_ones_there_must_be(base: Stand, scope: str) -> None:
    base.note(lacks=[scope])
    ask = base.check if scope == "data.records:read" else partial(base.choices, "table")
    with pytest.raises(Refused, match=r"data\.records:read, data\.records:write, schema\.bases:read") as refusal:
        ask()
    assert "creator of the base" in str(refusal.value)


@pytest.mark.parametrize("watch", ["Orders", "https://airtable.com/tblorders00000001", f"{ORDERS}, tbl"])
def test_a_table_to_watch_that_is_none_is_refused(base: Stand, watch: str) -> None:
    with pytest.raises(Refused, match="copy the whole address"):
        reopened(base, watch=watch)


def test_tables_to_watch_come_as_addresses_from_the_browser(base: Stand) -> None:
    watch = f"https://airtable.com/{ORDERS}/viw00000000000001?blocks=hide, https://airtable.com/{CLIENTS} {ORDERS}"
    assert [str(place) for place in reopened(base, watch=watch).client.watched] == [ORDERS, CLIENTS]


def test_a_watched_table_that_is_gone_is_noticed_at_once(base: Stand) -> None:
    with pytest.raises(Refused, match="no longer in its Airtable base"):
        reopened(base, watch=f"{ORDERS}, apppractice000001/tbldeleted0000001").check()


# --- choosing a table -------------------------------------------------------------------------------------------------


def test_tables_are_listed_with_their_bases_over_all_pages(base: Stand) -> None:
    assert sorted(choice.label for choice in base.choices("table")) == [
        "Practice shop › Clients",
        "Practice shop › Orders",
    ]
    assert base.choices("table", "order") == [Choice(ORDERS, "Practice shop › Orders")]


def test_a_pasted_address_is_its_table(base: Stand) -> None:
    found = base.resolve("table", f"https://airtable.com/{CLIENTS}/viw00000000000001")
    assert found == [Choice(CLIENTS, "Clients")]
    with pytest.raises(Refused, match="not the address of an Airtable table"):
        base.resolve("table", "https://airtable.com/workspaces")


def test_a_list_whose_second_page_fails_is_no_list(base: Stand) -> None:
    base.served.fault("airtable", "status", path="/v0/meta/bases", skip=1, status=503)
    with pytest.raises(Unavailable):
        base.choices("table")


# --- finding ----------------------------------------------------------------------------------------------------------


def test_records_are_found_by_a_value_with_all_their_columns(base: Stand) -> None:
    (found,) = base.action("find_records").run(base.client, table=ORDERS, column="Email", value="ana@shop.example")[
        "records"
    ]
    assert found["url"] == f"https://airtable.com/{ORDERS}/{found['id']}"
    assert found["fields"]["Amount"] == 480
    assert found["fields"]["Notes"] is None
    assert "Files" not in found["fields"]


def test_what_is_looked_for_is_quoted_and_compared_exactly(base: Stand) -> None:
    name = 'O\'Hara \\ "Sons" {x}\nand more'
    person(base, {"Name": name})
    person(base, {"Name": name.upper()})
    found = base.action("find_records").run(base.client, table=ORDERS, column="Name", value=name)["records"]
    assert [one["fields"]["Name"] for one in found] == [name]


def test_a_long_question_does_not_go_into_the_address(base: Stand) -> None:
    name = "ü" * 6000
    person(base, {"Name": name})
    found = base.action("find_records").run(base.client, table=ORDERS, column="Name", value=name)["records"]
    assert len(found) == 1
    assert base.asked("POST")[-1]["path"] == f"/v0/{ORDERS}/listRecords"


def test_finding_goes_over_all_pages_or_fails(base: Stand) -> None:
    for number in range(101):
        person(base, {"Name": "Chair", "Amount": number + 1})
    find = base.action("find_records").run
    assert len(find(base.client, table=ORDERS, column="Name", value="Chair")["records"]) == 101
    body = {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "message": "x"}}
    base.served.fault("airtable", "status", path=f"/v0/{ORDERS}", skip=1, status=422, body=body)
    with pytest.raises(Exception, match="422"):
        find(base.client, table=ORDERS, column="Name", value="Chair")


# --- creating ---------------------------------------------------------------------------------------------------------


def test_a_record_is_created_with_the_columns_ids_and_our_key(base: Stand) -> None:
    made = base.do(
        "create_record", table=ORDERS, fields={"Name": "A lamp", "Amount": "12.50", "Paid": "yes", "Tags": "Rush"}
    )
    assert base.effects() == ["column.create", "record.create"]
    assert made["url"] == f"https://airtable.com/{ORDERS}/{made['id']}"
    found = row_with_key(base)
    assert (found["Amount"], found["Paid"], found["Tags"]) == (12.5, True, ["Rush"])
    sent = json.loads(base.asked("PATCH")[-1]["body"])
    assert sent["performUpsert"] == {"fieldsToMergeOn": ["Patchbay key"]}
    assert sent["records"] == [
        {
            "fields": {
                IDS["Name"]: "A lamp",
                IDS["Amount"]: 12.5,
                IDS["Paid"]: True,
                IDS["Tags"]: ["Rush"],
                "Patchbay key": KEY,
            }
        }
    ]


def row_with_key(stand: Stand) -> dict[str, Any]:
    found = stand.served.control("state?slug=airtable")["record"]
    names = {cell: name for name, cell in IDS.items()}
    (one,) = [r for r in found if KEY in r["fields"].values()]
    return {names[cell]: value for cell, value in one["fields"].items() if cell in names}


def test_the_same_create_twice_is_one_record(base: Stand) -> None:
    """What the vendor's own SDK would do six times after a lost answer."""
    first = base.do("create_record", table=ORDERS, fields={"Name": "A lamp"})
    again = base.do("create_record", table=ORDERS, fields={"Name": "A lamp"})
    assert first["id"] == again["id"]
    assert base.effects("record.create") == ["record.create"]
    base.do("create_record", OTHER_KEY, table=ORDERS, fields={"Name": "A lamp"})
    assert len(base.effects("record.create")) == 2


@pytest.mark.parametrize("fault", ["cut_after", "rubbish", "status_after"])
def test_a_lost_answer_is_one_request_and_is_found_by_the_key(base: Stand, fault: str) -> None:
    with_key_column(base)
    (found,) = base.lost("create_record", fault, table=ORDERS, fields={"Name": "A lamp"})
    assert found["id"] == row(base, "A lamp")["id"]
    assert len(base.asked("PATCH")) == 1


def test_what_did_not_arrive_is_not_found(base: Stand) -> None:
    with_key_column(base)
    assert base.lost("create_record", "cut_before", table=ORDERS, fields={"Name": "A lamp"}) == []


def test_a_lost_answer_to_the_key_column_is_found(base: Stand) -> None:
    (found,) = base.lost("add_key_column", table=ORDERS)
    assert found["id"].startswith("fld")


def test_a_key_column_of_another_type_is_told(base: Stand) -> None:
    base.client.ask(
        "POST",
        f"meta/bases/{ORDERS.replace('/', '/tables/')}/fields",
        body={"name": "Patchbay key", "type": "currency"},
    )
    with pytest.raises(Refused, match="must hold single line text"):
        base.do("create_record", table=ORDERS, fields={"Name": "A lamp"})


def test_a_column_that_is_renamed_after_the_request_was_made_is_still_the_same(base: Stand) -> None:
    arguments = base.prepared("create_record", table=ORDERS, fields={"Name": "A lamp"})
    assert arguments["fields"] == {IDS["Name"]: "A lamp"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Nmae": "x"}, "has no column “Nmae”. It has: “Name”, “Email”"),
        ({"Number": 5}, "“Number” is worked out by Airtable"),
        ({"Files": "https://x.example/a.pdf"}, "“Files” holds files"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_sent(base: Stand, fields: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        base.prepared("create_record", table=ORDERS, fields=fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Status": "Lost"}, "Add it to the column in Airtable"),
        ({"Amount": "a lot"}, 'does not fit its column: “Field "Amount"'),
    ],
)
def test_what_airtable_refuses_comes_with_what_to_do(base: Stand, fields: Any, says: str) -> None:
    with_key_column(base)
    trouble = base.trouble("create_record", table=ORDERS, fields=fields)
    assert trouble.kind is Kind.REFUSED
    assert says in trouble.words
    assert len(rows(base)) == 2


def test_a_created_record_is_taken_back_to_the_trash(base: Stand) -> None:
    given = {"table": ORDERS, "fields": {"Name": "A lamp"}}
    arguments = base.prepared("create_record", **given)
    made = base.do("create_record", **given)
    assert base.undo("create_record", arguments, made) is None
    assert [one["Name"] for one in rows(base)] == ["Ten chairs", "A table"]


def test_a_created_record_that_somebody_filled_in_stays(base: Stand) -> None:
    given = {"table": ORDERS, "fields": {"Name": "A lamp"}}
    arguments = base.prepared("create_record", **given)
    made = base.do("create_record", **given)
    person(base, {"Status": "Paid"}, made["id"])
    assert base.undo("create_record", arguments, made) == "Somebody has changed “Status” of the record since."
    person(base, None, made["id"])
    assert base.undo("create_record", arguments, made) == "Somebody has deleted the record since."


def test_a_base_that_is_out_of_sight_is_not_taken_for_a_deleted_record(base: Stand) -> None:
    find = base.action("delete_record").find
    assert find
    base.note(lacks=["data.records:read"])
    with pytest.raises(Exception, match="403"):
        find(base.client, KEY, {"table": ORDERS, "record": rows(base)[0]["id"]})
