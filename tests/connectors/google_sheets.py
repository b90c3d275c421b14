"""What the tests of Google Sheets share: the practice spreadsheet, and what people do in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.practice.vendors.google.sheets import BOOK
from tests.connectors import google_specification
from tests.connectors.stand import Stand, standing

JSON = Any
ORDERS, STOCK = f"{BOOK}/0", f"{BOOK}/77"
ADDRESS = f"https://docs.google.com/spreadsheets/d/{BOOK}/edit?gid=0#gid=0"
HEADINGS = ["Order number", "Name", "Email", "Amount", "Status"]
SPREADSHEETS = "https://www.googleapis.com/auth/spreadsheets"


@contextmanager
def book(**options: str) -> Iterator[Stand]:
    """Everything that was asked of it fits Google's descriptions, or the test fails."""
    with standing("google", **options) as stand:
        yield stand
        google_specification.asked(stand)


def lines(stand: Stand, gid: int = 0) -> list[list[JSON]]:
    return list(stand.served.control("google_sheet", {"gid": gid})["lines"])


def by_hand(stand: Stand, gid: int = 0, **change: JSON) -> None:
    """A person gives the sheet other lines, another title or size."""
    stand.served.control("google_sheet", {"gid": gid, **change})


def with_lines(stand: Stand, change: Callable[[list[list[JSON]]], object], gid: int = 0) -> None:
    now = lines(stand, gid)
    change(now)
    by_hand(stand, gid, lines=now)
