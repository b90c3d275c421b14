"""Markdown as the block editor's markup, so that a draft can be edited block by block.

https://developer.wordpress.org/block-editor/explanations/architecture/key-concepts/ . Plain HTML would land in one Classic
block. The text may be anybody's: HTML in it is shown, not run, and square brackets start no shortcode.
"""

from __future__ import annotations

import html
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Kind of token → name of the block, the tag's class.
_BLOCKS = {
    "paragraph_open": ("paragraph", ""),
    "heading_open": ("heading", "wp-block-heading"),
    "bullet_list_open": ("list", "wp-block-list"),
    "ordered_list_open": ("list", "wp-block-list"),
    "blockquote_open": ("quote", "wp-block-quote"),
    "fence": ("code", ""),
    "code_block": ("code", ""),
    "hr": ("separator", ""),
    "table_open": ("table", ""),
}


def blocks(markdown: str) -> str:
    """The content of a post. Blocks are separated by an empty line, as the editor itself writes them."""
    return _inert("\n\n".join(_group(group) for group in _groups(_reader().parse(markdown))))


def words(text: str) -> str:
    """A title or excerpt, in which WordPress would else read HTML."""
    return _inert(html.escape(" ".join(text.split()), quote=False))


def _inert(markup: str) -> str:
    """Shortcodes run wherever "[" stands. Three digits, as kses would write them anyway."""
    return markup.replace("[", "&#091;")


@cache  # at the reader's own limit of 20 levels (a list takes two for each) words would be lost
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": True, "maxNesting": 100}).enable(
        ["table", "strikethrough"]
    )


def _groups(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each block at the outermost level."""
    groups: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            groups.append([])
        groups[-1].append(token)
        depth += token.nesting
    return groups


def _group(tokens: list[Token]) -> str:
    first = tokens[0]
    name, css = _BLOCKS[first.type]
    if css:
        first.attrSet("class", css)
    attributes = ""
    if name == "heading" and first.tag != "h2":
        attributes = f' {{"level":{first.tag[1:]}}}'
    if first.type == "ordered_list_open":
        attributes = ' {"ordered":true}'
    return f"<!-- wp:{name}{attributes} -->\n{_inside(name, tokens)}\n<!-- /wp:{name} -->"


def _inside(name: str, tokens: list[Token]) -> str:
    if name == "quote":
        inner = "\n".join(_group(group) for group in _groups(tokens[1:-1]))
        return f'<blockquote class="wp-block-quote">{inner}</blockquote>'
    if name == "code":
        return f'<pre class="wp-block-code"><code>{html.escape(tokens[0].content, quote=False)}</code></pre>'
    if name == "separator":
        return '<hr class="wp-block-separator has-alpha-channel-opacity"/>'
    if name == "list":
        for token in tokens:
            token.hidden = token.hidden or token.type in ("paragraph_open", "paragraph_close")
    rendered = _reader().renderer.render(tokens, _reader().options, {}).strip()
    return f'<figure class="wp-block-table">{rendered}</figure>' if name == "table" else rendered
