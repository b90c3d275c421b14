"""What is known of values before a run: which parts they have, and who vouches for them (labels, security rule 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.contract import Label

Labels = frozenset[str]

HOUSE: Labels = frozenset({"house"})
VENDOR: Labels = frozenset({"vendor"})
OUTSIDE: Labels = frozenset({"outside"})
MODEL: Labels = frozenset({"model"})
NOBODY: Labels = frozenset()
VOUCHED: Labels = HOUSE | VENDOR
"""Labels that may decide where something goes; every other label may not."""


@dataclass(frozen=True)
class Shape:
    """One value. `fields` is None for a plain value and for a list; `item` is what a list holds.

    `closed` means it can only be one of the choices that the author or the settings wrote down; `any_parts`, that
    nothing is known of it but its labels."""

    labels: Labels = NOBODY
    fields: Mapping[str, Shape] | None = None
    item: Shape | None = None
    closed: bool = False
    any_parts: bool = False

    def everything(self) -> Labels:
        """The labels of the value and of all its parts."""
        inner = list((self.fields or {}).values()) + ([self.item] if self.item else [])
        return self.labels.union(*(part.everything() for part in inner))

    def vouched(self) -> bool:
        """Whether it may decide where something goes or how much is paid."""
        return self.closed or self.everything() <= VOUCHED


def value(labels: Labels) -> Shape:
    """A text, number or list of such, of which no parts are known."""
    return Shape(labels)


def group(fields: Mapping[str, Shape]) -> Shape:
    """A value with named parts."""
    return Shape(fields=dict(fields))


def listed(item: Shape) -> Shape:
    """A list of such values."""
    return Shape(item=item)


def merged(first: Shape, second: Shape) -> Shape:
    """What is known of a value that may be either."""
    if first == second:
        return first
    same = first.fields is not None and second.fields is not None and set(first.fields) == set(second.fields)
    if same and first.fields is not None and second.fields is not None:
        return group({name: merged(part, second.fields[name]) for name, part in first.fields.items()})
    if first.item and second.item:
        return listed(merged(first.item, second.item))
    return Shape(first.everything() | second.everything(), any_parts=True)


@dataclass
class _Growing:
    label: Labels = NOBODY
    fields: dict[str, _Growing] = field(default_factory=dict)
    item: _Growing | None = None

    def shape(self) -> Shape:
        if "*" in self.fields:
            return Shape(self.fields["*"].label, any_parts=True)
        if self.fields:
            return group({name: part.shape() for name, part in self.fields.items()})
        return listed(self.item.shape()) if self.item else value(self.label)


def of_event(fields: Mapping[str, Label]) -> Shape:
    """The shape of a trigger's value from its paths: "topic", "todos[].text", "answers.*" (names only the account knows)."""
    root = _Growing()
    for path, label in fields.items():
        at = root
        for part in re.findall(r"[^.\[\]]+|\[\]", path):
            if part == "[]":
                at.item = at = at.item or _Growing()
            else:
                at = at.fields.setdefault(part, _Growing())
        at.label = frozenset({label.value})
    return root.shape() if root.fields else group({})


def of_result(*, write: bool) -> Shape:
    """What a `do` step leaves: an id and an address the vendor made; of what was only read, nothing more is known."""
    if write:
        return group({"id": value(VENDOR), "url": value(VENDOR)})
    return Shape(VENDOR | OUTSIDE, any_parts=True)


def names(shape: Shape) -> Iterable[str]:
    """The parts a path may go on with."""
    return (shape.fields or {}).keys()
