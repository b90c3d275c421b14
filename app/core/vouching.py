"""Whose word a run stands on. Where nobody signed what began it, grave changes wait for a person, however freely it may write."""

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
    """Whether a person decides about this change at every level: it sends, publishes or moves money, and anybody who knows a
    secret may have made up what began the run, or what it waited for."""
    grave = action.judgment or Role.MONEY in action.roles.values()
    return grave and (bool(work.given.get("unvouched")) or any(_came_unvouched(work, s) for s in work.recipe.steps))


def reason(work: Work, action: Action) -> str:
    """What to add where a person is asked although the recipe may write freely; "" elsewhere."""
    if work.level == "review" or not must_ask(work, action):
        return ""
    return ". You are asked because nobody signed the message that this run goes by"


def _came_unvouched(work: Work, step: Step) -> bool:
    entry = work.journal.entries.get((step.id, "0")) if step.wait is not None and step.wait.kind else None
    event = entry.value.get("event") if entry is not None and isinstance(entry.value, dict) else None
    return event is not None and step.wait is not None and not is_vouched(work.hub, step.wait.kind, event)
