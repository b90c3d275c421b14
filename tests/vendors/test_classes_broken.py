"""The tests of the safety classes can fail: each rule of settling that is left out makes one of them fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.core import gate, settle
from tests.durability.breaks import BREAKS
from tests.vendors import test_classes as classes
from tests.vendors.shop_hub import ShopWorld

Test = Callable[[ShopWorld], None]


def lost(do: str, fault: str) -> Test:
    return lambda shop: classes.one_effect_or_a_question(shop, do, fault)


# what is broken → the test that notices
NOTICED: dict[str, Test] = {
    "no look-up": lost("ticket", "cut_after"),
    "hasty look": lambda shop: classes.test_an_index_that_lags(shop, "ticket"),
    "another key": lost("order", "cut_after"),
    "ageless key": lambda shop: classes.test_a_key_that_is_too_old_is_not_relied_on(shop, "order", "cut_after", 1),
    "blind to stored errors": lambda shop: classes.test_a_stored_error_is_not_asked_for_again_and_again(
        shop, "charge", "status", 0
    ),
    "lasting decision": classes.test_send_again_is_sent_once,
    "any value": lambda shop: classes.test_what_somebody_changed_since_is_not_overwritten(shop, "note"),
    "generous": classes.test_money_that_is_not_found_is_not_sent_again,
    "tireless": classes.test_a_notice_that_gets_lost_twice_is_shown_to_a_person,
    "forgetful": classes.test_a_key_that_grew_old_in_line_is_not_relied_on,
}


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """The gate with one rule left out, and whole again afterwards."""
    places: list[Any] = [settle, gate, gate.Gate]
    before = [dict(vars(place)) for place in places]
    BREAKS[request.param]()
    yield str(request.param)
    for place, names in zip(places, before, strict=True):
        for name, value in names.items():
            if vars(place)[name] is not value:
                setattr(place, name, value)


@pytest.mark.parametrize("broken", NOTICED, indirect=True)
def test_a_rule_that_is_left_out_is_noticed(shop: ShopWorld, broken: str) -> None:
    with pytest.raises(AssertionError):
        NOTICED[broken](shop)
