"""What changed in an organisation. Bank transactions have no webhooks; contacts and invoices are fetched in the same way, so
that a delivery that got lost is made good.

https://developer.xero.com/documentation/api/accounting/requests-and-responses#retrieving-only-new-or-modified-records
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event
from connectors.xero._client import Xero, dumped, iso, moment, text
from connectors.xero._shapes import IDS, KINDS

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(minutes=5)
ENOUGH = 500  # events of one round


def changes(kind: str) -> Callable[[Xero, JSON], tuple[list[Event], JSON]]:
    """The poll of one kind: oldest first. Fails only if nothing was read before the failure: what was read is kept, and the
    failure is heard next time."""
    what = KINDS[kind]

    def run(client: Xero, cursor: JSON) -> tuple[list[Event], JSON]:
        place, events = _Place.read(cursor), []
        more = {"includeArchived": "true"} if what == "Contacts" else {}
        try:
            for thing in client.all(what, place.since - OVERLAP, order="UpdatedDateUTC ASC", **more):
                events += place.fresh(kind, thing)
                if len(events) >= ENOUGH:
                    break
            else:
                place.since = place.until
        except Exception:  # the door's own among them
            if not events:
                raise
        return events, place.saved()

    return run


@dataclass
class _Place:
    """The cursor: everything up to `since` was looked at; `seen` (key → when) is what of the overlap was told."""

    begun: datetime
    since: datetime
    until: datetime
    seen: dict[str, str]

    @classmethod
    def read(cls, cursor: JSON) -> _Place:
        now = datetime.now(UTC)
        if not isinstance(cursor, dict):
            return cls(now - FIRST_LOOK, now - FIRST_LOOK, now, {})
        begun = moment(cursor.get("begun")) or now - FIRST_LOOK
        return cls(begun, min(moment(cursor.get("since")) or begun, now), now, dict(cursor.get("seen") or {}))

    def fresh(self, kind: str, thing: dict[str, JSON]) -> list[Event]:
        when = moment(thing.get("UpdatedDateUTC"))
        own, stamp = text(thing, IDS[KINDS[kind]]), text(thing, "UpdatedDateUTC")
        key = f"{kind}:{own}:{int(when.timestamp() * 1000) if when else stamp}"
        if when is not None:
            self.since = max(self.since, min(when, self.until))
        if key in self.seen or (when is not None and when < self.begun):
            return []
        self.seen[key] = iso(stamp) or self.until.isoformat()
        body = dumped({"what": KINDS[kind], "object": thing}).encode()
        occurred = int(when.timestamp() * 1000) if when else None
        return [
            Event(
                kind=f"{kind}.changed",
                dedupe_key=key,
                body=body,
                serial_key=f"{kind}:{own}",
                once_key=key,
                occurred_at=occurred,
                object=own,
                version=version(thing),
            )
        ]

    def saved(self) -> JSON:
        oldest = (self.since - OVERLAP - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = {key: when for key, when in self.seen.items() if when >= oldest}
        return {"begun": self.begun.isoformat(), "since": self.since.isoformat(), "seen": seen}


def version(thing: dict[str, JSON]) -> str:
    """Xero counts no versions; the time of the last change, to the millisecond, stands for one."""
    when = moment(thing.get("UpdatedDateUTC"))
    return str(int(when.timestamp() * 1000)) if when else ""
