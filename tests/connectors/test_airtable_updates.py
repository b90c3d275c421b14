"""Airtable over real HTTP: changing records, merging by a value, taking that back, and Airtable's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from app.practice.serve import Served
from connectors.airtable import connector
from connectors.airtable._cells import alike
from connectors.contract import Refused, Unavailable
from tests.connectors.airtable_stand import IDS, ORDERS, airtable, person, row, rows
from tests.connectors.stand import Stand, reopened


@pytest.fixture
def base() -> Iterator[Stand]:
    with airtable() as stand:
        yield stand


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_change_leaves_other_cells_alone(base: Stand) -> None:
    record = row(base, "Ten chairs")
    base.do("update_record", table=ORDERS, record=record["id"], fields={"Status": "Paid", "Notes": "Paid in *cash*"})
    now = row(base, "Ten chairs")
    assert (now["Status"], now["Notes"], now["Email"], now["Amount"]) == (
        "Paid",
        "Paid in *cash*\n",
        "ana@shop.example",
        480,
    )


@pytest.mark.parametrize("fault", ["cut_after", "rubbish", "status_after"])
def test_a_change_whose_answer_was_lost_is_seen_in_the_record(base: Stand, fault: str) -> None:
    """In the shapes in which Airtable gives values back."""
    fields = {"Notes": "ok", "Packed": "2026-11-02T10:00:00+01:00", "Owner": {"id": "usrana00000000001"}, "Paid": False}
    (found,) = base.lost("update_record", fault, table=ORDERS, record=row(base, "Ten chairs")["id"], fields=fields)
    assert found["id"] == row(base, "Ten chairs")["id"]


def test_a_change_that_did_not_arrive_is_not_seen(base: Stand) -> None:
    record = row(base, "Ten chairs")["id"]
    assert base.lost("update_record", "cut_before", table=ORDERS, record=record, fields={"Status": "Paid"}) == []


def test_a_change_is_taken_back_with_empty_cells_empty_again(base: Stand) -> None:
    before_all = row(base, "Ten chairs")
    given = {"table": ORDERS, "record": before_all["id"], "fields": {"Status": "Paid", "Notes": "x", "Amount": 1}}
    arguments = base.prepared("update_record", **given)
    before = base.before("update_record", **arguments)
    made = base.do("update_record", **given)
    assert base.undo("update_record", arguments, made, before) is None
    assert row(base, "Ten chairs") == before_all


def test_the_owner_of_a_record_is_put_back_by_id(base: Stand) -> None:
    record = row(base, "Ten chairs")["id"]
    person(base, {"Owner": {"id": "usrben00000000001"}}, record)
    arguments = base.prepared(
        "update_record", table=ORDERS, record=record, fields={"Owner": {"id": "usrana00000000001"}}
    )
    assert base.before("update_record", **arguments) == {IDS["Owner"]: {"id": "usrben00000000001"}}


def test_what_somebody_changed_since_is_not_taken_back(base: Stand) -> None:
    given = {"table": ORDERS, "record": row(base, "Ten chairs")["id"], "fields": {"Status": "Paid"}}
    arguments = base.prepared("update_record", **given)
    before = base.before("update_record", **arguments)
    made = base.do("update_record", **given)
    person(base, {"Status": "Sent"}, made["id"])
    assert base.undo("update_record", arguments, made, before) == (
        "Somebody has changed the same cells of the record since."
    )
    person(base, None, made["id"])
    assert base.undo("update_record", arguments, made, before) == "Somebody has deleted the record since."


def test_a_deleted_record_is_told(base: Stand) -> None:
    record = row(base, "Ten chairs")["id"]
    person(base, None, record)
    arguments = base.prepared("update_record", table=ORDERS, record=record, fields={"Status": "Paid"})
    with pytest.raises(Refused, match="Restore it from the base's trash"):
        base.before("update_record", **arguments)
    trouble = base.trouble("update_record", table=ORDERS, record=record, fields={"Status": "Paid"})
    assert trouble.kind is Kind.REFUSED
    assert "no such base, table or record" in trouble.words


# --- merging by a value -----------------------------------------------------------------------------------------------


def test_the_record_with_the_same_value_is_changed(base: Stand) -> None:
    base.do("upsert_record", table=ORDERS, by="Email", fields={"Email": "ana@shop.example", "Status": "Paid"})
    assert row(base, "Ten chairs")["Status"] == "Paid"
    assert len(rows(base)) == 2
    assert json.loads(base.asked("PATCH")[-1]["body"])["performUpsert"] == {"fieldsToMergeOn": [IDS["Email"]]}


def test_without_one_a_record_is_created_and_taken_back(base: Stand) -> None:
    given = {"table": ORDERS, "by": "Email", "fields": {"Email": "new@shop.example", "Name": "A lamp"}}
    arguments = base.prepared("upsert_record", **given)
    before = base.before("upsert_record", **arguments)
    made = base.do("upsert_record", **given)
    assert row(base, "A lamp")["id"] == made["id"]
    assert base.undo("upsert_record", arguments, made, before) is None
    assert len(rows(base)) == 2


def test_a_merged_record_gets_its_old_cells_back(base: Stand) -> None:
    before_all = row(base, "Ten chairs")
    given = {"table": ORDERS, "by": "Email", "fields": {"Email": "ana@shop.example", "Status": "Paid"}}
    arguments = base.prepared("upsert_record", **given)
    before = base.before("upsert_record", **arguments)
    made = base.do("upsert_record", **given)
    assert base.undo("upsert_record", arguments, made, before) is None
    assert row(base, "Ten chairs") == before_all


@pytest.mark.parametrize("email", ["ana@shop.example", "new@shop.example"])
def test_a_merge_whose_answer_was_lost_is_seen(base: Stand, email: str) -> None:
    (found,) = base.lost("upsert_record", table=ORDERS, by="Email", fields={"Email": email, "Status": "Paid"})
    assert [one["id"] for one in rows(base) if one["Email"] == email] == [found["id"]]


def test_two_records_with_the_same_value_are_a_question_for_a_person(base: Stand) -> None:
    person(base, {"Name": "Twin", "Email": "ana@shop.example"})
    with pytest.raises(Refused, match="Several records have the same value in “Email”"):
        base.prepared("upsert_record", table=ORDERS, by="Email", fields={"Email": "ana@shop.example"})


@pytest.mark.parametrize(
    ("by", "fields", "says"),
    [
        ("Paid", {"Paid": True}, "cannot be told apart by the column “Paid”"),
        ("Email", {"Email": " ".strip(), "Status": "Paid"}, "nothing to write into “Email”"),
        ("Email", {"Status": "Paid"}, "nothing to write into “Email”"),
    ],
)
def test_a_merge_needs_a_value_that_tells_records_apart(base: Stand, by: str, fields: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        base.prepared("upsert_record", table=ORDERS, by=by, fields=fields)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_too_fast_means_half_a_minute_of_silence_and_nothing_is_sent_meanwhile() -> None:
    """The vendor's own SDK would ask five times more within three seconds, and prolong it."""
    with Served() as served, airtable() as other:
        stand = reopened(Stand(served, other.connector, other.opened))
        stand.note(rate=0.01)
        stand.client.ask("GET", ORDERS)
        with pytest.raises(Unavailable) as asked:
            stand.client.ask("GET", ORDERS)
        assert asked.value.seconds == 30
        assert [one["status"] for one in stand.asked()].count(429) == 1


