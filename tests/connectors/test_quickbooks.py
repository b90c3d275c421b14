"""QuickBooks over real HTTP: who is let in, what its refusals mean, what there is to choose, and its webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import BadSignature, Refused, Unauthorized, Unavailable, Unreadable
from connectors.quickbooks import connector
from connectors.quickbooks._client import Books, quoted
from connectors.quickbooks._refusals import explain
from tests.connectors.conformance import deliveries
from tests.connectors.signing_quickbooks import signed
from tests.connectors.stand import Stand, reopened, standing

BAKERY, STUDIO = "9130350000000001", "9130350000000002"


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("quickbooks") as stand:
        yield stand


def by_hand(books: Stand, entity: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("quickbooks_put", {"entity": entity, **fields}))


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_company(books: Stand) -> None:
    account = books.check()
    assert (account.id, account.name) == (BAKERY, "Practice Bakery")
    assert all("minorversion=75" in one["query"] for one in books.asked())


def test_another_company_than_was_signed_in_to_is_not_opened(books: Stand) -> None:
    with pytest.raises(Unauthorized, match="no longer lets Patchbay in"):
        reopened(books, realmId=STUDIO).check()


@pytest.mark.parametrize(
    ("notes", "says"),
    [({"admin": False}, "no longer an administrator"), ({"lapsed": True}, "subscription of this QuickBooks company")],
)
def test_what_the_company_must_put_right_is_said(books: Stand, notes: Any, says: str) -> None:
    books.note(**notes)
    with pytest.raises((Unauthorized, Refused), match=says):
        books.check()


def test_after_signing_in_again_it_works_again(books: Stand) -> None:
    books.served.control("settings", {"revoked": ["quickbooks"]})
    with pytest.raises(Unauthorized, match="sign in to QuickBooks again"):
        books.check()
    books.served.control("settings", {"revoked": []})
    assert reopened(books).check().id == BAKERY


def test_a_throttled_company_waits_a_minute(books: Stand) -> None:
    body = {"Fault": {"Error": [{"code": "003001", "Message": "ThrottleExceeded"}], "type": "SERVICE"}}
    books.served.fault("quickbooks", "status", status=429, body=json.dumps(body))
    with pytest.raises(Unavailable) as wait:
        books.check()
    assert wait.value.seconds == 60.0


def test_the_stand_in_keeps_the_pace() -> None:
    from app.practice.serve import Served

    with Served() as served:
        paced = reopened(Stand(served, connector, None))  # type: ignore[arg-type] # nothing was opened before
        asked = (paced.client.get("query", query="SELECT * FROM Vendor MAXRESULTS 1") for _ in range(150))
        with pytest.raises(Unavailable):
            list(asked)


def test_an_unsupported_operation_is_a_no_for_good_although_it_is_a_500(books: Stand) -> None:
    with pytest.raises(Refused, match="did not accept"):
        books.client.write("Account", "k", {"Name": "x"})


def test_an_error_inside_a_200_is_not_taken_for_an_answer(books: Stand) -> None:
    body = {"Fault": {"Error": [{"code": "6000", "Detail": "odd"}]}, "Purchase": {"Id": "1", "SyncToken": "0"}}
    books.served.fault("quickbooks", "status", status=200, body=json.dumps(body))
    with pytest.raises(ValueError, match="an error in it"):
        books.client.get("purchase/812")


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (400, "5010", "Start this event over"),
        (400, "6140", "a document with this number"),
        (400, "6210", "The period is closed"),
        (400, "6240", "of this name already"),
        (400, "6540", "deposited already"),
        (400, "2500", "does not know an account"),
        (400, "9999", "did not accept this"),
        (401, "", "no longer accepts this sign-in"),
        (403, "", "does not allow this for the person"),
    ],
)
def test_every_refusal_says_what_to_do(status: int, code: str, says: str) -> None:
    body = {"Fault": {"Error": [{"code": code, "Detail": "words\u202e of QuickBooks"}] if code else []}}
    told = explain(status, json.dumps(body).encode()) or ""
    assert says in told
    assert "\u202e" not in told


@pytest.mark.parametrize("status", [429, 500, 503])
def test_where_waiting_helps_nothing_is_said(status: int) -> None:
    assert explain(status, b"<html>") is None


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_accounts_to_choose_from_are_active_and_can_be_coded_to(books: Stand) -> None:
    by_hand(books, "Account", Id="63", Active=False)
    labels = [choice.label for choice in books.choices("account")]
    assert "6120 Meals (Expense)" in labels
    assert not [label for label in labels if "Office supplies" in label or "Bank" in label or "Payable" in label]


@pytest.mark.parametrize(
    ("lookup", "query", "found"),
    [
        ("class_name", "", ["Shop", "Market"]),
        ("location", "oak", ["Oakland"]),
        ("vendor", "mill", ["Mill & Sons"]),
        ("customer", "", ["Corner Cafe"]),
        ("tax_code", "", ["NON", "TAX"]),
        ("item", "cake", ["Wedding cake"]),
    ],
)
def test_pickers(books: Stand, lookup: str, query: str, found: list[str]) -> None:
    assert sorted(choice.label for choice in books.choices(lookup, query)) == sorted(found)


def test_whoever_approves_sees_names(books: Stand) -> None:
    """What stands in the arguments of a change is resolved by the picker of the same name."""
    by_hand(books, "Account", Id="63", Active=False)
    labels = {
        (lookup, given): [choice.label for choice in books.resolve(lookup, given)]
        for lookup, given in (("account", "13"), ("account", "63"), ("vendor", "mill & sons"), ("class_name", "Shop"))
    }
    assert list(labels.values()) == [
        ["6120 Meals (Expense)"],
        ["6300 Office supplies (Expense)"],
        ["Mill & Sons"],
        ["Shop"],
    ]
    told = "2026-11-18 SQ *BLUE BOTTLE 0423 OAKLAND CA 18.75"
    for given in ("812", "https://qbo.intuit.com/app/expense?txnId=812"):
        assert [(one.id, one.label) for one in books.resolve("purchase", given)] == [("812", told)]
    assert [one.id for one in books.choices("purchase", "adobe")] == ["814"]
    for lookup, given in (("account", "No"), ("purchase", "99"), ("purchase", "no")):
        with pytest.raises(Refused):
            books.resolve(lookup, given)


def test_a_plan_without_classes_says_so(books: Stand) -> None:
    books.note(plan="essentials")
    with pytest.raises(Refused, match="classes and locations need Plus or Advanced"):
        books.choices("class_name")


def test_page_two_of_a_list_is_read_and_its_failure_is_heard(books: Stand) -> None:
    books.served.control("quickbooks_many", {"entity": "Customer", "count": 1005})
    assert len(list(books.client.query("Customer", "Active = true"))) == 1006
    books.served.fault("quickbooks", "status", path="/v3", skip=1, status=503)
    with pytest.raises(Unavailable):
        books.choices("customer", "Number 1004")


def test_words_in_a_query_are_quoted(books: Stand) -> None:
    by_hand(books, "Vendor", DisplayName="Lou's \\ Bakery")
    made = books.connector.actions["find_name"].run(books.client, kind="vendor", name="lou's \\ bakery")
    assert made["id"]
    assert quoted("a' OR Active = true --") == "'a\\' OR Active = true --'"


def test_similar_names_are_told_so_that_no_vendor_is_made_twice(books: Stand) -> None:
    found = books.connector.actions["find_name"].run(books.client, kind="vendor", name="ADOBE")
    assert found == {"id": "", "similar": [{"id": "57", "name": "Adobe Inc."}]}
    with pytest.raises(Refused, match="no list of"):
        books.connector.actions["find_name"].run(books.client, kind="planet", name="x")


def test_reading_one_document_and_those_that_nobody_coded(books: Stand) -> None:
    read, parked = books.connector.actions["read_record"].run, books.connector.actions["purchases_in"].run
    one = read(books.client, kind="purchase", id="812")
    assert (one["total"], one["lines"][0]["account"], one["paid_from"]) == (
        "18.75",
        "Uncategorized Expense",
        "Company card",
    )
    there = parked(books.client, account="Uncategorized Expense", since="2026-11-01")
    assert [found["id"] for found in there] == ["812", "813", "814"]
    listed = books.connector.actions["list_accounts"].run(books.client)
    assert {"id": "13", "name": "Meals", "number": "6120", "type": "Expense"} in listed
    with pytest.raises(Refused, match="no longer in QuickBooks"):
        read(books.client, kind="purchase", id="99999")
    with pytest.raises(Refused, match="no number that QuickBooks gives"):
        read(books.client, kind="purchase", id="../companyinfo/1")


def test_amounts_stay_exact(books: Stand) -> None:
    line = {"Amount": 1234567890.12, "DetailType": "AccountBasedExpenseLineDetail"}
    line["AccountBasedExpenseLineDetail"] = {"AccountRef": {"value": "13"}}
    lines = [line, {**line, "Amount": 0.1}, {**line, "Amount": 0.2}]
    made = by_hand(books, "Purchase", PaymentType="Cash", AccountRef={"value": "35"}, Line=lines)
    one = books.connector.actions["read_record"].run(books.client, kind="purchase", id=made["Id"])
    assert [each["amount"] for each in one["lines"]] == ["1234567890.12", "0.10", "0.20"]
    assert one["total"] == "1234567890.42"


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_deliveries_in_both_formats_say_whose_books_to_fetch() -> None:
    assert connector.hook
    about = {}
    for sample in deliveries("quickbooks"):
        body = sample.read_bytes()
        received = connector.hook.receive(body, signed(body, "verifier", 0), ["old", "verifier"], 0)
        assert (received.catch_up, received.events, received.reply) == (True, (), None)
        about[sample.stem] = received.accounts
    assert about == {"old_format": (BAKERY,), "purchase_updated": (BAKERY,), "vendor_merged": (BAKERY, STUDIO)}


def test_what_nobody_waits_for_fetches_nothing() -> None:
    assert connector.hook
    body = b'[{"type":"qbo.payment.created.v1","intuitaccountid":"1"}]'
    received = connector.hook.receive(body, signed(body, "v", 0), ["v"], 0)
    assert not received.catch_up


@pytest.mark.parametrize("body", [b"{}", b"[7]", b"nothing", b'[{"type":"qbo"}]', b'{"eventNotifications":7}'])
def test_signed_rubbish_is_kept_for_a_person(body: bytes) -> None:
    assert connector.hook
    with pytest.raises(Unreadable):
        connector.hook.receive(body, signed(body, "v", 0), ["v"], 0)


@pytest.mark.parametrize("headers", [{}, {"intuit-signature": ""}, {"intuit-signature": "é"}])
def test_without_a_signature_nothing_is_read(headers: dict[str, str]) -> None:
    assert connector.hook
    with pytest.raises(BadSignature):
        connector.hook.receive(b"nothing", headers, ["v"], 0)


def test_a_client_has_no_way_to_the_refresh_token(books: Stand) -> None:
    assert isinstance(books.client, Books)
    assert "refresh" not in str(vars(books.client)).lower()
