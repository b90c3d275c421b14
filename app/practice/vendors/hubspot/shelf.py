"""What the practice HubSpot keeps, and how it says no."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask import request

from app.practice.door import Ground, Refusal, done

SLUG, VERSION = "hubspot", "2026-03"
KINDS = ("contacts", "companies", "deals", "notes", "tasks")
Record = dict[str, Any]


def no(status: int, category: str, message: str, **more: Any) -> NoReturn:
    raise Refusal(
        status, {"status": "error", "message": message, "correlationId": "practice", "category": category, **more}
    )


def given() -> Record:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        no(400, "VALIDATION_ERROR", "Invalid input JSON")
    return body


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Shelf:
    """Records by kind and number; `stored` is when each was last put here, for a search that is behind."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.ledger = ground, ground.ledger

    def all(self, kind: str) -> list[Record]:
        return [one["record"] for one in self.ledger.objects(SLUG, kind)]

    def alive(self, kind: str) -> list[Record]:
        return [one for one in self.all(kind) if not one["archived"]]

    def indexed(self, kind: str) -> list[Record]:
        """What the search knows already."""
        until = time.time() - float(self.ledger.note("hubspot_lag", 0))
        found = [one for one in self.ledger.objects(SLUG, kind) if one["stored"] <= until]
        return [one["record"] for one in found if not one["record"]["archived"]]

    def get(self, kind: str, id: Any) -> Record | None:
        found = self.ledger.get(SLUG, f"{kind}-{id}", kind)
        return found["record"] if found else None

    def by(self, kind: str, name: str, value: str) -> Record | None:
        """The record that alone has this value; addresses without regard to case."""
        found = [one for one in self.alive(kind) if str(one["properties"].get(name) or "").lower() == value.lower()]
        return found[0] if found else None

    def put(self, kind: str, record: Record) -> None:
        told = {"id": f"{kind}-{record['id']}", "record": record, "stored": time.time(), "in_trash": record["archived"]}
        self.ledger.put(SLUG, kind, told)

    def next_id(self) -> str:
        number = int(self.ledger.note("hubspot_last", 500)) + 1
        self.ledger.set_note("hubspot_last", number)
        return str(number)

    def done(self, what: str, id: Any) -> None:
        done(self.ground, what, str(id))
