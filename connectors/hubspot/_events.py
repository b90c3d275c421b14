"""What happened in HubSpot, read from the search by the time of the last change.

The search is behind the records for moments, so each round looks back two minutes; every five minutes one looks without
being rung for. Archived records do not appear. https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Label, Poll, Trigger
from connectors.hubspot._client import HubSpot, Record

OVERLAP = timedelta(minutes=2)
PAGES, PAGE = 40, 100  # in one round: the search never goes beyond 10,000
_BY_ITSELF = timedelta(seconds=10)  # HubSpot fills in properties of its own right after a record was made
_CHANGED = {"contact": "lastmodifieddate", "company": "hs_lastmodifieddate", "deal": "hs_lastmodifieddate"}
_ENTERED = "hs_v2_date_entered_current_stage"
_OUR_KEY = re.compile(r"hub-[A-Za-z0-9_-]{20}")
_NAMES = {
    "contact": {"email": "email", "first_name": "firstname", "last_name": "lastname", "phone": "phone",
                "company": "company", "lifecycle_stage": "lifecyclestage"},
    "company": {"name": "name", "domain": "domain", "phone": "phone"},
    "deal": {"name": "dealname", "amount": "amount", "stage": "dealstage", "pipeline": "pipeline",
             "close_date": "closedate", "stage_entered": _ENTERED},
}  # fmt: skip
_ALL = {"owner": "hubspot_owner_id", "created": "createdate", "source": "hs_object_source_label", "key": "patchbay_key"}
_OUTSIDE = ("email", "first_name", "last_name", "phone", "company", "name", "domain")


@dataclass
class _Reading:
    """As far as one could read: `latest` is the time of the last change that was seen."""

    latest: datetime
    events: list[Event] = field(default_factory=list)


def changes(kind: str) -> Callable[[HubSpot, JSON], tuple[list[Event], JSON]]:
    """The poll of one kind of record, oldest change first. It begins with what changes from now on.

    Where a later page fails, what was read before it is kept, and the next round begins there.
    """

    def run(client: HubSpot, cursor: JSON) -> tuple[list[Event], JSON]:
        begun, since = _place(cursor)
        reading = _Reading(since)
        for page in _pages(client, kind, since - OVERLAP):
            for record in page:
                reading.events += _events(kind, record, max(begun, since - OVERLAP))
                reading.latest = max(reading.latest, _moment(record["properties"].get(_CHANGED[kind])) or since)
        return reading.events, {"begun": begun.isoformat(), "since": reading.latest.isoformat()}

    return run


def _place(cursor: JSON) -> tuple[datetime, datetime]:
    known = cursor if isinstance(cursor, dict) else {}
    begun = _moment(known.get("begun")) or datetime.now(UTC)
    return begun, _moment(known.get("since")) or begun


def _pages(client: HubSpot, kind: str, since: datetime) -> Iterator[list[Record]]:
    after = "0"
    for number in range(PAGES):
        try:
            answer = client.search(kind, _question(kind, since, after))
        except Exception:  # whatever it is, it comes first next time and is heard then
            if number == 0:
                raise
            return
        yield answer["results"]
        after = ((answer.get("paging") or {}).get("next") or {}).get("after") or ""
        if not after:
            return


def _question(kind: str, since: datetime, after: str) -> Record:
    by = _CHANGED[kind]
    late = {"propertyName": by, "operator": "GTE", "value": str(int(since.timestamp() * 1000))}
    wanted = sorted({*_NAMES[kind].values(), *_ALL.values(), by})
    sort = {"propertyName": by, "direction": "ASCENDING"}
    return {"filterGroups": [{"filters": [late]}], "sorts": [sort], "properties": wanted, "limit": PAGE, "after": after}


def _events(kind: str, record: Record, since: datetime) -> list[Event]:
    """What is told by the times in a record. Each time makes one event, however often it is seen."""
    values = record["properties"]
    added, changed, entered = (_moment(values.get(name)) for name in ("createdate", _CHANGED[kind], _ENTERED))
    told = [(f"{kind}.created", added, "")] if added and added >= since else []
    if changed and changed >= since and (not added or changed - added > _BY_ITSELF):
        told.append((f"{kind}.changed", changed, changed.isoformat()))
    if kind == "deal" and entered and entered >= since:
        told.append(("deal.stage_reached", entered, f"{values.get('dealstage')}:{entered.isoformat()}"))
    return [_event(name, record, when, which) for name, when, which in told]


def _event(name: str, record: Record, when: datetime, which: str) -> Event:
    kind = name.partition(".")[0]
    body = json.dumps({"event": name, "object": record}, sort_keys=True).encode()
    place = f"{kind}:{record['id']}"
    return Event(name, f"{name}:{record['id']}:{which}", body, place, "", int(when.timestamp() * 1000))


def _moment(value: JSON) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


# --- what recipes see -------------------------------------------------------------------------------------------------


def seen(kind: str, record: Mapping[str, JSON]) -> Record:
    """A record in plain words; every value is text, "" where there is none, as HubSpot keeps it."""
    values = record.get("properties") or {}
    found = {ours: str(values.get(theirs) or "") for ours, theirs in {**_NAMES[kind], **_ALL}.items()}
    ours = bool(_OUR_KEY.fullmatch(found.pop("key")))
    changed = str(values.get(_CHANGED[kind]) or record.get("updatedAt") or "")
    told = {"changed": changed, "url": str(record.get("url") or ""), "made_by_patchbay": ours}
    return {"id": str(record["id"]), **found, **told}


def _shape(kind: str) -> Callable[[bytes], Record]:
    return lambda body: seen(kind, json.loads(body)["object"])


_SAYS = {
    "contact.created": "A contact was created",
    "contact.changed": "A contact was changed",
    "company.created": "A company was created",
    "company.changed": "A company was changed",
    "deal.created": "A deal was created",
    "deal.changed": "A deal was changed",
    "deal.stage_reached": "A deal reached a stage",
}


def _triggers() -> Iterator[Trigger]:
    for name, says in _SAYS.items():
        kind = name.partition(".")[0]
        fields = seen(kind, {"id": ""})
        labels = {one: Label.OUTSIDE if one in _OUTSIDE else Label.VENDOR for one in fields}
        yield Trigger(name, says, _shape(kind), labels)


def _polls() -> Iterator[Poll]:
    for kind in _NAMES:
        yield Poll(tuple(name for name in _SAYS if name.startswith(f"{kind}.")), changes(kind), every=300.0)


TRIGGERS: tuple[Trigger, ...] = tuple(_triggers())
POLLS: tuple[Poll, ...] = tuple(_polls())
PROPERTIES = {kind: sorted({*_NAMES[kind].values(), *_ALL.values(), _CHANGED[kind]}) for kind in _NAMES}
