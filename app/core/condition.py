"""Conditions of a recipe: `only_if`, `if` and `that`. One value, or two with a comparison between them; nothing else.

`"{{ recap.todos | size }} <= 30"`, `"{{ event.topic | contains_any: settings.skip | not }}"`, `"{{ a.b }} == nobody"`.
A single value is judged by one rule (`filters.truth`): nil, false, 0, empty text and empty lists are no, all else yes.
`<` and its kin compare two numbers or two texts (days as 2026-11-30 are in order as texts); with nil never true.
`==` is exact; `contains` looks for an entry in a list, or for a part of a text without regard to capitals.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core import filters
from app.core.template import Backdrop, Place, Template, TemplateProblem, compile_template
from connectors.contract import JSON

OPERATORS = re.compile(r"\s(==|!=|<=|>=|<|>|contains)\s")
OUTPUT = re.compile(r"\{\{.*?\}\}", re.S)
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
LITERALS: dict[str, JSON] = {"true": True, "false": False, "nil": None, "null": None}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """Something that holds or does not: `left` alone, or `left operator right`, each a template or a fixed value."""

    source: str
    left: Template | JSON
    operator: str = ""
    right: Template | JSON = None
    place: Place = field(default=lambda _: (1, 1), compare=False, repr=False)

    def holds(self, scope: Mapping[str, JSON]) -> bool:
        """Raise `TemplateProblem` if a side cannot be worked out or the two cannot be compared."""
        left = _value(self.left, scope)
        if not self.operator:
            return filters.truth(left)
        return self._compare(left, _value(self.right, scope))

    def _compare(self, left: JSON, right: JSON) -> bool:
        if self.operator == "contains":
            return left is not None and filters.contains(left, right)
        if self.operator in ("==", "!="):
            return _same(left, right) == (self.operator == "==")
        if left is None or right is None:
            return False
        if _is_number(left) != _is_number(right) or not isinstance(left, (int, float, str)):
            line = self.place(0)[0]
            raise TemplateProblem(
                f"line {line}: “{filters.plain_text(left)[:40]}” and “{filters.plain_text(right)[:40]}” cannot be "
                f"compared with `{self.operator}`; compare two numbers or two texts."
            )
        return ORDER[self.operator](left, right)


def _value(side: Template | JSON, scope: Mapping[str, JSON]) -> JSON:
    return side.render(scope) if isinstance(side, Template) else side


def _is_number(value: JSON) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(left: JSON, right: JSON) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def compile_condition(text: str, *, place: Place, file: str = "", backdrop: Backdrop | None = None) -> Condition:
    """Raise `TemplateProblem` with the index of the fault if it is not a condition."""
    if "{%" in text:
        raise TemplateProblem("a condition has no `{% … %}`.", text.index("{%"), 'Write "{{ … }}".')
    found = list(OPERATORS.finditer(OUTPUT.sub(lambda m: "x" * len(m[0]), text)))
    if len(found) > 1:
        hint = "Put the rest into a second step's `if`, or use filters."
        raise TemplateProblem("a condition compares two values, not more.", found[1].start(1), hint)
    side = _Sides(text, place, file, backdrop)
    if not found:
        return Condition(text, side.read(0, len(text)), place=place)
    left, right = side.read(0, found[0].start()), side.read(found[0].end(), len(text))
    return Condition(text, left, found[0][1], right, place)


@dataclass(frozen=True)
class _Sides:
    """Reads one side of a condition at a time, keeping its place in the whole."""

    text: str
    place: Place
    file: str
    backdrop: Backdrop | None

    def read(self, start: int, end: int) -> Template | JSON:
        """The side between two characters."""
        side = self.text[start:end]
        start += len(side) - len(side.lstrip())
        side = side.strip()
        if "{{" in side or "}}" in side:
            return self._template(side, start)
        if not side:
            raise TemplateProblem("a side of this condition is empty.", start, 'Write "{{ … }}" or a fixed value.')
        return _literal(side)

    def _template(self, side: str, start: int) -> Template:
        try:
            place = self.place
            made = compile_template(side, place=lambda i: place(start + i), file=self.file, backdrop=self.backdrop)
        except TemplateProblem as problem:
            raise TemplateProblem(problem.message, start + problem.index, problem.hint) from None
        if not made.exact:
            hint = 'Write "{{ one value }} <= {{ another }}", with filters inside the braces.'
            raise TemplateProblem("each side of a condition is one value.", start, hint)
        return made


def _literal(side: str) -> JSON:
    if side in LITERALS:
        return LITERALS[side]
    if NUMBER.fullmatch(side):
        return float(side) if "." in side else int(side)
    if len(side) >= 2 and side[0] == side[-1] and side[0] in "\"'":
        return side[1:-1]
    return side
