"""The inside of one line of Markdown: bold, links, code, equations and the rest, as spans."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

from connectors.notion._text import EQUATION, Span, may_link, units

_STYLES = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def spans(tokens: Sequence[Token]) -> list[Span]:
    """The spans of an inline token's children. What we do not know stays as its source text."""
    reader = _Reader()
    for token in tokens:
        reader.take(token)
    return [span for span in reader.found if span.text]


class _Reader:
    def __init__(self) -> None:
        self.found: list[Span] = []
        self.styles: list[str] = []
        self.link = ""
        self._opened: tuple[Token, int] | None = None

    def take(self, token: Token) -> None:
        base = token.type.removesuffix("_open").removesuffix("_close")
        if base in _STYLES:
            self._style(_STYLES[base], token.nesting)
        elif token.type == "link_open":
            self._open_link(token)
        elif token.type == "link_close":
            self._close_link()
        elif token.type == "image":
            self._image(token)
        elif token.type.startswith("math_inline"):
            self._equation(token)
        elif token.type in ("softbreak", "hardbreak"):
            # A soft break stays a line break: recaps and mails mean their line ends.
            self._add("\n")
        else:
            self._add(token.content, *(("code",) if token.type == "code_inline" else ()))

    def _add(self, text: str, *styles: str, link: str | None = None) -> None:
        look = frozenset((*self.styles, *styles))
        self.found.append(Span(text, look, self.link if link is None else link))

    def _style(self, style: str, nesting: int) -> None:
        if nesting > 0:
            self.styles.append(style)
        elif style in self.styles:
            self.styles.remove(style)

    def _open_link(self, token: Token) -> None:
        href = str(token.attrs.get("href", ""))
        self._opened = (token, len(self.found))
        self.link = href if may_link(href) else ""

    def _close_link(self) -> None:
        """What the label alone would lose is written after it: an address Notion refuses, a title."""
        if self._opened is None:
            return
        token, start = self._opened
        href, label = str(token.attrs.get("href", "")), self.found[start:]
        if not any(span.text for span in label):
            self._add(href)
        elif not any(span.link for span in label) and "".join(span.text for span in label) != href:
            self._add(f" ({href})")
        self.link, self._opened = "", None
        self._title(token)

    def _image(self, token: Token) -> None:
        """Notion would fetch an image from its address, which may be private: the address is shown as a link."""
        source = str(token.attrs.get("src", ""))
        alt = "".join(span.text for span in spans(token.children or ())) or token.content
        linked = not self.link and may_link(source)
        self._add(f"image: {alt or source}", link=source if linked else None)
        if not linked and alt:
            self._add(f" ({source})")
        self._title(token)

    def _title(self, token: Token) -> None:
        if token.attrs.get("title"):
            self._add(f" ({token.attrs['title']})")

    def _equation(self, token: Token) -> None:
        expression = token.content.strip()
        if expression and units(expression) <= EQUATION:
            self.found.append(Span(expression, frozenset(self.styles), "", equation=True))
        else:
            self._add(f"{token.markup}{token.content}{token.markup}", "code")