def test_a_write_that_comes_too_fast_waits_and_surely_did_nothing(base: Stand) -> None:
    base.note(penalty_until=1e12)
    base.served.fault("airtable", "status", method="PATCH", status=429, body={"errors": []})
    record = row(base, "Ten chairs")["id"]
    trouble = base.trouble("update_record", table=ORDERS, record=record, fields={"Status": "Paid"})
    assert (trouble.kind, trouble.seconds) == (Kind.WAIT, 30)
    assert row(base, "Ten chairs")["Status"] == "Open"


def test_a_month_that_is_used_up_stops_the_connection_and_says_until_when(base: Stand) -> None:
    arguments = {"table": ORDERS, "record": row(base, "Ten chairs")["id"], "fields": {"Status": "Paid"}}
    base.note(used_up=True)
    trouble = base.trouble("update_record", **arguments)
    assert trouble.kind is Kind.RECONNECT
    assert "until the next month" in trouble.words


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"error": {"type": "AUTHENTICATION_REQUIRED", "message": "x"}}, "make a new one"),
        (403, {"error": "NOT_AUTHORIZED"}, "under Access"),
        (404, {"error": "NOT_FOUND"}, "no such base, table or record"),
        (413, {}, "shorter text"),
        (
            422,
            {"error": {"type": "UNKNOWN_FIELD_NAME", "message": 'Unknown field name: "X"'}},
            "no such column any more: “Unk",
        ),
        (422, {"error": {"type": "TOO_MANY_WEBHOOKS"}}, "ten, and two of one app"),
        (422, {"error": {"type": "INVALID_REQUEST_UNKNOWN", "message": "x"}}, "did not accept what was sent: “x”"),
        (429, {"error": {"type": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}}, "larger plan"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: Any, says: str) -> None:
    assert says in (connector.explain(status, json.dumps(body).encode()) or "")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"[]", b'{"error":[]}', b"null"])
def test_a_refusal_without_readable_words_is_explained_too(body: bytes) -> None:
    assert connector.explain(403, body)
    assert connector.explain(422, body)
    assert connector.explain(429, body) is None
    assert connector.explain(500, body) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (None, None, True),
        (False, None, True),
        ([], None, True),
        ("", None, True),
        (0, None, False),
        (0, 0, True),
        ("x", "x\n", True),
        ("2026-11-02T09:00:00Z", "2026-11-02T09:00:00.000Z", True),
        ("2026-11-02T09:00:00Z", "2026-11-02T10:00:00.000Z", False),
        ({"id": "usr1"}, {"id": "usr1", "email": "x"}, True),
        (["a"], ["a", "b"], False),
        ("5", 5, False),
        (True, None, False),
    ],
)
def test_cells_are_compared_as_airtable_gives_them_back(ours: Any, theirs: Any, same: bool) -> None:
    assert alike(ours, theirs) is same
