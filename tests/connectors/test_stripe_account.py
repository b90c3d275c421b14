"""The account at Stripe: which keys are taken, what a refusal means for people, what pickers offer, and nothing that leaks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.answers import Kind, classify
from app.practice.serve import Served
from connectors.contract import Account, Refused, Unauthorized
from connectors.stripe import connector
from tests.connectors.loopback import Asked, vendor
from tests.connectors.stripe_stand import Shop, opened, standing


@pytest.fixture
def shop() -> Iterator[Shop]:
    with standing() as made:
        yield made


def account(shop: Shop) -> Account:
    return connector.check(shop.client)


def trouble(shop: Shop, error: Exception, *, write: bool = False) -> Any:
    return classify(shop.door, error, connector, write=write, now=0)


def failed(shop: Shop, do: Any, *, write: bool = False) -> Any:
    with pytest.raises(Exception) as caught:
        do()
    return trouble(shop, caught.value, write=write)


# --- which keys -------------------------------------------------------------------------------------------------------


def test_a_restricted_key_that_may_not_read_the_account_is_named_by_the_refusal(shop: Shop) -> None:
    assert account(shop) == Account("acct_practice:test", "acct_practice (test mode)")


def test_one_that_may_is_named_as_in_stripe(shop: Shop) -> None:
    shop.set(stripe_account="readable")
    assert account(shop) == Account("acct_practice:test", "Practice shop (test mode)")


def test_test_and_live_are_two_accounts() -> None:
    def answer(asked: Asked) -> tuple[int, Any]:
        return 200, {"id": "acct_1", "email": "owner@shop.example"}

    with vendor(answer) as there:
        names = [connector.check(connector.open({"key": f"rk_{m}_1"}, there.door())) for m in ("live", "test")]
    assert names == [Account("acct_1", "owner@shop.example"), Account("acct_1:test", "owner@shop.example (test mode)")]


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        ("sk_live_1", Refused, "Make a restricted key instead"),
        ("pk_test_1", Refused, "publishable key"),
        ("whsec_1", Refused, "signing secret"),
        ("something", Unauthorized, "start with rk_"),
        ("", Unauthorized, "start with rk_"),
    ],
)
def test_other_keys_are_not_sent_anywhere(shop: Shop, key: str, kind: type[Exception], said: str) -> None:
    wrong = connector.open({"key": key}, shop.door)
    with pytest.raises(kind, match=said):
        connector.check(wrong)
    assert shop.served.ledger("stripe") == []


def test_a_rolled_key_asks_to_reconnect(shop: Shop) -> None:
    shop.set(revoked=["stripe"])
    said = failed(shop, lambda: account(shop))
    assert said.kind is Kind.RECONNECT
    assert "Make a new restricted key" in said.words


def test_a_key_without_events_is_told_what_to_tick(shop: Shop) -> None:
    shop.set(stripe_lacks=["rak_event_read"])
    said = failed(shop, lambda: account(shop))
    assert said.kind is Kind.REFUSED
    assert "lacks a permission: Event, Read" in said.words


# --- what a refusal means ---------------------------------------------------------------------------------------------


def test_a_missing_permission_is_named_and_no_piece_of_the_key(shop: Shop) -> None:
    shop.set(stripe_lacks=["rak_invoice_write"])
    said = failed(shop, lambda: shop.send("finalize_invoice", "k", {"invoice": "in_1"}), write=True)
    assert (said.kind, said.status) == (Kind.REFUSED, 403)
    assert "set “Invoice” to Write" in said.words
    assert "rk_test" not in said.words


def test_a_deleted_object_is_said_to_be_gone(shop: Shop) -> None:
    said = failed(shop, lambda: shop.read("read_invoice", invoice="in_gone"))
    assert said.kind is Kind.REFUSED
    assert "it was deleted" in said.words


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, {"message": "No such customer: 'cus_1'; a similar object exists in test mode, but a live mode key was "
                          "used to make this request."}, "Stripe's test mode"),
        (400, {"code": "resource_missing", "message": "No such price"}, "it was deleted"),
        (400, {"code": "testmode_charges_only", "message": "x"}, "Finish its set-up"),
        (400, {"code": "charge_already_refunded"}, "refunded in full before"),
        (400, {"code": "parameter_unknown", "param": "foo", "message": "Received unknown parameter: foo"}, "about foo"),
        (400, {"type": "idempotency_error"}, "Start this event over"),
        (402, {"type": "card_error", "message": "Declined"}, "another way to pay"),
        (403, {"message": "no"}, "Compare its permissions"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(status: int, error: dict[str, str], said: str) -> None:
    words = connector.explain(status, json.dumps({"error": error}).encode())
    assert words
    assert said in words


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"x"}', b'{"error":{"message":5}}', b"[" * 9999])
def test_errors_of_any_form_are_explained(body: bytes) -> None:
    assert connector.explain(400, body)
    assert connector.explain(401, body)
    assert connector.explain(429, body) is None
    assert connector.explain(500, body) is None


def test_a_key_in_stripes_words_is_left_out() -> None:
    words = connector.explain(400, b'{"error":{"message":"The key rk_live_abc123 is \\u202e not fine"}}') or ""
    assert "rk_live" not in words
    assert "\u202e" not in words


@pytest.mark.parametrize(
    ("status", "error", "headers", "kind"),
    [
        (429, {"code": "rate_limit"}, {}, Kind.WAIT),
        (400, {"code": "rate_limit"}, {}, Kind.WAIT),
        (429, {"code": "lock_timeout"}, {}, Kind.WAIT),
        (400, {"message": "not now"}, {"Stripe-Should-Retry": "true"}, Kind.WAIT),
        (400, {"message": "no"}, {"Stripe-Should-Retry": "false"}, Kind.REFUSED),
        (409, {"code": "idempotency_key_in_use"}, {}, Kind.UNKNOWN),
        (500, {"message": "oh"}, {}, Kind.UNKNOWN),
    ],
)
def test_what_an_answer_to_a_change_means(
    shop: Shop, status: int, error: dict[str, str], headers: dict[str, str], kind: Kind
) -> None:
    shop.served.fault("stripe", "status", status=status, body={"error": error}, headers=headers)
    said = failed(shop, lambda: shop.send("create_customer", "k", {"name": "Ben"}), write=True)
    assert said.kind is kind
    assert said.seconds is None or said.seconds == 5.0
    assert len(shop.served.ledger("stripe")) == 1  # the SDK tried nothing again by itself


def test_the_stand_in_keeps_its_pace() -> None:
    with Served() as served:
        shop = opened(served)
        shop.set(stripe_rate=2)
        said = [failed(shop, lambda: [account(shop) for _ in range(9)])][0]
    assert (said.kind, said.status) == (Kind.WAIT, 429)


# --- nothing about us -------------------------------------------------------------------------------------------------


def test_the_sdk_tells_stripe_nothing_about_this_computer_and_prints_nothing(tmp_path: Path) -> None:
    def answer(asked: Asked) -> tuple[int, Any]:
        return 200, {"id": "acct_1", "email": "owner@shop.example"}

    home = os.environ.get("XDG_CONFIG_HOME")
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path)
    try:
        with vendor(answer) as there:
            connector.check(connector.open({"key": "rk_test_1"}, there.door()))
            (asked,) = there.asked
    finally:
        os.environ.pop("XDG_CONFIG_HOME") if home is None else os.environ.update(XDG_CONFIG_HOME=home)
    assert {name for name in asked.headers if "stripe" in name} == {"stripe-version"}
    assert (asked.headers["user-agent"], asked.headers["stripe-version"]) == ("Patchbay", "2026-10-28.endive")
    assert list(tmp_path.iterdir()) == []


def test_a_notice_of_stripe_is_neither_printed_nor_an_error(shop: Shop) -> None:
    shop.served.fault(
        "stripe",
        "status",
        status=200,
        headers={"Stripe-Notice": "Hello"},
        body={"id": "acct_1", "email": "a@b.example"},
    )
    assert account(shop).id == "acct_1:test"  # a warning would be an error here


# --- pickers ----------------------------------------------------------------------------------------------------------


def pick(shop: Shop, lookup: str, query: str = "") -> list[tuple[str, str]]:
    return [(c.id, c.label) for c in connector.lookups[lookup].run(shop.client, query)]


def resolve(shop: Shop, lookup: str, text: str) -> list[str]:
    way = connector.lookups[lookup].resolve
    assert way
    return [choice.id for choice in way(shop.client, text)]


def test_customers_are_found_by_name_and_address(shop: Shop) -> None:
    assert pick(shop, "customer", "harbor c") == [("cus_harbor", "Harbor Café (ops@harbor.example)")]
    assert [which for which, _ in pick(shop, "customer", "Ops@Harbor.example")] == ["cus_harbor"]
    assert {which for which, _ in pick(shop, "customer")} == {"cus_harbor", "cus_ann"}
    assert pick(shop, "customer", "nobody") == []


def test_a_picker_shows_more_than_a_page_has(shop: Shop) -> None:
    for number in range(120):
        shop.send("create_customer", f"k{number}", {"name": f"Customer {number:03}"})
    assert [label for _, label in pick(shop, "customer", "customer 000")] == ["Customer 000"]
    assert len(pick(shop, "customer")) == 100


def test_a_second_page_that_fails_is_no_short_list(shop: Shop) -> None:
    for number in range(101):
        shop.send("create_customer", f"k{number}", {"name": f"Customer {number:03}"})
    shop.served.fault("stripe", "status", path="/v1/customers", method="GET", skip=1, status=500)
    assert failed(shop, lambda: pick(shop, "customer", "000")).kind is Kind.RETRY


def test_invoices_that_wait_are_offered_with_whom_and_how_much(shop: Shop) -> None:
    made = shop.do("create_invoice", customer="cus_ann", currency="usd", lines=[{"description": "a", "amount": "9"}])
    assert pick(shop, "invoice", "ann") == [(made["id"], "Draft, Ann Kovač, 9.00 USD")]


def test_a_pasted_address_is_understood(shop: Shop) -> None:
    assert resolve(shop, "customer", "https://dashboard.stripe.com/test/customers/cus_ann?x=1") == ["cus_ann"]
    assert resolve(shop, "customer", " cus_harbor ") == ["cus_harbor"]
    for text, said in (("Ann", "names no customer"), ("cus_gone", "no such customer")):
        with pytest.raises(Refused, match=said):
            resolve(shop, "customer", text)
    with pytest.raises(Refused, match="names no invoice"):
        resolve(shop, "invoice", "cus_ann")
