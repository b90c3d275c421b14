"""The rest of a long page: blocks added to the end of the page or of one of its blocks, and found again by their text.

A block that is to hold more has no id we know when the calls are made, so a call names it by its place, `path`: one
[index, mark] per level below the page. `prepare` walks that path; `mark` tells whether the block there is still ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.contract import JSON, Call, Refused
from connectors.notion._client import Notion, read_id, segment
from connectors.notion._parts import Part, parts
from connectors.notion._tree import Node, mark

Found = list[dict[str, JSON]]


def calls(page: str, nodes: Sequence[Node], room: int) -> list[Call]:
    """One `append_blocks` for every request after the first one."""
    _, *rest = parts(nodes, room)
    return [Call("append_blocks", _arguments(page, nodes, part)) for part in rest]


def _arguments(page: str, nodes: Sequence[Node], part: Part) -> dict[str, JSON]:
    path, siblings = [], nodes
    for index in part.path:
        path.append([index, mark(siblings[index].payload())])
        siblings = siblings[index].children
    ours = telling(part.blocks)
    alike = sum(mark(node.payload()) in ours for node in siblings[: part.start])
    return {"parent": page, "blocks": part.blocks, "path": path, "start": part.start, "alike": alike}


def telling(blocks: Iterable[JSON]) -> set[str]:
    """The marks by which these blocks are looked for: those with text, if there are any."""
    marks = {mark(block) for block in blocks}
    return {one for one in marks if not one.endswith(":")} or marks


def append_blocks(
    client: Notion,
    key: str,
    *,
    parent: str,
    blocks: Sequence[JSON],
    path: Sequence[JSON] = (),
    start: int = 0,
    alike: int = 0,
) -> dict[str, JSON]:
    """Blocks at the end of a page or block, from prepared arguments. `start` and `alike` (how many blocks stand before
    them, and how many of those look like one of them) serve `find_blocks`."""
    answer = client.patch(f"blocks/{segment(parent)}/children", {"children": list(blocks)})
    return _result(answer["results"])


def _result(blocks: Sequence[JSON]) -> dict[str, JSON]:
    ids = [block["id"] for block in blocks]
    return {"id": ids[0], "ids": ids}


def prepare(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Replaces the path by the id of the block it leads to. A page that was only drawn has no blocks to look at."""
    if read_id(arguments["parent"]) is None:
        return arguments
    return {**arguments, "parent": _walk(client, arguments["parent"], arguments.get("path") or []), "path": []}


def _walk(client: Notion, page: str, path: Sequence[JSON]) -> str:
    block = page
    steps: list[tuple[int, str]] = []
    for index, wanted in path:
        steps.append((index, wanted))
        place = (page, *steps)
        if place not in client.places:
            client.places[place] = _child(client, block, index, wanted)
        block = client.places[place]
    return block


def _child(client: Notion, parent: str, index: int, wanted: str) -> str:
    """The block at this place; if somebody moved things, the only one that reads like it."""
    alike = []
    for at, block in enumerate(client.children(parent)):
        if mark(block) != wanted:
            continue
        if at == index:
            return str(block["id"])
        alike.append(str(block["id"]))
    if len(alike) == 1:
        return alike[0]
    raise Refused(
        "Somebody edited the Notion page while Patchbay was still writing it, and the block that the next lines belong "
        "under cannot be found. Undo this run and run it again, or add the missing lines by hand."
    )


def find_blocks(client: Notion, key: str, arguments: dict[str, JSON]) -> Found:
    """Whether the blocks arrived, told by how many blocks of the parent read like one of them.

    None beyond those written before: not there. All of them: there. Anything between, or look-alikes on a page that
    somebody edited meanwhile: two results, so that a person decides.
    """
    ours = arguments["blocks"]
    parent = _walk(client, arguments["parent"], arguments.get("path") or [])
    there = list(client.children(parent))
    undecided: Found = [{"id": parent, "ids": []}] * 2
    wanted_marks = telling(ours)
    alike = [block for block in there if mark(block) in wanted_marks]
    before, wanted = arguments.get("alike", 0), sum(mark(block) in wanted_marks for block in ours)
    untouched = len(there) in (arguments.get("start", 0), arguments.get("start", 0) + len(ours))
    if before and not untouched:
        return undecided
    if len(alike) == before:
        return []
    if len(alike) == before + wanted:
        return [_result(run_of(there, ours, arguments.get("start", 0)) or alike[before:])]
    return undecided


def run_of(there: Sequence[JSON], ours: Sequence[JSON], start: int) -> Sequence[JSON]:
    """Our blocks in one piece, at the place they were sent to or anywhere else."""
    marks, wanted = [mark(block) for block in there], [mark(block) for block in ours]
    for at in (start, *range(len(there) - len(ours) + 1)):
        if marks[at : at + len(ours)] == wanted:
            return there[at : at + len(ours)]
    return []
