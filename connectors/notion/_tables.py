"""Tables of Markdown as Notion's tables: every cell kept, wide and long ones in several pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as _rule
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from connectors.contract import JSON
from connectors.notion._inline import spans
from connectors.notion._text import ITEMS, Span, rich, size
from connectors.notion._tree import Node, texts

ROWS = 100  # of one table, its header included: the limit of every children array
WIDTH = 100
TABLE_BYTES = 100_000

Row = tuple[list[JSON], ...]  # cells of rich text items


def keep_all_cells(md: MarkdownIt) -> None:
    """Cells beyond the header's width, which Markdown drops, stay."""
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    known = len(state.tokens)
    found = _rule(state, start, end, silent)
    if found and not silent:
        state.tokens[known:] = list(_with_lost_cells(state, state.tokens[known:]))
    return found


def _with_lost_cells(state: StateBlock, tokens: Sequence[Token]) -> Iterator[Token]:
    width = sum(token.type == "th_open" for token in tokens)
    line = 0
    for token in tokens:
        if token.type == "tr_open" and token.map:
            line = token.map[0]
        if token.type == "tr_close":
            for text in _cells(state, line)[width:]:
                yield from _cell(text, token.level + 1, line)
        yield token


def _cells(state: StateBlock, line: int) -> list[str]:
    source = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
    cells = escapedSplit(source)
    if cells and cells[0] == "":
        cells.pop(0)
    if cells and cells[-1] == "":
        cells.pop()
    return [cell.strip() for cell in cells]


def _cell(text: str, level: int, line: int) -> Iterator[Token]:
    yield Token("td_open", "td", 1, level=level)
    yield Token("inline", "", 0, level=level + 1, content=text, children=[], map=[line, line + 1])
    yield Token("td_close", "td", -1, level=level)


def read_table(tokens: Sequence[Token]) -> list[Node]:
    """The blocks of a table; `tokens` are those between its opening and its closing one."""
    rows: list[list[list[Span]]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(spans(token.children or ()))
    width = max((len(row) for row in rows), default=0)
    if width > WIDTH:
        return [node for row in rows for node in _as_text(row)]
    return _tables([(*map(rich, row), *[[]] * (width - len(row))) for row in rows], width)


def _as_text(row: Sequence[list[Span]]) -> list[Node]:
    first, *rest = row
    return texts("paragraph", rich([*first, *(span for cell in rest for span in (Span(" | "), *cell))]))


def _tables(rows: Sequence[Row], width: int) -> list[Node]:
    """One table, or several that each begin with the header, where it is short enough to be repeated."""
    header, *rest = [_pieces(row) for row in rows]
    again = header if len(header) == 1 and size(header) < TABLE_BYTES // 4 else []
    tables: list[list[Row]] = [list(again)]
    used = size(again)
    for row in [*([] if again else header), *(piece for pieces in rest for piece in pieces)]:
        weight = size(row)
        if len(tables[-1]) > len(again) and (len(tables[-1]) == ROWS or used + weight > TABLE_BYTES):
            tables.append(list(again))
            used = size(again)
        tables[-1].append(row)
        used += weight
    return [_node(table, width, headed=bool(again)) for table in tables]


def _pieces(row: Row) -> list[Row]:
    """The row; as several rows below each other where its cells hold more than Notion takes in one."""
    left = [list(cell) for cell in row]
    found: list[Row] = []
    while not found or any(left):
        found.append(_piece(left))
    return found


def _piece(left: list[list[JSON]]) -> Row:
    cells, room = [], TABLE_BYTES // 2
    for items in left:
        taken: list[JSON] = []
        while items and len(taken) < ITEMS and size(items[0]) <= room:
            room -= size(items[0])
            taken.append(items.pop(0))
        cells.append(taken)
    return tuple(cells)


def _node(rows: Sequence[Row], width: int, *, headed: bool) -> Node:
    children = tuple(Node("table_row", {"cells": list(row)}) for row in rows)
    return Node("table", {"table_width": width, "has_column_header": headed, "has_row_header": False}, children)
