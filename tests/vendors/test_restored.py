"""Put back to a backup after the change was made: no class but opaque has a second effect, and opaque asks."""

from __future__ import annotations

import pytest

from app.core import beginning, hold, intake, practice
from app.db import backup
from tests.durability.world import open_ahead
from tests.vendors.shop import signed, task
from tests.vendors.shop_hub import ShopWorld, address
from tests.vendors.test_classes import WRITES, asked, decide, done

ASKS_A_PERSON = "message"  # there is nothing to look up
AGAIN = "notice"  # may come twice, and says so


class Yesterday:
    def __init__(self, shop: ShopWorld) -> None:
        self.shop, self.file = shop, shop.settings.home / "yesterday"
        backup.make(shop.settings, self.file)

    def restore_and_resume(self) -> None:
        shop = self.shop
        shop.hub.close()
        plan = backup.Plan(check=lambda house: None, hold=hold.sql(hold.RESTORED), finish=lambda settings: None)
        backup.restore(shop.settings, self.file, self.file.with_name("replaced"), plan)
        shop.hub = open_ahead(shop.settings)
        beginning.prepare(shop.hub)
        hold.resume(shop.hub, by="Ana")


def most(do: str) -> int:
    return 2 if do == AGAIN else 1


@pytest.mark.parametrize("do", WRITES)
def test_a_run_that_was_done_after_the_backup(shop: ShopWorld, do: str) -> None:
    shop.task(do)
    yesterday = Yesterday(shop)
    shop.work()
    assert done(shop, do) == 1
    yesterday.restore_and_resume()
    shop.work()
    settle_with_a_person(shop, do)
    assert 1 <= done(shop, do) <= most(do)
    assert shop.run()["state"] == "done", shop.run()["why"]


@pytest.mark.parametrize("do", WRITES)
def test_an_event_that_is_not_in_the_backup_and_comes_again(shop: ShopWorld, do: str) -> None:
    yesterday = Yesterday(shop)
    body = task(do, "1")
    give(shop, body)
    shop.work()
    assert done(shop, do) == 1
    yesterday.restore_and_resume()
    give(shop, body)
    shop.work()
    settle_with_a_person(shop, do)
    assert 1 <= done(shop, do) <= most(do)
    assert shop.run()["state"] == "done", shop.run()["why"]


@pytest.mark.parametrize("do", WRITES)
def test_a_run_that_was_not_sent_at_all(shop: ShopWorld, do: str) -> None:
    shop.task(do)
    Yesterday(shop).restore_and_resume()
    shop.work()
    if shop.reviews(state="open"):
        assert done(shop, do) == 0
        decide(shop, "again")
    assert done(shop, do) == 1
    assert shop.run()["state"] == "done", shop.run()["why"]


def give(shop: ShopWorld, body: bytes) -> None:
    key = address(shop.hub).rsplit("/", 1)[1]
    headers = {name.lower(): value for name, value in signed(practice.token(shop.hub), body).items()}
    assert intake.receive(shop.hub, "shop", key, body, headers).status == 200


def settle_with_a_person(shop: ShopWorld, do: str) -> None:
    if do == ASKS_A_PERSON:
        assert "before Patchbay's data was put back" in asked(shop)
    if asked(shop):
        decide(shop, "arrived")
