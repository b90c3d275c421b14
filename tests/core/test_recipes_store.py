"""The recipes of a hub: versions by content, and switches that never mix practice and real accounts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, practice, recipes, routing
from app.core.recipe import RecipeError
from app.core.recipes import CannotSwitchOn
from app.db import models
from tests.durability.world import MEETINGS, RECIPE, TODOS, World

BOTH = pytest.mark.both_databases
SHIPPED_TEXT = (recipes.SHIPPED / RECIPE / "recipe.yaml").read_text()


def folder(home: Path, old: str = "", new: str = "") -> Path:
    """The shipped recipe, changed."""
    assert old in SHIPPED_TEXT
    there = home / RECIPE
    there.mkdir(exist_ok=True)
    (there / "recipe.yaml").write_text(SHIPPED_TEXT.replace(old, new) if old else SHIPPED_TEXT)
    return there


def real(here: World, slug: str = "notion") -> str:
    """A real account, made without asking the vendor."""
    given = {
        "notion": {"token": "ntn_x"},
        "zoom": {"account_id": "a", "client_id": "b", "client_secret": "c"},
        "openai": {"api_key": "k", "model": "m"},
    }[slug]
    return str(connections.create(here.hub, slug, given, hook_secret="s", check_first=False)["id"])


def switched(here: World) -> dict[str, Any]:
    (row,) = here._rows(models.switches)
    return row


# --- versions -----------------------------------------------------------------------------------------------------------


@BOTH
def test_bringing_the_shipped_ones_in_twice_changes_nothing(here: World) -> None:
    before = here._rows(models.recipes), here._rows(models.switches), here._rows(models.audit)
    recipes.sync(here.hub)
    practice.prepare(here.hub)
    assert (here._rows(models.recipes), here._rows(models.switches), here._rows(models.audit)) == before
    assert recipes.slugs(here.hub) == [RECIPE]
    assert recipes.problems(here.hub) == {}


@BOTH
def test_a_new_version_is_for_new_events_only(here: World, tmp_path: Path) -> None:
    old = routing.route(here.hub, here.receive("Old"))[0]
    first = recipes.get(here.hub, RECIPE).version
    second = recipes.publish(here.hub, folder(tmp_path, "## Overview", "## What it was about"), by="Ana").version
    new = routing.route(here.hub, here.receive("New"))[0]
    versions = {run["id"]: run["version"] for run in here.runs()}
    assert versions == {old: first, new: second}
    assert first != second
    here.work()
    assert {run["state"] for run in here.runs()} == {"done"}
    assert {run["id"]: run["version"] for run in here.runs()} == versions
    sent = {run: _bodies(here, run) for run in versions}
    assert "What it was about" not in sent[old]
    assert "What it was about" in sent[new]


def _bodies(here: World, run: str) -> str:
    found = [here.hub.vault.open(w["request"], f"writes:{w['id']}:request") for w in here.writes(run=run)]
    return b"".join(found).decode()


def test_one_that_somebody_published_is_not_overwritten(here: World, tmp_path: Path) -> None:
    mine = recipes.publish(here.hub, folder(tmp_path, "## Overview", "## In short"), by="Ana").version
    recipes.sync(here.hub)
    page = recipes.get(here.hub, RECIPE)
    assert page.version == mine
    assert {v["made_by"] for v in page.versions} == {"shipped", "Ana"}
    assert page.practice is not None
    assert page.practice.version == mine


def test_a_shipped_one_that_changed_becomes_the_current_one(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "## Overview", "## In short")
    before = recipes.get(here.hub, RECIPE).version
    monkeypatch.setattr(recipes, "SHIPPED", tmp_path)
    recipes.sync(here.hub)
    page = recipes.get(here.hub, RECIPE)
    assert page.version != before
    assert page.practice is not None
    assert page.practice.version == page.version


def test_a_shipped_one_that_does_not_load_keeps_the_version_before(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "do: notion.create_page", "do: notion.burn_page")
    before = recipes.get(here.hub, RECIPE).version
    monkeypatch.setattr(recipes, "SHIPPED", tmp_path)
    recipes.sync(here.hub)
    assert recipes.get(here.hub, RECIPE).version == before
    assert "burn_page" in recipes.problems(here.hub)[RECIPE]
    folder(tmp_path)
    recipes.sync(here.hub)
    assert recipes.problems(here.hub) == {}


def test_what_does_not_load_is_not_published(here: World, tmp_path: Path) -> None:
    before = here._rows(models.recipes)
    with pytest.raises(RecipeError, match=r"recipe\.yaml:"):
        recipes.publish(
            here.hub, folder(tmp_path, "when: zoom.meeting.summary_completed", "when: zoom.nothing"), by="Ana"
        )
    assert here._rows(models.recipes) == before


def test_a_recipe_that_is_not_there(here: World) -> None:
    for call in (recipes.get, recipes.switch_on, recipes.switch_off):
        with pytest.raises(LookupError, match="There is no recipe called nothing"):
            call(here.hub, "nothing")
    with pytest.raises(LookupError, match="There is no version"):
        recipes.version(here.hub, RECIPE, "000000000000")


# --- switches -----------------------------------------------------------------------------------------------------------


def test_the_only_account_of_each_kind_is_chosen(here: World) -> None:
    own = {slug: real(here, slug) for slug in ("zoom", "notion", "openai")}
    switch = recipes.switch_on(here.hub, RECIPE, settings={"meetings": MEETINGS}, by="Ana")
    assert (dict(switch.connections), switch.practice, switch.is_on) == (own, False, True)
    both = recipes.get(here.hub, RECIPE)
    assert both.practice is not None
    assert not set(both.practice.connections.values()) & set(own.values())


def test_a_model_may_come_later(here: World) -> None:
    real(here, "zoom"), real(here)
    switch = recipes.switch_on(here.hub, RECIPE, settings={"meetings": MEETINGS})
    assert sorted(switch.connections) == ["notion", "zoom"]


def test_practice_and_real_accounts_are_never_mixed(here: World) -> None:
    own = {slug: real(here, slug) for slug in ("zoom", "notion")}
    made_up = {"notion": here.connection("notion")}
    switch = recipes.switch_on(here.hub, RECIPE, settings={"meetings": MEETINGS}, accounts=made_up)
    assert switch.connections["notion"] == own["notion"]
    again = recipes.switch_on(here.hub, RECIPE, practice=True, accounts=own)
    assert again.connections["notion"] == here.connection("notion")


def test_an_event_of_a_practice_account_starts_practice_only(here: World) -> None:
    for slug in ("zoom", "notion", "openai"):
        real(here, slug)
    recipes.switch_on(here.hub, RECIPE, settings={"meetings": MEETINGS})
    routing.route(here.hub, here.receive())
    assert [run["practice"] for run in here.runs()] == [True]


def test_what_is_not_given_stays(here: World) -> None:
    before = switched(here)
    recipes.switch_off(here.hub, RECIPE, practice=True, by="Ana")
    assert not switched(here)["is_on"]
    switch = recipes.switch_on(here.hub, RECIPE, practice=True, settings={"skip": ["secret"]}, by="Ana")
    assert dict(switch.settings) == {"meetings": MEETINGS, "todos": TODOS, "skip": ["secret"]}
    assert switched(here)["connections"] == before["connections"]
    assert switch.daily_tokens == before["daily_tokens"]
    assert recipes.switch_on(here.hub, RECIPE, practice=True, daily_tokens=7).daily_tokens == 7
    assert recipes.switch_on(here.hub, RECIPE, practice=True).daily_tokens == 7


def refused(here: World, **more: Any) -> str:
    with pytest.raises(CannotSwitchOn) as problem:
        recipes.switch_on(here.hub, RECIPE, **more)
    assert recipes.get(here.hub, RECIPE).real is None
    return str(problem.value)


def test_what_is_missing_is_said_all_at_once(here: World) -> None:
    said = refused(here, settings={"meetings": MEETINGS})
    assert said.splitlines() == ["Connect Zoom first, under Connections.", "Connect Notion first, under Connections."]


def test_several_accounts_must_be_chosen_from(here: World) -> None:
    real(here, "zoom")
    first, second = real(here), real(here)
    said = refused(here, settings={"meetings": MEETINGS})
    assert "Choose which Notion account this recipe uses" in said
    assert first in said
    assert second in said
    chosen = recipes.switch_on(here.hub, RECIPE, settings={"meetings": MEETINGS}, accounts={"notion": second})
    assert chosen.connections["notion"] == second


def test_the_form_must_be_filled_in(here: World) -> None:
    real(here, "zoom"), real(here)
    assert "Meetings database" in refused(here)
    assert refused(here, settings={"meetings": MEETINGS, "nothing": 1})
    assert "The level is one of rehearse, review, auto, not wild" in refused(here, level="wild")


def test_a_removed_account_is_not_used(here: World) -> None:
    real(here, "zoom")
    connections.remove(here.hub, real(here), by="Ana")
    assert "Connect Notion first" in refused(here, settings={"meetings": MEETINGS})


def test_a_recipe_whose_cases_do_not_pass_is_not_switched_on(here: World, tmp_path: Path) -> None:
    there = folder(tmp_path, "## Overview", "## In short")
    recipes.publish(here.hub, there, by="Ana")
    with pytest.raises(CannotSwitchOn, match="cases"):
        recipes.switch_on(here.hub, RECIPE, practice=True, by="Ana")
    for name in ("samples", "cases"):
        shutil.copytree(recipes.SHIPPED / RECIPE / name, there / name)
    shipped = (recipes.SHIPPED / RECIPE / "cases.yaml").read_text()
    (there / "cases.yaml").write_text(shipped)
    recipes.publish(here.hub, there, by="Ana")
    with pytest.raises(CannotSwitchOn, match="do not pass"):
        recipes.switch_on(here.hub, RECIPE, practice=True, by="Ana")
    (there / "cases.yaml").write_text(shipped.replace("## Overview", "## In short"))
    recipes.publish(here.hub, there, by="Ana")
    assert recipes.switch_on(here.hub, RECIPE, practice=True, by="Ana").is_on
