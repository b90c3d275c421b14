"""The vendor misbehaves: before it has made the change, or after."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.faults.case import Case
from tests.faults.line import Line


def _each(do: str, **more: Any) -> Callable[[Case], None]:
    """This fault on the write of every event, once."""

    def play(case: Case) -> None:
        names = [case.name() for _ in range(case.tries)]
        for name in names:
            case.bed.story.fault(do, name, **more)
        for future in [case.pool.submit(case.deliver, name) for name in names]:
            future.result()
        case.used_up()
        case.tried += case.tries

    return play


def five_hundreds(case: Case) -> None:
    """Applied, then 500, 502, 503 or 504."""
    names = [case.name() for _ in range(case.tries)]
    for n, name in enumerate(names):
        case.bed.story.fault("status_after", name, status=(500, 502, 503, 504)[n % 4])
        case.deliver(name)
    case.used_up()
    case.tried += case.tries


def too_many(case: Case) -> None:
    """429: the whole connection waits, and no request comes before its time."""
    seconds = 3
    first = case.name()
    case.bed.story.fault(
        "status", first, status=429, headers={"Retry-After": str(seconds)}, body={"code": "rate_limited"}
    )
    case.deliver(first)
    case.wait(lambda: _refused(case), "a 429")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        case.deliver()
        time.sleep(min(0.3, seconds / case.tries))
        case.tried += 1
    case.further.append(lambda: _too_early(case, seconds))


def _refused(case: Case) -> list[dict[str, Any]]:
    return [
        row for row in case.bed.books.ledger(case.bed.recaps.slug, case.after, bodies=False) if row["status"] == 429
    ]


def _too_early(case: Case, seconds: int) -> list[str]:
    rows = case.bed.books.ledger(case.bed.recaps.slug, case.after, bodies=False)
    at = next(row["at"] for row in rows if row["status"] == 429)
    no = next(row["no"] for row in rows if row["status"] == 429)
    # What was on its way already when the answer came may still arrive.
    early = [row for row in rows if row["no"] > no and at + 500 < row["at"] < at + seconds * 1000 - 50]
    return [f"{len(early)} requests came before Retry-After was over"] if early else []


def lags(case: Case) -> None:
    """What was made cannot be found for a while: the look-up waits for it."""
    case.bed.books.ask("settings", {"index_lag": 50 * case.bed.patience})
    try:
        _each("cut_after")(case)
        case.over()
        case.settle()
    finally:
        case.bed.books.ask("settings", {"index_lag": 0})


def refused(case: Case) -> None:
    """It no longer takes the key: runs wait for somebody to connect again, events still come in, then all goes on."""
    first = case.name()
    case.bed.story.fault(
        "status",
        "",
        status=401,
        times=2,
        path="/v1",
        method="",
        body={"code": "unauthorized", "message": "API token is invalid."},
    )
    case.deliver(first)
    asked = case.wait(lambda: [r for r in case.bed.tell("reviews") if r["kind"] == "reconnect"], "a reconnect review")
    case.deliver_all(case.tries)
    case.tried += case.tries
    if asked:
        case.bed.books.well_again()
        case.bed.tell("connections", "check")


LINES = (
    Line("connection cut after the vendor applied", _each("cut_after"), tries=16, classes=True),
    Line("connection cut before the vendor applied", _each("cut_before"), tries=16, classes=True),
    Line("5xx after the vendor applied", five_hundreds, tries=16, classes=True),
    Line("200 with rubbish", _each("rubbish"), tries=8, classes=True),
    Line(
        "200 with an error inside, applied",
        _each(
            "error_in_200",
            applied=True,
            body={"object": "error", "status": 500, "code": "internal_server_error", "message": "?"},
        ),
    ),
    Line("vendor drips its answer", _each("drip", seconds=0.2)),
    Line("vendor hangs, applied", _each("hold_after", seconds=6)),
    Line("vendor hangs, then applies late", _each("hold_before", seconds=6), classes=True),
    Line("vendor answers with 1 GB", _each("flood"), tries=4, few=1),
    Line("429 with Retry-After", too_many),
    Line("vendor's index lags", lags),
    Line("token revoked in mid-run", refused),
)
