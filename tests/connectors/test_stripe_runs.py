"""A whole hub with the practice Stripe: delivered or caught up, written once whatever gets lost, undone, reconnected."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake, practice, recipes, undo
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.signing_stripe import signed
from tests.connectors.stripe_stand import changed, sample
from tests.durability.world import World

RECIPE = Path(__file__).parent / "recipes" / "stripe-draft"
MADE = ["customer.create", "invoice.create", "invoice.add_lines", "line.create"]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.with_recipe(settings, tmp_path, RECIPE) as made:
        yield made


def own(here: World) -> dict[str, Any]:
    return connections.get(here.hub, here.connection("stripe"))


def deliver(here: World, body: bytes) -> intake.Answer:
    key = own(here)["hook_address"].rsplit("/", 1)[1]
    headers = signed(body, practice.token(here.hub), time.time())
    return intake.receive(here.hub, "stripe", key, body, headers)


def effects(here: World) -> list[str]:
    return [one["effect"] for one in here.served.effects("stripe")]


def test_a_paid_invoice_becomes_a_draft_once_and_is_taken_back(here: World) -> None:
    assert deliver(here, sample("invoice_paid")).status == 200
    again = deliver(here, changed("invoice_paid").replace(b"evt_1QaInvoicePaid", b"evt_the_same_change"))
    assert again.status == 200
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", MADE)
    (invoice,) = here.served.control("state?slug=stripe")["invoice"]
    assert (invoice["status"], invoice["metadata"]["patchbay"][:4]) == ("draft", "hub-")
    lines = here.served.control("state?slug=stripe")["line"]
    assert [(one["description"], one["amount"]) for one in lines] == [("Next month", 12500), ("October", 500)]
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert effects(here)[len(MADE) :] == ["line.delete", "invoice.delete", "customer.delete"]


@pytest.mark.parametrize("do", ["cut_after", "cut_before", "rubbish", "status_after", "status"])
@pytest.mark.parametrize("skip", range(4))
def test_an_answer_that_is_lost_changes_nothing_twice(here: World, do: str, skip: int) -> None:
    here.served.fault("stripe", do, method="POST", skip=skip)
    assert deliver(here, sample("invoice_paid")).status == 200
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", MADE)


@pytest.mark.parametrize("do", ["cut_after", "cut_before"])
@pytest.mark.parametrize("skip", range(3))
def test_nor_does_one_that_is_lost_while_it_is_taken_back(here: World, do: str, skip: int) -> None:
    assert deliver(here, sample("invoice_paid")).status == 200
    here.work()
    here.served.fault("stripe", do, method="DELETE", skip=skip)
    undo.start(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.run()["state"] == "undone"
    assert effects(here)[len(MADE) :] == ["line.delete", "invoice.delete", "customer.delete"]


def test_an_error_that_stripe_stored_is_looked_up_and_then_a_persons(here: World) -> None:
    here.served.control("settings", {"stripe_stores": 1})
    assert deliver(here, sample("invoice_paid")).status == 200
    here.work()
    (review,) = here.reviews(state="open")
    assert "same stored error" in review["says"]
    assert effects(here) == []


def test_an_event_that_got_lost_is_caught_up(here: World) -> None:
    about = json.loads(sample("invoice_paid"))["data"]["object"]
    here.served.control("stripe_event", {"type": "invoice.paid", "object": about})
    here.skip(1_000_000)
    found = whole.due(here, "stripe")
    assert len(found) == 1
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", MADE)
    assert deliver(here, changed("invoice_paid", customer="cus_9")).status == 200  # the late webhook of the same change
    here.work()
    assert len(here.runs()) == 1


def test_a_rolled_key_stops_the_run_until_there_is_a_new_one(here: World) -> None:
    here.served.control("settings", {"revoked": ["stripe"]})
    assert deliver(here, sample("invoice_paid")).status == 200
    here.work()
    assert own(here)["state"] == "reconnect"
    assert "Make a new restricted key" in own(here)["why"]
    assert deliver(here, sample("customer_created")).status == 200  # events keep coming in
    here.served.control("settings", {"revoked": []})
    key = f"rk_test_{practice.token(here.hub)}"
    connections.change(here.hub, own(here)["id"], {"key": key}, by="Ana")
    assert (own(here)["state"], own(here)["account_name"]) == ("ok", "acct_practice (test mode)")
    here.work()
    assert effects(here) == MADE


def test_the_other_modes_events_are_refused_once_the_account_is_known(here: World) -> None:
    assert connections.check(here.hub, own(here)["id"])["ok"]
    key = f"rk_test_{practice.token(here.hub)}"
    connections.change(here.hub, own(here)["id"], {"key": key}, by="Ana")
    live = sample("invoice_paid").replace(b'"livemode": false', b'"livemode": true')
    assert deliver(here, live).status == 400
    assert here.events() == []
    assert deliver(here, sample("invoice_paid")).status == 200


def test_a_key_of_another_account_is_refused(here: World) -> None:
    key = f"rk_test_{practice.token(here.hub)}"
    connections.change(here.hub, own(here)["id"], {"key": key}, by="Ana")
    other = {"id": "acct_other", "email": "other@shop.example"}
    here.served.fault("stripe", "status", path="/v1/account", status=200, body=other)
    with pytest.raises(ValueError, match=r"belong to other@shop\.example"):
        connections.change(here.hub, own(here)["id"], {"key": key}, by="Ana")


def test_a_rehearsal_draws_everything_and_sends_nothing(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE.name, practice=True, level="rehearse", by="a test")
    assert deliver(here, sample("invoice_paid")).status == 200
    here.work()
    assert (here.run()["state"], effects(here)) == ("done", [])
    assert [write["state"] for write in here.writes()] == ["drawn"] * 4
