"""Values of a recipe: Liquid over plain JSON, with closed lists of tags and filters, strict names, and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from app.core import liquid_faults
from app.core.filters import FilterProblem
from app.core.liquid_limits import ENVIRONMENT, Context, json_of
from connectors.contract import JSON

Place = Callable[[int], tuple[int, int]]
"""Where the character with that index stands in the recipe's file: (line, column), both from 1."""


class TemplateProblem(Exception):
    """A value that cannot be worked out, at load or in a run: a sentence that says where and what to do.

    `index` is the character of the template where it is, and `message` the sentence without the place."""

    def __init__(self, message: str, index: int = 0, hint: str = "", where: str = "") -> None:
        super().__init__(f"{where}{message}{' ' + hint if hint else ''}")
        self.message, self.index, self.hint = message, index, hint


@dataclass(frozen=True)
class Backdrop:
    """What a template may count on when the run has no value for it: skipped steps and unset settings are nil."""

    defaults: Mapping[str, JSON] = field(default_factory=dict)

    def behind(self, scope: Mapping[str, JSON]) -> dict[str, JSON]:
        """The scope with everything that is missing filled in."""
        full = {**self.defaults, **scope}
        for name, value in self.defaults.items():
            if isinstance(value, dict) and isinstance(scope.get(name), dict):
                full[name] = {**value, **scope[name]}
        return full


@dataclass(frozen=True)
class Template:
    """One value. `render(scope)` gives text, or any plain JSON value if the template is exactly one `{{ … }}`."""

    source: str
    parsed: BoundTemplate = field(compare=False, repr=False)
    exact: bool
    place: Place = field(compare=False, repr=False)
    file: str = field(default="", compare=False)
    backdrop: Backdrop = field(default_factory=Backdrop, compare=False, repr=False)

    def render(self, scope: Mapping[str, JSON]) -> JSON:
        """Raise `TemplateProblem` if a name is missing, a filter cannot work on its value, or a limit is reached."""
        context = Context(self.parsed, globals=self.backdrop.behind(scope))
        try:
            if self.exact:
                node = self.parsed.nodes[0]
                assert isinstance(node, OutputNode)
                return json_of(node.expression.evaluate(context))
            return self._text(context)
        except LiquidError as error:
            index = liquid_faults.index(error, self.source)
            raise TemplateProblem(liquid_faults.said(error), index, where=self._where(index)) from None
        except FilterProblem as problem:
            raise TemplateProblem(f"a filter {problem}.", where=self._where(0)) from None

    def _text(self, context: Context) -> str:
        buffer = context.get_buffer()
        self.parsed.render_with_context(context, buffer)
        return buffer.getvalue()

    def _where(self, index: int) -> str:
        line, _ = self.place(index)
        return f"{self.file or 'recipe'}, line {line}: "


def compile_template(
    text: str, *, place: Place | None = None, file: str = "", backdrop: Backdrop | None = None
) -> Template:
    """Raise `TemplateProblem` with the index of the fault if the text is not well-formed Liquid of ours."""
    if fault := liquid_faults.unclosed(text):
        raise TemplateProblem(*fault)
    try:
        parsed = ENVIRONMENT.from_string(text)
    except LiquidError as error:
        index = liquid_faults.index(error, text)
        raise TemplateProblem(liquid_faults.said(error), index, liquid_faults.hint(error)) from None
    exact = (
        len(parsed.nodes) == 1 and isinstance(parsed.nodes[0], OutputNode) and text[:2] == "{{" and text[-2:] == "}}"
    )
    return Template(text, parsed, exact, place or (lambda _: (1, 1)), file, backdrop or Backdrop())


def is_template(text: str) -> bool:
    """Whether a text has anything in it to be worked out."""
    return "{{" in text or "{%" in text
