"""Where the practice Notion keeps its databases, pages and blocks, and what it shows of them."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from app.practice.door import Ground
from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.blocks import Block
from app.practice.vendors.notion.people import BOT
from app.practice.vendors.notion.problems import archived, missing

SLUG = "notion"
Object = dict[str, Any]


def now() -> str:
    """Notion rounds its times down to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def stamps(by: str = BOT, at: str = "") -> Object:
    user, when = {"object": "user", "id": by}, at or now()
    return {"created_time": when, "last_edited_time": when, "created_by": user, "last_edited_by": user}


class Shelf:
    """Objects by id. Methods that change something belong inside `ground.ledger.write()`."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.ledger = ground, ground.ledger

    # --- looking up ---------------------------------------------------------------------------------------------------

    def shared(self, kind: str, id: str) -> Object:
        """The object, or Notion's 404 if it is not there or not shared with the connection."""
        found = self.ledger.get(SLUG, id, kind)
        if found is None or self._hidden(found):
            missing(kind, id)
        return found

    def place(self, id: str) -> Object:
        """A block or page that blocks can hang on."""
        found = self.ledger.get(SLUG, id)
        if found is None or found["object"] not in ("page", "block") or self._hidden(found):
            missing("block", id)
        return found

    def above(self, item: Object) -> Object | None:
        parent = item["parent"]
        return self.ledger.get(SLUG, parent.get(parent["type"])) if parent["type"] != "workspace" else None

    def page_of(self, item: Object) -> Object:
        while item["object"] == "block":
            item = self.above(item) or item
        return item

    def editable(self, item: Object) -> None:
        """Refuses what lies in the trash, or in something that does."""
        step: Object | None = item
        while step is not None:
            if step.get("in_trash"):
                archived()
            step = self.above(step)

    def _hidden(self, item: Object) -> bool:
        closed = self.ledger.note("unshared", [])
        step: Object | None = item if closed else None
        while step is not None:
            if step["id"] in closed:
                return True
            if step["object"] == "database":
                return all(source["id"] in closed for source in step["data_sources"])
            step = self.above(step)
        return False

    # --- changing -----------------------------------------------------------------------------------------------------

    def save(self, item: Object, *, by: str = BOT, rank: int = 0, at: str = "") -> None:
        """Stores an object that was changed now, or `at` another time, and moves the times of its page along."""
        parent = item["parent"]
        item.update(last_edited_time=at or now(), last_edited_by={"object": "user", "id": by})
        self.ledger.put(SLUG, item["object"], item, parent=str(parent.get(parent["type"])), rank=rank)
        page = self.page_of(item)
        if page is not item and page["object"] == "page":
            self.save(page, by=by, at=at)

    def insert(self, parent: Object, blocks: list[Block], after: str = "", start: bool = False) -> list[Object]:
        """Puts blocks below `parent`: at the end, the start, or after one of its blocks. Returns the topmost ones."""
        rank = self._gap(parent["id"], len(blocks), after, start)
        made = [self._insert(parent, block, rank + i) for i, block in enumerate(blocks)]
        self.save(self.page_of(parent))
        return made

    def _insert(self, parent: Object, block: Block, rank: int) -> Object:
        kind = f"{parent['object']}_id"
        item: Object = {"object": "block", "id": str(uuid.uuid4()), "parent": {"type": kind, kind: parent["id"]}}
        item |= {**stamps(), "in_trash": False, "type": block.type, block.type: block.content}
        self.ledger.put(SLUG, "block", item, parent=parent["id"], rank=rank)
        for i, child in enumerate(block.children):
            self._insert(item, child, i)
        return item

    def _gap(self, parent: str, size: int, after: str, start: bool) -> int:
        if not after and not start:
            row = self.ledger.rows("select max(rank) as last from objects where slug=? and parent=?", SLUG, parent)[0]
            return 0 if row["last"] is None else int(row["last"]) + 1
        first = 0
        if after:
            row = self.ledger.rows("select rank from objects where slug=? and id=?", SLUG, after)[0]
            first = int(row["rank"]) + 1
        move = "update objects set rank=rank+? where slug=? and parent=? and kind='block' and rank>=?"
        self.ledger.change(move, size, SLUG, parent, first)
        return first

    # --- reading ------------------------------------------------------------------------------------------------------

    def children(self, parent: str) -> list[Object]:
        return [block for block in self.ledger.objects(SLUG, "block", parent) if not block["in_trash"]]

    def pages(self, source: str, lag: float = 0) -> list[Object]:
        """Pages of a data source that are not in the trash and that its index has seen."""
        rows = self.ledger.objects_made(SLUG, "page", source, time.time() - lag)
        return [page for page in rows if not page["in_trash"]]

    def visible(self, kind: str) -> list[Object]:
        """All objects of a kind that the connection may see."""
        items = self.ledger.objects(SLUG, kind)
        return [item for item in items if not item["in_trash"] and not self._hidden(item)]

    def show_block(self, block: Object) -> Object:
        sql = "select 1 from objects where slug=? and parent=? and kind='block' and gone=0 limit 1"
        return {**block, "has_children": bool(self.ledger.rows(sql, SLUG, block["id"]))}


def title_of(item: Object) -> str:
    """The words in the title of a page, data source or database."""
    value = item["properties"].get("title", []) if item["object"] == "page" else item["title"]
    return rich_text.plain(value)
