"""What happens in Pipedrive: a webhook rings, the lists say what happened.

Pipedrive signs nothing. A delivery carries only a user and a password (HTTP Basic), so nothing of its body is believed; it
makes the polls run at once. Deliveries get lost, too: after ten that failed the webhook is shut out for half an hour, after
three days it is deleted. https://pipedrive.readme.io/docs/guide-for-webhooks-v2
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, BadSignature, Event, Label, Poll, Received, Trigger
from connectors.pipedrive._client import Pipedrive
from connectors.pipedrive._records import path

OVERLAP = timedelta(minutes=2)  # a list may be a little behind its records
PAGES = 40  # of 500 in one round
_OUR_KEY = re.compile(r"hub-[A-Za-z0-9_-]{20}")
_MOMENTS = {"deal.moved": "stage_change_time", "deal.won": "won_time", "deal.lost": "lost_time"}


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """A bell. The user name is no secret and is not looked at. Raises `BadSignature`."""
    given = _password(headers.get("authorization", ""))
    if not given or not any(secret and hmac.compare_digest(secret.encode(), given) for secret in secrets):
        raise BadSignature("The delivery does not carry the password of this connection: enter it in Pipedrive again.")
    return Received(catch_up=True)


def _password(header: str) -> bytes:
    scheme, _, login = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(login.strip().encode("utf-8", "backslashreplace"), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


# --- catching up ------------------------------------------------------------------------------------------------------


@dataclass
class _Reading:
    """One list as far as it could be read: `latest` is the time of its last change that was seen."""

    latest: datetime
    events: list[Event] = field(default_factory=list)
    whole: bool = False


def changes(kind: str) -> Callable[[Pipedrive, JSON], tuple[list[Event], JSON]]:
    """The poll of one kind of record, oldest change first. It begins with what changes from now on.

    Where a later page fails, what was read before it is kept, and the next round begins there.
    """

    def run(client: Pipedrive, cursor: JSON) -> tuple[list[Event], JSON]:
        begun, since = _place(cursor)
        # Archived deals are left out of the list of deals: https://developers.pipedrive.com/docs/api/v1/Deals
        places = [path(kind), *([f"{path(kind)}/archived"] if kind == "deal" else [])]
        readings = [_read(client, kind, place, begun, since) for place in places]
        unfinished = [reading.latest for reading in readings if not reading.whole]
        reached = min(unfinished) if unfinished else max(reading.latest for reading in readings)
        return [event for one in readings for event in one.events], {"begun": _text(begun), "since": _text(reached)}

    return run


def _place(cursor: JSON) -> tuple[datetime, datetime]:
    """When this connection began to look, and up to where it has seen everything."""
    known = cursor if isinstance(cursor, dict) else {}
    begun = _moment(known.get("begun")) or datetime.now(UTC).replace(microsecond=0)
    return begun, _moment(known.get("since")) or begun


def _read(client: Pipedrive, kind: str, place: str, begun: datetime, since: datetime) -> _Reading:
    query = {"updated_since": _text(since - OVERLAP), "sort_by": "update_time", "sort_direction": "asc"}
    reading, pages = _Reading(since), client.pages(place, PAGES, **query)
    for number in range(PAGES):
        try:
            page = next(pages, None)
        except Exception:  # whatever it is, it comes first next time and is heard then
            if number == 0:
                raise
            return reading
        if page is None:
            reading.whole = True
            return reading
        _take(client, kind, page, max(begun, since - OVERLAP), reading)
    return reading


def _take(client: Pipedrive, kind: str, page: list[dict[str, JSON]], since: datetime, reading: _Reading) -> None:
    for record in page:
        reading.events += _events(client, kind, record, since)
        changed = _moment(record.get("update_time") or record.get("add_time"))
        reading.latest = max(reading.latest, changed or reading.latest)


def _events(client: Pipedrive, kind: str, record: dict[str, JSON], since: datetime) -> list[Event]:
    """What is told by the times in a record. Each time makes one event, however often it is seen."""
    added, changed = record.get("add_time"), record.get("update_time")
    told = [(f"{kind}.created", added)] if _news(added, since) else []
    if changed and changed != added and _news(changed, since):  # a new record may have no update_time yet
        told.append((f"{kind}.changed", changed))
    told += [(name, record.get(at)) for name, at in _MOMENTS.items() if kind == "deal" and _news(record.get(at), since)]
    return [_event(client, name, record, when) for name, when in told]


def _news(when: JSON, since: datetime) -> bool:
    moment = _moment(when)
    return moment is not None and moment >= since


def _event(client: Pipedrive, name: str, record: dict[str, JSON], when: JSON) -> Event:
    kind = name.partition(".")[0]
    place = f"{kind}:{record['id']}"
    told = {"event": name, "data": record, "url": f"{client.base}/{kind}/{record['id']}"}
    moment = _moment(when)
    at = int(moment.timestamp() * 1000) if moment else None
    return Event(name, f"{name}:{record['id']}:{when}", json.dumps(told, sort_keys=True).encode(), place, "", at)


def _moment(value: JSON) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


def _text(moment: datetime) -> str:
    """RFC 3339 without parts of a second, which the filters of version 2 refuse."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what recipes see -------------------------------------------------------------------------------------------------

