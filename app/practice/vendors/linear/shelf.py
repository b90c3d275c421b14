"""What the practice Linear keeps, and how it says no."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.practice.door import Ground, done

SLUG = "linear"
Record = dict[str, Any]


class Problem(Exception):
    """An error as Linear tells it: `kind` is `extensions.type`."""

    def __init__(self, words: str, kind: str, status: int = 200, code: str = "INPUT_ERROR") -> None:
        super().__init__(words)
        self.words, self.kind, self.status, self.code = words, kind, status, code


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Shelf:
    def __init__(self, ground: Ground) -> None:
        self.ground, self.ledger = ground, ground.ledger

    def all(self, kind: str) -> list[Record]:
        return self.ledger.objects(SLUG, kind)

    def find(self, kind: str, id: Any) -> Record:
        """By id, an issue also by its number."""
        for one in self.all(kind):
            if id in (one["id"], one.get("identifier")):
                return one
        raise Problem(f"Entity not found: {kind.capitalize()}", "invalid input")

    def put(self, kind: str, record: Record) -> Record:
        self.ledger.put(SLUG, kind, {**record, "in_trash": bool(record.get("trashed"))})
        return record

    def drop(self, kind: str, id: str) -> None:
        self.find(kind, id)
        self.ledger.change("delete from objects where slug=? and kind=? and id=?", SLUG, kind, id)

    def taken(self, id: str) -> bool:
        return self.ledger.get(SLUG, id) is not None

    def done(self, what: str, id: str) -> None:
        done(self.ground, what, id)
