"""Liquid as recipes may use it: its tags, one rule for yes and no, how values become text, and its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TextIO

from liquid import Environment, RenderContext, StrictUndefined
from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, parse_identifier, tokenize
from liquid.builtin.expressions.logical import LogicalAndExpression, LogicalNotExpression, LogicalOrExpression
from liquid.builtin.output import OutputNode
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import FilterArgumentError, LoopIterationLimitError
from liquid.expression import Expression
from liquid.filter import with_context
from liquid.stream import TokenStream
from liquid.template import BoundTemplate
from liquid.token import TOKEN_ASSIGN, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_PIPE, TOKEN_TAG, TOKEN_WORD, Token
from liquid.undefined import is_undefined
from liquid.utils import ReadOnlyChainMap

from app.core.filters import FILTERS, TEXT_LIMIT, FilterProblem, plain_text, truth
from connectors.contract import JSON

SOURCE_LIMIT = 20_000  # characters of one template
LOOP_LIMIT = 20_000  # rounds of all loops of one rendering together
OUTPUT_LIMIT = 6_000_000  # bytes of the finished text
VARIABLES_LIMIT = 20_000_000  # bytes held by `assign` and `capture`
WORK_LIMIT = 40_000_000  # characters and entries that all filters of one rendering take in and give out
TAGS = ("if", "unless", "case", "for", "break", "continue", "assign", "capture", "comment", "raw")


class Context(RenderContext):
    """Where names are looked up: only what the run gave, no clock; a path through nil is nil; loops are counted."""

    def __init__(self, template: BoundTemplate, *, globals: Mapping[str, object]) -> None:
        super().__init__(template, globals=globals)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.rounds = 0
        self.work = 0

    def get_item(self, obj: Any, key: Any) -> Any:
        """`recap.todos` of a skipped `recap` is nil too, so that a template can test it."""
        if obj is None:
            return None
        return super().get_item(obj, key)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Count the rounds of all loops, nested or one after the other."""
        self.rounds += length
        if self.rounds > LOOP_LIMIT:
            raise LoopIterationLimitError("loop iteration limit reached", token=None)

    def spend(self, *values: Any) -> None:
        """Count the work of a filter by the size of what goes in and out."""
        self.work += sum(len(v) for v in values if isinstance(v, (str, list, dict)))
        if self.work > WORK_LIMIT:
            raise FilterProblem("has too much to do; shorten the text or the list first")


class Template(BoundTemplate):
    """A parsed template that renders in our context."""

    context_class = Context


class TextNode(OutputNode):
    """`{{ … }}` inside a text; values become text by our rule, never by Python's."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value."""
        return buffer.write(plain_text(given(self.expression.evaluate(context))))


def _named_filters(tokens: Iterable[Token]) -> TokenStream:
    """After a `|` stands the name of a filter, also where Liquid has a word of its own: `not`, `contains`."""
    found: list[Token] = []
    for token in tokens:
        after_pipe = bool(found) and found[-1].kind == TOKEN_PIPE
        found.append(token._replace(kind=TOKEN_WORD) if after_pipe and token.value.isidentifier() else token)
    return TokenStream(iter(found))


class Output(output.Output):
    """`{{ … }}`."""

    def parse(self, stream: TokenStream) -> OutputNode:
        """Make a `TextNode`."""
        token = stream.eat(TOKEN_OUTPUT)
        inner = stream.expect(TOKEN_EXPRESSION)
        return TextNode(token, FilteredExpression.parse(self.env, _named_filters(tokenize(inner.value, inner))))


class Assign(assign_tag.AssignTag):
    """`{% assign name = value | filters %}`."""

    def parse(self, stream: TokenStream) -> assign_tag.AssignNode:
        """Parse as Liquid does, with our filter names."""
        token = stream.eat(TOKEN_TAG)
        tokens = _named_filters(stream.into_inner(tag=token, eat=False).tokens)
        name = parse_identifier(self.env, tokens, allow_trailing_question_mark=False)
        tokens.eat(TOKEN_ASSIGN)
        return self.node_class(token, name=name, expression=FilteredExpression.parse(self.env, tokens))


def given(value: Any) -> Any:
    """The value itself; a missing one raises here instead of turning into an empty text."""
    if is_undefined(value):
        str(value)
    return value


# --- one rule for yes and no: Liquid calls empty texts and 0 true, people do not ------------------------------------


class Truth(Expression):
    """A part of a condition, judged by `truth`."""

    __slots__ = ("of",)

    def __init__(self, of: Expression) -> None:
        super().__init__(of.token)
        self.of = of

    def evaluate(self, context: RenderContext) -> bool:
        """True or false."""
        return truth(given(self.of.evaluate(context)))

    def children(self) -> list[Expression]:
        """What is judged."""
        return [self.of]


def _judged(expression: Expression) -> Expression:
    """The condition with every operand of and, or, not wrapped in `Truth`."""
    if isinstance(expression, BooleanExpression):
        return _judged(expression.expression)
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        return type(expression)(expression.token, _judged(expression.left), _judged(expression.right))
    if isinstance(expression, LogicalNotExpression):
        return LogicalNotExpression(expression.token, _judged(expression.right))
    return Truth(expression)


def _with_truth(node: Any) -> Node:
    node.condition = _judged(node.condition)
    for alternative in node.alternatives:
        assert isinstance(alternative, ConditionalBlockNode)
        alternative.expression = _judged(alternative.expression)
    assert isinstance(node, Node)
    return node


class If(if_tag.IfTag):
    """`{% if %}` by our rule."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse, then wrap the conditions."""
        return _with_truth(super().parse(stream))


class Unless(unless_tag.UnlessTag):
    """`{% unless %}` by our rule."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse, then wrap the conditions."""
        return _with_truth(super().parse(stream))


def _with_name(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, with its name before what it complains about and its place known to Liquid."""

    @wraps(run)
    def named(value: Any, *arguments: Any, context: Context) -> Any:
        try:
            context.spend(given(value), *map(given, arguments))
            made = run(value, *arguments)
            context.spend(made)
            return made
        except FilterProblem as problem:
            raise FilterArgumentError(f"`{name}` {problem}", token=None) from None

    return with_context(named)


class Liquid(Environment):
    """The only environment templates are made in."""

    template_class = Template
    loop_iteration_limit = LOOP_LIMIT
    output_stream_limit = OUTPUT_LIMIT
    local_namespace_limit = VARIABLES_LIMIT
    block_nesting_limit = 10
    context_depth_limit = 20
    logical_not_operator = True
    logical_parentheses = True

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what is on the lists and nothing else."""
        for tag in (
            content.Literal, illegal.Illegal, Output, If, Unless, case_tag.CaseTag, for_tag.ForTag, for_tag.BreakTag,
            for_tag.ContinueTag, Assign, capture_tag.CaptureTag, comment_tag.CommentTag,
        ):  # fmt: skip
            self.add_tag(tag)
        self.filters.update({name: _with_name(name, run) for name, run in FILTERS.items()})


ENVIRONMENT = Liquid(undefined=StrictUndefined)


def json_of(value: Any) -> JSON:
    """A value of a template as plain JSON: ranges become lists, Liquid's own objects become nothing."""
    given(value)
    if isinstance(value, range):
        return list(value[:LOOP_LIMIT])
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        raise FilterProblem(f"lets through more than {TEXT_LIMIT:,} characters; shorten the text with `truncate`")
    return value if value is None or isinstance(value, (bool, int, float, str, list, dict)) else None
