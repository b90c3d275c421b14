"""Follows every name in a template: is it there, who vouches for what comes out. Static, as templates run no code.

Combining keeps all labels: a text made of a setting and a meeting's topic is house and outside. What only decides which
of the author's own texts appears (`if`) adds no label: rule 2, data may choose among the branches the author wrote."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.primitive import Literal, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.expression import Expression

from app.core import shapes
from app.core.filters import FILTERS, KEEP_ENTRIES, PICK_ENTRY
from app.core.recipe_problems import suggest
from app.core.shapes import HOUSE, NOBODY, Labels, Shape
from app.core.template import Template

FORLOOP = shapes.group(
    {n: shapes.value(HOUSE) for n in ("index", "index0", "rindex", "rindex0", "first", "last", "length")}
)
COUNTED = {"size", "first", "last"}
ROUNDS = 12  # times a template is walked until the labels of its own variables no longer grow


@dataclass(frozen=True)
class Fault:
    """A name or filter that is not there: which character of the template, what is wrong, what to write."""

    index: int
    message: str
    hint: str


@dataclass(frozen=True)
class Reading:
    """What a template does: the shape of its value (with labels), the faults, and the full paths it uses."""

    shape: Shape
    faults: tuple[Fault, ...]
    paths: frozenset[str]

    @property
    def labels(self) -> Labels:
        """Who vouches for what comes out."""
        return self.shape.everything()


def read(template: Template, scope: Mapping[str, Shape]) -> Reading:
    """Follow a template through a scope of known shapes."""
    first = walker = _Walker(scope, {})
    shape = first.run(template)
    for _ in range(ROUNDS):
        before = dict(walker.variables)
        walker = _Walker(scope, before)
        shape = shapes.merged(shape, walker.run(template)) if template.exact else walker.run(template)
        if walker.variables == before:
            break
    return Reading(shape, tuple(first.faults), frozenset(first.paths))


def labels(template: Template, scope: Mapping[str, Shape]) -> Labels:
    """Every label of what the template makes."""
    return read(template, scope).labels


@dataclass
class _Walker:
    """One pass over a template. `before` holds the variables of the pass before, so that loops feed back."""

    scope: Mapping[str, Shape]
    before: Mapping[str, Shape]
    variables: dict[str, Shape] = field(default_factory=dict)
    blocks: list[dict[str, Shape]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def run(self, template: Template) -> Shape:
        """The shape of the whole template."""
        if template.exact:
            node = template.parsed.nodes[0]
            assert isinstance(node, OutputNode)
            return self.expression(node.expression)
        return shapes.value(self.nodes(template.parsed.nodes))

    # --- nodes: each gives the labels of the text it writes ---

    def nodes(self, nodes: list[Node]) -> Labels:
        return NOBODY.union(*(self.node(n) for n in nodes)) | HOUSE

    def node(self, node: Node | None) -> Labels:
        if isinstance(node, OutputNode):
            return self.expression(node.expression).everything()
        if isinstance(node, AssignNode):
            self._assign(node.name, self.expression(node.expression))
        elif isinstance(node, CaptureNode):
            self._assign(node.name, shapes.value(self.node(node.block)))
        elif isinstance(node, IfNode):
            return self._branches(node)
        elif isinstance(node, CaseNode):
            self.expression(node.expression)
            return NOBODY.union(*(self.node(b) for b in node.blocks))
        elif isinstance(node, (MultiExpressionBlockNode, ConditionalBlockNode)):
            self.expression(node.expression)
            return self.node(node.block)
        elif isinstance(node, ForNode):
            return self._loop(node)
        elif isinstance(node, BlockNode):
            return self.nodes(node.nodes)
        elif node is not None and hasattr(node, "condition"):  # unless: the same parts as `if`, but no common class
            return self._branches(node)
        return NOBODY

    def _branches(self, node: Any) -> Labels:
        self.expression(node.condition)
        parts = [node.consequence, *node.alternatives, node.default]
        return NOBODY.union(*(self.node(part) for part in parts))

    def _loop(self, node: ForNode) -> Labels:
        over = self.expression(node.expression)
        self.blocks.append({str(node.expression.identifier): entry(over), "forloop": FORLOOP})
        made = self.node(node.block)
        self.blocks.pop()
        return made | self.node(node.default)

    def _assign(self, name: str, shape: Shape) -> None:
        known = self.variables.get(name) or self.before.get(name)
        self.variables[name] = shapes.merged(known, shape) if known else shape

    # --- expressions: each gives a shape ---

    def expression(self, expression: Expression) -> Shape:
        if isinstance(expression, FilteredExpression):
            shape = self.expression(expression.left)
            for one in expression.filters or []:
                shape = self._filter(one, shape)
            return shape
        if isinstance(expression, Path):
            return self._path(expression)
        if isinstance(expression, LoopExpression):
            for extra in expression.children()[1:]:
                self.expression(extra)
            return self.expression(expression.iterable)
        inner = [self.expression(child) for child in expression.children()]
        found = NOBODY.union(*(shape.everything() for shape in inner))
        return Shape(found | HOUSE, closed=isinstance(expression, (Literal, RangeLiteral)) and not found)

    def _filter(self, one: Filter, left: Shape) -> Shape:
        arguments = [self.expression(argument.value) for argument in one.args]
        if one.name not in FILTERS:
            hint = suggest(one.name, FILTERS, say="The filters are")
            self.faults.append(Fault(one.token.start_index, f"there is no filter `{one.name}`", hint))
        elif wrong := _count(one):
            self.faults.append(Fault(one.token.start_index, wrong, f"`{one.name}`: {FILTERS[one.name].__doc__}."))
        self._named_part(one, left)
        return _filtered(one, left, NOBODY.union(*(a.everything() for a in arguments)))

    def _named_part(self, one: Filter, left: Shape) -> None:
        """`todos | map: "owner"`: the part must be there."""
        if one.name not in ("map", "where", "without", "sort") or not one.args or left.item is None:
            return
        name = getattr(one.args[0].value, "value", None)
        if isinstance(name, str) and left.item.fields is not None and name not in left.item.fields:
            hint = suggest(name, left.item.fields)
            self.faults.append(Fault(one.token.start_index, f"the entries have no part `{name}`", hint))

    def _path(self, path: Path) -> Shape:
        head, at = path.path[0], path.token.start_index
        for part in path.path:
            if isinstance(part, Path):
                self._path(part)
        if not isinstance(head, str):
            self.faults.append(Fault(at, "a name cannot be worked out from data", "Write the name itself."))
            return shapes.value(shapes.OUTSIDE)
        shape = self._root(head)
        if shape is None:
            known = {*self.scope, *self.variables, *(n for block in self.blocks for n in block)}
            self.faults.append(Fault(at, f"`{path}` is not there", _path_hint(head, known, path)))
            return Shape(HOUSE, any_parts=True)
        return self._steps(path, shape)

    def _root(self, name: str) -> Shape | None:
        for block in reversed(self.blocks):
            if name in block:
                return block[name]
        if name in self.variables:
            return self.variables[name]
        return self.scope.get(name, self.before.get(name))

    def _steps(self, path: Path, shape: Shape) -> Shape:
        so_far = [str(path.path[0])]
        for part in path.path[1:]:
            inner = step(shape, part)
            if inner is None:
                full = ".".join([*so_far, str(part)])
                hint = _part_hint(".".join(so_far), str(part), shape)
                self.faults.append(Fault(path.token.start_index, f"`{full}` is not there", hint))
                return Shape(shape.everything() | HOUSE, any_parts=True)
            shape = inner
            so_far.append(str(part) if not isinstance(part, Path) else "[]")
        self.paths.add(".".join(so_far))
        return shape


def step(shape: Shape, part: object) -> Shape | None:
    """One step along a path; None if there is nothing of that name."""
    if shape.fields is not None and isinstance(part, str):
        return shape.fields.get(part)
    if shape.any_parts or isinstance(part, Path):
        return Shape(shape.everything(), any_parts=True)
    if isinstance(part, int) or part in ("first", "last"):
        return entry(shape) if shape.fields is None else None
    return shapes.value(shape.everything()) if part == "size" else None


def entry(shape: Shape) -> Shape:
    """What a loop over this value meets."""
    if shape.item:
        return shape.item
    return Shape(shape.everything(), any_parts=shape.any_parts or shape.fields is not None)


def _filtered(one: Filter, left: Shape, more: Labels) -> Shape:
    """What is known after a filter. Its arguments mix in: they may appear in the result."""
    if one.name in PICK_ENTRY and left.item:
        return left.item
    if one.name in KEEP_ENTRIES and left.item and more <= HOUSE:
        return left
    name = str(getattr(one.args[0].value, "value", "")) if one.args else ""
    if one.name == "map" and left.item and left.item.fields and name in left.item.fields:
        return shapes.listed(left.item.fields[name])
    return Shape(left.everything() | more | HOUSE, any_parts=one.name in KEEP_ENTRIES | PICK_ENTRY)


def _count(one: Filter) -> str:
    """What is wrong with the number of a filter's arguments."""
    if any(hasattr(argument, "name") for argument in one.args):
        return f"`{one.name}` takes its values in order, without names"
    most = list(inspect.signature(FILTERS[one.name]).parameters.values())[1:]
    least = [p for p in most if p.default is p.empty]
    if len(least) <= len(one.args) <= len(most):
        return ""
    wants = f"{len(least)}" if len(least) == len(most) else f"{len(least)} to {len(most)}"
    return f"`{one.name}` takes {wants} values after the colon, not {len(one.args)}"


