"""What a person decides at every level, and whose word a run stands on: where nobody signed what began it, changes that move
money wait for a person, too."""

from __future__ import annotations

from collections.abc import Mapping

from app.core import scope
from app.core.hub import Hub
from app.core.recipe import Step
from app.core.work import Work
from connectors.contract import JSON, Action, Role


def is_vouched(hub: Hub, kind: str, event: Mapping[str, JSON]) -> bool:
    """`kind` with its slug; `event` as recipes see it."""
    trigger = scope.trigger_of(hub, kind)
    return trigger is None or trigger.vouched is None or trigger.vouched(event)


def must_ask(work: Work, action: Action) -> bool:
    """Whether a person decides about this change at every level: it sends, publishes or charges; or it moves money, and anybody
    who knows a secret may have made up what began the run, or what it waited for."""
    return action.judgment or (Role.MONEY in action.roles.values() and _is_unvouched(work))


def reason(work: Work, action: Action) -> str:
    """What to add where a person is asked although the recipe may write freely; "" elsewhere."""
    if work.level == "review" or not must_ask(work, action):
        return ""
    if _is_unvouched(work):
        return ". You are asked because nobody signed the message that this run goes by"
    return ". You are asked because a person decides about this, however freely the recipe may write"


def _is_unvouched(work: Work) -> bool:
    return bool(work.given.get("unvouched")) or any(_came_unvouched(work, step) for step in work.recipe.steps)


def _came_unvouched(work: Work, step: Step) -> bool:
    entry = work.journal.entries.get((step.id, "0")) if step.wait is not None and step.wait.kind else None
    event = entry.value.get("event") if entry is not None and isinstance(entry.value, dict) else None
    return event is not None and step.wait is not None and not is_vouched(work.hub, step.wait.kind, event)
