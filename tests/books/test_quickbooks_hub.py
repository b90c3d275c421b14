"""QuickBooks in a whole hub: a bill comes in, a purchase is coded, things are made and noted, and all of it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.connectors import whole
from tests.durability.world import World

OBJECT = {"Id": "99", "SyncToken": "0", "Line": [], "TxnDate": "2026-11-18", "TotalAmt": 18.75}
STEPS = [
    {"id": "vendor", "do": "quickbooks.create_vendor", "given": {"name": "Tax office"}},
    {
        "id": "coding",
        "do": "quickbooks.recode_purchase",
        "given": {"purchase": "812", "account": "13", "vendor": "{{ vendor.id }}"},
    },
    {
        "id": "bill",
        "do": "quickbooks.create_bill",
        "given": {"vendor": "58", "date": "2026-11-20", "lines": [{"account": "55", "amount": "12.50"}]},
    },
    {
        "id": "note",
        "do": "quickbooks.attach_note",
        "given": {"to": "bill", "id": "{{ event.id }}", "text": "Coded by the house rule"},
    },
]
COMPANY = "/v3/company/9130350000000001"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    event = {"entity": "Bill", "object": OBJECT}
    with whole.hub(settings, tmp_path, "quickbooks.bill.changed", event, STEPS) as made:
        whole.catch_up(made, "quickbooks")
        yield made


def incoming(here: World) -> None:
    """Somebody enters a bill."""
    here.served.control("quickbooks_put", {"entity": "Bill", "VendorRef": {"value": "58"}, "Line": []})
    assert len(whole.catch_up(here, "quickbooks")) == 1


def state(here: World) -> dict[str, Any]:
    found = here.served.control("state?slug=quickbooks")
    coded = next(one for one in found["Purchase"] if one["Id"] == "812")
    return {
        "vendors": [one["Active"] for one in found["Vendor"] if one["DisplayName"] == "Tax office"],
        "account": coded["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"],
        "payee": "EntityRef" in coded,
        "bills": [one for one in found["Bill"] if one.get("status") != "Deleted" and one["Line"]],
        "notes": [one for one in found.get("Attachable", []) if one.get("status") != "Deleted"],
    }


def test_a_purchase_is_coded_once_and_all_of_it_is_taken_back(here: World) -> None:
    incoming(here)
    here.work()
    run = here.run()
    assert run["state"] == "done", run
    now = state(here)
    assert (now["vendors"], now["account"], now["payee"], len(now["bills"]), len(now["notes"])) == (
        [True],
        "13",
        True,
        1,
        1,
    )
    assert whole.catch_up(here, "quickbooks") == [], "what we wrote ourselves starts nothing"
    whole.take_back(here, run["id"])
    now = state(here)
    assert (now["vendors"], now["account"], now["payee"], now["bills"], now["notes"]) == ([False], "31", False, [], [])
    assert {one["state"] for one in here.writes()} == {"done", "compensated"}
    assert whole.catch_up(here, "quickbooks") == [], "nor does the taking back"


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("path", ["vendor", "purchase", "bill", "attachable"])
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, path: str) -> None:
    here.served.fault("quickbooks", do, method="POST", path=f"{COMPANY}/{path}", status=504)
    incoming(here)
    here.work()
    run = here.run()
    assert run["state"] == "done", run
    now = state(here)
    assert (now["vendors"], now["account"], len(now["bills"]), len(now["notes"])) == ([True], "13", 1, 1)
    effects = [one["effect"] for one in here.served.effects("quickbooks")]
    assert effects == ["vendor.create", "purchase.update", "bill.create", "attachable.create"]
