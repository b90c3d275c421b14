"""What changed in QuickBooks, fetched with everything that changed; and what recipes see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import Event, Label, Unreadable
from connectors.quickbooks import _catch_up, connector
from tests.connectors.stand import Stand, standing

(POLL,) = connector.polls
SHAPES = {trigger.kind: trigger for trigger in connector.triggers}


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("quickbooks") as stand:
        yield stand


def by_hand(books: Stand, entity: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("quickbooks_put", {"entity": entity, **fields}))


def look(books: Stand, cursor: Any) -> tuple[list[dict[str, Any]], Any]:
    events, after = POLL.run(books.client, cursor)
    return [shaped(event) for event in events], json.loads(json.dumps(after))


def shaped(event: Event) -> dict[str, Any]:
    return SHAPES[event.kind].shape(event.body)


def beginning(books: Stand) -> Any:
    """A cursor after what stood there at first."""
    return look(books, None)[1]


def test_the_first_look_goes_back_one_day(books: Stand) -> None:
    old = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    by_hand(books, "Vendor", Id="900", DisplayName="Old", MetaData={"LastUpdatedTime": old})
    seen, _ = look(books, None)
    assert {"812", "813", "814", "56", "70"} <= {one["id"] for one in seen}
    assert "900" not in {one["id"] for one in seen}
    assert {one["change"] for one in seen} == {"created"}


def test_one_question_fetches_all_kinds_with_their_fields(books: Stand) -> None:
    cursor, asked = beginning(books), len(books.asked())
    by_hand(books, "Purchase", Id="812", EntityRef={"value": "56", "type": "Vendor"}, PrivateNote="lunch")
    by_hand(books, "Bill", VendorRef={"value": "58"}, Line=[], DocNumber="7", DueDate="2026-12-01")
    by_hand(books, "Invoice", CustomerRef={"value": "70"}, Line=[], BillEmail={"Address": "c@example.com"})
    by_hand(books, "Customer", Id="70", PrimaryPhone={"FreeFormNumber": "555"})
    seen, cursor = look(books, cursor)
    by_kind = {event["url"].split("/app/")[1].split("?")[0]: event for event in seen}
    assert (by_kind["expense"]["change"], by_kind["expense"]["payee"]) == ("updated", "Blue Bottle")
    assert by_kind["expense"]["lines"][0] == {
        "id": "1",
        "amount": "18.75",
        "account_id": "31",
        "class_id": "",
        "tax_code": "NON",
        "customer_id": "",
        "item_id": "",
        "description": "SQ *BLUE BOTTLE 0423 OAKLAND CA",
        "account": "Uncategorized Expense",
        "class_name": "",
        "item": "",
    }
    assert (by_kind["bill"]["vendor"], by_kind["bill"]["due"], by_kind["bill"]["balance"]) == (
        "Mill & Sons",
        "2026-12-01",
        "0.00",
    )
    assert (by_kind["invoice"]["customer"], by_kind["invoice"]["sent"]) == ("Corner Cafe", False)
    assert (by_kind["customerdetail"]["phone"], by_kind["customerdetail"]["active"]) == ("555", True)
    assert len(books.asked()) == asked + 1, "reads are counted by Intuit"
    assert look(books, cursor)[0] == []


def test_each_version_starts_once_and_says_which_it_is(books: Stand) -> None:
    cursor = beginning(books)
    by_hand(books, "Purchase", Id="812", PrivateNote="one")
    (first,), after = POLL.run(books.client, cursor)
    ((again,), _) = POLL.run(books.client, cursor)
    assert first.dedupe_key == again.dedupe_key == "Purchase:812:1"
    assert (first.object, first.version) == ("812", "Purchase 1")
    made = books.do("recode_purchase", purchase="812", account="13")
    ((ours,), _) = POLL.run(books.client, after)
    assert (ours.object, ours.version) == (made["id"], made["version"]), "the hub knows its own change by these"


def test_a_deleted_one_is_told_without_fields(books: Stand) -> None:
    cursor = beginning(books)
    by_hand(books, "Purchase", Id="812", status="Deleted")
    (gone,), cursor = look(books, cursor)
    assert (gone["id"], gone["change"], gone["lines"], gone["total"], gone["url"]) == ("812", "deleted", [], "", "")
    assert set(gone) | {f"lines[].{name}" for name in _line()} == set(SHAPES["purchase.changed"].fields)
    assert look(books, cursor)[0] == []


def _line() -> set[str]:
    return {name.removeprefix("lines[].") for name in SHAPES["purchase.changed"].fields if name.startswith("lines[].")}


def test_words_are_nobodys_and_ids_are_the_vendors() -> None:
    fields = SHAPES["purchase.changed"].fields
    assert fields["lines[].description"] is fields["payee"] is fields["memo"] is Label.OUTSIDE
    assert fields["lines[].account_id"] is fields["id"] is fields["total"] is Label.VENDOR
    assert fields["location"] is SHAPES["vendor.changed"].fields["name"] is Label.OUTSIDE


def test_a_full_answer_is_not_believed_to_be_all(books: Stand) -> None:
    """1,000 objects and nobody says that there are more: then they are listed page by page."""
    cursor = beginning(books)
    by_hand(books, "Purchase", Id="812", status="Deleted")
    books.served.control("quickbooks_many", {"entity": "Customer", "count": 1005})
    by_hand(books, "Vendor", Id="58", Active=False)
    told: list[dict[str, Any]] = []
    for _ in range(4):
        seen, cursor = look(books, cursor)
        told += seen
    assert len(told) == 1007
    assert len({(one["id"], one["version"]) for one in told}) == 1007
    assert [one["id"] for one in told if one["change"] == "deleted"] == ["812"]


def test_what_was_read_before_page_two_failed_is_kept(books: Stand) -> None:
    cursor = beginning(books)
    books.served.control("quickbooks_many", {"entity": "Customer", "count": 1005})
    path = "/v3/company/9130350000000001/query"
    books.served.fault("quickbooks", "status", method="GET", path=path, skip=4, status=503)
    seen, after = look(books, cursor)
    assert len(seen) == _catch_up.ENOUGH
    assert after["since"] == cursor["since"], "what failed is asked again"
    told = {one["id"] for one in seen}
    for _ in range(3):
        seen, after = look(books, after)
        told |= {one["id"] for one in seen}
    assert len(told) == 1005


def test_a_first_question_that_fails_is_heard(books: Stand) -> None:
    cursor = beginning(books)
    books.served.fault("quickbooks", "status", method="GET", status=500)
    with pytest.raises(requests.HTTPError):
        POLL.run(books.client, cursor)


def test_a_hub_that_was_off_for_two_months_lists_what_it_missed(books: Stand) -> None:
    """QuickBooks tells changes of 30 days at most."""
    cursor = beginning(books)
    long_ago = datetime.now(UTC) - timedelta(days=60)
    by_hand(books, "Vendor", Id="901", DisplayName="Missed", MetaData={"LastUpdatedTime": long_ago.isoformat()})
    before = (long_ago - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen, _ = look(books, {**cursor, "since": before, "begun": before})
    assert "901" in {one["id"] for one in seen}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entity":"Planet","object":{"Id":"1"}}', b'{"entity":"Bill"}'])
def test_what_is_nothing_of_quickbooks_is_said(body: bytes) -> None:
    with pytest.raises(Unreadable):
        SHAPES["bill.changed"].shape(body)
