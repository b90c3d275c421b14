"""A recipe as a picture: what starts it, what it leaves out, and each step, in words anybody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.condition import Condition
from app.core.recipe import Recipe, Step
from connectors.contract import Connector

_SETTING = re.compile(r"\{\{\s*settings\.(\w+)\s*\}\}")


@dataclass(frozen=True)
class Spot:
    """One place of the picture. `kind`: when, only, ask, do, check."""

    kind: str
    icon: str
    eyebrow: str
    says: str
    extra: str = ""
    code: str = ""


def draw(recipe: Recipe, connectors: Mapping[str, Connector]) -> list[Spot]:
    spots = [_when(recipe, connectors)]
    if recipe.only_if:
        spots.append(Spot("only", "funnel", "But only if", "this holds", code=recipe.only_if.source))
    spots += [_step(step, recipe, connectors) for step in recipe.steps]
    if recipe.checks:
        ends = {"hold": "hold the run for a person", "undo": "take back what it wrote", "tell": "tell you in the Inbox"}
        for check in recipe.checks:
            says = f"If this does not hold: {ends[check.otherwise]}"
            spots.append(Spot("check", "shield", "At the end it checks itself", says, code=check.that.source))
    return spots


def _when(recipe: Recipe, connectors: Mapping[str, Connector]) -> Spot:
    slug, _, kind = recipe.trigger.partition(".")
    connector = connectors.get(slug)
    labels = {t.kind: t.label for t in connector.triggers} if connector else {}
    return Spot("when", "bolt", f"When · {connector.title if connector else slug}", labels.get(kind, recipe.trigger))


def _step(step: Step, recipe: Recipe, connectors: Mapping[str, Connector]) -> Spot:
    extra = ". ".join(part for part in (_condition(step.condition, recipe), _each(step)) if part)
    if step.kind == "ask":
        parts = ", ".join(step.answer.root.parts) if step.answer else ""
        lists = f"It may answer only with: {parts}" if parts else ""
        return Spot("ask", "spark", "The model", _first(step), ". ".join(p for p in (extra, lists) if p))
    slug, _, name = step.action.partition(".")
    connector = connectors.get(slug)
    action = connector.actions.get(name) if connector else None
    title = connector.title if connector else slug
    return Spot("do", "pen", title, action.label if action else step.action, extra)


def _first(step: Step) -> str:
    text = step.ask.source.strip() if step.ask else ""
    return text.split("\n", 1)[0].strip()


def _condition(condition: Condition | None, recipe: Recipe) -> str:
    if condition is None:
        return ""
    match = _SETTING.fullmatch(condition.source.strip())
    if match and match[1] in recipe.settings:
        return f"Only if “{recipe.settings[match[1]].label}” is filled in"
    return f"Only if {_path(condition.source)}" if _path(condition.source) else "Only under a condition"


def _path(source: str) -> str:
    match = re.fullmatch(r"\{\{\s*([\w.]+)\s*\}\}", source.strip())
    return f"there is {'a' if match[1][-1] != 's' else 'any'} {match[1].rpartition('.')[2]}" if match else ""


def _each(step: Step) -> str:
    if step.each is None:
        return ""
    match = re.fullmatch(r"\{\{\s*([\w.]+)\s*\}\}", step.each.source.strip())
    return f"Once for each of the {match[1].rpartition('.')[2]}" if match else "Several times"
