"""Airtable in a whole hub: a new order is caught up with, a run writes once, an answer gets lost, all is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.connectors import whole
from tests.connectors.airtable_stand import CLIENTS
from tests.durability.world import World

EVENT = {
    "base": "apppractice000001",
    "table": "apppractice000001/tblorders00000001",
    "record": "recordered0000001",
    "fields": {"Name": "A lamp", "Email": "cy@shop.example"},
}
CELLS = {"Name": "{{ event.fields.Name }}", "Email": "{{ event.fields.Email }}"}
STEPS = [
    {"id": "client", "do": "airtable.create_record", "given": {"table": CLIENTS, "fields": CELLS}},
    {
        "id": "order",
        "do": "airtable.update_record",
        "given": {"table": "{{ event.table }}", "record": "{{ event.record }}", "fields": {"Status": "Sent"}},
    },
    {
        "id": "phone",
        "do": "airtable.upsert_record",
        "given": {"table": CLIENTS, "by": "Name", "fields": {"Name": "Everybody", "Phone": "{{ event.fields.Email }}"}},
    },
]
BASE = "/v0/apppractice000001"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "airtable.record_created", EVENT, STEPS) as made:
        look(made)  # sets up the webhook
        yield made


def look(here: World) -> list[str]:
    here.skip(11_000_000)
    return whole.catch_up(here, "airtable")


def order(here: World) -> None:
    fields = {"Name": "A lamp", "Email": "cy@shop.example"}
    here.served.control("airtable_person", {"table": "Orders", "fields": fields, "quiet": True})
    assert len(look(here)) == 1


def state(here: World) -> tuple[list[str], list[str]]:
    """Clients by name, and the states of the orders that were not there at first."""
    found = here.served.control("state?slug=airtable")["record"]
    clients = [one["fields"]["fldclien000000001"] for one in found if "fldclien000000001" in one["fields"]]
    orders = [one["fields"].get("fldorder000000004", "") for one in found if "fldorder000000001" in one["fields"]]
    return sorted(clients), orders[2:]


def test_an_order_makes_one_client_and_is_marked_and_all_of_it_is_taken_back(here: World) -> None:
    order(here)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == (["A lamp", "Everybody"], ["Sent"])
    assert len(here.served.effects("airtable", "column.create")) == 1
    assert look(here) == [], "what we wrote ourselves starts nothing"
    whole.take_back(here, here.run()["id"])
    assert state(here) == ([], [""])
    assert {one["state"] for one in here.writes()} == {"done", "compensated"}


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v0/meta/bases"),  # the column for our key
        ("PATCH", f"{BASE}/tblclients0000001"),
        ("PATCH", f"{BASE}/tblorders00000001/"),
    ],
)
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, method: str, path: str) -> None:
    here.served.fault("airtable", do, method=method, path=path)
    order(here)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == (["A lamp", "Everybody"], ["Sent"])
    assert len(here.served.effects("airtable", "record.create")) == 2
    assert len(here.served.effects("airtable", "column.create")) == 1


def test_a_month_that_is_used_up_stops_the_run_until_somebody_tests_the_connection(here: World) -> None:
    order(here)
    here.served.control("settings", {"airtable_used_up": True})
    here.work()
    assert here.run()["state"] == "waiting"
    assert "used up its calls of this month" in here.run()["why"]
    here.served.control("settings", {"airtable_used_up": False})
    whole.change_credentials(here, "airtable")
    here.work()
    assert here.run()["state"] == "done", here.run()


def test_half_a_minute_of_silence_is_waited_for(here: World) -> None:
    order(here)
    too_fast: dict[str, Any] = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]}
    here.served.fault("airtable", "status", status=429, body=too_fast, method="PATCH", times=2)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == (["A lamp", "Everybody"], ["Sent"])
