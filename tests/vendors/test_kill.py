"""kill -9 of a worker at every point around one change of each safety class: one effect, or a person who is asked.

A late copy is part of it: a request of which only a half had been sent, or which the shop holds, while another worker has
already looked and gone on. See tests/durability/points.py for what a point is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.conftest import KEYS
from tests.durability.forge import Forge, Order, Report
from tests.durability.world import quiet, swift_folder, until
from tests.vendors.shop_hub import ShopWorld, shop_world

# action → what the shop notes when it is applied
APPLIED = {
    "order": "order.create",
    "charge": "charge.create",
    "parcel": "parcel.create",
    "stock": "stock.set",
    "note": "customer.set",
    "mail": "mail.send",
    "ticket": "ticket.create",
    "payout": "payout.create",
    "message": "message.create",
    "notice": "notice.create",
}
PATHS = {"stock": "/stock", "mail": "/mails/"}  # the slash: not the draft
ASKS = ("payout", "message")  # where a person may have to say whether it arrived
TWICE = ("notice",)  # what does no harm twice


@dataclass
class Smith:
    """A hub with the shop, and the forge that makes its workers."""

    shop: ShopWorld
    forge: Forge
    numbers: Iterator[int]

    def case(self, do: str) -> Case:
        ref = str(next(self.numbers))
        return Case(self, do, ref, self.shop.task(do, ref, customer=f"c{ref}"))

    def labels(self, do: str) -> tuple[str, ...]:
        """The points of a worker that makes one change and meets nothing."""
        case = self.case(do)
        labels = self.work("round").labels
        assert case.wrong() == []
        return labels

    def work(self, do: str, **more: Any) -> Report:
        report = self.forge(Order(do, **more))
        quiet(self.shop.served)
        return report


@dataclass
class Case:
    """One event that asks for one change."""

    smith: Smith
    do: str
    ref: str
    event: str

    def wrong(self) -> list[str]:
        """What should not be at the end; empty when all is well."""
        effects, run = self.effects(), self.smith.shop.run(self.event)
        writes = self.smith.shop.writes(run=run["id"])
        most = 2 if self.do in TWICE else 1
        if run["state"] == "waiting" and self.do in ASKS:
            asked = [r["kind"] for r in self.smith.shop.reviews(run=run["id"], state="open")]
            return [] if len(effects) <= 1 and asked == ["unknown"] else [f"asked {asked} with {effects}"]
        found = [] if run["state"] == "done" else [f"{run['state']}: {run['why']}"]
        found += [] if 1 <= len(effects) <= most else [f"effects: {effects}"]
        known = {effect["object"] for effect in effects}
        return found + [
            f"{w['action']} is {w['state']} as {w['result_id']}, there is {known}"
            for w in writes
            if w["state"] != "done" or w["result_id"].lower() not in known
        ]

    def effects(self) -> list[dict[str, Any]]:
        found = self.smith.shop.effects(APPLIED[self.do])
        own = {f"stock-c{self.ref}", f"person-c{self.ref}"}
        return [e for e in found if e["ref"] == self.ref or e["object"] in own]


@pytest.fixture(scope="module")
def smith() -> Iterator[Smith]:
    with swift_folder() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with shop_world(Settings(home=home, keys=KEYS), Path(folder) / "practice") as shop:
            shop.task("order", "warm")
            made = Smith(shop, Forge(shop.settings), itertools.count(1))
            yield made
            made.forge.close()


STEPS = ("before transaction", "before COMMIT", "before send", "half of", "after send", "before read", "the end")


def around_the_change(labels: tuple[str, ...]) -> list[int]:
    """From the transaction that notes the intent to the end. Statements inside of a transaction are left out: one that is
    not committed has not happened."""
    first = next(n for n, label in enumerate(labels, 1) if label == "before INSERT writes")
    return [n for n, label in enumerate(labels, 1) if n > first and label.startswith(STEPS)]


def killed(smith: Smith, do: str, part: str = "", *breaks: str) -> Iterator[tuple[str, Case]]:
    """Cases in which a worker died at each point, and another one (with `breaks` in it) finished."""
    labels = smith.labels(do)
    for at in around_the_change(labels):
        if part not in labels[at - 1]:
            continue
        case = smith.case(do)
        assert smith.work("round", at=at).end == "killed"
        smith.work("finish", breaks=breaks)
        yield f"{at} {labels[at - 1]}", case


@pytest.mark.parametrize("do", APPLIED)
def test_a_worker_killed_at_any_point(smith: Smith, do: str) -> None:
    cases = list(killed(smith, do))
    assert {label: case.wrong() for label, case in cases if case.wrong()} == {}
    assert len(cases) >= 10


@pytest.mark.parametrize(
    ("do", "broken"),
    [
        ("order", "another key"),
        ("charge", "another key"),
        ("note", "no look-up"),
        ("ticket", "no look-up"),
        ("payout", "no look-up"),
        ("message", "no look-up"),
    ],
)
def test_a_gate_that_is_broken_is_noticed(smith: Smith, do: str, broken: str) -> None:
    (case,) = [case for label, case in killed(smith, do, "before read of P", broken) if "/shop/" in label][:1]
    assert len(case.effects()) == 2
    assert case.wrong()


@pytest.mark.parametrize("do", ["order", "charge", "parcel", "stock", "mail"])
def test_a_copy_that_comes_late_changes_nothing(smith: Smith, do: str) -> None:
    """A worker dies while the shop has its request in hand. Another one sends again at once, which these classes allow;
    only then does the shop turn to the first request."""
    labels, path = smith.labels(do), PATHS.get(do, f"/{do}s")
    at = next(n for n, label in enumerate(labels, 1) if label.startswith("before read of P") and path in label)
    case = smith.case(do)
    smith.shop.fault("hold_before", method="PUT" if do == "stock" else "POST", path=path)
    assert smith.forge(Order("round", at=at)).end == "killed"
    until(lambda: any(request["held"] for request in smith.shop.served.ledger("shop")))
    smith.forge(Order("finish"))
    assert (case.wrong(), len(case.effects())) == ([], 1)
    smith.shop.served.control("release", {})
    quiet(smith.shop.served)
    assert (case.wrong(), len(case.effects())) == ([], 1)
    late = [r for r in smith.shop.served.ledger("shop") if r["fault"]][-1]
    assert (late["effect"], late["status"]) == (None, {"stock": 412, "order": 200, "charge": 200}.get(do, 409))
