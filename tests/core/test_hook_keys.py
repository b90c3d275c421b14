"""Whose address a webhook came to: remembered for a second, and looked up again before anything is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from app.core import connections, hook_keys, intake, practice
from tests.durability.world import Delivery, World


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    hook_keys.forget()


def status(here: World, sent: Delivery) -> int:
    return intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers).status


def test_the_database_is_asked_once_for_many_deliveries(here: World) -> None:
    asked: list[str] = []
    sent = [here.delivery(f"Number {n}") for n in range(5)]

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        asked.extend(["hook"] if "hook_key = " in statement else [])

    event.listen(here.hub.db.engine, "before_cursor_execute", note)
    assert [status(here, one) for one in sent] == [200] * 5
    assert asked == ["hook"]


def test_a_connection_that_was_removed_here_is_unknown_at_once(here: World) -> None:
    here.receive("First")
    sent = here.delivery("Second")
    connections.remove(here.hub, practice.connection_id(here.hub, "zoom"), by="a test")
    assert status(here, sent) == 404


def test_what_another_process_has_changed_is_known_before_a_delivery_is_refused(here: World) -> None:
    own = practice.connection_id(here.hub, "zoom")
    here.receive("First")
    before = dict(hook_keys._known)
    for secret in ("second", "third"):  # the first one is no longer valid
        connections.change(here.hub, own, {}, hook_secret=secret, check_first=False, by="a test")
    sent = here.signed(here.delivery("Second").body, "third")
    hook_keys._known.update(before)
    assert before
    assert status(here, sent) == 200
