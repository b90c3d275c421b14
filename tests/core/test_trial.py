"""Trying a recipe's cases without any network: a right case passes, and every kind of wrong one is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import connectors
from app.core import recipes, trial
from app.core.recipe import RecipeError
from tests.durability.world import RECIPE

KNOWN = connectors.load()
CASE = """\
- name: A short recap
  event: quick-catch-up.json
  settings: {meetings: 11111111-1111-4111-8111-111111111111}
  people: [Ana Silva, Ben Ortiz, Chloe Park]
  answers: {recap: quick-catch-up-answer.json}
  expect:
    ended: done
    writes:
      - {action: notion.create_page, arguments: {title: {contains: "a"}}}
"""


def tried(folder: Path, text: str) -> list[str]:
    """The problems of one case."""
    home = folder / RECIPE
    shutil.copytree(recipes.SHIPPED / RECIPE, home)
    (home / "cases.yaml").write_text(text)
    _, results = trial.check(KNOWN, home)
    (result,) = results
    return result.problems


def test_the_shipped_cases_pass() -> None:
    loaded, results = trial.check(KNOWN, recipes.SHIPPED / RECIPE)
    assert loaded.slug == RECIPE
    assert len(results) >= 5
    assert {r.name: r.problems for r in results if r.problems} == {}


def test_a_right_case_passes(tmp_path: Path) -> None:
    assert tried(tmp_path, CASE) == []


WRONG = [
    ("ended: done", "ended: ignored", "it ended as done, not ignored"),
    ("ended: done", "ended: waiting", "it ended as done, not waiting"),
    ('{contains: "a"}', "Something else", "write 1: title is "),
    ('{contains: "a"}', '{contains: "zebra"}', 'title lacks "zebra"'),
    ('{contains: "a"}', '{lacks: "a"}', 'title contains "a"'),
    ('{contains: "a"}', '{starts: "zebra"}', 'title does not start with "zebra"'),
    ("notion.create_page, ", "notion.create_page, times: 2, ", "it makes 1 writes, not 2"),
    ("answers: {recap: quick-catch-up-answer.json}\n  ", "", "has no answer for `recap`; add it under `answers:`"),
    ("recap: quick-catch-up-answer.json", "recap: {overview: 7}", "the answer for `recap` does not fit"),
    ("recap: quick-catch-up-answer.json", "recap: hostile-answer.json", "the answer for `recap` does not fit"),
]


@pytest.mark.parametrize(("old", "new", "says"), WRONG)
def test_a_wrong_case_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in CASE
    found = tried(tmp_path, CASE.replace(old, new))
    assert found
    assert any(says in problem for problem in found), found


def test_an_answer_that_must_not_fit_waits(tmp_path: Path) -> None:
    text = CASE.replace("quick-catch-up-answer.json", "hostile-answer.json").replace("ended: done", "ended: waiting")
    text = text[: text.index("    writes:")] + "    writes: []\n"
    assert tried(tmp_path, text) == []


BROKEN = [
    ("event: quick-catch-up.json", "event: nowhere.json", "there is no file `nowhere.json`"),
    ("event: quick-catch-up.json", "event: ../../../etc/passwd", "there is no file `../../../etc/passwd`"),
    ("settings: {meetings: 11111111-1111-4111-8111-111111111111}", "settings: {}", "Meetings database"),
    ("notion.create_page", "notion.burn_page", "no step of the recipe does `notion.burn_page`"),
    ("answers: {recap:", "answers: {recup:", "the recipe has no `ask` step `recup`"),
    ("  expect:", "  expact:", "`expact` does not belong in a case"),
    ("ended: done", "ended: dunno", "a run cannot end as `dunno`"),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN)
def test_a_case_that_cannot_be_read_is_shown_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in CASE
    with pytest.raises(RecipeError) as problem:
        tried(tmp_path, CASE.replace(old, new))
    assert says in str(problem.value)
    assert f"{RECIPE}/cases.yaml:" in str(problem.value)


def test_a_recipe_without_cases_is_told(tmp_path: Path) -> None:
    home = tmp_path / RECIPE
    shutil.copytree(recipes.SHIPPED / RECIPE, home)
    (home / "cases.yaml").unlink()
    with pytest.raises(RecipeError, match=r"there is no cases\.yaml"):
        trial.check(KNOWN, home)
