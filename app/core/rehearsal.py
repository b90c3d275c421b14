"""Rehearse a recipe on an event: reads are real, the model is asked, writes are drawn and nothing is sent or stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import model, recipes, schedules, scope, waits
from app.core.connections import asking
from app.core.gate import drawn_result
from app.core.hub import Hub
from app.core.ids import marker, new_id
from app.core.opening import Opened, open_connection
from app.core.recipe import Recipe, Step
from app.core.walk import walk
from connectors.contract import JSON, BadSignature, Call, Refused


def rehearse(hub: Hub, slug: str, body: bytes, *, practice: bool | None = None) -> dict[str, Any]:
    """{event, steps, requests, ended}: the exact requests that this event would send now.

    Raises LookupError, ValueError, ConnectorError, TemplateProblem with a sentence.
    """
    page = recipes.get(hub, slug)
    if page.recipe is None:
        raise ValueError(page.error)
    switch = page.practice if practice or (practice is None and page.real is None) else page.real
    if switch is None:
        raise ValueError("Fill in this recipe's form first: a rehearsal needs its settings and accounts")
    with hub.db.read() as conn:
        people, zone = scope.people(conn, switch.practice), schedules.house_zone(conn)
    trigger = scope.trigger_for(hub.connectors, page.recipe, zone)
    if trigger is None:
        raise ValueError(f"There is no trigger {page.recipe.trigger}")
    event = _shape(trigger.shape, body)
    today = str(event["date"]) if page.recipe.schedule else ""
    seen = scope.make(page.recipe, event, switch.settings, people, today)
    if page.recipe.only_if is not None and not page.recipe.only_if.holds(seen):
        return {"event": seen["event"], "ended": "ignored", "steps": [], "requests": []}
    hands = _Drawing(hub, page.recipe, dict(switch.connections))
    walk(page.recipe, seen, hands)
    return {"event": seen["event"], "ended": "done", "steps": hands.steps, "requests": hands.requests}


def _shape(shape: Any, body: bytes) -> dict[str, JSON]:
    try:
        return dict(shape(body))
    except (ValueError, TypeError, KeyError, AttributeError, BadSignature) as problem:
        raise ValueError(f"This event cannot be read: {problem}") from problem


class _Drawing:
    """Hands that draw."""

    def __init__(self, hub: Hub, recipe: Recipe, accounts: dict[str, str]) -> None:
        self.hub, self.recipe, self.accounts = hub, recipe, accounts
        self.steps: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []

    def known(self, step: Step, item: str) -> tuple[bool, JSON]:
        return False, None

    def skip(self, step: Step) -> None:
        self.steps.append({"step": step.id, "state": "skipped"})

    def ask(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        if step.ask is None or step.answer is None:
            raise ValueError("This step asks nothing")
        opened = self._open("openai")
        question = model.Question(str(step.ask.render(seen)), step.given.render(seen), step.answer)
        body = model.request(question, opened.client.model, model.options(opened.client))
        raw = asking(opened, lambda: model.call(opened.client, body, opened.door.seconds))
        try:
            value = model.read(question, raw)
        except model.Unusable as problem:
            raise Refused(str(problem)) from problem
        self.steps.append({"step": step.id, "item": item, "state": "done", "answer": value})
        return value

    def wait(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        """Nobody waits in a rehearsal; an event that a run would wait for does not come."""
        if step.wait is None:
            raise ValueError("This step waits for nothing")
        until = waits.until(step.wait, seen, self.hub.now())
        self.steps.append({"step": step.id, "state": "waits", "until": waits.iso(until)})
        return waits.ended(step.wait, until, None)

    def do(self, step: Step, item: str, seen: Mapping[str, JSON]) -> JSON:
        slug, _, name = step.action.partition(".")
        opened = self._open(slug)
        action = opened.connector.actions[name]
        arguments = step.given.render(seen)
        if action.safety is None:
            return asking(opened, lambda: action.run(opened.client, **arguments))
        if action.prepare is not None:
            prepare = action.prepare
            arguments = asking(opened, lambda: prepare(opened.client, arguments))
        find_first = action.before
        first = asking(opened, lambda: find_first(opened.client, arguments)) if find_first else []
        for call in [*first, Call(name, arguments)]:
            self._draw(step, item, opened, call.action, call.arguments)
        result = drawn_result(arguments)
        follow = action.after(arguments, result) if action.after else []
        self.steps.append({"step": step.id, "item": item, "state": "drawn", "further_requests": len(follow)})
        return result

    def _draw(self, step: Step, item: str, opened: Opened, name: str, arguments: dict[str, JSON]) -> None:
        run = opened.connector.actions[name].run
        key = marker(self.hub.secret, f"rehearsal {new_id()}")
        request = opened.door.draw(lambda: run(opened.client, key, **arguments))
        place = {"step": step.id, "item": item, "action": f"{opened.connector.slug}.{name}"}
        self.requests.append({**place, **request.to_json(), "sha256": request.sha256})

    def _open(self, slug: str) -> Opened:
        if slug not in self.accounts:
            raise ValueError(
                f"No account is chosen for {self.hub.connectors[slug].title}. Connect one under Connections"
            )
        return open_connection(self.hub, self.accounts[slug])
