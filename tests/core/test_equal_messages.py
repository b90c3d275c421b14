"""Equal messages without a number count once in a window, whatever comes at the same moment, and on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from sqlalchemy import select

from app.core import connections, intake
from app.core.hub import Hub
from app.db import models

BOTH = pytest.mark.both_databases
SECRET = "a-secret-of-the-sender"
EDGE = 1_790_000_400.0  # a full ten minutes of Unix time


def sender(hub: Hub) -> str:
    assert hub.secret  # made at its first use, which is elsewhere
    made = connections.create(hub, "web", {"scheme": "bearer"}, hook_secret=SECRET)
    return str(made["hook_address"]).rsplit("/", 1)[1]


def give(hub: Hub, key: str, body: bytes = b"{}") -> int:
    return intake.receive(hub, "web", key, body, {"authorization": f"Bearer {SECRET}"}).status


def copies(hub: Hub) -> list[int]:
    with hub.db.read() as conn:
        return list(conn.execute(select(models.events.c.copies).order_by(models.events.c.id)).scalars())


@BOTH
def test_those_that_come_at_once_are_one(hub: Hub) -> None:
    key = sender(hub)
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda _: give(hub, key), range(24))) == {200}
    assert copies(hub) == [23]


@BOTH
def test_the_window_begins_with_the_first_of_them(hub: Hub) -> None:
    key = sender(hub)
    for after, seen in ((-30.0, [0]), (30.0, [1]), (569.0, [2]), (571.0, [2, 0]), (1100.0, [2, 1])):
        with time_machine.travel(EDGE + after, tick=False):
            assert give(hub, key) == 200
            assert copies(hub) == seen, after


@BOTH
def test_one_connection_says_nothing_about_another(hub: Hub) -> None:
    for key in (sender(hub), sender(hub)):
        give(hub, key)
    assert copies(hub) == [0, 0]
