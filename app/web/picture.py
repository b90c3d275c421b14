"""A recipe as a picture: what starts it, what it leaves out, and each step, in words anybody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.condition import Condition
from app.core.recipe import Check, Recipe, Step, Template, Wait
from connectors.contract import Action, Connector, Role

_ANY_SETTING = re.compile(r"\bsettings\.(\w+)")
_SETTING = re.compile(r"\{\{\s*settings\.(\w+)\s*\}\}")


@dataclass(frozen=True)
class Spot:
    """One place of the picture. `kind`: when, only, ask, do, wait, check."""

    kind: str
    icon: str
    eyebrow: str
    says: str
    extra: str = ""
    code: str = ""


def draw(recipe: Recipe, connectors: Mapping[str, Connector], zone: str = "UTC") -> list[Spot]:
    spots = [_when(recipe, connectors, zone)]
    if recipe.only_if:
        source = recipe.only_if.source
        spots.append(Spot("only", "funnel", "Is it wanted?", f"Looks at {_looks_at(source, recipe)}", code=source))
    spots += [_step(step, recipe, connectors) for step in recipe.steps]
    return spots + [_check(check) for check in recipe.checks]


def _check(check: Check) -> Spot:
    ends = {"hold": "stop and ask a person", "undo": "take back what it wrote", "tell": "say so on the run’s page"}
    says = f"If something is off: {ends[check.otherwise]}"
    return Spot("check", "shield", "At the end it checks itself", says, code=check.that.source)


def _looks_at(source: str, recipe: Recipe) -> str:
    """The settings a rule depends on, by their labels."""
    labels = [recipe.settings[name].label for name in _ANY_SETTING.findall(source) if name in recipe.settings]
    return " and ".join(f"“{label}”" for label in labels) if labels else "what came in"


def _when(recipe: Recipe, connectors: Mapping[str, Connector], zone: str) -> Spot:
    if recipe.schedule is not None:
        return Spot("when", "clock", "When · a time", recipe.schedule.words(zone))
    slug, _, kind = recipe.trigger.partition(".")
    connector = connectors.get(slug)
    labels = {t.kind: t.label for t in connector.triggers} if connector else {}
    return Spot("when", "bolt", f"When · {connector.title if connector else slug}", labels.get(kind, recipe.trigger))


def _step(step: Step, recipe: Recipe, connectors: Mapping[str, Connector]) -> Spot:
    extra = ". ".join(part for part in (_condition(step.condition, recipe), _each(step)) if part)
    if step.kind == "ask":
        parts = ", ".join(_plain(name) for name in step.answer.root.parts) if step.answer else ""
        lists = f"It may answer only with: {parts}" if parts else ""
        return Spot("ask", "spark", "The model", _first(step), ". ".join(p for p in (extra, lists) if p))
    if step.wait:
        return _wait(step.wait, extra, connectors)
    slug, _, name = step.action.partition(".")
    connector = connectors.get(slug)
    action = connector.actions.get(name) if connector else None
    title = connector.title if connector else slug
    where = _where(step, action, recipe) if action else ""
    return Spot("do", "pen", title, (action.label if action else step.action) + where, extra)


def _wait(wait: Wait, extra: str, connectors: Mapping[str, Connector]) -> Spot:
    if not wait.kind:
        span = wait.span.source if wait.span else "{"
        says = f"For {span}" if "{" not in span else "Until the time that is given"
        return Spot("wait", "clock", "It waits", says, extra)
    slug, _, kind = wait.kind.partition(".")
    labels = {t.kind: t.label for t in connectors[slug].triggers} if slug in connectors else {}
    ends = {"go_on": "goes on", "fail": "stops", "hold": "asks a person"}[wait.otherwise]
    most = wait.at_most.source if wait.at_most else ""
    until = f"At most {most}; if it does not come, it {ends}" if "{" not in most else f"If it does not come, it {ends}"
    return Spot("wait", "clock", "It waits for", labels.get(kind, wait.kind), ". ".join(p for p in (extra, until) if p))


def _where(step: Step, action: Action, recipe: Recipe) -> str:
    """The setting that says where a change goes, by its label."""
    for name, role in action.roles.items():
        value = step.given.values.get(name)
        match = _SETTING.fullmatch(value.source.strip()) if role is Role.WHERE and isinstance(value, Template) else None
        if match and match[1] in recipe.settings:
            return f" in “{recipe.settings[match[1]].label}”"
    return ""


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
    return f"Once for each of the {_plain(match[1])}" if match else "Several times"


def _plain(path: str) -> str:
    last = path.rpartition(".")[2].replace("_", " ")
    return {"todos": "to-dos"}.get(last, last)
