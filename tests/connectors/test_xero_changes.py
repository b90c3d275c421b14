"""What changed in Xero, fetched kind by kind; and what recipes see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import Event, Label, Unreadable
from connectors.xero import connector
from tests.connectors import xero_spec
from tests.connectors.stand import Stand, standing

POLLS = {poll.kinds[0].removesuffix(".changed"): poll for poll in connector.polls}
SHAPES = {trigger.kind: trigger for trigger in connector.triggers}


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("xero") as stand:
        yield stand
        assert [said for one in stand.asked() for said in xero_spec.complaints(one)] == []


def by_hand(books: Stand, what: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("xero_put", {"what": what, **fields}))


def look(books: Stand, kind: str, cursor: Any) -> tuple[list[dict[str, Any]], Any]:
    events, after = POLLS[kind].run(books.client, cursor)
    return [shaped(event) for event in events], json.loads(json.dumps(after))


def shaped(event: Event) -> dict[str, Any]:
    return SHAPES[event.kind].shape(event.body)


def test_bank_transactions_come_with_their_lines(books: Stand) -> None:
    seen, cursor = look(books, "bank_transaction", None)
    assert sorted(one["total"] for one in seen) == ["18.75", "59.99", "64.10"]
    one = next(one for one in seen if one["total"] == "18.75")
    assert (one["type"], one["reconciled"], one["bank_account"], one["date"]) == (
        "SPEND",
        False,
        "Company card",
        "2026-11-18",
    )
    (line,) = one["lines"]
    assert (line["account_code"], line["amount"], line["description"]) == ("850", "18.75", "SQ *BLUE BOTTLE 0423")
    assert look(books, "bank_transaction", cursor)[0] == []
    assert "If-Modified-Since" not in books.asked("GET")[-1]["query"]


def test_bills_and_invoices_are_told_apart(books: Stand) -> None:
    _, cursor = look(books, "invoice", None)
    lines = [{"account": "429", "amount": "5", "description": "x"}]
    books.do("create_bill", contact="Blue Bottle", number="R-1", due="2026-12-01", lines=lines)
    books.do("create_invoice", "hub-b", contact="Blue Bottle", lines=lines)
    seen, _ = look(books, "invoice", cursor)
    assert {(one["type"], one["status"]) for one in seen} == {("ACCPAY", "DRAFT"), ("ACCREC", "DRAFT")}
    bill = next(one for one in seen if one["type"] == "ACCPAY")
    assert (bill["number"], bill["due"], bill["owed"], bill["contact"]) == ("R-1", "2026-12-01", "5.00", "Blue Bottle")


def test_each_change_starts_once_and_an_archived_contact_is_one(books: Stand) -> None:
    seen, cursor = look(books, "contact", None)
    number = next(one["id"] for one in seen if one["name"] == "Blue Bottle")
    by_hand(books, "Contacts", ContactID=number, ContactStatus="ARCHIVED")
    (first,), after = POLLS["contact"].run(books.client, cursor)
    ((again,), _) = POLLS["contact"].run(books.client, cursor)
    assert first.dedupe_key == again.dedupe_key
    assert shaped(first)["status"] == "ARCHIVED"
    assert look(books, "contact", after)[0] == []
    assert first.occurred_at == int(first.version)


def test_the_hub_knows_its_own_changes(books: Stand) -> None:
    _, cursor = look(books, "bank_transaction", None)
    number = next(iter(books.client.all("BankTransactions")))["BankTransactionID"]
    made = books.do("recode_bank_transaction", transaction=number, account="420")
    ((event,), _) = POLLS["bank_transaction"].run(books.client, cursor)
    assert (event.object, event.version) == (made["id"], made["version"])


def test_the_first_look_goes_back_one_day(books: Stand) -> None:
    old = int((datetime.now(UTC) - timedelta(hours=30)).timestamp() * 1000)
    by_hand(books, "Contacts", Name="Old", ContactStatus="ACTIVE", updated=old)
    assert sorted(one["name"] for one in look(books, "contact", None)[0]) == ["Adobe Pty Ltd", "Blue Bottle"]


def test_many_come_page_by_page_and_none_is_lost(books: Stand) -> None:
    _, cursor = look(books, "contact", None)
    books.served.control("xero_many", {"count": 620})
    told: list[str] = []
    for _ in range(3):
        seen, cursor = look(books, "contact", cursor)
        told += [one["id"] for one in seen]
    assert len(told) == len(set(told)) == 620


def test_what_was_read_before_page_two_failed_is_kept(books: Stand) -> None:
    _, cursor = look(books, "contact", None)
    books.served.control("xero_many", {"count": 150})
    books.served.fault("xero", "status", method="GET", path="/api.xro/2.0/Contacts", skip=1, status=503)
    seen, after = look(books, "contact", cursor)
    assert len(seen) == 98  # two of the first page were told before
    books.served.fault("xero", "status", method="GET", path="/api.xro/2.0/Contacts", status=503)
    with pytest.raises(requests.HTTPError):
        POLLS["contact"].run(books.client, after)
    assert len(look(books, "contact", after)[0]) == 52


def test_words_are_nobodys_and_ids_are_the_vendors(books: Stand) -> None:
    fields = SHAPES["bank_transaction.changed"].fields
    assert fields["lines[].description"] is fields["contact"] is fields["reference"] is Label.OUTSIDE
    assert fields["lines[].account_code"] is fields["id"] is fields["total"] is Label.VENDOR
    for kind, poll in POLLS.items():
        for event in poll.run(books.client, None)[0]:
            assert set(shaped(event)) <= set(SHAPES[f"{kind}.changed"].fields)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"what":"Planets","object":{}}', b'{"what":"Contacts"}'])
def test_what_is_nothing_of_xero_is_said(body: bytes) -> None:
    with pytest.raises(Unreadable):
        SHAPES["contact.changed"].shape(body)
