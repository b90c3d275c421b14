"""A block of a page before it is sent, and the mark by which it is recognised afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from connectors.contract import JSON
from connectors.notion._text import batches, literal, plain, size

# Kinds whose text may go on in a second block of the same kind; a second list item would look like one item more.
_GOES_ON = ("paragraph", "heading_1", "heading_2", "heading_3", "quote", "code")


@dataclass(frozen=True)
class Node:
    """One block with everything inside it. `body` is Notion's object of that kind, without its children."""

    kind: str
    body: Mapping[str, JSON] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    @cached_property
    def size(self) -> int:
        """Its bytes on the wire without its children, generously. Measured once: a page is drawn, sent and gone on with."""
        return size(self.payload()) + 20

    def payload(self, children: Sequence[JSON] = ()) -> JSON:
        inside = {"children": list(children)} if children else {}
        return {"object": "block", "type": self.kind, self.kind: {**self.body, **inside}}


def texts(
    kind: str, items: Sequence[JSON], children: Sequence[Node] = (), body: Mapping[str, JSON] | None = None
) -> list[Node]:
    """Blocks of a kind that hold this rich text: one, or as many as Notion's limits ask for."""
    first, *rest = batches(items)
    extra = dict(body or {})
    if kind not in _GOES_ON:
        more = [Node("paragraph", {"rich_text": group}) for group in rest]
        return [Node(kind, {"rich_text": first, **extra}, (*more, *children))]
    groups = [first, *rest]
    nodes = [Node(kind, {"rich_text": group, **extra}) for group in groups[:-1]]
    return [*nodes, Node(kind, {"rich_text": groups[-1], **extra}, tuple(children))]


def paragraphs(text: str) -> list[Node]:
    """Text as it stands."""
    return texts("paragraph", literal(text))


def mark(block: JSON) -> str:
    """`kind:digest of its text` of a block we would send or Notion sends; nothing after the colon if it has no text.

    Colours, ticks, languages and links are left out: they may differ between what is sent and what is read back.
    """
    kind = block["type"]
    words = " ".join(visible(block).split())
    return f"{kind}:{hashlib.sha256(words.encode()).hexdigest()[:16] if words else ''}"


def visible(block: JSON) -> str:
    """The text of one block, without the blocks inside it."""
    body = block[block["type"]]
    cells = " ".join(plain(cell) for cell in body.get("cells", ()))
    expression = str(body.get("expression", ""))
    return expression + plain(body.get("rich_text", ())) + cells + plain(body.get("caption", ()))
