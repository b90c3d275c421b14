"""What changed in a company, with everything that was changed: "change data capture", one question for all kinds.

https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture : at most 30
days back, at most 1,000 objects in an answer, deleted ones without their fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event
from connectors.quickbooks._client import Books, dumped, quoted

ENTITIES = ("Purchase", "Bill", "Invoice", "Customer", "Vendor")
KINDS = tuple(f"{entity.lower()}.changed" for entity in ENTITIES)
FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(minutes=10)
LONGEST = timedelta(days=29)
FULL = 1000
ENOUGH = 500  # events of one round


def changes(client: Books, cursor: JSON) -> tuple[list[Event], JSON]:
    """Oldest first. Fails only if nothing was read before the failure: what was read is kept, the failure is heard next."""
    place = _Place.read(cursor)
    found: list[tuple[str, dict[str, JSON]]] = []
    try:
        found.extend(_changed(client, place.since - OVERLAP))
    except _Broken as broken:
        found, place.until = broken.read, min(place.until, broken.until)
        if not found:
            raise broken.why from broken
    events: list[Event] = []
    for entity, thing in sorted(found, key=lambda one: _stamp(one[1])):
        if len(events) >= ENOUGH:
            place.until = min(place.until, _moment(_stamp(thing)) or place.since)
            break
        events += place.fresh(entity, thing)
    return events, place.saved()


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
        begun = _moment(cursor.get("begun")) or now - FIRST_LOOK
        return cls(begun, min(_moment(cursor.get("since")) or begun, now), now, dict(cursor.get("seen") or {}))

    def fresh(self, entity: str, thing: dict[str, JSON]) -> list[Event]:
        when = _moment(_stamp(thing))
        key = f"{entity}:{thing.get('Id')}:{'deleted' if _deleted(thing) else thing.get('SyncToken')}"
        if key in self.seen or (when is not None and when < self.begun):
            return []
        self.seen[key] = _iso(when or self.until)
        return [_event(entity, thing, key, when)]

    def saved(self) -> JSON:
        since = max(self.since, self.until)
        oldest = _iso(since - OVERLAP - OVERLAP)
        seen = {key: when for key, when in self.seen.items() if when >= oldest}
        return {"begun": _iso(self.begun), "since": _iso(since), "seen": seen}


def _event(entity: str, thing: dict[str, JSON], key: str, when: datetime | None) -> Event:
    version = f"{entity} {'deleted' if _deleted(thing) else thing.get('SyncToken')}"
    return Event(
        kind=f"{entity.lower()}.changed",
        dedupe_key=key,
        body=dumped({"entity": entity, "object": thing}).encode(),
        serial_key=f"{entity}:{thing.get('Id')}",
        once_key=key,
        occurred_at=int(when.timestamp() * 1000) if when else None,
        object=str(thing.get("Id")),
        version=version,
    )


# --- asking -----------------------------------------------------------------------------------------------------------


class _Broken(Exception):
    """A later page failed. `read` came before; all of it up to `until` is complete."""

    def __init__(self, read: list[tuple[str, dict[str, JSON]]], until: datetime, why: Exception) -> None:
        super().__init__(str(why))
        self.read, self.until, self.why = read, until, why


def _changed(client: Books, since: datetime) -> list[tuple[str, dict[str, JSON]]]:
    """(entity, object). An answer that is full may have left some out: then each kind is listed page by page."""
    if datetime.now(UTC) - since > LONGEST:
        return _listed(client, since, [])
    found = list(_captured(client, ENTITIES, since))
    if len(found) < FULL:
        return found
    gone = [(entity, thing) for entity, thing in found if _deleted(thing)]
    return _listed(client, since, gone)


def _captured(client: Books, entities: tuple[str, ...], since: datetime) -> Iterator[tuple[str, dict[str, JSON]]]:
    answer = client.get("cdc", entities=",".join(entities), changedSince=_iso(since))
    for response in answer["CDCResponse"]:
        for part in response.get("QueryResponse", []):
            for entity in entities:
                yield from ((entity, thing) for thing in part.get(entity, []))


def _listed(
    client: Books, since: datetime, gone: list[tuple[str, dict[str, JSON]]]
) -> list[tuple[str, dict[str, JSON]]]:
    """All that were changed since, oldest first within each kind; inactive ones among them. Deleted ones are not listed."""
    found = list(gone)
    for entity in ENTITIES:
        where = f"MetaData.LastUpdatedTime >= {quoted(_iso(since))}"
        if entity in ("Customer", "Vendor"):
            where += " AND Active IN (true, false)"
        try:
            for thing in client.query(entity, where, "MetaData.LastUpdatedTime"):
                found.append((entity, thing))
        except Exception as why:  # the door's own among them
            raise _Broken(found, since + OVERLAP, why) from why
    return found


def _deleted(thing: dict[str, JSON]) -> bool:
    return str(thing.get("status") or "").lower() == "deleted"


def _stamp(thing: dict[str, JSON]) -> str:
    meta = thing.get("MetaData")
    when = _moment(meta.get("LastUpdatedTime") if isinstance(meta, dict) else None)
    return _iso(when) if when else ""


def _moment(value: JSON) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or not 1970 <= moment.year < 2200:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
