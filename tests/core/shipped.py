"""Works out what a recipe would write for a case, step by step, with nothing but the recipe language itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import connectors
from app.core import cases, recipe
from app.core.cases import Case
from app.core.recipe import Recipe, Step

ROOT = Path(__file__).parents[2] / "recipes"
FOLDER = ROOT / "zoom-recap-to-notion"


def load(folder: Path = FOLDER) -> Recipe:
    """A shipped recipe with the real connectors."""
    return recipe.load((folder / "recipe.yaml").read_text("utf-8"), f"{folder.name}/recipe.yaml", connectors.load())


def shipped_cases() -> list[Case]:
    """The cases of the shipped recipe."""
    return cases.load(FOLDER, load())


def scope_of(made: Recipe, case: Case) -> dict[str, Any]:
    """What the first step sees."""
    slug, _, kind = made.trigger.partition(".")
    trigger = next(t for t in connectors.load()[slug].triggers if t.kind == kind)
    house = {"people": list(case.people), "today": case.today}
    return {"event": trigger.shape(case.body), "settings": dict(case.settings), "house": house}


def draw(made: Recipe, case: Case) -> tuple[list[dict[str, Any]], str]:
    """(writes, how it ends)."""
    scope = scope_of(made, case)
    if made.only_if and not made.only_if.holds(scope):
        return [], "ignored"
    writes: list[dict[str, Any]] = []
    for step in made.steps:
        if step.condition is None or step.condition.holds(scope):
            scope[step.id] = _run(step, scope, case, writes)
    return writes, "done"


def _run(step: Step, scope: Mapping[str, Any], case: Case, writes: list[dict[str, Any]]) -> Any:
    if step.each is None:
        return _once(step, scope, case, writes)
    items = step.each.render(scope) or []
    return [_once(step, {**scope, "item": item, "index": i}, case, writes) for i, item in enumerate(items)]


def _once(step: Step, scope: Mapping[str, Any], case: Case, writes: list[dict[str, Any]]) -> Any:
    given = step.given.render(scope)
    if step.kind == "ask":
        assert step.answer
        answer = case.answers[step.id]
        assert step.answer.read(answer, given) == []
        return json.loads(json.dumps(answer))
    writes.append({"action": step.action, "arguments": given})
    return {"id": f"page-{len(writes)}", "url": f"https://notion.example/page-{len(writes)}"}


@cache
def load_once() -> Recipe:
    """The shipped recipe, read once."""
    return load()
