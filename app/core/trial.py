"""Runs a recipe's cases: the event and all answers come from the case file, the writes it would make are compared with what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core import cases, recipe, scope, waits
from app.core.cases import Case
from app.core.gate import drawn_result
from app.core.recipe import Recipe, Step, TemplateProblem
from app.core.stops import Failed
from app.core.walk import TooMuch, walk
from connectors.contract import JSON, Connector

_WAITED_FROM = (
    1_767_225_600_000  # ms UTC: in a case every wait begins with the year 2026, so that it always ends the same
)


@dataclass(frozen=True)
class Result:
    """One case; `problems` is empty when it passed."""

    name: str
    problems: list[str] = field(default_factory=list)


def check(connectors: Mapping[str, Connector], folder: Path) -> tuple[Recipe, list[Result]]:
    """Load a recipe's folder and run its cases. Raises RecipeError when it does not load."""
    loaded = recipe.load(recipe.text_of(folder), f"{folder.name}/recipe.yaml", connectors)
    return loaded, [Result(case.name, try_case(connectors, loaded, case)) for case in cases.load(folder, loaded)]


def try_case(connectors: Mapping[str, Connector], loaded: Recipe, case: Case) -> list[str]:
    """What differs from what the case expects, in words."""
    trigger = scope.trigger_for(connectors, loaded)
    assert trigger is not None, "a recipe that loads has a trigger"
    hands = _FromCase(connectors, case)
    try:
        event = trigger.shape(case.body)
        today = case.today or (str(event["date"]) if loaded.schedule else "")
        seen = scope.make(loaded, event, case.settings, list(case.people), today)
        if loaded.only_if is not None and not loaded.only_if.holds(seen):
            return cases.compare(case, [], "ignored")
        seen = walk(loaded, seen, hands)
        held = all(c.that.holds(seen) for c in loaded.checks if c.otherwise == "hold")
    except _Ends as ends:
        return cases.compare(case, hands.drawn, str(ends))
    except _Misfit as misfit:
        return cases.compare(case, hands.drawn, "waiting") if case.ended == "waiting" else [str(misfit)]
    except (TemplateProblem, TooMuch, ValueError, Failed) as problem:
        return [str(problem)]
    return cases.compare(case, hands.drawn, "done" if held else "waiting")


class _Misfit(Exception):
    """The case's own model answer does not fit the question."""


class _Ends(Exception):
    """The run comes to its end, or stands still, at a wait."""


class _FromCase:
    """Hands that answer from the case."""

    def __init__(self, connectors: Mapping[str, Connector], case: Case) -> None:
        self.connectors, self.case = connectors, case
        self.drawn: list[dict[str, Any]] = []

    def known(self, step: Step, item: str) -> tuple[bool, JSON]:
        return False, None

    def skip(self, step: Step) -> None:
        pass

    def ask(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        if step.id not in self.case.answers:
            raise ValueError(f"This case has no answer for `{step.id}`; add it under `answers:`")
        answer = self.case.answers[step.id]
        problems = step.answer.read(answer, step.given.render(seen)) if step.answer else []
        if problems:
            raise _Misfit(f"the answer for `{step.id}` does not fit: {'; '.join(problems[:5])}")
        return answer

    def wait(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        """An event comes if the case has one under `arrives`."""
        assert step.wait is not None
        event = self.case.arrives.get(step.id)
        if event is None and step.wait.otherwise != "go_on":
            raise _Ends("failed" if step.wait.otherwise == "fail" else "waiting")
        return waits.ended(step.wait, waits.until(step.wait, seen, _WAITED_FROM), event)

    def do(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        slug, _, name = step.action.partition(".")
        arguments = step.given.render(seen)
        if self.connectors[slug].actions[name].safety is None:
            return self.case.reads.get(step.id)
        self.drawn.append({"action": step.action, "arguments": arguments})
        arrived = {
            **drawn_result(arguments),
            "url": "https://vendor.invalid/written",
        }  # a case expects what a real run writes
        return self.case.reads.get(step.id) or arrived
