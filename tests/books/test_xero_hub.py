"""Xero in a whole hub: a contact comes in, money spent is coded, drafts are made, and all of it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.practice.vendors.xero.seed import ORGANISATIONS, own
from app.settings import Settings
from tests.connectors import whole
from tests.durability.world import World

BAKERY = next(iter(ORGANISATIONS))
SPENT = own(BAKERY, "SQ *BLUE BOTTLE 0423")
LINES = [{"account": "429", "amount": "12.50", "description": "Cups"}]
STEPS = [
    {"id": "contact", "do": "xero.create_contact", "given": {"name": "Tax office"}},
    {
        "id": "coding",
        "do": "xero.recode_bank_transaction",
        "given": {"transaction": SPENT, "account": "420", "contact": "{{ contact.id }}"},
    },
    {"id": "bill", "do": "xero.create_bill", "given": {"contact": "{{ event.contact_id }}", "lines": LINES}},
]
API = "/api.xro/2.0"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    thing = {
        "InvoiceID": SPENT,
        "Type": "ACCPAY",
        "Status": "DRAFT",
        "Contact": {"ContactID": own(BAKERY, "Blue Bottle")},
    }
    event = {"what": "Invoices", "object": thing}
    with whole.hub(settings, tmp_path, "xero.invoice.changed", event, STEPS) as made:
        look(made)
        yield made


def look(here: World) -> list[str]:
    here.skip(1_000_000)  # invoices are looked for every half an hour
    return whole.catch_up(here, "xero")


def incoming(here: World) -> None:
    """Somebody enters a bill."""
    contact = {"ContactID": own(BAKERY, "Blue Bottle")}
    here.served.control("xero_put", {"what": "Invoices", "Type": "ACCPAY", "Status": "DRAFT", "Contact": contact})
    assert len(look(here)) == 1


def state(here: World) -> dict[str, Any]:
    found = here.served.control("state?slug=xero")
    coded = next(one for one in found["BankTransactions"] if one["BankTransactionID"] == SPENT)
    return {
        "contacts": [one["ContactStatus"] for one in found["Contacts"] if one["Name"] == "Tax office"],
        "account": coded["LineItems"][0]["AccountCode"],
        "contact": coded["Contact"]["ContactID"] == own(BAKERY, "Blue Bottle"),
        "bills": [one["Status"] for one in found["Invoices"] if one.get("LineItems")],
    }


def test_all_of_it_happens_once_and_is_taken_back(here: World) -> None:
    incoming(here)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == {"contacts": ["ACTIVE"], "account": "420", "contact": False, "bills": ["DRAFT"]}
    assert look(here) == [], "what we wrote ourselves starts nothing"
    whole.take_back(here, here.run()["id"])
    assert state(here) == {"contacts": ["ARCHIVED"], "account": "850", "contact": True, "bills": ["DELETED"]}
    assert {one["state"] for one in here.writes()} == {"done", "compensated"}
    assert look(here) == [], "nor does the taking back"


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"{API}/Contacts"), ("POST", f"{API}/BankTransactions"), ("PUT", f"{API}/Invoices")]
)
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, method: str, path: str) -> None:
    here.served.fault("xero", do, method=method, path=path, status=504)
    incoming(here)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == {"contacts": ["ACTIVE"], "account": "420", "contact": False, "bills": ["DRAFT"]}
    effects = [one["effect"] for one in here.served.effects("xero")]
    assert effects == ["contact.create", "transaction.update", "invoice.create"]
