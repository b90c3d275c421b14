"""A vendor that asks us to wait: however it says so, the whole connection waits as long, and no try is used up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from app.db import models
from tests.durability.world import World

READS: Mapping[str, Any] = {"method": "GET", "path": "/v1/data_sources"}
PAGES: Mapping[str, Any] = {"method": "POST", "path": "/v1/pages"}
DAY = 86_400_000


def _in(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


SHAPES: Mapping[str, Callable[[], tuple[str, int]]] = {
    "seconds": lambda: ("300", 300_000),
    "an HTTP date": lambda: (format_datetime(_in(300), usegmt=True), 300_000),
    "an ISO date": lambda: (_in(300).strftime("%Y-%m-%dT%H:%M:%SZ"), 300_000),
    "a far future": lambda: (format_datetime(_in(90 * 86_400), usegmt=True), DAY),
    "too many seconds": lambda: ("99999999", DAY),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("status", "what"), [(429, PAGES), (503, READS), (503, PAGES)])
def test_the_whole_connection_waits_as_long_as_the_vendor_says(
    here: World, shape: str, status: int, what: Mapping[str, Any]
) -> None:
    text, ms = SHAPES[shape]()
    here.served.fault("notion", "status", **what, status=status, headers={"Retry-After": text})
    here.receive()
    here.work(most=0)
    asked = len(_requests(here))
    here.receive("Other", meeting="other")
    here.skip(ms - 30_000)
    here.work(most=0)
    assert len(_requests(here)) == asked  # neither run called, though both were claimed again
    here.skip(31_000)
    here.work()
    assert sorted(here.pages()) == ["Catch-up", "Other"]
    assert {run["state"] for run in here.runs()} == {"done"}


def _requests(here: World) -> list[dict[str, Any]]:
    return [each for each in here.served.control("ledger?slug=notion") if each["path"].startswith("/v1")]


@pytest.mark.parametrize("text", ["-5", "soon", "0"])
@pytest.mark.parametrize("status", [429, 503])
def test_rubbish_and_the_past_are_no_reason_to_stop(here: World, text: str, status: int) -> None:
    here.served.fault("notion", "status", **READS, status=status, headers={"Retry-After": text})
    here.receive()
    here.work(most=60_000)
    assert here.pages() == ["Catch-up"]


@pytest.mark.parametrize("status", [429, 503])
def test_waiting_because_we_were_asked_to_uses_up_no_try(here: World, status: int) -> None:
    here.served.fault("notion", "status", **READS, status=status, headers={"Retry-After": "20000"}, times=8)
    here.receive()
    here.work(most=21_000_000)  # eight times more than five hours: longer than the day after which we give up
    assert here.pages() == ["Catch-up"]
    assert max(entry["tries"] for entry in here.entries()) == 0
    own = here.connection("notion")
    (row,) = here._rows(models.connections, id=own)
    assert row["fails"] == 0
