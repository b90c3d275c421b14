"""A customer by e-mail address: found or made, never doubled, and nothing that stands there is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from connectors.stripe import connector
from tests.connectors.stripe_stand import Shop, standing


@pytest.fixture
def shop() -> Iterator[Shop]:
    with standing() as made:
        yield made


def upsert(shop: Shop, key: str = "hub-1", **given: Any) -> tuple[dict[str, Any], Any]:
    """(the prepared arguments, the result)."""
    prepare = connector.actions["upsert_customer"].prepare
    assert prepare
    prepared = prepare(shop.client, given)
    return prepared, shop.send("upsert_customer", key, prepared)


def stands(shop: Shop, which: str) -> Any:
    return shop.client.get(f"/v1/customers/{which}")


def test_who_is_not_there_is_made_once_however_often_it_is_asked(shop: Shop) -> None:
    _, first = upsert(shop, "hub-1", email="Ben@Example.com", name="Ben")
    _, again = upsert(shop, "hub-2", email="BEN@example.com", name="Benjamin")
    assert first["id"] == again["id"]
    assert (stands(shop, first["id"])["name"], stands(shop, first["id"])["email"]) == ("Ben", "ben@example.com")
    assert shop.effects() == ["customer.create", "customer.update"]


def test_only_what_is_missing_is_filled_in(shop: Shop) -> None:
    _, made = upsert(shop, email="ann@example.com", name="Somebody else", phone="+1 555 0100")
    assert made["id"] == "cus_ann"
    assert (stands(shop, "cus_ann")["name"], stands(shop, "cus_ann")["phone"]) == ("Ann Kovač", "+1 555 0100")


def test_of_several_it_is_the_oldest_and_capitals_do_not_matter(shop: Shop) -> None:
    shop.command("edit", id="cus_harbor", email="Ann@Example.com", created=1_700_000_000)
    assert upsert(shop, email="Ann@Example.com")[1]["id"] == "cus_harbor"
    assert upsert(shop, "hub-2", email="ann@example.com")[1]["id"] == "cus_ann"  # Stripe tells capitals apart


def test_a_page_that_fails_makes_no_double(shop: Shop) -> None:
    shop.served.fault("stripe", "status", path="/v1/customers", method="GET", status=500)
    with pytest.raises(Exception, match="ordered by the test"):
        upsert(shop, email="ann@example.com")
    assert shop.effects() == []


def test_without_an_address_nobody_is_looked_for(shop: Shop) -> None:
    with pytest.raises(Refused, match="e-mail address"):
        upsert(shop, email=" ", name="Ben")


def test_one_that_was_made_is_deleted_again(shop: Shop) -> None:
    prepared, made = upsert(shop, email="ben@example.com", name="Ben")
    assert shop.undo("upsert_customer", prepared, made) is None
    assert shop.effects()[-1] == "customer.delete"


def test_what_was_filled_in_is_emptied_again_and_the_rest_stays(shop: Shop) -> None:
    prepared, made = upsert(shop, email="ann@example.com", name="x", phone="+1 555 0100")
    assert shop.undo("upsert_customer", prepared, made) is None
    now = stands(shop, "cus_ann")
    assert (now["name"], now["phone"], now["metadata"]) == ("Ann Kovač", None, {})
    assert "customer.delete" not in shop.effects()


def test_what_somebody_changed_since_stays(shop: Shop) -> None:
    prepared, made = upsert(shop, email="ann@example.com", phone="+1 555 0100")
    shop.command("edit", id="cus_ann", phone="+1 555 0199")
    said = shop.undo("upsert_customer", prepared, made)
    assert said
    assert "Somebody has changed" in said
    assert stands(shop, "cus_ann")["phone"] == "+1 555 0199"
