"""What the practice Pipedrive keeps, and how it answers: an envelope around everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask import Response, jsonify, request

from app.practice.door import Ground, Refusal, done

SLUG = "pipedrive"
Record = dict[str, Any]


def told(data: Any, more: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    response = jsonify({"success": True, "data": data, **({"additional_data": more} if more is not None else {})})
    response.status_code = status
    return response


def no(status: int, error: str, **more: str) -> NoReturn:
    raise Refusal(status, {"success": False, "error": error, "error_info": "", "data": None, **more})


def given() -> Record:
    """The body: JSON and nothing else."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        no(400, "Invalid JSON was passed")
    return body


class Shelf:
    """Records by kind and number; in the ledger a number alone would name several."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.ledger = ground, ground.ledger

    def all(self, kind: str) -> list[Record]:
        return [one["record"] for one in self.ledger.objects(SLUG, kind)]

    def get(self, kind: str, id: Any) -> Record | None:
        found = self.ledger.get(SLUG, f"{kind}-{id}", kind)
        return found["record"] if found else None

    def put(self, kind: str, record: Record) -> None:
        gone = bool(record.get("is_deleted") or record.get("active_flag") is False)
        self.ledger.put(SLUG, kind, {"id": f"{kind}-{record['id']}", "record": record, "in_trash": gone})

    def next_id(self, kind: str) -> int:
        return max((one["id"] for one in self.all(kind)), default=0) + 1

    def done(self, what: str, id: Any) -> None:
        done(self.ground, what, str(id))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
