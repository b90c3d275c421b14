"""Markdown as blocks. Nothing in the source is dropped: what Notion has no block for stays as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from connectors.notion._code import read_code
from connectors.notion._inline import spans
from connectors.notion._tables import keep_all_cells, read_table
from connectors.notion._text import EQUATION, Span, clean, rich, units
from connectors.notion._tree import Node, paragraphs, texts

NESTING = 120  # Markdown-it forgets what lies deeper, so a text that goes near it is not read as Markdown
_TASK = re.compile(r"\[([ xX])\](?=\s|$)")


@lru_cache(maxsize=32)
def read(markdown: str) -> tuple[Node, ...]:
    """The blocks of a Markdown text, in order; none for a blank one."""
    text = clean(markdown)
    try:
        tokens = _parser().parse(text)
        if max((token.level for token in tokens), default=0) < NESTING - 2:
            return tuple(_blocks(tokens))
    except RecursionError:
        pass
    return tuple(node for part in re.split(r"\n\s*\n", text) if part.strip() for node in paragraphs(part))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable(["table", "strikethrough"])
    md.disable("reference")  # "[Owner]: Ana" is a line of text here, not the target of a link that nobody made
    keep_all_cells(md)
    # With spaces or digits at the dollar sign it is money, not mathematics.
    return md.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)


def _blocks(tokens: Sequence[Token]) -> Iterator[Node]:
    for token, inside in _groups(tokens):
        reader = _READERS.get(token.type)
        if reader:
            yield from reader(token, inside)
        elif inside:
            yield from _blocks(inside)
        else:
            yield from _text(token)


def _groups(tokens: Sequence[Token]) -> Iterator[tuple[Token, Sequence[Token]]]:
    """Each token of the outermost level with the tokens between it and its closing one."""
    at = 0
    while at < len(tokens):
        token, end = tokens[at], at
        if token.nesting > 0:
            end = next(i for i in range(at + 1, len(tokens)) if tokens[i].level == token.level)
        yield token, tokens[at + 1 : end]
        at = end + 1


def _inside(tokens: Sequence[Token]) -> list[Span]:
    return spans(tokens[0].children or ()) if tokens else []


def _paragraph(token: Token, inside: Sequence[Token]) -> list[Node]:
    return texts("paragraph", rich(_inside(inside)))


def _heading(token: Token, inside: Sequence[Token]) -> list[Node]:
    return texts(f"heading_{min(int(token.tag[1:]), 3)}", rich(_inside(inside)))


def _quote(token: Token, inside: Sequence[Token]) -> list[Node]:
    first, rest = _first_line(inside)
    return texts("quote", rich(first), list(_blocks(rest)))


def _first_line(tokens: Sequence[Token]) -> tuple[list[Span], Sequence[Token]]:
    """The opening paragraph, which becomes the block's own text, and what follows it, which goes inside."""
    if tokens and tokens[0].type == "paragraph_open":
        return _inside(tokens[1:]), tokens[3:]
    return [], tokens


def _bullets(token: Token, inside: Sequence[Token]) -> Iterator[Node]:
    for _, item in _groups(inside):
        yield from _item("bulleted_list_item", item)


def _numbers(token: Token, inside: Sequence[Token]) -> Iterator[Node]:
    """Notion counts from 1. Any other numbering is kept as text: "2024. was a good year" must not become "1."."""
    items = list(_groups(inside))
    written = [item.info for item, _ in items]
    counted = [str(number) for number in range(1, len(items) + 1)]
    for item, content in items:
        if written in (counted, ["1"] * len(items)):
            yield from _item("numbered_list_item", content)
        else:
            yield from _item("paragraph", content, f"{item.info}{item.markup} ")


def _item(kind: str, tokens: Sequence[Token], number: str = "") -> list[Node]:
    first, rest = _first_line(tokens)
    children = list(_blocks(rest))
    task = _TASK.match(first[0].text) if first and not first[0].styles else None
    if task:
        first = [Span((number + first[0].text[3:]).lstrip(), link=first[0].link), *first[1:]]
        return texts("to_do", rich(_no_leading_break(first)), children, {"checked": task[1] != " "})
    return texts(kind, rich([Span(number), *first] if number else first), children)


def _no_leading_break(line: list[Span]) -> list[Span]:
    kept = [span for span in line if span.text]
    return kept[1:] if kept and kept[0].text == "\n" else kept


def _equation(token: Token, inside: Sequence[Token]) -> list[Node]:
    expression = token.content.strip()
    if not expression:
        return paragraphs("$$" + token.content + "$$")
    if units(expression) <= EQUATION:
        return [Node("equation", {"expression": expression})]
    return read_code(expression, "latex")


def _text(token: Token) -> list[Node]:
    words = rich(spans(token.children)) if token.children else rich([Span(token.content.rstrip("\n"))])
    return texts("paragraph", words) if words else []


_READERS: dict[str, Callable[[Token, Sequence[Token]], Iterator[Node] | list[Node]]] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "blockquote_open": _quote,
    "bullet_list_open": _bullets,
    "ordered_list_open": _numbers,
    "table_open": lambda token, inside: read_table(inside),
    "fence": lambda token, inside: read_code(token.content, token.info),
    "code_block": lambda token, inside: read_code(token.content, ""),
    "math_block": _equation,
    "hr": lambda token, inside: [Node("divider")],
}
