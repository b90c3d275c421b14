"""The model's daily budget on the recipe's page."""

from __future__ import annotations

from typing import Any

from app.core import connections, recipes
from tests.web.conftest import Site

RECIPE = "/recipes/zoom-recap-to-notion"


def _connected(site: Site) -> dict[str, Any]:
    keep: dict[str, Any] = {"check_first": False}
    connections.create(site.hub, "zoom", {}, hook_secret="s" * 20, **keep)
    connections.create(site.hub, "notion", {"token": "ntn_1"}, **keep)
    return {"s-meetings": "11111111-1111-4111-8111-111111111111", "level": "auto"}


def test_the_budget_is_saved_with_the_form(site: Site) -> None:
    fields, owner = _connected(site), site.visitor("owner")
    assert 'value="500000"' in owner.get(RECIPE).get_data(as_text=True)
    assert owner.post(RECIPE, **fields, daily_tokens="20000").status_code == 303
    real = recipes.get(site.hub, "zoom-recap-to-notion").real
    assert real is not None
    assert (real.daily_tokens, real.is_on, real.level) == (20_000, True, "auto")


def test_a_budget_that_is_no_number_saves_nothing(site: Site) -> None:
    fields, owner = _connected(site), site.visitor("owner")
    owner.get(RECIPE)
    for wrong in ("lots", "-5", "12", "1e9"):
        answer = owner.post(RECIPE, **fields, daily_tokens=wrong)
        assert answer.status_code == 422
        assert "write a number of tokens" in answer.get_data(as_text=True)
    assert recipes.get(site.hub, "zoom-recap-to-notion").real is None
