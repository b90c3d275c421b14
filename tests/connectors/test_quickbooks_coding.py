"""Coding again what stands in QuickBooks: all lines are kept, a moved version loses, and the old coding comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors.stand import KEY, Stand, standing

BAKERY = "9130350000000001"


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("quickbooks") as stand:
        yield stand


def by_hand(books: Stand, entity: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("quickbooks_put", {"entity": entity, **fields}))


def stands(books: Stand, entity: str, number: str) -> dict[str, Any]:
    found = books.client.read(entity, number)
    assert found
    return dict(found)


def line(number: str, amount: float, account: str = "31", **more: Any) -> dict[str, Any]:
    detail = {"AccountRef": {"value": account}, **more}
    kind = "AccountBasedExpenseLineDetail"
    return {"Id": number, "Amount": amount, "Description": f"Line {number}", "DetailType": kind, kind: detail}


def codes(thing: dict[str, Any]) -> list[str]:
    return [one["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] for one in thing["Line"]]


def take_back(books: Stand, name: str, arguments: dict[str, Any], made: dict[str, Any], before: Any) -> None:
    """As the gate does: with a key of its own, and the version of now."""
    undo = books.action(name).undo
    assert undo
    assert undo.changed(books.client, arguments, made, 0) is None
    call = undo.call(arguments, made, before)
    prepared = books.prepared(call.action, **call.arguments)
    books.send(call.action, f"{KEY}-{made['sync_token']}", prepared)
    find = books.action(call.action).find
    assert find
    assert find(books.client, KEY, prepared), "what was taken back is found so"


def test_one_line_is_coded_and_the_others_stay(books: Stand) -> None:
    """A sent array of lines replaces all of them, and a sparse purchase must say its payment and bank again."""
    lines = [line("1", 10.05), line("2", 20.10, "63"), line("3", 5)]
    by_hand(books, "Purchase", Id="812", Line=lines, PrivateNote="lunch with the bank")
    given = {"account": "Meals", "line": "3", "class_name": "Shop", "tax_code": "NON", "vendor": "blue bottle"}
    made = books.do("recode_purchase", purchase="812", **given, location="Oakland", customer="70")
    now = stands(books, "Purchase", "812")
    assert codes(now) == ["31", "63", "13"]
    assert [one["Description"] for one in now["Line"]] == ["Line 1", "Line 2", "Line 3"]
    assert (now["PrivateNote"], now["EntityRef"]["name"], now["DepartmentRef"]["value"]) == (
        "lunch with the bank",
        "Blue Bottle",
        "1",
    )
    coded = now["Line"][2]["AccountBasedExpenseLineDetail"]
    assert (coded["ClassRef"]["name"], coded["CustomerRef"]["value"]) == ("Shop", "70")
    assert (made["id"], made["version"], made["sync_token"]) == ("812", "Purchase 2", "2")
    (sent,) = books.asked("POST")
    body = json.loads(sent["body"])
    assert {"Id", "SyncToken", "sparse", "PaymentType", "AccountRef", "Line"} <= set(body)
    assert [one["Amount"] for one in body["Line"]] == [10.05, 20.1, 5]
    assert f"requestid={KEY}" in sent["query"]


def test_without_a_line_the_only_one_is_meant(books: Stand) -> None:
    assert books.prepared("recode_purchase", purchase="812", account="13")["line"] == "1"
    by_hand(books, "Purchase", Id="813", Line=[line("1", 1.5), line("4", 2.25)])
    with pytest.raises(Refused, match=r"several lines: 1 \(1\.50\), 4 \(2\.25\)"):
        books.prepared("recode_purchase", purchase="813", account="13")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "nothing to change"),
        ({"account": "No such account"}, "has no account “No such account”"),
        ({"account": "35"}, "of the type Bank, on which nothing is coded"),
        ({"account": "13", "line": "9"}, "no line 9 any more"),
        ({"account": "13", "purchase": "4711"}, "was deleted"),
        ({"account": "63"}, "is inactive"),
        ({"vendor": "Nobody"}, "has no vendor"),
    ],
)
def test_what_is_not_clear_is_refused_before_anything_is_sent(books: Stand, given: Any, says: str) -> None:
    by_hand(books, "Account", Id="63", Active=False)
    with pytest.raises(Refused, match=says):
        books.prepared("recode_purchase", **{"purchase": "812", **given})
    assert books.effects() == []


def test_lines_of_products_are_left_to_the_product(books: Stand) -> None:
    item = {"Id": "1", "Amount": 5, "DetailType": "ItemBasedExpenseLineDetail"}
    by_hand(books, "Purchase", Id="812", Line=[{**item, "ItemBasedExpenseLineDetail": {"ItemRef": {"value": "20"}}}])
    with pytest.raises(Refused, match="a product or service"):
        books.prepared("recode_purchase", purchase="812", account="13")


def test_who_changed_it_meanwhile_wins(books: Stand) -> None:
    arguments = books.prepared("recode_purchase", purchase="812", account="13")
    by_hand(books, "Purchase", Id="812", PrivateNote="mine")
    still = books.action("recode_purchase").still
    assert still
    assert not still(books.client, arguments)
    with pytest.raises(Exception, match="400"):
        books.send("recode_purchase", KEY, arguments)
    assert codes(stands(books, "Purchase", "812")) == ["31"]


def test_a_closed_period_is_said(books: Stand) -> None:
    books.note(closed="2026-12-31")
    trouble = books.trouble("recode_purchase", purchase="812", account="13")
    assert (trouble.kind, "The period is closed" in trouble.words) == ("refused", True)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "status_after", "rubbish"])
def test_after_a_lost_answer_it_is_seen_by_what_stands_there(books: Stand, fault: str) -> None:
    arrived = fault != "cut_before"
    found = books.lost("recode_purchase", fault, purchase="812", account="13", vendor="56")
    assert len(found) == arrived
    assert books.effects("purchase.update") == ["purchase.update"] * arrived


def test_the_same_request_twice_is_done_once(books: Stand) -> None:
    """`requestid`: the first answer comes again, although the version has moved."""
    arguments = books.prepared("recode_purchase", purchase="812", account="13")
    first, again = (books.send("recode_purchase", KEY, arguments) for _ in range(2))
    assert first == again
    assert books.effects() == ["purchase.update"]


def test_the_old_coding_comes_back_and_with_it_a_payee_that_was_not_there(books: Stand) -> None:
    arguments = books.prepared("recode_purchase", purchase="812", account="13", vendor="56", class_name="Shop")
    before = books.before("recode_purchase", **arguments)
    made = books.send("recode_purchase", KEY, arguments)
    assert "EntityRef" in stands(books, "Purchase", "812")
    take_back(books, "recode_purchase", arguments, made, before)
    now = stands(books, "Purchase", "812")
    assert codes(now) == ["31"]
    assert "EntityRef" not in now
    assert "ClassRef" not in now["Line"][0]["AccountBasedExpenseLineDetail"]


def test_two_changes_of_one_purchase_are_taken_back_one_after_the_other(books: Stand) -> None:
    """The version moves with our own taking back; what counts is what stands there."""
    by_hand(books, "Purchase", Id="812", Line=[line("1", 1), line("2", 2)])
    done = []
    for which in ("1", "2"):
        arguments = books.prepared("recode_purchase", purchase="812", account="13", line=which)
        before = books.before("recode_purchase", **arguments)
        done.append((arguments, books.send("recode_purchase", f"{KEY}{which}", arguments), before))
    for arguments, made, before in reversed(done):
        take_back(books, "recode_purchase", arguments, made, before)
    assert codes(stands(books, "Purchase", "812")) == ["31", "31"]


@pytest.mark.parametrize("edit", [{"PrivateNote": "paid by Ana"}, {"Line": [line("1", 19)]}])
def test_what_a_person_changed_since_stays(books: Stand, edit: dict[str, Any]) -> None:
    arguments = books.prepared("recode_purchase", purchase="812", account="13")
    before = books.before("recode_purchase", **arguments)
    made = books.send("recode_purchase", KEY, arguments)
    by_hand(books, "Purchase", Id="812", **edit)
    assert "Somebody changed the purchase in QuickBooks" in (
        books.undo("recode_purchase", arguments, made, before) or ""
    )
    assert books.effects() == ["purchase.update"]


def test_a_bill_is_coded_and_given_back(books: Stand) -> None:
    bill = by_hand(books, "Bill", VendorRef={"value": "58"}, Line=[line("1", 120)], TxnDate="2026-11-20")
    arguments = books.prepared("recode_bill", bill=bill["Id"], account="55")
    before = books.before("recode_bill", **arguments)
    made = books.send("recode_bill", KEY, arguments)
    assert codes(stands(books, "Bill", bill["Id"])) == ["55"]
    assert books.lost("recode_bill", "cut_after", f"{KEY}2", bill=bill["Id"], account="7")
    assert "Somebody changed the bill" in (books.undo("recode_bill", arguments, made, before) or "")


def test_a_deleted_purchase_has_nothing_to_take_back(books: Stand) -> None:
    arguments = books.prepared("recode_purchase", purchase="812", account="13")
    before = books.before("recode_purchase", **arguments)
    made = books.send("recode_purchase", KEY, arguments)
    by_hand(books, "Purchase", Id="812", status="Deleted")
    assert "nothing to take back" in (books.undo("recode_purchase", arguments, made, before) or "")
