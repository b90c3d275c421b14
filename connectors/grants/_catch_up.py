"""New and changed opportunities of a saved search, found by asking once a day: Grants.gov sends nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from connectors.contract import JSON, Event, Label, Refused, Unreadable
from connectors.grants._client import Grants, view
from connectors.grants._search import Hit

POSTED, CHANGED = "opportunity.posted", "opportunity.changed"
FIRST_LOOK = timedelta(days=7)
DAILY = timedelta(
    hours=22
)  # between two whole looks; the poll itself comes more often, so that a failed one is soon repeated
ENOUGH = 50  # events of one round
KEPT = timedelta(days=90)  # how long an opportunity that is no longer listed is remembered

FIELDS = {
    **dict.fromkeys(
        (
            *("id", "url", "agency_code", "status", "status_before", "posted", "closes", "closes_before", "archived"),
            *("award_floor", "award_ceiling", "funding", "awards", "cost_sharing", "applicant_codes"),
            *("applicant_codes[]", "applicants", "applicants[]", "version", "source", "changes", "changes[]"),
        ),
        Label.VENDOR,
    ),
    **dict.fromkeys(
        (
            *("number", "title", "agency", "closes_note", "applicants_note", "description", "more_url"),
            *("contact_email", "instruments", "instruments[]", "categories", "categories[]", "listings", "listings[]"),
        ),
        Label.OUTSIDE,
    ),
}


@dataclass
class _Place:
    """The cursor: `seen` (id → what it was when it was last listed, and when that was), `looked` the last whole look.

    `first`: the search was not looked at as a whole yet; what is older than a week is then no news.
    """

    search: str
    first: bool
    looked: datetime | None
    seen: dict[str, dict[str, str]]
    now: datetime

    @classmethod
    def read(cls, cursor: JSON, search: str, now: datetime) -> _Place:
        known = cursor if isinstance(cursor, dict) else {}
        same = known.get("search") == search
        looked = datetime.fromisoformat(known["looked"]) if same and known.get("looked") else None
        return cls(search, not same or bool(known.get("first")), looked, dict(known.get("seen") or {}), now)

    @property
    def due(self) -> bool:
        return self.looked is None or not timedelta(0) <= self.now - self.looked < DAILY

    def whole(self) -> None:
        self.first, self.looked = False, self.now

    def note(self, hit: Hit) -> None:
        today = self.now.date().isoformat()
        self.seen[hit.id] = {"closes": hit.closes, "status": hit.status, "stamp": hit.stamp, "at": today}

    def saved(self) -> JSON:
        oldest = (self.now - KEPT).date().isoformat()
        seen = {which: was for which, was in self.seen.items() if was["at"] >= oldest}
        looked = self.looked.isoformat() if self.looked else ""
        return {"search": self.search, "first": self.first, "looked": looked, "seen": seen}


def opportunities(client: Grants, cursor: JSON) -> tuple[list[Event], JSON]:
    """What is new or changed since the cursor, at most 50 a round.

    At first: what was posted in the last week. Fails only if nothing was found before the failure; what was found is
    kept, and the next round goes over the rest.
    """
    place = _Place.read(cursor, client.search.fingerprint, datetime.now(UTC))
    if not place.due:
        return [], cursor
    events: list[Event] = []
    try:
        for hit in client.everything(client.search):
            events += _news(client, place, hit)
            if len(events) >= ENOUGH:
                return events, place.saved()
        place.whole()
    except Exception:  # the door's own among them
        if not events:
            raise
    return events, place.saved()


def _news(client: Grants, place: _Place, hit: Hit) -> list[Event]:
    was = place.seen.get(hit.id)
    changes = _changes(was, hit) if was else []
    from_before = was is None and place.first and not _recent(hit, place.now)
    if from_before or (was and not changes):
        place.note(hit)
        return []
    try:
        found = client.details(hit)
    except Refused:  # gone since it was listed, or not there yet: looked for again with the next listing
        return []
    place.note(hit)
    return [_event(hit, found, was, changes)]


def _recent(hit: Hit, now: datetime) -> bool:
    """A day that cannot be read counts as today."""
    return not hit.opened or date.fromisoformat(hit.opened) >= (now - FIRST_LOOK).date()


def _changes(was: dict[str, str], hit: Hit) -> list[str]:
    """What moved. Stamps of different sources say nothing about each other."""
    moved = [
        name
        for name, old, new in (("deadline", was["closes"], hit.closes), ("status", was["status"], hit.status))
        if old != new
    ]
    same_source = was["stamp"][:1] == hit.stamp[:1]
    return moved or (["text"] if same_source and was["stamp"] != hit.stamp else [])


def _event(hit: Hit, found: JSON, was: dict[str, str] | None, changes: list[str]) -> Event:
    kind = CHANGED if was else POSTED
    listed = {"closes": hit.closes, "status": hit.status}
    before = {"closes": was["closes"], "status": was["status"]} if was else None
    body = {"event": kind, **found, "listed": listed, "before": before, "changes": changes}
    version = f":{hit.closes}:{hit.status}:{view(found)['version']}:{hit.stamp}" if was else ""
    raw = json.dumps(body, sort_keys=True).encode()
    return Event(kind, f"{kind}:grants:{hit.id}{version}", raw, serial_key=f"grants:{hit.id}")


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. Days are ISO dates, "" where none is named; amounts are whole dollars or
    None. A deadline is the end of that day, US Eastern time, unless `closes_note` says otherwise."""
    try:
        said = json.loads(body)
        seen, listed, before = view(said), said.get("listed") or {}, said.get("before") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Unreadable("This is no opportunity as Patchbay reads it from Grants.gov.") from problem
    return {
        **seen,
        "closes": seen["closes"] or listed.get("closes") or "",
        "status": listed.get("status") or seen["status"],
        "closes_before": before.get("closes") or "",
        "status_before": before.get("status") or "",
        "changes": list(said.get("changes") or []),
    }
