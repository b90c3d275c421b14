"""A poll that sees what a write of ours left behind: it starts nothing; what anybody else did, does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core import polling, practice
from connectors.contract import Event, Poll
from tests.vendors.shop import task
from tests.vendors.shop_hub import ShopWorld


def test_our_own_changes_start_nothing(shop: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Event] = []
    poll = Poll(("task.stock",), lambda client, cursor: (seen, "next"))
    monkeypatch.setitem(shop.hub.connectors, "shop", replace(shop.hub.connectors["shop"], polls=(poll,)))
    shop.task("stock")
    shop.work()
    (write,) = shop.writes()
    ours, theirs = write["version_after"], str(int(write["version_after"]) + 1)
    seen += [
        Event("task.stock", name, task("stock", name), object=write["result_id"], version=version)
        for name, version in (("ours", ours), ("theirs", theirs), ("plain", ""))
    ]
    mine = practice.connection_id(shop.hub, "shop")
    assert (mine, "task.stock") in polling.due(shop.hub)
    polling.poll(shop.hub, mine, "task.stock")
    kept = {event["dedupe_key"] for event in shop.events()}
    assert kept & {"ours", "theirs", "plain"} == {"theirs", "plain"}
