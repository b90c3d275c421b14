"""Google Sheets in a whole hub: a new row is noticed, rows are written once whatever gets lost, all is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.practice.vendors.google.sheets import BOOK
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.google_sheets import STOCK
from tests.durability.world import World

SAMPLE = Path(__file__).parent / "samples" / "google" / "order_row.json"
STEPS = [
    {
        "id": "stock",
        "do": "google.append_rows",
        "given": {"sheet": STOCK, "rows": [{"Item": "{{ event.fields.Name }}"}]},
    },
    {
        "id": "status",
        "do": "google.update_rows",
        "given": {
            "sheet": "{{ event.sheet }}",
            "by": "Order number",
            "value": "{{ event.fields['Order number'] }}",
            "fields": {"Status": "seen"},
        },
    },
]
WRITTEN = ["sheet.updateCells", "rows.append", "cells.write"]
BASE = f"/v4/spreadsheets/{BOOK}"


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "google.sheet.row_added", json.loads(SAMPLE.read_text()), STEPS) as made:
        whole.catch_up(made, "google")
        orders = made.served.control("google_sheet", {"gid": 0})["lines"]
        made.served.control("google_sheet", {"gid": 0, "lines": [*orders, [1043, "Cy Example", "", 3, "open"]]})
        assert len(whole.catch_up(made, "google")) == 1
        yield made


def effects(here: World) -> list[str]:
    """Without those of the calendar, which is watched by itself."""
    found = [one["effect"] for one in here.served.effects("google")]
    return [one for one in found if not one.startswith("channel.")]


def state(here: World) -> tuple[list[str], str]:
    """The items in stock, and the status of the new order."""
    stock = here.served.control("google_sheet", {"gid": 77})["lines"]
    return [line[0] for line in stock[1:]], here.served.control("google_sheet", {"gid": 0})["lines"][3][4]


def test_a_new_row_is_answered_and_all_is_taken_back(here: World) -> None:
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == (["Chair", "Table", "Cy Example"], "seen")
    assert whole.catch_up(here, "google") == [], "what we wrote ourselves starts nothing"
    whole.take_back(here, here.run()["id"])
    assert here.run()["state"] == "undone", here.run()
    assert state(here) == (["Chair", "Table"], "open")


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("path", [f"{BASE}:batchUpdate", f"{BASE}/values/", f"{BASE}/values:batchUpdate"])
def test_whichever_answer_gets_lost_everything_is_written_once(here: World, do: str, path: str) -> None:
    here.served.fault("google", do, method="POST", path=path)
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert state(here) == (["Chair", "Table", "Cy Example"], "seen")
    assert effects(here) == WRITTEN
