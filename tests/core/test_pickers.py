"""`recipe enable --set`: an address that was copied from the browser, in place of an id that nobody knows."""

from __future__ import annotations

import pytest

from app.cli import pickers
from app.cli.speak import Failed
from app.core import recipes
from tests.durability.world import MEETINGS, RECIPE, World


def _settled(here: World, **given: str) -> dict[str, object]:
    loaded = recipes.get(here.hub, RECIPE).recipe
    assert loaded is not None
    return pickers.settled(here.hub, loaded, given, {}, practice=True)


def test_an_address_becomes_the_id(here: World) -> None:
    pasted = f"https://www.notion.so/ours/Meetings-{MEETINGS.replace('-', '')}?v=1"
    assert _settled(here, meetings=pasted) == {"meetings": MEETINGS}
    assert _settled(here, meetings=MEETINGS) == {"meetings": MEETINGS}


def test_what_the_vendor_does_not_know_is_told_with_its_setting(here: World) -> None:
    with pytest.raises(Failed, match="--set meetings: "):
        _settled(here, meetings="99999999-9999-4999-8999-999999999999")
