"""Reads the steps and checks of a recipe against what the connectors can do, and holds them to the label rule."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Literal

from app.core import labels, shapes
from app.core.answer_words import Reader as AnswerReader
from app.core.recipe_nodes import Leaf, Nodes, shape_of
from app.core.recipe_parts import Check, Step
from app.core.recipe_problems import suggest
from app.core.recipe_wait import read_wait
from app.core.recipe_yaml import Fields, Node, Scalar
from app.core.shapes import Shape
from app.core.template import Template
from connectors.contract import Action, Connector, Role

ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = {"event", "settings", "house", "item", "index", "forloop", "empty", "blank", "nil", "null", "true", "false"}
KEYS = ("id", "do", "ask", "wait", "given", "answer", "if", "for_each")
KINDS = ("do", "ask", "wait")
LATER = ("code", "review")
MOST = 40
OTHERWISE: tuple[Literal["hold", "undo", "tell"], ...] = ("hold", "undo", "tell")


class Steps:
    """Reads one step after the other; each adds its value to the scope of those that follow."""

    def __init__(self, nodes: Nodes, connectors: Mapping[str, Connector], scope: dict[str, Shape]) -> None:
        self.nodes = nodes
        self.problems = nodes.problems
        self.connectors = connectors
        self.scope = scope
        self.lines: dict[str, int] = {}

    def read(self, node: Node | None) -> tuple[Step, ...]:
        """All steps that can be read."""
        entries = self.nodes.items(node, "steps")
        if node is not None and not entries:
            self.problems.add(node.at, "there are no steps", "Add at least one `- id: …` with `do:` or `ask:`.")
        if len(entries) > MOST:
            self.problems.add(entries[MOST].at, f"a recipe has at most {MOST} steps", "Split it into two recipes.")
        return tuple(step for entry in entries[:MOST] if (step := self._step(entry)))

    def checks(self, node: Node | None) -> tuple[Check, ...]:
        """Every `{that: …, else: …}`."""
        return tuple(check for entry in self.nodes.items(node, "check") if (check := self._check(entry)))

    def _check(self, entry: Node) -> Check | None:
        node = self.nodes.fields(entry, "check")
        if node is None:
            return None
        self.nodes.known_keys(node, ("that", "else"), "a check")
        self.nodes.required(node, ("that", "else"), "this check")
        that = self.nodes.condition(node.values.get("that"), self.scope, "that")
        word = self.nodes.text(node.values.get("else"), "else")
        for known in OTHERWISE:
            if word == known and that:
                return Check(that, known)
        if word and word not in OTHERWISE:
            self.problems.add(node.values["else"].at, f"`else` cannot be `{word}`", "Write hold, undo or tell.")
        return None

    # --- one step ---

    def _step(self, entry: Node) -> Step | None:
        node = self.nodes.fields(entry, "steps")
        if node is None:
            return None
        self._keys(node)
        name = self._id(node)
        kind = self._kind(node)
        condition = self.nodes.condition(node.values.get("if"), self.scope, "if")
        each, inner = self._each(node)
        step = Step(name, "do", node.at[0], condition=condition, each=each)
        made: tuple[Step, Shape] | None = None
        if kind == "do":
            made = self._do(node, step, inner)
        elif kind == "ask":
            made = self._ask(node, step, inner)
        elif kind == "wait":
            made = read_wait(node, step, inner, self.nodes, self.connectors)
        self._leave(name, made[1] if made else Shape(any_parts=True), listed="for_each" in node.keys)
        return made[0] if made else None

    def _leave(self, name: str, shape: Shape, *, listed: bool) -> None:
        """Later steps know this one's value; where it was left out, it is nil."""
        if name:
            self.scope[name] = shapes.listed(shape) if listed else shape
            self.nodes.backdrop[name] = None

    def _keys(self, node: Fields) -> None:
        hints = {"when": "A recipe has one `when`, above its steps.", "then": "Add another step."}
        for name in (*LATER, "learn"):
            if name in node.keys:
                said = f"this hub does not know `{name}`{' steps' if name in LATER else ''} yet"
                self.problems.add(node.keys[name].at, said, "It knows `do`, `ask` and `wait`.")
        known = (*KEYS, *LATER, "learn")
        self.nodes.known_keys(node, known, "a step", hints)

    def _id(self, node: Fields) -> str:
        self.nodes.required(node, ("id",), "this step")
        name = self.nodes.text(node.values.get("id"), "id", 40)
        if not name:
            return ""
        at = node.values["id"].at
        if not ID.fullmatch(name) or name in TAKEN:
            hint = "Use small letters, digits and _, begin with a letter, and choose a name nothing else has."
            self.problems.add(at, f"`{name}` cannot be the id of a step", hint)
            return ""
        if name in self.lines:
            self.problems.add(at, f"line {self.lines[name]} already has a step `{name}`", "Give each step its own id.")
        self.lines.setdefault(name, at[0])
        return name

    def _kind(self, node: Fields) -> str:
        found = [name for name in KINDS if name in node.keys]
        if len(found) > 1:
            said = f"a step has `{found[0]}` or `{found[1]}`, not both"
            self.problems.add(node.keys[found[1]].at, said, "Make two steps of it.")
        elif not found and not any(name in node.keys for name in LATER):
            self.problems.add(node.at, "this step does nothing", "Add `do:` with an action, or `ask:` with a question.")
        return found[0] if len(found) == 1 else ""

    def _each(self, node: Fields) -> tuple[Template | None, dict[str, Shape]]:
        """The list to go through, and the scope inside it."""
        value = node.values.get("for_each")
        made = self.nodes.template(value, self.scope, "for_each") if value else None
        if not value:
            return None, self.scope
        inside = {**self.scope, "item": Shape(any_parts=True), "index": shapes.value(shapes.HOUSE)}
        if made is None:
            return None, inside
        template, shape = made
        if not template.exact or shape.fields is not None:
            self.problems.add(value.at, "`for_each` must be one list", 'Write "{{ recap.todos }}".')
        inside["item"] = labels.entry(shape)
        return template, inside

    # --- do ---

    def _do(self, node: Fields, step: Step, scope: dict[str, Shape]) -> tuple[Step, Shape] | None:
        if "answer" in node.keys:
            self.problems.add(node.keys["answer"].at, "`answer` belongs to an `ask` step", "Remove it.")
        given, leaves = self.nodes.given(self.nodes.fields(node.values.get("given"), "given"), scope)
        name = self.nodes.text(node.values["do"], "do")
        action = self._action(node.values["do"], name) if name else None
        if action is None:
            return None
        self._arguments(node, name, action)
        for argument, parts in leaves.items():
            self._rule(name, action, argument, parts)
        done = Step(step.id, "do", step.line, name, None, given, None, step.condition, step.each)
        return done, shapes.of_result(write=action.safety is not None)

    def _action(self, node: Node, name: str) -> Action | None:
        slug, _, short = name.partition(".")
        connector = self.connectors.get(slug)
        known = {f"{c.slug}.{n}" for c in self.connectors.values() for n, a in c.actions.items() if not a.internal}
        if connector is None:
            hint = suggest(slug, self.connectors, say="The connectors are")
            self.problems.add(node.at, f"there is no connector `{slug}`", hint)
            return None
        action = connector.actions.get(short)
        if action is None or action.internal:
            said = "is used by other actions only" if action else "is not there"
            self.problems.add(node.at, f"the action `{name}` {said}", suggest(name, known, say="The actions are"))
            return None
        return action

    def _arguments(self, node: Fields, name: str, action: Action) -> None:
        """Every argument must be one the action takes, and those it needs must be there."""
        takes = arguments(action)
        written = node.values.get("given")
        keys = written.keys if isinstance(written, Fields) else {}
        for argument, key in keys.items():
            if argument not in takes:
                hint = suggest(argument, takes, say="It takes")
                self.problems.add(key.at, f"`{name}` takes no `{argument}`", hint)
        missing = [a for a, p in takes.items() if p.default is p.empty and a not in keys]
        if missing:
            at = node.keys["given"].at if "given" in node.keys else node.keys["do"].at
            words = ", ".join(f"`{m}`" for m in missing)
            self.problems.add(at, f"`{name}` needs {words}", "Add it to `given`.")

    def _rule(self, name: str, action: Action, argument: str, parts: list[Leaf]) -> None:
        """Where something goes and how much is paid never comes from text that anybody may have written (rule 4)."""
        role = action.roles.get(argument)
        if role not in (Role.WHERE, Role.MONEY):
            return
        says = "where it goes" if role is Role.WHERE else "how much is paid"
        for part in parts:
            if not part.shape.vouched():
                foreign = " and ".join(sorted(_who(part.shape)))
                hint = "Use a setting, an id from the vendor, or an answer that is `one of` a setting's list."
                said = f"`{argument}` of `{name}` decides {says}, and this comes from {foreign}"
                self.problems.add(part.node.at, said, hint)

    # --- ask ---

    def _ask(self, node: Fields, step: Step, scope: dict[str, Shape]) -> tuple[Step, Shape] | None:
        question = self.nodes.template(node.values["ask"], scope, "ask")
        if isinstance(node.values["ask"], Scalar) and not node.values["ask"].text.strip():
            self.problems.add(node.values["ask"].at, "this question is empty", "Say what you want to know.")
        self.nodes.required(node, ("given", "answer"), "this `ask` step")
        given, leaves = self.nodes.given(self.nodes.fields(node.values.get("given"), "given"), scope)
        if "answer" not in node.values:
            return None
        answer = AnswerReader(self.problems, set(leaves)).answer(node.values["answer"])
        if question is None or answer is None:
            return None
        known = {name: shape_of(parts) for name, parts in leaves.items()}
        done = Step(step.id, "ask", step.line, "", question[0], given, answer, step.condition, step.each)
        return done, answer.shape(known)


def arguments(action: Action) -> dict[str, inspect.Parameter]:
    """What a recipe may give to an action: the parameters of its `run`, without the client and the key of a write."""
    parameters = list(inspect.signature(action.run).parameters.values())[1:]
    if action.safety is not None:
        parameters = [p for p in parameters if p.name != "key"]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name: p for p in parameters if p.kind in named}


def _who(shape: Shape) -> set[str]:
    """Who wrote a value that may not decide, in words."""
    foreign = shape.everything() - shapes.VOUCHED
    words = {"outside": "text that anybody may have written", "model": "the model's answer"}
    return {words.get(label, label) for label in foreign}
