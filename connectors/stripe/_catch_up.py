"""The catch-up path: the list of events, which Stripe keeps for 30 days. https://docs.stripe.com/api/events/list"""

from __future__ import annotations

import json
import time

from connectors.contract import JSON, Event
from connectors.stripe._client import PAGE, Stripe
from connectors.stripe._delivery import event
from connectors.stripe._events import TRIGGERS

FIRST_LOOK = 24 * 3600  # seconds
OVERLAP = 600  # an event may be listed a little after its second
LONGEST = 30 * 86400 - 3600  # what is older is not listed any more
PAGES = 5  # a round reads at most 500 events
KINDS = tuple(trigger.kind for trigger in TRIGGERS)  # at most 20 may be asked for at once


def events(client: Stripe, cursor: JSON) -> tuple[list[Event], JSON]:
    """Events since the cursor, oldest first. The cursor: everything before `since` (Unix seconds) was taken; `seen`: the
    ids in the overlap before it that were.

    Stripe lists newest first, so after a long absence the time to be read is halved until it fits into one round.
    """
    now = int(time.time())
    since, seen = _place(cursor, now)
    found, end = _read(client, since, now)
    fresh = [one for one in reversed(found) if one["id"] not in seen]
    since = max(since, min(end, now))
    recent = {one["id"]: one["created"] for one in found if one["created"] >= since - OVERLAP}
    kept = {one: at for one, at in {**seen, **recent}.items() if at >= since - OVERLAP}
    return [_event(one) for one in fresh], {"since": since, "seen": kept}


def _place(cursor: JSON, now: int) -> tuple[int, dict[str, int]]:
    if not isinstance(cursor, dict):
        return now - FIRST_LOOK + OVERLAP, {}
    since = int(cursor.get("since") or now)
    return min(max(since, now - LONGEST + OVERLAP), now), dict(cursor.get("seen") or {})


def _read(client: Stripe, since: int, now: int) -> tuple[list[dict[str, JSON]], int]:
    """As much as fits into a round, and the second at which it ends. Where the overlap alone does not fit, it is left out:
    a round always gets further."""
    found, end = _from(client, since - OVERLAP, now)
    return (found, end) if end > since else _from(client, since, now)


def _from(client: Stripe, begin: int, now: int) -> tuple[list[dict[str, JSON]], int]:
    end = now + 1
    while (found := _listed(client, begin, end)) is None:
        end = begin + max((end - begin) // 2, 1)
    return found, end


def _listed(client: Stripe, begin: int, end: int) -> list[dict[str, JSON]] | None:
    """The events of our kinds in this time, newest first; None if there are more than a round may read. One second is read
    to its end, however much happened in it."""
    found: list[dict[str, JSON]] = []
    query = {"created": {"gte": begin, "lt": end}, "types": list(KINDS), "limit": PAGE}
    while True:
        after = {"starting_after": found[-1]["id"]} if found else {}
        answer = client.get("/v1/events", {**query, **after})
        found += answer["data"]
        if not answer.get("has_more") or not answer["data"]:
            return found
        if len(found) >= PAGES * PAGE and end - begin > 1:
            return None


def _event(one: dict[str, JSON]) -> Event:
    return event(one, json.dumps(one, sort_keys=True).encode())