_TEXTS = ("title", "name", "lost_reason")
_NAMES = {
    "deal": {"title": "title", "value": "value", "currency": "currency", "status": "status", "stage": "stage_id",
             "pipeline": "pipeline_id", "person": "person_id", "organization": "org_id", "owner": "owner_id",
             "close_date": "expected_close_date", "lost_reason": "lost_reason"},
    "person": {"name": "name", "organization": "org_id", "owner": "owner_id"},
    "organization": {"name": "name", "owner": "owner_id"},
}  # fmt: skip
_IDS = ("stage", "pipeline", "person", "organization", "owner")


def seen(kind: str, record: Mapping[str, JSON]) -> dict[str, JSON]:
    """A record in plain words: ids are text, "" where there is none; `value` is a number."""
    found = {ours: _plain(ours, record.get(theirs)) for ours, theirs in _NAMES[kind].items()}
    if kind == "person":
        found |= {"email": _first(record.get("emails")), "phone": _first(record.get("phones"))}
    times = {"added": record.get("add_time") or "", "changed": record.get("update_time") or ""}
    return {"id": str(record["id"]), **found, **times, "made_by_patchbay": _ours(record)}


def _plain(name: str, value: JSON) -> JSON:
    if name == "value":
        return value or 0
    return "" if value is None else str(value) if name in _IDS else value


def _first(entries: JSON) -> str:
    """The primary address or number, else the first."""
    found = sorted((one for one in entries or [] if one.get("value")), key=lambda one: not one.get("primary"))
    return str(found[0]["value"]) if found else ""


def _ours(record: Mapping[str, JSON]) -> bool:
    """Whether Patchbay made it, so that a recipe can leave its own work alone."""
    values = (record.get("custom_fields") or {}).values()
    return any(isinstance(value, str) and _OUR_KEY.fullmatch(value) for value in values)


def _shape(kind: str) -> Callable[[bytes], dict[str, JSON]]:
    def shape(body: bytes) -> dict[str, JSON]:
        told = json.loads(body)
        return {**seen(kind, told["data"]), "url": told["url"]}

    return shape


def _labels(kind: str) -> dict[str, Label]:
    names = [*seen(kind, {"id": 0}), "url"]
    outside = (*_TEXTS, "email", "phone")
    return {name: Label.OUTSIDE if name in outside else Label.VENDOR for name in names}


_SAYS = {
    "deal.created": "A deal was created",
    "deal.changed": "A deal was changed",
    "deal.moved": "A deal was moved to another stage",
    "deal.won": "A deal was won",
    "deal.lost": "A deal was lost",
    "person.created": "A person was created",
    "person.changed": "A person was changed",
    "organization.created": "An organization was created",
    "organization.changed": "An organization was changed",
}


def _triggers() -> Iterator[Trigger]:
    for name, says in _SAYS.items():
        kind = name.partition(".")[0]
        yield Trigger(name, says, _shape(kind), _labels(kind))


def _polls() -> Iterator[Poll]:
    for kind in _NAMES:
        yield Poll(tuple(name for name in _SAYS if name.startswith(f"{kind}.")), changes(kind), every=900.0)


TRIGGERS: tuple[Trigger, ...] = tuple(_triggers())
POLLS: tuple[Poll, ...] = tuple(_polls())
