"""What is changed in Stripe: one request each, found after a lost answer, taken back only where nobody came in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema  # type: ignore[import-untyped] # has no types
import pytest
import stripe.params as params

from app.practice.vendors.stripe._form import form
from connectors.contract import InProgress, Refused, Role, Safety, Unavailable
from connectors.stripe import connector
from tests.connectors.stripe_stand import DRAFT, LINES, Shop, arguments_of_line, draft, standing

SPEC = json.loads((Path(__file__).parent / "specs" / "stripe.json").read_text())  # see LICENSE-stripe beside it


@pytest.fixture
def shop() -> Iterator[Shop]:
    with standing() as made:
        yield made


ARGUMENTS: dict[str, dict[str, Any]] = {
    "create_customer": {"name": "Ben", "email": "Ben@Example.com", "phone": "+1 555 0100"},
    "update_customer": {"customer": "cus_ann", "name": "Ann Kovac"},
    "upsert_customer": {"email": "Ann@Example.com", "name": "Ann", "phone": "+1 555 0100"},
    "create_invoice": DRAFT,
    "refund": {"payment": "pi_harbor", "amount": "20.00", "currency": "usd", "reason": "duplicate"},
}


def arguments(shop: Shop, name: str) -> dict[str, Any]:
    """What a recipe would give, on what stands there."""
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    if name == "delete_customer":
        return {"customer": "cus_ann"}
    if name == "unfill_customer":
        shop.do("upsert_customer", "hub-upsert", email="ann@example.com", phone="+1 555 0100")
        return {"customer": "cus_ann", "fields": ["phone"]}
    made = draft(shop, "hub-before", lines=[])["id"]
    if name == "add_invoice_line":
        line = {"amount": "9.99", "currency": "usd", "description": "Stamps & <ink>"}
        return {"customer": "cus_ann", "invoice": made, **line}
    if name == "add_lines":
        return {"invoice": made, "currency": "usd", "lines": LINES}
    if name == "remove_invoice_line":
        line = shop.do("add_invoice_line", "hub-line", **arguments_of_line(made))
        return {"invoice": made, "line": line["id"]}
    if name == "send_invoice":
        shop.do("finalize_invoice", "hub-final", invoice=made)
    return {"invoice": made}


WRITES = [name for name, action in connector.actions.items() if action.safety]


# --- every write ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_change_whose_answer_is_lost_is_found(shop: Shop, name: str) -> None:
    given, action = arguments(shop, name), connector.actions[name]
    prepared = action.prepare(shop.client, given) if action.prepare else given
    assert shop.find(name, "hub-1", **prepared) == []
    before = len(shop.effects())
    shop.served.fault("stripe", "cut_after", method="DELETE" if name.startswith(("delete", "remove")) else "")
    if name == "withdraw_invoice":
        shop.served.control("faults", method="DELETE")
        shop.served.fault("stripe", "cut_after", method="DELETE")
    with pytest.raises(Exception, match="Unexpected error communicating with Stripe"):
        shop.send(name, "hub-1", prepared)
    assert shop.door.failure is not None
    assert len(shop.effects()) == before + 1
    (found,) = shop.find(name, "hub-1", **prepared)
    assert found["id"]
    assert len(shop.effects()) == before + 1


@pytest.mark.parametrize("name", [name for name in WRITES if connector.actions[name].safety is Safety.KEYED])
def test_the_same_change_with_the_same_key_is_made_once(shop: Shop, name: str) -> None:
    given, action = arguments(shop, name), connector.actions[name]
    prepared = action.prepare(shop.client, given) if action.prepare else given
    before = len(shop.effects())
    first = shop.send(name, "hub-1", prepared)
    assert shop.door.last is not None
    assert "idempotent-replayed" not in shop.door.last.headers
    assert shop.send(name, "hub-1", prepared) == first
    assert shop.door.last.headers["idempotent-replayed"] == "true"
    assert len(shop.effects()) == before + 1


@pytest.mark.parametrize("name", WRITES)
def test_every_request_fits_stripes_own_description(shop: Shop, name: str) -> None:
    """Against the part of Stripe's specification that is kept here and, for what is newer, against the SDK's types."""
    given, action = arguments(shop, name), connector.actions[name]
    prepared = action.prepare(shop.client, given) if action.prepare else given
    request = shop.draw(name, "hub-1", prepared)
    assert request.method in ("POST", "DELETE")
    body, path = form(request.body), urlsplit(request.path).path
    newer = {"/v1/invoiceitems": params.InvoiceItemCreateParams, "add_lines": params.InvoiceAddLinesParams}
    if types := newer.get(path, newer.get(path.rpartition("/")[2])):
        assert set(body) <= set(types.__annotations__)
        for line in body.get("lines", []):
            assert set(line) <= set(params.InvoiceAddLinesParamsLine.__annotations__)
    elif path.startswith("/v1/invoiceitems/"):
        assert (request.method, body) == ("DELETE", {})
    else:
        jsonschema.validate(typed(body), described(path)[request.method.lower()]["body"])


def described(path: str) -> Any:
    parts = path.split("/")
    for known, methods in SPEC.items():
        wanted = known.split("/")
        if len(wanted) == len(parts) and all(w == p or w.startswith("{") for w, p in zip(wanted, parts, strict=True)):
            return methods
    raise AssertionError(f"{path} is not described")


def typed(value: Any) -> Any:
    """A form has only text; numbers and booleans are what reads like them."""
    if isinstance(value, dict):
        return {name: one if name == "metadata" else typed(one) for name, one in value.items()}
    if value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() and "+" not in value else value


def test_every_question_fits_it_too(shop: Shop) -> None:
    """All that was read while everything was done, looked up and taken back."""
    for name in WRITES:
        given = arguments(shop, name)
        shop.find(name, "hub-1", **given)
    connector.check(shop.client)
    connector.polls[0].run(shop.client, None)
    for lookup in connector.lookups.values():
        lookup.run(shop.client, "a@b.example")
    asked = [one for one in shop.served.ledger("stripe") if one["method"] == "GET"]
    known = 0
    for one in asked:
        if any(new in one["path"] for new in ("/v1/invoiceitems", "/v1/invoice_payments", "/v1/account")):
            continue
        names = {name.partition("[")[0] for name, _ in parse_qsl(one["query"])}
        assert names <= set(described(one["path"])["get"]["query"]), one
        known += 1
    assert known > 10


# --- customers --------------------------------------------------------------------------------------------------------


def test_addresses_are_stored_small_and_found_however_they_are_written(shop: Shop) -> None:
    made = shop.do("create_customer", name="Ben", email="Ben@Example.com")
    assert made["email"] == "ben@example.com"
    assert made["url"] == f"https://dashboard.stripe.com/test/customers/{made['id']}"
    assert shop.read("find_customers", email=" BEN@example.com ")["first"] == made["id"]
    shop.command("edit", id="cus_ann", email="Ann@Example.com")  # as another program wrote it
    assert shop.read("find_customers", email="Ann@Example.com")["first"] == "cus_ann"


def test_an_address_may_belong_to_several(shop: Shop) -> None:
    first = shop.do("create_customer", "hub-1", name="Ben", email="ben@example.com")["id"]
    shop.command("edit", id=first, created=1_700_000_000)
    second = shop.do("create_customer", "hub-2", name="Ben B.", email="ben@example.com")["id"]
    found = shop.read("find_customers", email="ben@example.com")
    assert ([one["id"] for one in found["customers"]], found["first"]) == ([first, second], first)
    assert shop.read("find_customers", email="nobody@example.com") == {"customers": [], "first": ""}


def test_a_customer_without_name_and_address_is_refused_before_anything_is_sent(shop: Shop) -> None:
    for name, given in (("create_customer", {"phone": "1"}), ("update_customer", {"customer": "cus_ann"})):
        with pytest.raises(Refused):
            shop.do(name, **given)
    assert shop.effects() == []


def test_an_unused_customer_is_deleted_again(shop: Shop) -> None:
    given = {"name": "Ben", "email": "Ben@example.com"}
    made = shop.do("create_customer", **given)
    assert shop.undo("create_customer", given, made) is None
    assert shop.read("find_customers", email="ben@example.com")["customers"] == []
    assert shop.undo("create_customer", given, made) is None  # gone is as good


@pytest.mark.parametrize("what", ["edited", "invoice", "payment"])
def test_a_customer_somebody_works_with_stays(shop: Shop, what: str) -> None:
    given = {"name": "Ben", "email": "ben@example.com"}
    made = shop.do("create_customer", **given)
    if what == "edited":
        shop.command("edit", id=made["id"], name="Benjamin")
    elif what == "invoice":
        draft(shop, "hub-2", customer=made["id"])
    else:
        shop.command("payment", name="x", customer=made["id"], amount=100, currency="usd")
    said = shop.undo("create_customer", given, made)
    assert said
    assert "Ben" in said
    assert "customer.delete" not in shop.effects()


def test_what_was_changed_is_put_back(shop: Shop) -> None:
    given = {"customer": "cus_ann", "name": "Ann", "phone": "", "description": "VIP"}
    snapshot = connector.actions["update_customer"].snapshot
    assert snapshot
    before = snapshot(shop.client, given)
    assert before == {"name": "Ann Kovač", "phone": "", "description": ""}
    made = shop.do("update_customer", **given)
    assert shop.undo("update_customer", given, made, before) is None
    assert snapshot(shop.client, given) == before
    shop.do("update_customer", "hub-3", **given)
    shop.command("edit", id="cus_ann", name="Anna")
    assert shop.undo("update_customer", given, made, before) == "Somebody has changed the customer “Ann” since."
    shop.command("remove", id="cus_ann")
    assert shop.undo("update_customer", given, made, before)


# --- keys -------------------------------------------------------------------------------------------------------------


def test_an_error_that_stripe_stored_comes_again_until_the_change_is_looked_up(shop: Shop) -> None:
    shop.set(stripe_stores=1)
    for again in (False, True):
        with pytest.raises(Exception, match="unknown error"):
            shop.do("create_customer", name="Ben")
        assert shop.door.last is not None
        assert (shop.door.last.status, shop.door.last.headers.get(connector.replayed) == "true") == (500, again)
    assert shop.find("create_customer", "hub-1", name="Ben") == []


def test_the_same_key_with_something_else_is_our_mistake_and_said(shop: Shop) -> None:
    shop.do("create_customer", name="Ben")
    with pytest.raises(Exception, match="same parameters"):
        shop.do("create_customer", name="Bob")
    assert shop.door.last is not None
    assert "Start this event over" in (connector.explain(400, shop.door.last.body) or "")


def test_a_request_that_is_still_under_way_is_waited_for(shop: Shop) -> None:
    shop.served.fault("stripe", "status", status=409, body={"error": {"code": "idempotency_key_in_use"}})
    with pytest.raises(InProgress):
        shop.do("create_customer", name="Ben")


def test_a_list_that_does_not_end_is_not_read_for_ever(shop: Shop) -> None:
    page = {"data": [{"id": "cus_x"}], "has_more": True}
    shop.served.fault("stripe", "status", status=200, body=page, times=100)
    with pytest.raises(Unavailable, match="does not end"):
        shop.read("find_customers", email="a@b.example")
    assert len(shop.served.ledger("stripe")) == 20


def test_what_costs_or_reaches_a_customer_is_a_persons_decision() -> None:
    judged = {name for name, action in connector.actions.items() if action.judgment}
    assert judged == {"finalize_invoice", "send_invoice", "refund"}
    assert connector.actions["refund"].roles["amount"] is Role.MONEY
    assert not any("charge" in name or "pay" in name for name in WRITES)  # the hub takes no money by itself
