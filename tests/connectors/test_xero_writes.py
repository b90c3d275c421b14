"""What is coded and made in Xero: found after a lost answer, left alone once somebody took it up, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors import xero_spec
from tests.connectors.stand import KEY, Stand, standing

BILL = {"contact": "Blue Bottle", "date": "2026-11-20", "number": "R-77", "amounts": "exclusive", "lines": [
    {"account": "Cost of goods sold", "amount": "1234.50", "description": "Beans", "tracking": "Region: North", "tax_type": "INPUT"},
    {"account": "429", "amount": 0.1},
]}  # fmt: skip
INVOICE = {"contact": "Adobe Pty Ltd", "due": "2026-12-20", "reference": "October",
           "lines": [{"account": "200", "amount": "450", "description": "Cake"}]}  # fmt: skip
PERSON = {"name": "Mill  & Sons", "email": "mill@example.com", "first_name": "Ana", "last_name": "Mill"}
MADE: dict[str, dict[str, Any]] = {"create_contact": PERSON, "create_bill": BILL, "create_invoice": INVOICE}
WHAT = {"create_contact": "Contacts", "create_bill": "Invoices", "create_invoice": "Invoices"}


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("xero") as stand:
        yield stand
        assert [said for one in stand.asked() for said in xero_spec.complaints(one)] == []


def by_hand(books: Stand, what: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("xero_put", {"what": what, **fields}))


def spent(books: Stand, number: int = 0) -> dict[str, Any]:
    return dict(list(books.client.all("BankTransactions"))[number])


def one(books: Stand, what: str, number: str) -> dict[str, Any]:
    found = books.client.one(what, number)
    assert found
    return dict(found)


def codes(thing: dict[str, Any]) -> list[str]:
    return [line["AccountCode"] for line in thing["LineItems"]]


def take_back(books: Stand, name: str, arguments: dict[str, Any], made: dict[str, Any], before: Any = None) -> None:
    """As the gate does, with a key of its own."""
    undo = books.action(name).undo
    assert undo
    assert undo.changed(books.client, arguments, made, 0) is None
    call = undo.call(arguments, made, before)
    books.send(call.action, f"{KEY}-undo-{made['version']}", books.prepared(call.action, **call.arguments))
    find = books.action(call.action).find
    assert find
    assert find(books.client, KEY, call.arguments), "what was taken back is found so"


# --- coding -----------------------------------------------------------------------------------------------------------


def lines_of_two(books: Stand) -> tuple[str, list[str]]:
    """A bank transaction with two lines; its id and theirs."""
    thing = spent(books)
    first = json.loads(json.dumps(thing["LineItems"][0], default=float))
    second = {"Description": "Cups", "Quantity": 2, "UnitAmount": 4.5, "AccountCode": "429", "TaxType": "INPUT"}
    number = thing["BankTransactionID"]
    by_hand(books, "BankTransactions", BankTransactionID=number, LineItems=[first, second])
    return number, [each["LineItemID"] for each in one(books, "BankTransactions", number)["LineItems"]]


def test_one_line_is_coded_and_the_others_keep_their_ids(books: Stand) -> None:
    number, (first, second) = lines_of_two(books)
    given = {"account": "entertainment", "tax_type": "GST on Expenses", "tracking": ["Region: South"]}
    made = books.do("recode_bank_transaction", transaction=number, line=first, contact="adobe pty ltd", **given)
    now = one(books, "BankTransactions", number)
    assert [each["LineItemID"] for each in now["LineItems"]] == [first, second]
    assert codes(now) == ["420", "429"]
    assert (now["LineItems"][0]["TaxType"], now["LineItems"][0]["Tracking"][0]["Option"]) == ("INPUT", "South")
    assert now["Contact"]["Name"] == "Adobe Pty Ltd"
    assert made["version"].isdigit()
    (sent,) = books.asked("POST")
    assert sent["path"].endswith(number)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "nothing to change"),
        ({"account": "999"}, "no active account to code to “999”"),
        ({"account": "Company card"}, "no active account to code to"),
        ({"account": "Accounts receivable"}, "no active account to code to"),
        ({"tax_type": "VAT"}, "no tax rate"),
        ({"tracking": "Region: West"}, "no tracking option"),
        ({"tracking": ["Region: North", "Region: South"]}, "one option of each tracking category"),
        ({"contact": "Nobody"}, "no active contact"),
        ({"account": "420", "line": "x"}, "not clear which line"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_sent(books: Stand, given: Any, says: str) -> None:
    """Xero itself may drop what it does not know, and answer 200."""
    with pytest.raises(Refused, match=says):
        books.prepared("recode_bank_transaction", transaction=spent(books)["BankTransactionID"], **given)
    assert books.effects() == []


def test_of_several_lines_one_is_named(books: Stand) -> None:
    number, _ = lines_of_two(books)
    with pytest.raises(Refused, match=r"Say in `line` which of: .*BLUE BOTTLE.*Cups"):
        books.prepared("recode_bank_transaction", transaction=number, account="420")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"IsReconciled": True}, "reconciled with the bank already"),
        ({"Type": "SPEND-TRANSFER"}, "not coded to an account"),
        ({"Status": "DELETED"}, "it was deleted"),
    ],
)
def test_what_must_stay_as_it_is_stays(books: Stand, edit: dict[str, Any], says: str) -> None:
    number = spent(books)["BankTransactionID"]
    by_hand(books, "BankTransactions", BankTransactionID=number, **edit)
    with pytest.raises(Refused, match=says):
        books.prepared("recode_bank_transaction", transaction=number, account="420")


def test_reconciled_between_reading_and_writing(books: Stand) -> None:
    arguments = books.prepared("recode_bank_transaction", transaction=spent(books)["BankTransactionID"], account="420")
    by_hand(books, "BankTransactions", BankTransactionID=arguments["transaction"], IsReconciled=True)
    with pytest.raises(Refused, match="reconciled"):
        books.before("recode_bank_transaction", **arguments)
    with pytest.raises(Exception, match="400"):
        books.send("recode_bank_transaction", KEY, arguments)


def test_what_was_changed_since_it_was_read_is_not_overwritten(books: Stand) -> None:
    """Xero has no versions that it checks, so we compare before we write."""
    arguments = books.prepared("recode_bank_transaction", transaction=spent(books)["BankTransactionID"], account="420")
    by_hand(books, "BankTransactions", BankTransactionID=arguments["transaction"], Reference="mine")
    with pytest.raises(Refused, match="Somebody changed this bank transaction"):
        books.before("recode_bank_transaction", **arguments)


def test_a_locked_period_is_said(books: Stand) -> None:
    books.note(locked="2026-12-31")
    trouble = books.trouble("recode_bank_transaction", transaction=spent(books)["BankTransactionID"], account="420")
    assert (trouble.kind, "The period is locked" in trouble.words) == ("refused", True)


def test_a_warning_in_a_200_is_looked_at_and_not_believed(books: Stand) -> None:
    books.note(drops=True)
    number = spent(books)["BankTransactionID"]
    trouble = books.trouble("recode_bank_transaction", transaction=number, account="420")
    assert (trouble.kind, "left something out" in trouble.words) == ("unknown", True)
    find = books.action("recode_bank_transaction").find
    assert find
    books.note(drops=False)
    assert find(books.client, KEY, books.prepared("recode_bank_transaction", transaction=number, account="420")) == []


def test_an_error_in_a_200_is_a_no(books: Stand) -> None:
    errors = [{"Message": "The contact is archived"}]
    element = {"InvoiceID": "0", "StatusAttributeString": "ERROR", "ValidationErrors": errors}
    books.served.fault("xero", "error_in_200", method="PUT", body={"Invoices": [element]})
    trouble = books.trouble("create_bill", **BILL)
    assert (trouble.kind, "The contact is archived" in trouble.words) == ("refused", True)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "status_after", "rubbish"])
def test_a_coding_whose_answer_was_lost_is_seen_by_what_stands_there(books: Stand, fault: str) -> None:
    number = spent(books)["BankTransactionID"]
    found = books.lost("recode_bank_transaction", fault, transaction=number, account="420", tracking="Region: North")
    assert len(found) == (fault != "cut_before")


def test_the_old_coding_comes_back_line_by_line(books: Stand) -> None:
    number, ids = lines_of_two(books)
    done = []
    for n, which in enumerate(ids):
        given = {"account": "420", "line": which, "tracking": ["Region: North"], "contact": "Adobe Pty Ltd"}
        arguments = books.prepared("recode_bank_transaction", transaction=number, **given)
        before = books.before("recode_bank_transaction", **arguments)
        done.append((arguments, books.send("recode_bank_transaction", f"{KEY}{n}", arguments), before))
    for arguments, made, before in reversed(done):
        take_back(books, "recode_bank_transaction", arguments, made, before)
    now = one(books, "BankTransactions", number)
    assert codes(now) == ["850", "429"]
    assert [each["LineItemID"] for each in now["LineItems"]] == ids
    assert now["Contact"]["Name"] == "Blue Bottle"
    assert not now["LineItems"][0].get("Tracking")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"Reference": "mine"}, "Somebody changed the bank transaction"),
        ({"IsReconciled": True}, "was reconciled in Xero since"),
        ({"Status": "DELETED"}, "no longer in Xero"),
    ],
)
def test_what_a_person_changed_since_stays(books: Stand, edit: dict[str, Any], says: str) -> None:
    arguments = books.prepared("recode_bank_transaction", transaction=spent(books)["BankTransactionID"], account="420")
    made = books.send("recode_bank_transaction", KEY, arguments)
    by_hand(books, "BankTransactions", BankTransactionID=made["id"], **edit)
    assert says in (books.undo("recode_bank_transaction", arguments, made, {}) or "")


# --- making -----------------------------------------------------------------------------------------------------------


def test_a_bill_is_a_draft_with_its_lines_to_the_cent(books: Stand) -> None:
    made = books.do("create_bill", **BILL)
    bill = one(books, "Invoices", made["id"])
    assert (bill["Type"], bill["Status"], bill["InvoiceNumber"]) == ("ACCPAY", "DRAFT", "R-77")
    assert [str(line.get("UnitAmount")) for line in bill["LineItems"]] == ["1234.5", "0.1", "None"]
    assert bill["LineItems"][2]["Description"] == KEY
    assert bill["LineAmountTypes"] == "Exclusive"
    assert "/AccountsPayable/" in made["url"]


def test_an_invoice_is_a_draft_whose_number_xero_gives(books: Stand) -> None:
    made = books.do("create_invoice", **INVOICE)
    invoice = one(books, "Invoices", made["id"])
    assert (invoice["Type"], invoice["Status"], invoice["Reference"]) == ("ACCREC", "DRAFT", f"October {KEY}")
    assert invoice["InvoiceNumber"].startswith("INV-")
    assert invoice["LineAmountTypes"] == "Inclusive"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lines": []}, "at least one line"),
        ({"lines": [{"amount": 1}]}, "needs its account"),
        ({"lines": [{"account": "429", "amount": "1.005"}]}, "is no amount"),
        ({"lines": [{"account": "429", "amount": "-3"}]}, "is no amount"),
        ({"lines": [{"account": "429", "amount": True}]}, "is no amount"),
        ({"date": "20 November"}, "is no date"),
        ({"amounts": "gross"}, "Inclusive, Exclusive or NoTax"),
        ({"contact": ""}, "give a contact"),
        ({"contact": "Nobody"}, "no active contact"),
    ],
)
def test_what_a_bill_lacks_is_said_before_anything_is_sent(books: Stand, change: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        books.prepared("create_bill", **{**BILL, **change})
    assert books.effects() == []


def test_preparing_twice_changes_nothing(books: Stand) -> None:
    once = books.prepared("create_bill", **BILL)
    assert books.prepared("create_bill", **once) == once


@pytest.mark.parametrize("name", ["blue bottle", " Adobe  Pty Ltd"])
def test_a_name_that_somebody_has_is_not_made_again(books: Stand, name: str) -> None:
    with pytest.raises(Refused, match="Xero has the contact"):
        books.prepared("create_contact", name=name)


def test_a_name_taken_in_the_meantime_is_said(books: Stand) -> None:
    arguments = books.prepared("create_contact", **PERSON)
    by_hand(books, "Contacts", Name="mill & sons", ContactStatus="ACTIVE")
    with pytest.raises(Exception, match="400"):
        books.send("create_contact", KEY, arguments)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "status_after", "rubbish"])
@pytest.mark.parametrize("name", MADE)
def test_after_a_lost_answer_it_is_found_by_our_mark(books: Stand, name: str, fault: str) -> None:
    found = books.lost(name, fault, **MADE[name])
    assert len(found) == (fault != "cut_before")


@pytest.mark.parametrize("name", MADE)
def test_a_key_is_good_for_minutes_and_then_the_mark_counts(books: Stand, name: str) -> None:
    """Bills may be there twice with one number, so a key that is forgotten is not sent again: `key_life`."""
    arguments = books.prepared(name, **MADE[name])
    first, again = (books.send(name, KEY, arguments) for _ in range(2))
    assert first == again
    assert len(books.effects()) == 1
    assert books.action(name).key_life <= 300
    books.note(key_life=0)
    if name == "create_bill":
        books.send(name, KEY, arguments)
        find = books.action(name).find
        assert find
        assert len(find(books.client, KEY, arguments)) == 2, "two: a person decides"


@pytest.mark.parametrize("name", MADE)
def test_what_nobody_touched_is_taken_back(books: Stand, name: str) -> None:
    arguments = books.prepared(name, **MADE[name])
    made = books.send(name, KEY, arguments)
    take_back(books, name, arguments, made)
    gone = one(books, WHAT[name], made["id"])
    assert gone.get("ContactStatus", gone.get("Status")) in ("ARCHIVED", "DELETED")
    undo = books.action(name).undo
    assert undo
    assert undo.changed(books.client, arguments, made, 0) is None, "and once more does no harm"


@pytest.mark.parametrize(
    ("name", "edit", "says"),
    [
        ("create_bill", {"Status": "AUTHORISED"}, "was approved in Xero"),
        ("create_bill", {"Status": "PAID"}, "was approved in Xero"),
        ("create_invoice", {"DueDate": "2027-01-01"}, "Somebody changed the draft"),
        ("create_contact", {"EmailAddress": "other@example.com"}, "Somebody changed the contact"),
        ("create_contact", {"Balances": {"AccountsPayable": {"Outstanding": 5}}}, "open documents"),
    ],
)
def test_what_somebody_took_up_stays(books: Stand, name: str, edit: dict[str, Any], says: str) -> None:
    arguments = books.prepared(name, **MADE[name])
    made = books.send(name, KEY, arguments)
    own = {"Contacts": "ContactID", "Invoices": "InvoiceID"}[WHAT[name]]
    by_hand(books, WHAT[name], **{own: made["id"]}, **edit)
    assert says in (books.undo(name, arguments, made) or "")
    assert len(books.effects()) == 1
