"""What stands in the practice Stripe, and how it is listed. https://docs.stripe.com/api/pagination"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from app.practice.door import Ground, done
from app.practice.ledger import Ledger
from app.practice.vendors.stripe._form import Form, whole
from app.practice.vendors.stripe._refusals import invalid, none_such

JSON = Any
Thing = dict[str, Any]
SLUG = "stripe"
VERSION = "2026-10-28.endive"


@dataclass(frozen=True)
class Shelf:
    ground: Ground

    @property
    def ledger(self) -> Ledger:
        return self.ground.ledger

    def new(self, prefix: str, kind: str, data: Thing) -> Thing:
        """Ids are small here: the ledger does not tell capitals apart."""
        made = {
            "id": f"{prefix}_{secrets.token_hex(8)}",
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
        }
        return self.keep(kind, {**made, **data})

    def keep(self, kind: str, thing: Thing) -> Thing:
        self.ledger.put(SLUG, kind, thing)
        return thing

    def maybe(self, kind: str, which: str) -> Thing | None:
        found = self.ledger.get(SLUG, which, kind)
        return found if found is not None and found["id"] == which else None

    def get(self, kind: str, which: str) -> Thing:
        """Raises `Refusal` for one that is not there or was deleted."""
        found = self.maybe(kind, which)
        if found is None or found.get("deleted"):
            none_such("invoiceitem" if kind == "line" else kind, which)
        return found

    def every(self, kind: str) -> list[Thing]:
        """Newest first, without those that were deleted."""
        found = [one for one in self.ledger.objects(SLUG, kind) if not one.get("deleted")]
        return sorted(found, key=lambda one: one["created"], reverse=True) if kind == "event" else found[::-1]

    def happened(self, kind: str, about: Thing, what: str, before: Thing | None = None) -> None:
        """The change this request made, and the event that tells of it."""
        done(self.ground, what, about["id"])
        self.event(kind, about, before)

    def event(self, kind: str, about: Thing, before: Thing | None = None) -> Thing:
        by = {"id": f"req_{secrets.token_hex(6)}", "idempotency_key": request.headers.get("Idempotency-Key")}
        data = {"object": about, **({"previous_attributes": before} if before else {})}
        told = {"api_version": VERSION, "type": kind, "data": data, "request": by, "pending_webhooks": 1}
        return self.new("evt", "event", told)


def page(found: list[Thing], given: Form, url: str) -> JSON:
    """One page of a list, newest first."""
    size = whole(given, "limit", 10)
    if not 1 <= size <= 100:
        invalid("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    ids = [one["id"] for one in found]
    after = given.get("starting_after")
    if after is not None and after not in ids:
        invalid(f"No such object: '{after}'", code="resource_missing", param="starting_after")
    start = ids.index(after) + 1 if after else 0
    return {"object": "list", "url": url, "has_more": start + size < len(found), "data": found[start : start + size]}


def within(given: Form) -> Callable[[Thing], bool]:
    """`created[gte]` and the like."""
    limits = given.get("created") or {}
    if not isinstance(limits, dict):
        limits = {"gte": limits, "lte": limits}
    least, most = whole(limits, "gte", 0), whole(limits, "lt", 2**40)
    return lambda one: least <= one["created"] < most and one["created"] <= whole(limits, "lte", 2**40)