def _path_hint(head: str, known: set[str], path: Path) -> str:
    if head in ("now", "today"):
        return "Write `house.today`; the current time is not used, so that a run can be repeated exactly."
    hint = suggest(head, known)
    rest = str(path)[len(head) :]
    return hint.replace("`?", f"{rest}`?") if hint.startswith("Did you mean") else hint


def _part_hint(prefix: str, part: str, shape: Shape) -> str:
    known = list(shapes.names(shape))
    if not known:
        return f"`{prefix}` has no parts." if not shape.item else f"`{prefix}` is a list: use `for`, `map` or `first`."
    return suggest(f"{prefix}.{part}", [f"{prefix}.{name}" for name in known])


def outputs(template: Template) -> Iterator[OutputNode]:
    """Every `{{ … }}` of a template, to point at the one that is at fault."""
    todo: list[Any] = list(template.parsed.nodes)
    while todo:
        node = todo.pop(0)
        if isinstance(node, OutputNode):
            yield node
        elif isinstance(node, Node):
            todo = [*_inside(node), *todo]


def _inside(node: Node) -> Iterator[Node]:
    for name in ("nodes", "blocks", "consequence", "alternatives", "default", "block"):
        part = getattr(node, name, None)
        if isinstance(part, list):
            yield from part
        elif isinstance(part, Node):
            yield part
