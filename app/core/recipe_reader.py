"""Reads a recipe's file: its head, settings and trigger; the steps are read by `recipe_steps`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core import schedule, shapes
from app.core.recipe_nodes import Nodes
from app.core.recipe_parts import Recipe, Replaces, Setting
from app.core.recipe_problems import Problems, suggest
from app.core.recipe_schedule import read_schedule
from app.core.recipe_settings import read_settings
from app.core.recipe_steps import Steps
from app.core.recipe_yaml import Fields, Node, Scalar
from app.core.schedule import Schedule
from app.core.schedule_words import is_time
from app.core.shapes import HOUSE, Shape
from app.core.template import Template
from connectors.contract import Connector, Trigger

KEYS = (
    *(
        "recipe",
        "title",
        "purpose",
        "overview",
        "replaces",
        "settings",
        "when",
        "only_if",
        "serial",
        "release",
        "steps",
    ),
    "check",
)
HINTS = {"on": "Write `when:`; YAML reads `on` as true.", "trigger": "Write `when:`.", "checks": "Write `check:`."}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HOUSE_SHAPE = shapes.group({"people": shapes.listed(shapes.value(HOUSE)), "today": shapes.value(HOUSE)})


def read(root: Node | None, problems: Problems, text: str, connectors: Mapping[str, Connector]) -> Recipe:
    """The recipe. Raises `RecipeError` with every problem of the file."""
    if not isinstance(root, Fields):
        if not len(problems):
            problems.add((1, 1), "this is not a recipe", "Begin with `recipe:`, `title:`, `when:` and `steps:`.")
        problems.raise_if_any()
        raise AssertionError("unreachable")
    recipe = _Head(root, problems, text, connectors).recipe()
    problems.raise_if_any()
    return recipe


class _Head:
    """Reads the top level of one file."""

    def __init__(self, root: Fields, problems: Problems, text: str, connectors: Mapping[str, Connector]) -> None:
        self.root = root
        self.problems = problems
        self.source = text
        self.connectors = connectors
        self.nodes = Nodes(problems)

    def recipe(self) -> Recipe:
        self.nodes.known_keys(self.root, KEYS, "a recipe", HINTS)
        needed = [key for key in ("recipe", "title", "purpose", "when", "steps") if not self._old_key(key)]
        self.nodes.required(self.root, needed, "this recipe")
        settings = read_settings(self._get("settings"), self.nodes, self.connectors)
        when = self._schedule()
        trigger, event = self._at_times(when) if isinstance(self._get("when"), Fields) else self._trigger()
        scope = {"event": event, "settings": _shape(settings), "house": HOUSE_SHAPE}
        self.nodes.backdrop["settings"] = {s.name: s.default for s in settings.values()}
        only_if = self.nodes.condition(self._get("only_if"), scope, "only_if")
        serial = self._serial(scope)
        reader = Steps(self.nodes, self.connectors, scope)
        steps = reader.read(self._get("steps"))
        checks = reader.checks(self._get("check"))
        self._unused(settings)
        words = [self.nodes.text(self._get(name), name, most) for name, most in (("title", 120), ("purpose", 600))]
        overview = self.nodes.text(self._get("overview"), "overview", 6_000)
        head = (self._slug(), words[0], words[1], overview, self._replaces())
        rest = (self.source, when, self._releases(), frozenset(self.nodes.paths))
        return Recipe(*head, settings, trigger, only_if, serial, steps, checks, *rest)

    def _get(self, name: str) -> Node | None:
        return self.root.values.get(name)

    def _old_key(self, key: str) -> bool:
        """`on:` gets its own hint; that `when` is missing too need not be said."""
        return key == "when" and ("on" in self.root.keys or "trigger" in self.root.keys)

    def _slug(self) -> str:
        slug = self.nodes.text(self._get("recipe"), "recipe", 60)
        if slug and not SLUG.fullmatch(slug):
            hint = "Write it like zoom-recap-to-notion: small letters, digits and single hyphens."
            self.problems.add(self.root.values["recipe"].at, f"`{slug}` cannot be the name of a recipe", hint)
        return slug

    def _replaces(self) -> Replaces:
        node = self.nodes.fields(self._get("replaces"), "replaces")
        if node is None:
            return Replaces()
        self.nodes.known_keys(node, ("work", "minutes", "who"), "`replaces`")
        self.nodes.required(node, ("work", "minutes", "who"), "`replaces`")
        minutes = node.values.get("minutes")
        number = minutes.value if isinstance(minutes, Scalar) else None
        if minutes and (not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= 600):
            self.problems.add(minutes.at, "`minutes` must be a whole number from 1 to 600", "Write minutes: 12.")
        work, who = (self.nodes.text(node.values.get(name), name) for name in ("work", "who"))
        return Replaces(work, number if isinstance(number, int) else 0, who)

    def _schedule(self) -> Schedule | None:
        node = self._get("when")
        return read_schedule(node, self.nodes) if isinstance(node, Fields) else None

    def _at_times(self, when: Schedule | None) -> tuple[str, Shape]:
        return schedule.KIND, shapes.of_event(when.trigger().fields) if when else Shape(any_parts=True)

    def _trigger(self) -> tuple[str, Shape]:
        unknown = Shape(any_parts=True)
        name = self.nodes.text(self._get("when"), "when")
        if not name:
            return "", unknown
        slug, _, kind = name.partition(".")
        at = self.root.values["when"].at
        if is_time(name):
            self.problems.add(
                at, f"`{name}` is a time, and a time has a name in front", f"Write when: {{every: {name}}}."
            )
            return name, unknown
        if slug not in self.connectors:
            hint = suggest(slug, self.connectors, say="The connectors are")
            self.problems.add(at, f"there is no connector `{slug}`", hint)
            return name, unknown
        found = next((t for t in self.connectors[slug].triggers if t.kind == kind), None)
        if found is None:
            self.problems.add(at, f"there is no event `{name}`", suggest(name, self._events(), say="The events are"))
            return name, unknown
        return name, shapes.of_event(found.fields)

    def _events(self) -> list[str]:
        triggers: list[tuple[str, Trigger]] = [(c.slug, t) for c in self.connectors.values() for t in c.triggers]
        return [f"{slug}.{trigger.kind}" for slug, trigger in triggers]

    def _serial(self, scope: dict[str, Shape]) -> Template | None:
        node = self._get("serial")
        made = self.nodes.template(node, scope, "serial") if node else None
        return made[0] if made else None

    def _releases(self) -> bool:
        node = self._get("release")
        if node is None:
            return False
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, bool):
            self.problems.add(node.at, "`release` must be true or false", "Write release: true, or leave it out.")
        elif self._get("serial") is None:
            hint = "Add `serial:`, which says what runs are to go one after the other, or remove `release:`."
            self.problems.add(node.at, "`release` says nothing without `serial`", hint)
        return value is True

    def _unused(self, settings: Mapping[str, Setting]) -> None:
        used = {part for path in self.nodes.paths for part in [".".join(path.split(".")[:2])]}
        written = self._get("settings")
        for name in settings:
            if f"settings.{name}" not in used and "settings" not in used and isinstance(written, Fields):
                hint = f"Use it as `settings.{name}`, or remove it."
                self.problems.add(written.keys[name].at, f"no step uses the setting `{name}`", hint)


def _shape(settings: Mapping[str, Setting]) -> Shape:
    plain = shapes.value(HOUSE)
    return shapes.group({s.name: shapes.listed(plain) if s.type == "list" else plain for s in settings.values()})
