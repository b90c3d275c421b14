"""PATCHBAY_RATE_<SLUG>: a vendor's bigger plan allows more calls a second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.hub import open_hub
from app.settings import BadSettings, Settings, read


def test_a_rate_of_the_environment_replaces_the_connectors_own(settings: Settings) -> None:
    given = read({"PATCHBAY_RATE_NOTION": "10", "PATCHBAY_RATE_NOBODY": "7"})
    opened = open_hub(replace(settings, rates=given.rates))
    try:
        notion, zoom = opened.connectors["notion"], opened.connectors["zoom"]
        assert (notion.rate, notion.burst) == (10.0, 10)
        assert zoom.rate == 2.0
        assert "nobody" not in opened.connectors
    finally:
        opened.close()


def test_a_rate_slower_than_one_a_second_still_lets_one_go(settings: Settings) -> None:
    opened = open_hub(replace(settings, rates={"notion": 0.5}))
    try:
        assert (opened.connectors["notion"].rate, opened.connectors["notion"].burst) == (0.5, 1)
    finally:
        opened.close()


@pytest.mark.parametrize("text", ["fast", "0", "-3"])
def test_a_rate_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadSettings, match="PATCHBAY_RATE_NOTION"):
        read({"PATCHBAY_RATE_NOTION": text})
