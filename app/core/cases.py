"""Cases of a recipe (`cases.yaml`): an event, what the model and the vendors answer, the writes that must come of it.

```yaml
- name: A recap becomes a page
  event: weekly-planning.json         # a file of samples/ or cases/, or the body itself
  settings: {meetings: 1111…}         # people: [Ana Silva]   today: 2026-11-02
  answers: {recap: weekly.json}       # what the model says at each `ask`: a file of cases/, or the answer itself
  reads: {find: …}                    # what a `do` step that only reads gets
  arrives: {paid: {…}}                # the event a `wait` step gets, its parts; without one it does not come
  expect:
    ended: done                       # done, ignored (only_if said no), waiting, or failed
    writes:                           # in order; what is not named here may be anything
      - {action: notion.create_page, times: 1, arguments: {title: Planning, markdown: {contains: [a, b], lacks: c}}}
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core import recipe_yaml
from app.core.filters import plain_text
from app.core.recipe_parts import Recipe
from app.core.recipe_problems import Problems, RecipeError, suggest
from app.core.recipe_yaml import Fields, Items, Node, Scalar
from connectors.contract import JSON

KEYS = ("name", "event", "settings", "people", "today", "answers", "reads", "arrives", "expect")
ENDS = ("done", "ignored", "waiting", "failed")
TESTS = {"contains", "lacks", "starts"}
FOLDERS = ("samples", "cases")


@dataclass(frozen=True)
class Expected:
    """One write, or several alike; `arguments` names only what matters."""

    action: str
    arguments: Mapping[str, JSON]
    times: int = 1


@dataclass(frozen=True)
class Case:
    """One case. `body` is what the vendor sends, `answers`, `reads` and `arrives` are by step id, `ended` may be left empty."""

    name: str
    line: int
    body: bytes
    settings: Mapping[str, JSON] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    today: str = ""
    answers: Mapping[str, JSON] = field(default_factory=dict)
    reads: Mapping[str, JSON] = field(default_factory=dict)
    arrives: Mapping[str, dict[str, JSON]] = field(default_factory=dict)
    ended: str = ""
    writes: tuple[Expected, ...] | None = None
    actions: frozenset[str] = frozenset()


def load(folder: Path, recipe: Recipe) -> list[Case]:
    """The cases of a recipe's folder. Raises `RecipeError` when `cases.yaml` is missing or wrong."""
    file = folder / "cases.yaml"
    problems = Problems(f"{folder.name}/cases.yaml", "")
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError):
        problems.add((1, 1), "there is no cases.yaml here that can be read", "A recipe needs at least one case.")
        raise RecipeError(problems.found.values()) from None
    node = recipe_yaml.parse(text, problems)
    cases = _Reader(folder, recipe, problems).cases(node)
    problems.raise_if_any()
    return cases


