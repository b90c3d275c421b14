"""The shape of a model's answer: what a recipe may ask for, the strict JSON schema it becomes, how it is checked.

The words: `short_text` (one line, 300 characters) · `text` (4 000) · `long_text` (20 000) · `number` · `integer` ·
`yes_no` · `date` (2026-11-30) · `one of low, middle, high` · `one of people or nobody` (`people` is a name of `given`
that holds a list) · `quote of summary` (words that must stand in that text of `given`) · `{list: …}` · `{name: …}`.
A `?` at the end: may be missing (nil).

Rules for the schema: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core import answer_checks as checks
from app.core import shapes
from app.core.shapes import Shape
from connectors.contract import JSON

LIST_LIMIT = 500


class Part(Protocol):
    """One value of an answer."""

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """Its JSON schema."""

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """What is wrong with a value; `at` is its path."""

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """What templates may expect of it."""


@dataclass(frozen=True)
class Plain:
    """A text, number, yes or no, or date."""

    kind: str
    optional: bool = False

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """A type and a description; lengths are not part of strict schemas, so `read` sees to them."""
        return {"type": checks.nullable(checks.TYPES[self.kind], self.optional), "description": checks.SAYS[self.kind]}

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """Type, length, and for dates whether there is such a day."""
        return [] if value is None and self.optional else checks.plain(self.kind, value, at)

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """The model's word."""
        return shapes.value(shapes.MODEL)


@dataclass(frozen=True)
class OneOf:
    """One of a fixed list: `words`, and before them the entries of the given list `source`, if there is one."""

    words: tuple[str, ...]
    source: str = ""
    optional: bool = False

    def choices(self, given: Mapping[str, JSON]) -> list[str]:
        """Every entry once, in order."""
        listed = given.get(self.source) if self.source else []
        texts = [str(entry) for entry in listed or []] if isinstance(listed, (list, tuple)) else []
        return list(dict.fromkeys([text for text in texts if text.strip()] + list(self.words)))

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """An enum, or a described text where the vendor's limits on enums have no room for one."""
        choices = self.choices(given)
        made: dict[str, Any] = {"type": checks.nullable("string", self.optional)}
        if room.take(choices):
            return {**made, "enum": [*choices, None] if self.optional else choices}
        other = f" or {checks.either(self.words)}" if self.words else ""
        return {**made, "description": f"Exactly one entry of `{self.source}`, written as it is there{other}."}

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """It must be one of them, letter by letter."""
        choices = self.choices(given)
        if (value is None and self.optional) or (isinstance(value, str) and value in choices):
            return []
        return [f"{at} is {checks.shown(value)}, which is not one of: {checks.few(choices)}"]

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """The model's pick; as good as a setting if the list is the author's, the settings' or the vendor's own."""
        source = given[self.source].everything() if self.source in given else shapes.NOBODY
        return Shape(shapes.MODEL | source, closed=source <= shapes.VOUCHED)


@dataclass(frozen=True)
class Quote:
    """Words that must stand in a given text."""

    source: str
    optional: bool = False

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """A text; that it stands in the source is checked by `read`."""
        says = f"Copied word for word from `{self.source}`, without leaving words out. One sentence or part of one."
        return {"type": checks.nullable("string", self.optional), "description": says}

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """It must be there."""
        return [] if value is None and self.optional else checks.quote(value, given.get(self.source), self.source, at)

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """Picked by the model, written by whoever wrote the source."""
        source = given[self.source].everything() if self.source in given else shapes.OUTSIDE
        return shapes.value(shapes.MODEL | source)


@dataclass(frozen=True)
class Many:
    """A list."""

    item: Part

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """An array."""
        return {"type": "array", "items": self.item.schema(given, room)}

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """Every entry, and not too many."""
        if not isinstance(value, list):
            return [f"{at} must be a list, not {checks.shown(value)}"]
        if len(value) > LIST_LIMIT:
            return [f"{at} has {len(value)} entries; at most {LIST_LIMIT} are allowed"]
        return [said for i, entry in enumerate(value) for said in self.item.read(entry, given, f"{at}[{i}]")]

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """A list of such."""
        return shapes.listed(self.item.shape(given))


@dataclass(frozen=True)
class Group:
    """Named parts, all of them always there."""

    parts: Mapping[str, Part]

    def schema(self, given: Mapping[str, JSON], room: checks.Room) -> dict[str, Any]:
        """An object that allows nothing else and requires everything."""
        properties = {name: part.schema(given, room) for name, part in self.parts.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def read(self, value: JSON, given: Mapping[str, JSON], at: str) -> list[str]:
        """Every part, and nothing else."""
        if not isinstance(value, dict):
            parts = checks.few(list(self.parts))
            return [f"{at or 'the answer'} must be an object with {parts}, not {checks.shown(value)}"]
        dot = f"{at}." if at else ""
        said = [f"{dot}{name} is missing" for name in self.parts if name not in value]
        said += [f"{dot}{str(name)[:40]} is not asked for" for name in value if name not in self.parts]
        present = [(name, part) for name, part in self.parts.items() if name in value]
        return said + [line for name, part in present for line in part.read(value[name], given, dot + name)]

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """A group of such."""
        return shapes.group({name: part.shape(given) for name, part in self.parts.items()})


@dataclass(frozen=True)
class Answer:
    """What an `ask` step must get back: a JSON object with these parts."""

    root: Group

    def schema(self, given: Mapping[str, JSON]) -> dict[str, Any]:
        """The strict JSON schema for a rendered `given`; `one of people` becomes an enum of the people in it."""
        return self.root.schema(given, checks.Room())

    def read(self, value: JSON, given: Mapping[str, JSON]) -> list[str]:
        """What is wrong with an answer, one sentence each, fit to be sent back to the model; empty when it fits."""
        return self.root.read(value, given, "")

    def shape(self, given: Mapping[str, Shape]) -> Shape:
        """What templates may expect, with labels."""
        return self.root.shape(given)

    def sources(self) -> Sequence[tuple[str, Part]]:
        """Every name of `given` that a part refers to, with the part."""
        return list(_sources(self.root))


def _sources(part: Part) -> list[tuple[str, Part]]:
    if isinstance(part, Group):
        return [found for inner in part.parts.values() for found in _sources(inner)]
    if isinstance(part, Many):
        return _sources(part.item)
    return [(part.source, part)] if isinstance(part, (OneOf, Quote)) and part.source else []
