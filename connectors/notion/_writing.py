"""Markdown at the end of a page that is there, found again behind the block that was the last one, and taken away again."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import JSON, Call, Refused
from connectors.notion._appends import append_blocks, calls, run_of, telling
from connectors.notion._cells import page_there
from connectors.notion._client import Notion, require_id, segment, status_of
from connectors.notion._markdown import read
from connectors.notion._parts import BYTES, parts
from connectors.notion._tree import mark
from connectors.notion._updates import GONE

Found = list[dict[str, JSON]]


def append_markdown(
    client: Notion, key: str, *, page: str, markdown: str, last: str = "", start: int = 0
) -> dict[str, JSON]:
    """From prepared arguments. `last`: the block that was the page's last one, "" on an empty page; `start`: how many there
    were. What does not fit into one request follows in `after`."""
    return append_blocks(client, key, parent=page, blocks=first_part(markdown))


def first_part(markdown: str) -> list[JSON]:
    return next(parts(read(markdown), BYTES)).blocks


def prepare(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    page = page_there(client, require_id(str(arguments.get("page") or ""), "page"))
    if page is None:
        raise Refused(GONE)
    markdown = str(arguments.get("markdown") or "")
    if not read(markdown):
        raise Refused("There is no text to add to this page.")
    return {"page": page["id"], "markdown": markdown, **_end(client, page["id"])}


def _end(client: Notion, page: str) -> dict[str, JSON]:
    there = [block["id"] for block in client.children(page)]
    return {"last": there[-1] if there else "", "start": len(there)}


def after(arguments: dict[str, JSON], result: dict[str, JSON]) -> list[Call]:
    """The rest, request by request, in reading order. What goes into blocks of ours finds them behind those there were."""
    further = []
    for call in calls(arguments["page"], read(arguments["markdown"]), BYTES):
        path = call.arguments["path"]
        if path:
            moved = [[path[0][0] + arguments["start"], path[0][1]], *path[1:]]
            further.append(Call("append_blocks", {**call.arguments, "path": moved}))
        else:
            further.append(Call("append_more", {"page": arguments["page"], "blocks": call.arguments["blocks"]}))
    return further


def append_more(client: Notion, key: str, *, page: str, blocks: Sequence[JSON], last: str = "") -> dict[str, JSON]:
    """One more part of a long text, at the end of the page."""
    return append_blocks(client, key, parent=page, blocks=blocks)


def prepare_more(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    return {**arguments, "last": _end(client, arguments["page"])["last"]}


# --- finding ----------------------------------------------------------------------------------------------------------


def find_appended(client: Notion, key: str, arguments: dict[str, JSON]) -> Found:
    return _find(client, arguments, first_part(arguments["markdown"]))


def find_more(client: Notion, key: str, arguments: dict[str, JSON]) -> Found:
    return _find(client, arguments, arguments["blocks"])


def _find(client: Notion, arguments: dict[str, JSON], ours: Sequence[JSON]) -> Found:
    """Blocks that read like ours behind the one that was the last. All of them: they arrived. None: they did not. Some, or
    the last one is gone and there are look-alikes: two results, so that a person decides."""
    there, last = list(client.children(arguments["page"])), arguments.get("last") or ""
    places = [n for n, block in enumerate(there) if block["id"] == last]
    tail = there[places[0] + 1 :] if places else there
    wanted = telling(ours)
    alike = [block for block in tail if mark(block) in wanted]
    if not alike:
        return []
    if len(alike) != sum(mark(block) in wanted for block in ours) or (last and not places):
        return [{"id": arguments["page"], "ids": []}] * 2
    ids = [block["id"] for block in run_of(tail, ours, 0) or alike]
    return [{"id": ids[0], "ids": ids}]


# --- taking it away ---------------------------------------------------------------------------------------------------


def appended_changed(client: Notion, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the lines since. Those that somebody has taken away need nothing."""
    page = page_there(client, arguments["page"])
    if page is None:
        return None
    ours = arguments["blocks"] if "blocks" in arguments else first_part(arguments["markdown"])
    marks = dict(zip(made.get("ids") or [], map(mark, ours), strict=False))
    for block in client.children(arguments["page"]):
        if block["id"] in marks and (mark(block) != marks[block["id"]] or not _untouched(client, block)):
            return "Somebody edited the lines that were added to this page."
    return None


def _untouched(client: Notion, block: JSON) -> bool:
    """Whether only we wrote this block and all that is in it."""
    people = {str((block.get(who) or {}).get("id")) for who in ("created_by", "last_edited_by")}
    inside = client.children(block["id"]) if block.get("has_children") else ()
    return people == {client.me} and all(_untouched(client, child) for child in inside)


def undo_append(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    first, *rest = made.get("ids") or [made["id"]]
    return Call("trash_block", {"block": first, "rest": rest})


def trash_block(client: Notion, key: str, *, block: str, rest: Sequence[str] = ()) -> dict[str, JSON]:
    """To the trash, with all that is in it; `rest` follows. One that is gone is as good."""
    try:
        client.delete(f"blocks/{segment(block)}")
    except Exception as error:
        if status_of(error) != 404 and not (status_of(error) == 400 and "archived" in str(error)):
            raise
    return {"id": block, "url": ""}


def trash_rest(arguments: dict[str, JSON], result: dict[str, JSON]) -> list[Call]:
    return [Call("trash_block", {"block": block, "rest": []}) for block in arguments.get("rest") or ()]


def find_trashed_block(client: Notion, key: str, arguments: dict[str, JSON]) -> Found:
    gone = [{"id": arguments["block"], "url": ""}]
    try:
        block = client.get(f"blocks/{segment(arguments['block'])}")
    except Exception as error:
        if status_of(error) == 404:
            return gone
        raise
    return gone if block.get("in_trash") or block.get("archived") else []
