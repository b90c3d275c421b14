"""Xero over real HTTP: who is let in, what its refusals mean, what there is to choose, and its webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.contract import BadSignature, Refused, Unauthorized, Unavailable, Unreadable
from connectors.xero import connector
from connectors.xero._client import amount, day, iso, organisations
from connectors.xero._refusals import explain
from tests.connectors import xero_spec
from tests.connectors.conformance import deliveries
from tests.connectors.signing_xero import handshake, signed
from tests.connectors.stand import Stand, reopened, standing

BAKERY = "c2a5f1d0-0000-4000-8000-000000000001"
STUDIO = "c2a5f1d0-0000-4000-8000-000000000002"


@pytest.fixture
def books() -> Iterator[Stand]:
    with standing("xero") as stand:
        yield stand
        assert [said for one in stand.asked() for said in xero_spec.complaints(one)] == []


def by_hand(books: Stand, what: str, **fields: Any) -> dict[str, Any]:
    return dict(books.served.control("xero_put", {"what": what, **fields}))


def read(books: Stand, name: str, /, **given: Any) -> Any:
    return books.connector.actions[name].run(books.client, **given)


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_organisation(books: Stand) -> None:
    account = books.check()
    assert (account.id, account.name) == (BAKERY, "Practice Bakery")


def test_one_sign_in_opens_several_and_none_is_guessed(books: Stand) -> None:
    assert [(one.id, one.name) for one in organisations(books.client)] == [
        (BAKERY, "Practice Bakery"),
        (STUDIO, "Practice Studio"),
    ]
    with pytest.raises(Refused, match="choose one"):
        reopened(books, account="").check()
    assert reopened(books, account=STUDIO).check().name == "Practice Studio"


def test_an_organisation_that_was_not_agreed_to_is_not_opened(books: Stand) -> None:
    with pytest.raises(Unauthorized, match="sign in to Xero again"):
        reopened(books, account="c2a5f1d0-0000-4000-8000-000000000009").check()


def test_a_missing_permission_is_said(books: Stand) -> None:
    books.note(scopes=False)
    with pytest.raises(Unauthorized, match="a permission is missing"):
        books.check()


def test_after_signing_in_again_it_works_again(books: Stand) -> None:
    books.served.control("settings", {"revoked": ["xero"]})
    with pytest.raises(Unauthorized, match="disconnected"):
        books.check()
    books.served.control("settings", {"revoked": []})
    assert reopened(books).check().id == BAKERY


def test_the_calls_of_the_day_are_used_up(books: Stand) -> None:
    books.note(used_up=True)
    with pytest.raises(Unavailable, match="1,000 on the Starter tier") as wait:
        books.check()
    assert wait.value.seconds == 66975.0


def test_a_busy_minute_is_waited_for() -> None:
    from app.practice.serve import Served

    with Served() as served:
        paced = reopened(Stand(served, connector, None))  # type: ignore[arg-type] # nothing was opened before
        asked = (paced.client.get("Organisation") for _ in range(70))
        with pytest.raises(Unavailable, match="60 calls a minute"):
            list(asked)


def test_trouble_at_xero_is_waited_for(books: Stand) -> None:
    books.served.fault("xero", "status", status=503, headers={"Retry-After": "9"})
    with pytest.raises(Unavailable):
        books.check()


@pytest.mark.parametrize(
    ("status", "words", "says"),
    [
        (400, "This transaction cannot be edited as it has been reconciled", "Undo the reconciliation"),
        (400, "The document date cannot be before the end of year lock date", "The period is locked"),
        (400, "is already assigned to another contact", "a contact of this name already"),
        (400, "Invoice not of valid status for modification", "no longer allows this"),
        (400, "Something\u202e odd", "did not accept this"),
        (401, "", "disconnected there"),
        (403, "", "a permission is missing"),
        (404, "", "nothing of this id"),
    ],
)
def test_every_refusal_says_what_to_do(status: int, words: str, says: str) -> None:
    body = {"ErrorNumber": 10, "Message": "A validation exception occurred"}
    told = (
        explain(status, json.dumps({**body, "Elements": [{"ValidationErrors": [{"Message": words}]}]}).encode()) or ""
    )
    assert says in told
    assert "\u202e" not in told


@pytest.mark.parametrize("status", [200, 429, 500, 503])
def test_where_waiting_helps_nothing_is_said(status: int) -> None:
    assert explain(status, b"<html>") is None


# --- choosing and reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lookup", "query", "labels"),
    [
        ("account", "entert", ["420 Entertainment"]),
        ("bank_account", "", ["Business account", "Company card"]),
        ("tax_type", "expenses", ["GST on Expenses"]),
        ("tracking", "", ["Region: North", "Region: South"]),
        ("contact", "adobe", ["Adobe Pty Ltd"]),
    ],
)
def test_pickers(books: Stand, lookup: str, query: str, labels: list[str]) -> None:
    assert sorted(choice.label for choice in books.choices(lookup, query)) == labels


def test_whoever_approves_sees_names(books: Stand) -> None:
    """What stands in the arguments of a change is resolved by the picker of the same name."""
    (north,) = books.choices("tracking", "north")
    (spent,) = books.choices("transaction", "SQ *BLUE")
    found = {
        "account": ("420", "420 Entertainment"),
        "tax_type": ("INPUT", "GST on Expenses"),
        "tracking": (north.id, "Region: North"),
        "transaction": (spent.id, "2026-11-18 Blue Bottle SQ *BLUE BOTTLE 0423 18.75"),
    }
    for lookup, (given, label) in found.items():
        assert [(one.id, one.label) for one in books.resolve(lookup, given)] == [(given, label)]
    (bank,) = books.choices("bank_account", "card")
    assert books.resolve("bank_account", bank.id) == books.resolve("bank_account", "company card") == [bank]
    contact = books.choices("contact", "adobe")[0]
    assert books.resolve("contact", contact.id) == books.resolve("contact", "adobe pty ltd") == [contact]
    for lookup in ("account", "tax_type", "tracking", "contact", "transaction"):
        with pytest.raises(Refused):
            books.resolve(lookup, "9f2b61c4-0000-4000-8000-00000000a001")


def test_accounts_to_choose_from_can_be_coded_to(books: Stand) -> None:
    account = next(one for one in books.client.get("Accounts")["Accounts"] if one.get("Code") == "429")
    by_hand(books, "Accounts", AccountID=account["AccountID"], Status="ARCHIVED")
    assert [one["code"] for one in read(books, "list_accounts")] == ["420", "310", "200", "850"]


def test_what_nobody_coded_is_listed_with_its_lines(books: Stand) -> None:
    """Without `page` Xero leaves the lines out."""
    assert "LineItems" not in books.client.get("BankTransactions")["BankTransactions"][0]
    parked = read(books, "transactions_in", account="Suspense", since="2026-11-01")
    assert [one["lines"][0]["amount"] for one in parked] == ["18.75", "64.10", "59.99"]
    by_hand(books, "BankTransactions", BankTransactionID=parked[0]["id"], IsReconciled=True)
    assert len(read(books, "transactions_in", account="850", since="2026-11-18")) == 2
    assert read(books, "transactions_in", account="850", since="2026-11-19") == []
    one = read(books, "read_record", kind="bank_transaction", id=parked[1]["id"])
    assert (one["date"], one["bank_account"], one["contact"]) == ("2026-11-18", "Company card", "Blue Bottle")


@pytest.mark.parametrize("id", ["../Contacts", "7", "9f2b61c4-0000-4000-8000-00000000a001"])
def test_what_is_not_there_is_said(books: Stand, id: str) -> None:
    with pytest.raises(Refused, match=r"no id of Xero|nothing of this id"):
        read(books, "read_record", kind="invoice", id=id)


def test_a_contact_is_found_with_its_usual_account(books: Stand) -> None:
    found = read(books, "find_contact", name="blue bottle")
    assert found["id"]
    assert found["usual_account"] == "420"
    assert [one["name"] for one in read(books, "find_contact", name="ADOBE")["similar"]] == ["Adobe Pty Ltd"]


def test_page_two_of_a_list_is_read_and_its_failure_is_heard(books: Stand) -> None:
    books.served.control("xero_many", {"count": 150})
    assert len(list(books.client.all("Contacts"))) == 152
    books.served.fault("xero", "status", path="/api.xro", skip=1, status=500)
    with pytest.raises(requests.HTTPError):
        read(books, "find_contact", name="Number")  # all 150 hold the word


def test_dates_come_in_two_ways() -> None:
    assert iso("/Date(1551139200000+0000)/") == iso("2019-02-26T00:00:00") == "2019-02-26T00:00:00Z"
    assert day("/Date(1551139200000)/") == "2019-02-26"
    assert iso("never") == iso(None) == iso("/Date(99999999999999999)/") == ""
    assert [amount(one) for one in (18.75, "64.1", 0, None, True)] == ["18.75", "64.10", "0.00", "", ""]


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_deliveries_say_whose_books_to_look_at() -> None:
    assert connector.hook
    about = {}
    for sample in deliveries("xero"):
        body = sample.read_bytes()
        received = connector.hook.receive(body, signed(body, "key", 0), ["old", "key"], 0)
        assert (received.catch_up, received.events, received.reply) == (True, (), None)
        about[sample.stem] = received.accounts
    assert about == {"invoice_update": (BAKERY,), "two_organisations": (BAKERY, STUDIO)}


def test_the_intent_to_receive_is_answered_with_the_status_alone() -> None:
    assert connector.hook
    body, headers = handshake("key", 0)
    reply = connector.hook.receive(body, headers, ["key"], 0).reply
    assert reply
    assert (reply.status, reply.body) == (200, None)
    with pytest.raises(BadSignature):
        connector.hook.receive(body, headers, ["another"], 0)
    assert (connector.hook.refused, connector.hook.quiet) == (401, True)


def test_the_key_is_the_text_that_is_shown() -> None:
    """Not what Base64 would make of it."""
    assert connector.hook
    body, key = b'{"events":[]}', "c2VjcmV0IGtleQ=="
    connector.hook.receive(body, signed(body, key, 0), [key], 0)
    with pytest.raises(BadSignature):
        connector.hook.receive(body, signed(body, "secret key", 0), [key], 0)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"events":7}', b'{"events":{}}', b'{"events":[{"tenantId":"x"}]}']
)
def test_signed_rubbish_is_kept_for_a_person(body: bytes) -> None:
    assert connector.hook
    with pytest.raises(Unreadable):
        connector.hook.receive(body, signed(body, "key", 0), ["key"], 0)


def test_what_is_no_contact_or_invoice_fetches_nothing() -> None:
    assert connector.hook
    body = b'{"events":[{"tenantId":"x","eventCategory":"SUBSCRIPTION"}]}'
    received = connector.hook.receive(body, signed(body, "key", 0), ["key"], 0)
    assert (received.catch_up, received.reply) == (False, None)


def test_what_xero_does_not_describe_is_noticed() -> None:
    path, good = "/api.xro/2.0/Contacts", {"Contacts": [{"Name": "Mill"}]}
    asked = {"method": "PUT", "path": path, "query": "", "body": json.dumps(good)}
    assert xero_spec.complaints(asked) == []
    long, odd = {"Contacts": [{"Name": "x" * 256}]}, {"Contacts": [{"Nome": "Mill"}]}
    for wrong in ({"body": json.dumps(long)}, {"body": json.dumps(odd)}, {"query": "odd=1"}, {"method": "DELETE"}):
        assert xero_spec.complaints({**asked, **wrong}), wrong
