"""What is made in QuickBooks: people, bills, invoices and notes, found after a lost answer and taken back untouched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors.stand import KEY, Stand, standing

BILL = {"vendor": "Mill & Sons", "date": "2026-11-20", "number": "R-77", "memo": "October flour", "lines": [
    {"account": "Flour and ingredients", "amount": "1234.50", "description": "Flour", "class_name": "Shop"},
    {"account": "13", "amount": 0.1},
]}  # fmt: skip
INVOICE = {"customer": "70", "email": "cafe@example.com", "due": "2026-12-20",
           "lines": [{"item": "Wedding cake", "amount": "450"}]}  # fmt: skip
NOTE = {"to": "purchase", "id": "812", "text": "Ask Ana for the receipt"}
PERSON = {"name": "Tax  Office ", "email": "tax@example.com", "phone": "555 0100", "company": "Office"}
MADE: dict[str, dict[str, Any]] = {
    "create_vendor": PERSON,
    "create_customer": PERSON,
    "create_bill": BILL,
    "create_invoice": INVOICE,
    "attach_note": NOTE,
}


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("quickbooks") as stand:
        yield stand


def state(books: Stand, entity: str) -> list[dict[str, Any]]:
    return list(books.served.control("state?slug=quickbooks").get(entity, []))


def by_hand(books: Stand, entity: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("quickbooks_put", {"entity": entity, **fields}))


def test_a_bill_stands_unpaid_with_its_lines_to_the_cent(books: Stand) -> None:
    made = books.do("create_bill", **BILL)
    (bill,) = state(books, "Bill")
    assert (bill["Id"], bill["TotalAmt"], bill["Balance"], bill["DocNumber"]) == (made["id"], 1234.6, 1234.6, "R-77")
    assert [one["Amount"] for one in bill["Line"]] == [1234.5, 0.1]
    assert bill["PrivateNote"] == f"October flour {KEY}"
    assert made["url"].endswith(f"/bill?txnId={made['id']}")


def test_an_invoice_is_made_and_not_sent(books: Stand) -> None:
    books.do("create_invoice", **INVOICE)
    (invoice,) = state(books, "Invoice")
    assert (invoice["EmailStatus"], invoice["BillEmail"]) == ("NotSet", {"Address": "cafe@example.com"})
    assert invoice["Line"][0]["SalesItemLineDetail"] == {"ItemRef": {"value": "20"}}


@pytest.mark.parametrize("amount", ["", "abc", "1.005", 0, "-4", "NaN", "1e30", True, None])
def test_what_is_no_amount_is_refused(books: Stand, amount: Any) -> None:
    with pytest.raises(Refused, match="is no amount"):
        books.prepared("create_bill", **{**BILL, "lines": [{"account": "13", "amount": amount}]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lines": []}, "at least one line"),
        ({"lines": "flour"}, "at least one line"),
        ({"lines": [{"amount": 1}]}, "needs its account"),
        ({"date": "20 November"}, "is no date"),
        ({"date": "2026-13-01"}, "is no date"),
        ({"number": "x" * 22}, "at most 21 characters"),
        ({"vendor": "Nobody"}, "has no vendor"),
    ],
)
def test_what_a_bill_lacks_is_said_before_anything_is_sent(books: Stand, change: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        books.prepared("create_bill", **{**BILL, **change})
    assert books.effects() == []


def test_a_number_that_is_there_already_is_said(books: Stand) -> None:
    books.do("create_bill", **BILL)
    trouble = books.trouble("create_bill", f"{KEY}2", **BILL)
    assert (trouble.kind, "a document with this number" in trouble.words) == ("refused", True)


@pytest.mark.parametrize("name", ["mill & sons", " Corner Cafe"])
def test_a_name_that_somebody_has_is_not_made_again(books: Stand, name: str) -> None:
    """Vendors and customers share their names; also inactive ones hold theirs."""
    by_hand(books, "Vendor", Id="58", Active=False)
    with pytest.raises(Refused, match=r"already \(number (58, which is inactive|70)\)"):
        books.prepared("create_vendor", name=name)
    with pytest.raises(Refused, match="no colon"):
        books.prepared("create_vendor", name="a:b")


def test_a_name_taken_in_the_meantime_is_said(books: Stand) -> None:
    arguments = books.prepared("create_vendor", name="Tax office")
    by_hand(books, "Employee", DisplayName="Tax Office")
    with pytest.raises(Exception, match="400"):
        books.send("create_vendor", KEY, arguments)
    assert books.effects() == []


def test_a_long_memo_keeps_our_mark(books: Stand) -> None:
    books.do("create_bill", **{**BILL, "memo": "x" * 5000})
    (bill,) = state(books, "Bill")
    assert len(bill["PrivateNote"]) == 4000
    assert bill["PrivateNote"].endswith(KEY)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "status_after", "rubbish"])
@pytest.mark.parametrize("name", MADE)
def test_after_a_lost_answer_it_is_found(books: Stand, name: str, fault: str) -> None:
    found = books.lost(name, fault, **MADE[name])
    assert len(found) == (fault != "cut_before")


@pytest.mark.parametrize("name", MADE)
def test_sending_again_with_the_same_key_makes_nothing_new(books: Stand, name: str) -> None:
    arguments = books.prepared(name, **MADE[name])
    first, again = (books.send(name, KEY, arguments) for _ in range(2))
    assert first == again
    assert len(books.effects()) == 1
    find = books.action(name).find
    assert find
    assert [one["id"] for one in find(books.client, KEY, arguments)] == [first["id"]]


@pytest.mark.parametrize("name", MADE)
def test_what_nobody_touched_is_taken_back(books: Stand, name: str) -> None:
    arguments = books.prepared(name, **MADE[name])
    made = books.send(name, KEY, arguments)
    undo = books.action(name).undo
    assert undo
    assert undo.changed(books.client, arguments, made, 0) is None
    call = undo.call(arguments, made, None)
    books.send(call.action, f"{KEY}undo", books.prepared(call.action, **call.arguments))
    find = books.action(call.action).find
    assert find
    assert find(books.client, KEY, call.arguments)
    assert undo.changed(books.client, arguments, made, 0) is None, "and once more does no harm"
    books.send(call.action, f"{KEY}again", books.prepared(call.action, **call.arguments))


@pytest.mark.parametrize("name", ["delete_bill", "delete_note", "deactivate_vendor"])
def test_taking_back_names_the_version(books: Stand, name: str) -> None:
    create = {"delete_bill": "create_bill", "delete_note": "attach_note", "deactivate_vendor": "create_vendor"}[name]
    made = books.do(create, **MADE[create])
    what = name.partition("_")[2]
    change = {"Id": made["id"], "SyncToken": made["sync_token"], "sparse": True, "Active": False}
    still = books.action(name).still
    assert still
    assert still(books.client, {what: made["id"], "change": change})
    assert not still(books.client, {what: made["id"], "change": {**change, "SyncToken": "7"}})


@pytest.mark.parametrize(
    ("name", "edit", "says"),
    [
        ("create_bill", {"LinkedTxn": [{"TxnId": "9"}]}, "was paid or matched"),
        ("create_bill", {"Balance": 3}, "was paid or matched"),
        ("create_bill", {"DueDate": "2027-01-01"}, "Somebody changed the bill"),
        ("create_invoice", {"EmailStatus": "EmailSent"}, "was sent to the customer"),
        ("create_vendor", {"Balance": 3}, "open amounts"),
        ("create_vendor", {"DisplayName": "Another"}, "Somebody changed the vendor"),
        ("attach_note", {"Note": "mine"}, "Somebody changed the note"),
    ],
)
def test_what_somebody_took_up_stays(books: Stand, name: str, edit: dict[str, Any], says: str) -> None:
    arguments = books.prepared(name, **MADE[name])
    made = books.send(name, KEY, arguments)
    entity = {"bill": "Bill", "invoice": "Invoice", "vendor": "Vendor", "note": "Attachable"}[name.partition("_")[2]]
    by_hand(books, entity, Id=made["id"], **edit)
    assert says in (books.undo(name, arguments, made) or "")
    assert len(books.effects()) == 1


def test_a_note_is_attached_to_what_is_there(books: Stand) -> None:
    books.do("attach_note", **NOTE)
    (note,) = state(books, "Attachable")
    assert note["AttachableRef"][0]["EntityRef"] == {"type": "Purchase", "value": "812"}
    for change, says in (({"to": "planet"}, "not to “planet”"), ({"text": " "}, "is empty"), ({"id": "9"}, "deleted")):
        with pytest.raises(Refused, match=says):
            books.prepared("attach_note", **{**NOTE, **change})


def test_a_body_is_the_same_whatever_order_a_journal_gives(books: Stand) -> None:
    arguments = books.prepared("create_bill", **BILL)
    turned = json.loads(json.dumps(dict(reversed(arguments.items()))))
    run = books.action("create_bill").run
    drawn = [books.door.draw(lambda given=given: run(books.client, KEY, **given)) for given in (arguments, turned)]
    assert drawn[0] == drawn[1]
