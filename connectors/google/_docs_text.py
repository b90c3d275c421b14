"""Markdown as paragraphs of a Google document, and the requests that write them. Nothing in the source is dropped: what has no
counterpart stays as text. https://developers.google.com/workspace/docs/api/reference/rest/v1/documents/request

Google counts places in UTF-16 units, so that an emoji is two. Levels of a list are tabs in front of a line, which it takes away
when it makes bullets of them; so bullets come last, and from the end, when no place before them moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from connectors.contract import JSON

_STRIPPED = re.compile("[\x00-\x08\x0c-\x1f\ue000-\uf8ff\ud800-\udfff]")  # what Docs takes out by itself
_NESTING = 100  # Markdown-it forgets what lies deeper, so a text that goes near it is not read as Markdown
_PRESETS = {"bullet": "BULLET_DISC_CIRCLE_SQUARE", "number": "NUMBERED_DECIMAL_ALPHA_ROMAN"}
_MARKS = {"strong": {"bold": True}, "em": {"italic": True}, "s": {"strikethrough": True}}
_CODE: dict[str, JSON] = {"weightedFontFamily": {"fontFamily": "Courier New"}}
_INDENT, _SPACE = 36.0, 8.0  # points


@dataclass(frozen=True)
class Run:
    """A piece of text with how it looks, as Docs' TextStyle."""

    text: str
    style: dict[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Paragraph:
    """`style` is Docs' name of it; `list` "bullet", "number" or ""; `depth` of the list from 0; `indent` how many levels in."""

    runs: tuple[Run, ...]
    style: str = "NORMAL_TEXT"
    list: str = ""
    depth: int = 0
    indent: int = 0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def tabs(self) -> int:
        return self.depth if self.list else 0


def clean(text: str) -> str:
    """Without what Docs would take out by itself, which would move all places behind it."""
    return _STRIPPED.sub("", re.sub(r"\r\n?", "\n", text))


def units(text: str) -> int:
    """The length that Docs counts."""
    return len(text.encode("utf-16-le")) // 2


def plain(markdown: str) -> str:
    """What stands in the document when it was written, without the line break that ends every document."""
    return "\n".join(one.text for one in read(markdown))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(markdown: str) -> list[Paragraph]:
    text = clean(markdown)
    try:
        tokens = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable(["table", "strikethrough"]).parse(text)
    except RecursionError:
        tokens = None
    if tokens is None or max((one.level for one in tokens), default=0) >= _NESTING - 2:
        return [_line(line) for line in text.split("\n") if line.strip()]
    return list(_paragraphs(tokens))


def _line(text: str) -> Paragraph:
    return Paragraph((Run(text.replace("\t", "    ")),))


@dataclass
class _Place:
    """Where in the source we are: open lists, whether the next paragraph is the first of its item, quotes, a table's row."""

    lists: list[str] = field(default_factory=list)
    fresh: bool = False
    quotes: int = 0
    style: str = "NORMAL_TEXT"
    cells: list[Run] | None = None

    def paragraph(self, runs: Sequence[Run]) -> Paragraph:
        depth = max(len(self.lists) - 1, 0)
        if self.lists and self.fresh:
            self.fresh = False
            return Paragraph(tuple(runs), self.style, self.lists[-1], depth, self.quotes)
        return Paragraph(tuple(runs), self.style, indent=self.quotes + len(self.lists))


def _paragraphs(tokens: Sequence[Token]) -> Iterator[Paragraph]:
    here = _Place()
    for token in tokens:
        _enter(here, token)
        if token.type == "inline":
            runs = list(_runs(token.children or []))
            if here.cells is None:
                yield here.paragraph(runs)
            else:
                here.cells += [*([Run(" | ")] if here.cells else []), *(runs or [Run(" ")])]
        elif token.type in ("fence", "code_block"):
            for line in token.content.rstrip("\n").split("\n"):
                yield here.paragraph([Run(line.replace("\t", "    "), _CODE)] if line else [])
        elif token.type == "html_block":
            for line in token.content.rstrip("\n").split("\n"):
                yield replace(here.paragraph(()), runs=_line(line).runs)
        elif token.type == "hr":
            yield here.paragraph([Run("⸻")])
        elif token.type == "tr_close":
            yield here.paragraph(here.cells or [])
            here.cells = None


def _enter(here: _Place, token: Token) -> None:
    kind = token.type
    if kind in ("bullet_list_open", "ordered_list_open"):
        here.lists.append("bullet" if kind.startswith("bullet") else "number")
    elif kind in ("bullet_list_close", "ordered_list_close"):
        here.lists.pop()
    elif kind in ("list_item_open", "list_item_close"):
        here.fresh = kind.endswith("open")
    elif kind in ("blockquote_open", "blockquote_close"):
        here.quotes += 1 if kind.endswith("open") else -1
    elif kind in ("heading_open", "heading_close"):
        here.style = f"HEADING_{token.tag[1:]}" if kind.endswith("open") else "NORMAL_TEXT"
    elif kind == "tr_open":
        here.cells = []


def _runs(children: Sequence[Token]) -> Iterator[Run]:
    open_: list[dict[str, JSON]] = []
    for token in children:
        name, _, end = token.type.rpartition("_")
        if end == "open":
            link = {"link": {"url": str(token.attrs.get("href", ""))}}
            open_.append(_MARKS.get(name, link if name == "link" else {}))
        elif end == "close" and open_:
            open_.pop()
        elif text := _text(token):
            style = {key: value for one in open_ for key, value in one.items()}
            yield Run(text, style | (_CODE if token.type == "code_inline" else {}))


def _text(token: Token) -> str:
    """A break that was meant is one inside of the paragraph: U+000B."""
    if token.type == "hardbreak":
        return "\v"
    if token.type == "softbreak":
        return " "
    if token.type == "image":
        return f"{token.content} ({token.attrs.get('src', '')})".strip()
    return token.content.replace("\t", "    ").replace("\n", " ")


# --- writing ----------------------------------------------------------------------------------------------------------


def requests(markdown: str) -> list[JSON]:
    """What `documents.batchUpdate` takes to write this into an empty document; [] for a blank text."""
    found = read(markdown)
    text = "\n".join("\t" * one.tabs + one.text for one in found)
    if not text.strip():
        return []
    placed = list(_placed(found))
    insert: JSON = {"insertText": {"location": {"index": 1}, "text": text}}
    space = {"spaceBelow": {"magnitude": _SPACE, "unit": "PT"}}
    whole = _range(1, 1 + units(text) + 1)
    apart = {"updateParagraphStyle": {"range": whole, "paragraphStyle": space, "fields": "spaceBelow"}}
    styles = [one for start, paragraph in placed for one in _styles(start, paragraph)]
    return [insert, apart, *styles, *_bullets(placed)]


def _placed(paragraphs: Sequence[Paragraph]) -> Iterator[tuple[int, Paragraph]]:
    at = 1
    for one in paragraphs:
        yield at, one
        at += one.tabs + units(one.text) + 1


def _range(start: int, end: int) -> dict[str, JSON]:
    return {"startIndex": start, "endIndex": end}


def _styles(start: int, one: Paragraph) -> Iterator[JSON]:
    span = _range(start, start + one.tabs + units(one.text) + 1)
    if one.style != "NORMAL_TEXT":
        style = {"namedStyleType": one.style}
        yield {"updateParagraphStyle": {"range": span, "paragraphStyle": style, "fields": "namedStyleType"}}
    if one.indent and not one.list:
        wide = {"magnitude": _INDENT * one.indent, "unit": "PT"}
        both = {"indentStart": wide, "indentFirstLine": wide}
        yield {"updateParagraphStyle": {"range": span, "paragraphStyle": both, "fields": "indentFirstLine,indentStart"}}
    at = start + one.tabs
    for run in one.runs:
        end = at + units(run.text)
        if run.style:
            fields = ",".join(sorted(run.style))
            yield {"updateTextStyle": {"range": _range(at, end), "textStyle": run.style, "fields": fields}}
        at = end


def _bullets(placed: Sequence[tuple[int, Paragraph]]) -> list[JSON]:
    """One for every stretch of lines of the same kind, the last first."""
    found: list[JSON] = []
    before = ""
    for start, one in placed:
        end = start + one.tabs + units(one.text) + 1
        if one.list and one.list == before:
            found[-1]["createParagraphBullets"]["range"]["endIndex"] = end
        elif one.list:
            found.append({"createParagraphBullets": {"range": _range(start, end), "bulletPreset": _PRESETS[one.list]}})
        before = one.list
    return found[::-1]
