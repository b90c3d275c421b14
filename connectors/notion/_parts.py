"""A tree of blocks cut into requests that keep every limit, in reading order.

A request carries at most 100 blocks per array, their children and their children's children (two levels of nesting),
1000 blocks and 500 KB in all: https://developers.notion.com/reference/request-limits, /reference/patch-block-children
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connectors.contract import JSON
from connectors.notion._tree import Node

ARRAY = 100
LEVELS = 2
BLOCKS = 900
BYTES = 400_000
# Of one block with all that travels inside it, so that any block fits into a request that already holds properties.
_OWN_BLOCKS = 400
_OWN_BYTES = 200_000

Later = tuple[tuple[int, ...], int, Sequence[Node]]  # where, after how many siblings, what


@dataclass(frozen=True)
class Part:
    """Blocks that go into one parent in one request. `path` leads from the page to the parent, index by index;
    `start` is how many blocks the parent holds by then."""

    path: tuple[int, ...]
    start: int
    blocks: list[JSON]


@dataclass
class _Packed:
    payload: JSON
    blocks: int
    bytes: int
    later: list[Later] = field(default_factory=list)


def parts(nodes: Sequence[Node], room: int = BYTES) -> Iterator[Part]:
    """At least one part, the first of at most `room` bytes and for the page itself. Same tree, same parts."""
    first, after = _fill(nodes, room)
    yield Part((), 0, [packed.payload for packed in first])
    yield from _rest((), 0, nodes, first, after)


def _rest(
    path: tuple[int, ...], start: int, nodes: Sequence[Node], packed: Sequence[_Packed], after: int
) -> Iterator[Part]:
    """What the blocks just placed still lack, then their next siblings."""
    for index, one in enumerate(packed):
        for deeper, begun, lacking in one.later:
            yield from _place((*path, start + index, *deeper), begun, lacking)
    if after < len(nodes):
        yield from _place(path, start + after, nodes[after:])


def _place(path: tuple[int, ...], start: int, nodes: Sequence[Node]) -> Iterator[Part]:
    while nodes:
        packed, after = _fill(nodes, BYTES)
        yield Part(path, start, [one.payload for one in packed])
        yield from _rest(path, start, nodes[:after], packed, after)
        start, nodes = start + after, nodes[after:]


def _fill(nodes: Sequence[Node], room: int) -> tuple[list[_Packed], int]:
    """As many of the first blocks as one request takes, and how many that are."""
    taken: list[_Packed] = []
    blocks = used = 0
    for node in nodes[:ARRAY]:
        packed = _pack(node, LEVELS, _OWN_BLOCKS, _OWN_BYTES)
        if taken and (blocks + packed.blocks > BLOCKS or used + packed.bytes > room):
            break
        taken.append(packed)
        blocks += packed.blocks
        used += packed.bytes
    return taken, len(taken)


def _pack(node: Node, levels: int, blocks: int, room: int) -> _Packed:
    """The block with as many of its first descendants as the levels, blocks and bytes allow."""
    found = _Packed(None, 1, node.size)
    inside: list[JSON] = []
    for index, child in enumerate(node.children):
        if index == ARRAY or not _fits(child, levels, blocks - found.blocks, room - found.bytes):
            found.later.append(((), index, node.children[index:]))
            break
        packed = _pack(child, levels - 1, blocks - found.blocks, room - found.bytes)
        inside.append(packed.payload)
        found.blocks += packed.blocks
        found.bytes += packed.bytes
        found.later += [((index, *deeper), begun, rest) for deeper, begun, rest in packed.later]
    found.payload = node.payload(inside)
    return found


def _fits(child: Node, levels: int, blocks: int, room: int) -> bool:
    """A table exists only with its rows, so it needs room and a level for all of them."""
    if child.kind == "table":
        return levels > 1 and len(child.children) < blocks and _whole(child) <= room
    return levels > 0 and blocks > 0 and child.size <= room


def _whole(node: Node) -> int:
    return node.size + sum(_whole(child) for child in node.children)
