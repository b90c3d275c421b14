"""The list of events, kept for 30 days. https://docs.stripe.com/api/events"""

from __future__ import annotations

import time

from app.practice.vendors.stripe._form import Form, only
from app.practice.vendors.stripe._refusals import invalid
from app.practice.vendors.stripe._shelf import JSON, Shelf, page, within

KEPT = 30 * 86400  # seconds


def listed(shelf: Shelf, given: Form) -> JSON:
    only(given, "type", "types", "created", "delivery_success", "limit", "starting_after")
    kinds = given.get("types") or ([given["type"]] if "type" in given else [])
    if len(kinds) > 20:
        invalid("You may pass up to 20 types.", param="types")
    fits, oldest = within(given), time.time() - KEPT
    found = [
        one
        for one in shelf.every("event")
        if fits(one) and one["created"] >= oldest and (not kinds or one["type"] in kinds)
    ]
    return page(found, given, "/v1/events")


def read(shelf: Shelf, which: str, given: Form) -> JSON:
    return shelf.get("event", which)
