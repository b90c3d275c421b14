"""Reads a `wait` step: `wait: {for: 2 days}`, `{until: "{{ event.start }}"}` or
`{for_event: zoom.meeting.ended, where: {meeting_uuid: "{{ event.meeting_uuid }}"}, at_most: 3 days, else: go_on}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from app.core import durations, shapes
from app.core.recipe_nodes import Nodes
from app.core.recipe_parts import Given, Step, Wait
from app.core.recipe_problems import suggest
from app.core.recipe_yaml import Fields, Node, Scalar
from app.core.shapes import HOUSE, Shape
from app.core.template import Template, is_template
from connectors.contract import Connector, Trigger

FORMS = ("for", "until", "for_event")
KEYS = (*FORMS, "where", "at_most", "else")
OTHERWISE: tuple[Literal["go_on", "fail", "hold"], ...] = ("go_on", "fail", "hold")
LONGEST = 366 * 86_400_000  # ms
_HOW = "Write one of `for: 2 days`, `until: …` or `for_event: …`."


def read_wait(
    node: Fields, step: Step, scope: dict[str, Shape], nodes: Nodes, connectors: Mapping[str, Connector]
) -> tuple[Step, Shape] | None:
    """The step and what it leaves; None when something is wrong with it."""
    for name in ("given", "answer", "for_each"):
        if name in node.keys:
            nodes.problems.add(node.keys[name].at, f"`{name}` does not belong to a `wait` step", "Remove it.")
    inner = nodes.fields(node.values["wait"], "wait")
    if inner is None:
        return None
    nodes.known_keys(inner, KEYS, "`wait`", {"event": "Write `for_event:`.", "timeout": "Write `at_most:`."})
    found = [name for name in FORMS if name in inner.keys]
    if len(found) != 1:
        said = f"`wait` has both `{found[0]}` and `{found[1]}`" if found else "this `wait` says not for what"
        nodes.problems.add(inner.keys[found[1]].at if found else node.keys["wait"].at, said, _HOW)
        return None
    made = _Reader(inner, scope, nodes, connectors).read(found[0])
    return (replace(step, kind="wait", wait=made[0], each=None), made[1]) if made else None


class _Reader:
    """Reads what stands below one `wait:`."""

    def __init__(
        self, node: Fields, scope: dict[str, Shape], nodes: Nodes, connectors: Mapping[str, Connector]
    ) -> None:
        self.node, self.scope, self.nodes, self.connectors = node, scope, nodes, connectors

    def read(self, form: str) -> tuple[Wait, Shape] | None:
        if form == "for_event":
            return self._event()
        for name in ("where", "at_most", "else"):
            if name in self.node.keys:
                self.nodes.problems.add(self.node.keys[name].at, f"`{name}` belongs to `for_event`", "Remove it.")
        ends = shapes.group({"ended_at": shapes.value(HOUSE)})
        if form == "for":
            span = self._span("for")
            return (Wait(span=span), ends) if span else None
        until = self._until()
        return (Wait(until=until), ends) if until else None

    def _span(self, name: str) -> Template | None:
        """A length of time; one that is written down is looked at now, one that is worked out when the run is there."""
        value = self.node.values[name]
        made = self.nodes.template(value, self.scope, name)
        if made and isinstance(value, Scalar) and not is_template(value.text):
            length = durations.read(value.text)
            if length is None:
                self.nodes.problems.add(value.at, f"`{value.text}` is no length of time", durations.HINT)
            elif length > LONGEST:
                self.nodes.problems.add(value.at, "a run waits for at most 366 days", "Start a new run by the clock.")
        return made[0] if made else None

    def _until(self) -> Template | None:
        value = self.node.values["until"]
        made = self.nodes.template(value, self.scope, "until")
        if made and isinstance(value, Scalar) and not is_template(value.text):
            said = f"`until: {value.text}` would be the same moment for every run"
            self.nodes.problems.add(value.at, said, 'Take it from the event or a step: "{{ event.start }}".')
        return made[0] if made else None

    # --- an event ---

    def _event(self) -> tuple[Wait, Shape] | None:
        self.nodes.required(self.node, ("at_most",), "a `wait` for an event")
        span = self._span("at_most") if "at_most" in self.node.keys else None
        otherwise = self._otherwise()
        name = self.nodes.text(self.node.values["for_event"], "for_event")
        trigger = self._trigger(self.node.values["for_event"], name) if name else None
        if trigger is None:
            return None
        where = self._where(trigger, name)
        plain = shapes.value(HOUSE)
        left = shapes.group({"ended_at": plain, "came": plain, "event": shapes.of_event(trigger.fields)})
        return Wait(kind=name, where=where, at_most=span, otherwise=otherwise), left

    def _otherwise(self) -> Literal["go_on", "fail", "hold"]:
        word = self.nodes.text(self.node.values.get("else"), "else")
        for known in OTHERWISE:
            if word == known:
                return known
        if word:
            said = f"`else` cannot be `{word}`"
            hint = "Write go_on (with the next step), fail (the run stops) or hold (a person is asked)."
            self.nodes.problems.add(self.node.values["else"].at, said, hint)
        return "go_on"

    def _trigger(self, node: Node, name: str) -> Trigger | None:
        known = {f"{c.slug}.{t.kind}": t for c in self.connectors.values() for t in c.triggers}
        if name not in known:
            self.nodes.problems.add(node.at, f"there is no event `{name}`", suggest(name, known, say="The events are"))
        return known.get(name)

    def _where(self, trigger: Trigger, name: str) -> Given:
        """Which of these events: parts of it, and what they must be."""
        node = self.nodes.fields(self.node.values.get("where"), "where")
        parts = [path for path in trigger.fields if "[]" not in path and "*" not in path]
        for part, key in (node.keys if node else {}).items():
            if part not in parts:
                hint = suggest(part, parts, say="It has")
                self.nodes.problems.add(key.at, f"the event `{name}` has no part `{part}` to go by", hint)
        return self.nodes.given(node, self.scope)[0]
