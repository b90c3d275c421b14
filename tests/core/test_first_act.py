"""The first thing that a process does may be anything: its steady clock is learned before a change begins, never within it."""

from __future__ import annotations

from app.core import accounts, connections
from app.core.hub import open_hub
from connectors.contract import Account
from tests.durability.world import World, quick


def test_a_connection_is_changed_by_a_process_that_has_done_nothing_yet(here: World) -> None:
    fresh, own = open_hub(here.settings, quick()), here.connection("zoom")
    connections.change(fresh, own, {}, name="Ours", check_first=False)
    assert connections.get(fresh, own)["name"] == "Ours"
    fresh.close()


def test_somebody_signs_in_again_there(here: World) -> None:
    fresh, own = open_hub(here.settings, quick()), here.connection("notion")
    assert fresh.secret
    accounts.renew(fresh, own, Account("w-1", "Shop"), {"access_token": "t"}, {}, by="Ana")
    assert connections.get(fresh, own)["account_name"] == "Shop"
    fresh.close()
