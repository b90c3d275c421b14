"""Reads single things out of a recipe's nodes: texts, keys, templates, conditions, given values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from app.core import labels, shapes
from app.core.condition import Condition, compile_condition
from app.core.recipe_parts import Fixed, Given, GivenValue
from app.core.recipe_problems import Problems, suggest
from app.core.recipe_yaml import Fields, Items, Node, Scalar
from app.core.shapes import Shape
from app.core.template import Backdrop, Template, TemplateProblem, compile_template, is_template

Scope = Mapping[str, Shape]


@dataclass(frozen=True)
class Leaf:
    """One value inside a `given`: its node and what is known of it."""

    node: Node
    shape: Shape


@dataclass
class Nodes:
    """The reader of one file. `paths` collects every name that is used, to find settings nobody uses."""

    problems: Problems
    backdrop: dict[str, object] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)

    # --- keys and texts ---

    def known_keys(
        self, node: Fields, known: Collection[str], where: str, hints: Mapping[str, str] | None = None
    ) -> None:
        """Every key must be one of the known ones."""
        for name, key in node.keys.items():
            if name not in known:
                hint = (hints or {}).get(name) or suggest(name, known, say="There can be")
                self.problems.add(key.at, f"`{name}` does not belong in {where}", hint)

    def required(self, node: Fields, names: Iterable[str], where: str) -> None:
        """These keys must be there."""
        for name in names:
            if name not in node.keys:
                self.problems.add(node.at, f"{where} has no `{name}`", f"Add `{name}:`.")

    def text(self, node: Node | None, what: str, most: int = 200) -> str:
        """A text that is not empty; empty when something is wrong with it."""
        if node is None:
            return ""
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
            self.problems.add(node.at, f"`{what}` must be a text", "Write it in quotes.")
            return ""
        if len(node.value) > most:
            self.problems.add(node.at, f"`{what}` is longer than {most} characters", "Shorten it.")
        return node.value.strip()

    def fields(self, node: Node | None, what: str) -> Fields | None:
        """A group of names and values."""
        if node is None or isinstance(node, Fields):
            return node
        self.problems.add(node.at, f"`{what}` needs names and values below it", "Indent one `name: value` a line.")
        return None

    def items(self, node: Node | None, what: str) -> list[Node]:
        """The entries of a list."""
        if isinstance(node, Items):
            return node.items
        if node is not None:
            self.problems.add(node.at, f"`{what}` needs a list below it", "Begin each entry with `- `.")
        return []

    # --- templates ---

    def _kept(self) -> Backdrop:
        return Backdrop(dict(self.backdrop))

    def template(self, node: Node, scope: Scope, what: str) -> tuple[Template, Shape] | None:
        """A template and what is known of its value; None when something is wrong with it."""
        if not isinstance(node, Scalar) or node.value is None:
            self.problems.add(node.at, f"`{what}` must be one value", 'Write "{{ … }}" or a text.')
            return None
        try:
            made = compile_template(node.text, place=node.place, file=self.problems.file, backdrop=self._kept())
        except TemplateProblem as problem:
            self.problems.add(node.place(problem.index), problem.message, problem.hint)
            return None
        return made, self._followed(made, scope)

    def _followed(self, template: Template, scope: Scope) -> Shape:
        reading = labels.read(template, scope)
        for fault in reading.faults:
            self.problems.add(template.place(fault.index), fault.message, fault.hint)
        self.paths |= reading.paths
        return reading.shape

    def condition(self, node: Node | None, scope: Scope, what: str) -> Condition | None:
        """A condition; None when there is none or something is wrong with it."""
        if node is None:
            return None
        if not isinstance(node, Scalar) or node.value is None:
            self.problems.add(node.at, f"`{what}` must be one condition", 'Write "{{ … }}" or "{{ … }} <= 30".')
            return None
        try:
            made = compile_condition(node.text, place=node.place, file=self.problems.file, backdrop=self._kept())
        except TemplateProblem as problem:
            self.problems.add(node.place(problem.index), problem.message, problem.hint)
            return None
        for side in (made.left, made.right):
            if isinstance(side, Template):
                self._followed(side, scope)
        return made

    # --- what a step is given ---

    def given(self, node: Fields | None, scope: Scope) -> tuple[Given, dict[str, list[Leaf]]]:
        """The values of a step, and for each name the leaves it is made of."""
        values: dict[str, GivenValue] = {}
        leaves: dict[str, list[Leaf]] = {}
        for name, value in (node.values if node else {}).items():
            leaves[name] = []
            values[name] = self._value(value, scope, name, leaves[name])
        return Given(values), leaves

    def _value(self, node: Node, scope: Scope, what: str, leaves: list[Leaf]) -> GivenValue:
        if isinstance(node, Fields):
            return Given({name: self._value(inner, scope, name, leaves) for name, inner in node.values.items()})
        if isinstance(node, Items):
            return tuple(self._value(inner, scope, what, leaves) for inner in node.items)
        if isinstance(node.value, str) and is_template(node.value):
            made = self.template(node, scope, what)
            if made:
                leaves.append(Leaf(node, made[1]))
                return made[0]
        else:
            leaves.append(Leaf(node, Shape(shapes.HOUSE, closed=True)))
        return Fixed(node.value)


def shape_of(leaves: list[Leaf]) -> Shape:
    """What is known of a value made of these leaves."""
    if len(leaves) == 1:
        return leaves[0].shape
    return shapes.value(shapes.HOUSE.union(*(leaf.shape.everything() for leaf in leaves)))