class _Reader:
    """Reads one cases.yaml against its recipe."""

    def __init__(self, folder: Path, recipe: Recipe, problems: Problems) -> None:
        self.folder = folder
        self.recipe = recipe
        self.problems = problems
        self.actions = frozenset(step.action for step in recipe.steps if step.kind == "do")

    def cases(self, node: Node | None) -> list[Case]:
        if not isinstance(node, Items) or not node.items:
            if not len(self.problems):
                self.problems.add((1, 1), "there are no cases", "Begin each case with `- name:`.")
            return []
        return [case for entry in node.items if (case := self._case(entry))]

    def _case(self, entry: Node) -> Case | None:
        node = self._fields(entry, "a case", KEYS, ("name", "event", "expect"))
        if node is None or any(key not in node.values for key in ("name", "event", "expect")):
            return None
        expect = self._fields(node.values["expect"], "`expect`", ("ended", "writes"), ())
        settings = self._settings(node.values.get("settings"))
        return Case(
            name=plain_text(value_of(node.values["name"])),
            line=node.at[0],
            body=self._body(node.values["event"]),
            settings=settings,
            people=tuple(map(plain_text, self._value(node.values.get("people")) or ())),
            today=plain_text(self._value(node.values.get("today"))),
            answers=self._by_step(node.values.get("answers"), "ask"),
            reads=self._by_step(node.values.get("reads"), "do"),
            arrives=self._arrives(node.values.get("arrives")),
            ended=self._ended(expect),
            writes=self._writes(expect),
            actions=self.actions,
        )

    def _fields(self, node: Node, where: str, known: Sequence[str], needed: Sequence[str]) -> Fields | None:
        if not isinstance(node, Fields):
            self.problems.add(node.at, f"{where} needs names and values", f"It has {', '.join(known)}.")
            return None
        for name, key in node.keys.items():
            if name not in known:
                self.problems.add(key.at, f"`{name}` does not belong in {where}", suggest(name, known))
        for name in needed:
            if name not in node.keys:
                self.problems.add(node.at, f"{where} has no `{name}`", f"Add `{name}:`.")
        return node

    def _value(self, node: Node | None) -> JSON:
        return None if node is None else value_of(node)

    def _file(self, node: Scalar) -> bytes:
        """A file beside the recipe. Only plain names: a case never reaches outside its folder."""
        name = node.text
        files = {f.name: f for inner in FOLDERS for f in sorted((self.folder / inner).glob("*.json"))}
        if name in files:
            return files[name].read_bytes()
        self.problems.add(node.at, f"there is no file `{name}`", suggest(name, files, say="There are"))
        return b"null"

    def _body(self, node: Node) -> bytes:
        if isinstance(node, Scalar):
            return self._file(node)
        return json.dumps(value_of(node), ensure_ascii=False).encode("utf-8")

    def _settings(self, node: Node | None) -> dict[str, JSON]:
        if node is None:
            return {}
        if not isinstance(node, Fields):
            self.problems.add(node.at, "`settings` needs names and values", "Write {name: value}.")
            return {}
        found = {name: value_of(value) for name, value in node.values.items()}
        for said in self.recipe.problems_with(found):
            self.problems.add(node.at, said, "These are the settings this case runs with.")
        return found

    def _arrives(self, node: Node | None) -> dict[str, dict[str, JSON]]:
        """Events by step. Parts that are not given are nil, as in a real one that lacks them."""
        found = self._by_step(node, "wait")
        for name, value in found.items():
            if not isinstance(value, dict) and isinstance(node, Fields):
                self.problems.add(
                    node.values[name].at, f"the event for `{name}` needs names and values", "Write {topic: …}."
                )
        return {name: value for name, value in found.items() if isinstance(value, dict)}

    def _by_step(self, node: Node | None, kind: str) -> dict[str, JSON]:
        if not isinstance(node, Fields):
            return {}
        steps = [step.id for step in self.recipe.steps if step.kind == kind]
        for name, key in node.keys.items():
            if name not in steps:
                self.problems.add(key.at, f"the recipe has no `{kind}` step `{name}`", suggest(name, steps))
        return {name: self._answer(value) for name, value in node.values.items()}

    def _answer(self, node: Node) -> JSON:
        if not isinstance(node, Scalar) or not node.text.endswith(".json"):
            return value_of(node)
        try:
            return json.loads(self._file(node))
        except ValueError:
            self.problems.add(node.at, f"`{node.text}` is not valid JSON", "Mend that file.")
            return None

    def _ended(self, expect: Fields | None) -> str:
        word = plain_text(self._value(expect.values.get("ended"))) if expect else ""
        if expect and word and word not in ENDS:
            self.problems.add(expect.values["ended"].at, f"a run cannot end as `{word}`", f"Write {', '.join(ENDS)}.")
        return word

    def _writes(self, expect: Fields | None) -> tuple[Expected, ...] | None:
        node = expect.values.get("writes") if expect else None
        if node is None:
            return None
        if not isinstance(node, Items):
            self.problems.add(node.at, "`writes` needs a list", "Write [] if there must be none.")
            return None
        return tuple(write for entry in node.items if (write := self._write(entry)))

    def _write(self, entry: Node) -> Expected | None:
        node = self._fields(entry, "a write", ("action", "arguments", "times"), ("action",))
        if node is None or "action" not in node.values:
            return None
        action = plain_text(value_of(node.values["action"]))
        if action not in self.actions:
            hint = suggest(action, self.actions, say="Its actions are")
            self.problems.add(node.values["action"].at, f"no step of the recipe does `{action}`", hint)
        arguments, times = self._value(node.values.get("arguments")), self._value(node.values.get("times"))
        return Expected(
            action, arguments if isinstance(arguments, dict) else {}, times if isinstance(times, int) else 1
        )


def value_of(node: Node) -> JSON:
    """A node as plain JSON."""
    if isinstance(node, Fields):
        return {name: value_of(value) for name, value in node.values.items()}
    return [value_of(item) for item in node.items] if isinstance(node, Items) else node.value


# --- comparing --------------------------------------------------------------------------------------------------------


def compare(case: Case, drawn: Sequence[Mapping[str, Any]], ended: str = "") -> list[str]:
    """How a rehearsal differs from what the case expects, in words; empty when it does not.

    `drawn` are the writes in order, each {"action", "arguments"} as the recipe gave them; those that no step names (the
    second part of a long page, say) are left out."""
    said = [f"it ended as {ended}, not {case.ended}"] if case.ended and ended and ended != case.ended else []
    if case.writes is None:
        return said
    wanted = [write for write in case.writes for _ in range(write.times)]
    made = [write for write in drawn if write["action"] in case.actions]
    if len(made) != len(wanted):
        said.append(f"it makes {len(made)} writes, not {len(wanted)}")
    for number, (want, got) in enumerate(zip(wanted, made, strict=False), 1):
        said += [f"write {number}: {line}" for line in _differences(want, got)]
    return said


def _differences(want: Expected, got: Mapping[str, Any]) -> list[str]:
    if got["action"] != want.action:
        return [f"it does {got['action']}, not {want.action}"]
    return _unlike(dict(want.arguments), got["arguments"], "")


def _unlike(want: JSON, got: JSON, path: str) -> list[str]:
    if isinstance(want, dict) and want and set(want) <= TESTS:
        return _tested(want, plain_text(got), path)
    if isinstance(want, dict) and isinstance(got, dict):
        return [line for name in want for line in _unlike(want[name], got.get(name), f"{path}.{name}".lstrip("."))]
    return [] if want == got else [f"{path} is {_short(got)}, not {_short(want)}"]


def _tested(want: Mapping[str, JSON], got: str, path: str) -> list[str]:
    said = [f"{path} lacks {_short(part)}" for part in _many(want.get("contains")) if part not in got]
    said += [f"{path} contains {_short(part)}" for part in _many(want.get("lacks")) if part in got]
    return said + [
        f"{path} does not start with {_short(p)}" for p in _many(want.get("starts")) if not got.startswith(p)
    ]


def _many(value: JSON) -> list[str]:
    return [] if value is None else [plain_text(v) for v in value] if isinstance(value, list) else [plain_text(value)]


def _short(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False, default=plain_text)
    return text if len(text) <= 120 else text[:119] + "…"
