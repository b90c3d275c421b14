"""The practice Stripe signs, lists, stores keys and refuses as the real one does."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from stripe import WebhookSignature

from app.practice.serve import Served
from app.practice.vendors.stripe._form import form
from tests.practice.test_zoom import Hub, hub

__all__ = ["hub"]  # a place to deliver to
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.created",
    "created": 1795160000,
    "data": {"object": {"id": "cus_1", "name": "Jürgen"}},
}


def ask(practice: Served, method: str, path: str, data: Any = None, key: str = "", **more: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer rk_test_{practice.token}", **({"Idempotency-Key": key} if key else {})}
    answer = requests.request(
        method, f"{practice.url}/stripe{path}", data=data, headers=headers | more.pop("headers", {}), timeout=5, **more
    )
    return answer.status_code, answer.json()


def deliver(practice: Served, address: str, **more: Any) -> Any:
    return requests.post(
        f"{practice.url}/stripe/deliver",
        json={"address": address, "body": EVENT, **more},
        headers={"Authorization": f"Bearer {practice.token}"},
        timeout=5,
    ).json()


def test_deliveries_pass_stripes_own_check_also_while_a_secret_is_rolled(practice: Served, hub: Hub) -> None:
    assert deliver(practice, hub.address)["status"] == 200
    assert deliver(practice, hub.address, rolled="whsec_new")["status"] == 200
    for (headers, raw), secrets in zip(hub.came, ([practice.token], [practice.token, "whsec_new"]), strict=True):
        for secret in secrets:
            assert WebhookSignature.verify_header(raw.decode(), headers["stripe-signature"], secret, 300)
        assert "Jürgen".encode() in raw
        assert b"\n" in raw  # it is sent with line breaks, so a body that is written anew does not fit


def test_a_delivery_is_a_new_event_unless_kept_and_listed_also_if_lost(practice: Served, hub: Hub) -> None:
    first, second = deliver(practice, hub.address)["body"], deliver(practice, hub.address, lose=True)["body"]
    assert len({first["id"], second["id"], "evt_1"}) == 3
    assert abs(first["created"] - time.time()) < 5
    assert deliver(practice, hub.address, keep=True)["body"] == EVENT
    listed = ask(practice, "GET", "/v1/events?types[]=customer.created&limit=100")[1]["data"]
    assert {first["id"], second["id"]} <= {one["id"] for one in listed}
    assert len(hub.came) == 2


def test_strangers_get_nothing(practice: Served) -> None:
    assert requests.get(f"{practice.url}/stripe/v1/customers", timeout=5).status_code == 401
    assert requests.post(f"{practice.url}/stripe/deliver", json={"body": EVENT}, timeout=5).status_code == 401


def test_a_list_has_pages_and_an_end(practice: Served) -> None:
    for number in range(12):
        ask(practice, "POST", "/v1/customers", {"name": f"C{number}"})
    first = ask(practice, "GET", "/v1/customers")[1]
    assert (len(first["data"]), first["has_more"], first["data"][0]["name"]) == (10, True, "C11")
    second = ask(practice, "GET", f"/v1/customers?starting_after={first['data'][-1]['id']}")[1]
    assert (len(second["data"]), second["has_more"]) == (4, False)
    assert ask(practice, "GET", "/v1/customers?limit=101")[0] == 400
    assert ask(practice, "GET", "/v1/customers?starting_after=cus_x")[1]["error"]["code"] == "resource_missing"


def test_a_key_is_bound_to_its_request_until_it_is_pruned(practice: Served) -> None:
    first = ask(practice, "POST", "/v1/customers", {"name": "A"}, "k")
    assert ask(practice, "POST", "/v1/customers", {"name": "A"}, "k") == first
    assert ask(practice, "POST", "/v1/customers", {"name": "B"}, "k")[1]["error"]["type"] == "idempotency_error"
    practice.control("settings", {"stripe_prune": True})
    assert ask(practice, "POST", "/v1/customers", {"name": "A"}, "k")[1]["id"] != first[1]["id"]


def test_what_was_refused_is_not_stored_under_its_key(practice: Served) -> None:
    assert ask(practice, "POST", "/v1/customers", {"nmae": "A"}, "k")[1]["error"]["param"] == "nmae"
    assert ask(practice, "POST", "/v1/customers", {"name": "A"}, "k")[0] == 200


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("/v1/invoices", {"customer": "cus_ann", "collection_method": "send_invoice"}, "days_until_due"),
        ("/v1/invoices", {"customer": "cus_gone"}, "No such customer"),
        ("/v1/invoices/in_gone/finalize", {}, "No such invoice"),
        ("/v1/invoices/in_gone/juggle", {}, "Unrecognized"),
        ("/v1/refunds", {}, "One of charge"),
        ("/v1/invoiceitems", {"customer": "cus_ann", "amount": "1.5"}, "Invalid integer"),
        ("/v1/customers", {"metadata[" + "k" * 41 + "]": "v"}, "40 characters"),
        ("/v1/customers", {"email": "nobody"}, "Invalid email"),
    ],
)
def test_mistakes_are_refused_in_stripes_words(practice: Served, path: str, data: Any, said: str) -> None:
    status, body = ask(practice, "POST", path, data)
    assert status in (400, 404)
    assert said in body["error"]["message"]


def test_by_default_an_invoice_charges_a_saved_card(practice: Served) -> None:
    made = ask(practice, "POST", "/v1/invoices", {"customer": "cus_ann"})[1]
    assert made["collection_method"] == "charge_automatically"  # so whoever does not say it is caught by a test


def test_forms_are_read_with_numbers_and_without() -> None:
    assert form(b"a[0][b]=1&a[1][b]=2&c[]=x&c[]=y&d[e][f]=3&g=") == {
        "a": [{"b": "1"}, {"b": "2"}],
        "c": ["x", "y"],
        "d": {"e": {"f": "3"}},
        "g": "",
    }


def test_what_stands_there_can_be_looked_at(practice: Served) -> None:
    page = requests.get(f"{practice.url}/stripe/", timeout=5).text
    assert "Harbor Café" in page
    assert "pi_harbor" in page
