"""Invoices and refunds at Stripe: amounts that are exact, drafts that wait, and what taking them back means in each state."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Refused
from connectors.stripe._money import counted, shown
from tests.connectors.stripe_stand import DRAFT, Shop, arguments_of_line, draft, standing


@pytest.fixture
def shop() -> Iterator[Shop]:
    with standing() as made:
        yield made


# --- invoices ---------------------------------------------------------------------------------------------------------


def test_a_draft_has_its_lines_and_does_nothing_by_itself(shop: Shop) -> None:
    made = draft(shop)
    assert (made["status"], made["number"]) == ("draft", "")
    invoice = shop.client.get(f"/v1/invoices/{made['id']}")
    assert (invoice["collection_method"], invoice["auto_advance"]) == ("send_invoice", False)
    read = shop.read("read_invoice", invoice=made["id"])
    assert (read["total"], read["description"]) == ("125.50", "October")
    assert [(one["description"], one["amount"]) for one in read["lines"]] == [
        ("Consulting, October", "100.00"),
        ("Train tickets", "25.50"),
    ]
    assert shop.effects() == ["invoice.create", "invoice.add_lines"]


def test_all_lines_are_read_and_a_second_page_that_fails_is_no_short_invoice(shop: Shop) -> None:
    lines = [{"description": f"Line {n}", "amount": "1"} for n in range(130)]
    made = draft(shop, lines=lines)
    assert shop.client.get(f"/v1/invoices/{made['id']}")["lines"]["has_more"] is True
    assert len(shop.read("read_invoice", invoice=made["id"])["lines"]) == 130
    shop.served.fault("stripe", "status", path=f"/v1/invoices/{made['id']}/lines", skip=1, status=502)
    with pytest.raises(Exception, match="ordered"):
        shop.read("read_invoice", invoice=made["id"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"lines": [{"description": "a", "amount": "12.345"}]}, "Line 1 .* is not an amount in USD"),
        ({"lines": [{"description": "a", "amount": "1,250.00"}]}, "Write it like 1250.00"),
        ({"lines": [{"description": "a", "amount": True}]}, "Line 1"),
        ({"lines": [{"description": "a", "amount": "1"}, {"description": " ", "amount": "1"}]}, "Line 2"),
        ({"lines": [{"description": "a", "amount": "1", "tax": 1}]}, "nothing else"),
        ({"lines": "a"}, "a list"),
        ({"lines": [{"description": "a", "amount": "1"}] * 251}, "at most 250"),
        ({"currency": "dollars"}, "three letters"),
        ({"currency": "jpy", "lines": [{"description": "a", "amount": "1.5"}]}, "Write it like 1250, without"),
        ({"days_until_due": "soon"}, "number of days"),
        ({"days_until_due": -1}, "number of days"),
    ],
)
def test_a_wrong_line_is_named_before_there_is_a_draft(shop: Shop, more: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        draft(shop, **more)
    assert shop.effects() == []


def test_yen_have_no_cents_and_numbers_are_taken_too(shop: Shop) -> None:
    made = draft(shop, currency="JPY", lines=[{"description": "鉛筆", "amount": 1250}], days_until_due="14")
    assert shop.client.get(f"/v1/invoices/{made['id']}")["total"] == 1250
    assert shop.read("read_invoice", invoice=made["id"])["total"] == "1250"


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("125.5", "usd", 12550), (0.1, "eur", 10), ("-3", "gbp", -300), ("1.234", "KWD", 1234), (5, "isk", 500)],
)
def test_amounts_are_counted_exactly(amount: Any, currency: str, units: int) -> None:
    assert counted(amount, currency) == units
    assert Decimal(shown(units, currency)) == Decimal(str(amount))


@pytest.mark.parametrize("amount", ["", "NaN", "Infinity", "1e99", "0.001", None, [], "€5", "٣,٥"])
def test_nothing_is_rounded_or_guessed(amount: Any) -> None:
    with pytest.raises(Refused):
        counted(amount, "usd")


def test_a_draft_is_deleted_again_with_its_lines(shop: Shop) -> None:
    made = draft(shop)
    assert shop.undo("create_invoice", DRAFT, made) is None
    assert shop.effects()[-1] == "invoice.delete"
    assert shop.undo("create_invoice", DRAFT, made) is None


@pytest.mark.parametrize("what", ["line", "description", "final"])
def test_a_draft_that_somebody_touched_stays(shop: Shop, what: str) -> None:
    made = draft(shop)
    if what == "line":
        shop.do("add_invoice_line", "hub-2", **arguments_of_line(made["id"]))
    elif what == "description":
        shop.command("edit", id=made["id"], description="Now with love")
    else:
        shop.do("finalize_invoice", "hub-2", invoice=made["id"])
    said = shop.undo("create_invoice", DRAFT, made)
    assert said
    assert ("final by now" if what == "final" else "changed the draft") in said
    assert "invoice.delete" not in shop.effects()


def test_a_run_that_finalized_is_taken_back_last_first(shop: Shop) -> None:
    made = draft(shop)
    line_arguments = arguments_of_line(made["id"])
    line = shop.do("add_invoice_line", "hub-2", **line_arguments)
    final = shop.do("finalize_invoice", "hub-3", invoice=made["id"])
    assert (final["status"], final["number"], final["pay_url"] != "") == ("open", "PRACTICE-0001", True)
    assert shop.undo("finalize_invoice", {"invoice": made["id"]}, final) is None
    assert shop.read("read_invoice", invoice=made["id"])["status"] == "void"
    assert shop.undo("add_invoice_line", line_arguments, line) is None  # void invoices keep their lines
    assert shop.undo("create_invoice", DRAFT, made) is None
    kept = shop.client.get(f"/v1/invoices/{made['id']}")
    assert (kept["status"], kept["metadata"]["patchbay_undone"]) == ("void", f"hub-undo-{made['id']}-create_invoice")


def test_a_line_goes_again_while_it_is_a_draft(shop: Shop) -> None:
    made = draft(shop)
    given = arguments_of_line(made["id"])
    line = shop.do("add_invoice_line", "hub-2", **given)
    assert shop.undo("add_invoice_line", given, line) is None
    assert shop.read("read_invoice", invoice=made["id"])["total"] == "125.50"
    second = shop.do("add_invoice_line", "hub-3", **given)
    shop.command("edit", id=second["id"], amount=1)
    assert shop.undo("add_invoice_line", given, second) == "Somebody has changed this line since."


@pytest.mark.parametrize(("what", "said"), [("paid", "has been paid"), ("uncollectible", "uncollectible")])
def test_an_invoice_that_was_paid_or_written_off_is_not_voided(shop: Shop, what: str, said: str) -> None:
    made = draft(shop)
    final = shop.do("finalize_invoice", "hub-2", invoice=made["id"])
    if what == "paid":
        shop.command("pay", invoice=made["id"])
    else:
        shop.command("edit", id=made["id"], status="uncollectible")
    words = shop.undo("finalize_invoice", {"invoice": made["id"]}, final)
    assert words
    assert said in words
    assert "invoice.void" not in shop.effects()


def test_sending_is_found_by_its_own_key_only(shop: Shop) -> None:
    made = draft(shop)["id"]
    assert shop.do("send_invoice", "hub-2", invoice=made)["status"] == "open"  # a draft becomes final by it
    assert shop.find("send_invoice", "hub-2", invoice=made)[0]["id"] == made
    assert shop.find("send_invoice", "hub-another", invoice=made) == []


def test_what_was_paid_on_an_invoice_is_read_where_stripe_keeps_it_since_basil(shop: Shop) -> None:
    made = draft(shop)["id"]
    shop.do("finalize_invoice", "hub-2", invoice=made)
    assert shop.read("read_payments", invoice=made) == {"payments": []}
    shop.command("pay", invoice=made)
    assert not {"payment_intent", "charge", "paid"} & set(shop.client.get(f"/v1/invoices/{made}"))
    (payment,) = shop.read("read_payments", invoice=made)["payments"]
    assert (payment["amount"], payment["status"]) == ("125.50", "paid")
    assert (payment["payment"][:3], payment["charge"][:3]) == ("pi_", "ch_")
    assert shop.read("read_invoice", invoice=made)["amount_paid"] == "125.50"


# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_part_and_then_the_rest_is_given_back(shop: Shop) -> None:
    shop.do("refund", "hub-1", payment="pi_harbor", amount="20", reason="requested_by_customer")
    shop.do("refund", "hub-2", payment="ch_harbor")
    refunds = shop.client.get("/v1/refunds", {"charge": "ch_harbor"})["data"]
    assert [one["amount"] for one in refunds] == [10000, 2000]
    assert refunds[1]["reason"] == "requested_by_customer"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"payment": "in_1"}, "starts with pi_ or ch_"),
        ({"payment": "pi_harbor", "amount": "0"}, "above zero"),
        ({"payment": "pi_harbor", "amount": "-5"}, "above zero"),
        ({"payment": "pi_harbor", "reason": "because"}, "Choose one of"),
    ],
)
def test_a_refund_that_is_none_is_not_sent(shop: Shop, given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        shop.do("refund", **given)
    assert shop.effects() == []


def test_more_than_was_paid_is_refused_by_stripe(shop: Shop) -> None:
    with pytest.raises(Exception, match="greater than unrefunded"):
        shop.do("refund", payment="pi_harbor", amount="120.01")
    assert shop.effects() == []
