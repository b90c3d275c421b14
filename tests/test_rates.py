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


def test_a_model_may_be_asked_many_times_at_once(settings: Settings) -> None:
    """Its vendors count by the minute: two hundred runs that wait for it wait together, in no minute more than five hundred."""
    opened = open_hub(settings)
    model = opened.connectors["openai"]
    opened.close()
    assert (model.burst, model.burst + 60 * model.rate) == (200, 500)
    faster = open_hub(replace(settings, rates={"openai": 50.0}))
    assert faster.connectors["openai"].burst == 2000
    faster.close()


@pytest.mark.parametrize("text", ["fast", "0", "-3"])
def test_a_rate_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadSettings, match="PATCHBAY_RATE_NOTION"):
        read({"PATCHBAY_RATE_NOTION": text})
