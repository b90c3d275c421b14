"""What changed in the watched tables, read from the webhooks' lists with a cursor that never goes back.

https://airtable.com/developers/web/api/list-webhook-payloads . A ping only says that there is something to read; because the
lists are kept for a week, nothing is lost when pings are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.airtable._cells import columns, named, plain
from connectors.airtable._client import Airtable, Place, segment
from connectors.airtable._hook import is_alive, webhooks
from connectors.contract import JSON, Event, Label

CREATED = "record_created"
CHANGED = "record_changed"
FIELDS = {
    "base": Label.VENDOR,
    "table": Label.VENDOR,
    "record": Label.VENDOR,
    "url": Label.VENDOR,
    "at": Label.VENDOR,
    "source": Label.VENDOR,
    "table_name": Label.OUTSIDE,
    "by": Label.OUTSIDE,
    "changed": Label.OUTSIDE,
    "fields.*": Label.OUTSIDE,
    "before.*": Label.OUTSIDE,
}
ROUNDS = 20  # pages of fifty payloads of one webhook in one look
_EMPTY: dict[str, JSON] = {"changed": [], "fields": {}, "before": {}}


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "fields" and "before" by column name (None where a cell is empty), "changed" the names of columns,
    "table" as actions take it, "by" an e-mail address, "at" ISO 8601."""
    told = json.loads(body)
    names = {name.partition(".")[0] for name in FIELDS}
    return {name: told.get(name) if told.get(name) is not None else _EMPTY.get(name, "") for name in names}


def changes(client: Airtable, cursor: JSON) -> tuple[list[Event], JSON]:
    """Records made or changed in the watched tables since the cursor: {webhook id: number of the next payload}.

    What we wrote ourselves is left out, so that no recipe sets itself off. A base that fails does not hold up the others;
    its error is raised where nothing else is new.
    """
    events: list[Event] = []
    places: dict[str, int] = {}
    problem: Exception | None = None
    for base in client.bases():
        try:
            _read_base(client, base, cursor or {}, places, events)
        except Exception as trouble:  # whatever it is: it is raised below, or met again at the next look
            places.update({hook: n for hook, n in (cursor or {}).items() if hook not in places})
            problem = problem or trouble
    if problem and not events:
        raise problem
    return events, places


def _read_base(client: Airtable, base: str, cursor: JSON, places: dict[str, int], events: list[Event]) -> None:
    """Reads each webhook that was begun to its end, and the newest one that lives. Others are left after that: the newest
    has all that came since it was made, and a webhook that is read never ends."""
    found = webhooks(client, base)
    newest = next((hook["id"] for hook in reversed(found) if is_alive(hook)), "")
    for hook_id in [hook["id"] for hook in found if hook["id"] in cursor or hook["id"] == newest]:
        places[hook_id] = int(cursor.get(hook_id, 1))
        for number, payload in _payloads(client, base, hook_id, places[hook_id]):
            events += _events(client, base, payload)
            places[hook_id] = number + 1
        if hook_id != newest and newest and places[hook_id] - int(cursor.get(hook_id, 1)) < ROUNDS * 50:
            del places[hook_id]


def _payloads(client: Airtable, base: str, hook: str, start: int) -> Iterator[tuple[int, JSON]]:
    path, at = f"bases/{segment(base)}/webhooks/{segment(hook)}/payloads", start
    for _ in range(ROUNDS):
        page = client.ask("GET", path, {"cursor": at, "limit": 50})
        after = int(page["cursor"])
        # Those that are older than a week are gone: numbers are counted back from the cursor that follows the last one.
        yield from enumerate(page["payloads"], after - len(page["payloads"]))
        if not page.get("mightHaveMore") or after <= at:
            return
        at = after


# --- one payload ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Origin:
    """The transaction in which something changed."""

    number: int
    at: str
    source: str
    user: str
    by: str


def _events(client: Airtable, base: str, payload: JSON) -> Iterator[Event]:
    """None of a payload that says that the webhook's specification is no longer valid: `keep` replaces that webhook."""
    if payload.get("error"):
        return
    origin = _origin(payload)
    if origin.source == "publicApi" and origin.user in ("", client.me()):
        return
    for table, told in (payload.get("changedTablesById") or {}).items():
        if client.watches(Place(base, table)):
            yield from _of_table(client, Place(base, table), told, origin)


def _origin(payload: JSON) -> _Origin:
    action = payload.get("actionMetadata") or {}
    user = (action.get("sourceMetadata") or {}).get("user") or {}
    source = str(action.get("source") or "")
    number, at = int(payload["baseTransactionNumber"]), str(payload.get("timestamp") or "")
    return _Origin(number, at, source, str(user.get("id") or ""), str(user.get("email") or user.get("name") or ""))


def _of_table(client: Airtable, place: Place, told: JSON, origin: _Origin) -> Iterator[Event]:
    table = client.table(place)
    for record, made in (told.get("createdRecordsById") or {}).items():
        yield _event(CREATED, place, table, record, origin, _cells(made), {})
    for record, change in (told.get("changedRecordsById") or {}).items():
        now, before = _cells(change.get("current")), _cells(change.get("previous"))
        rest = _cells(change.get("unchanged"))
        if now:  # without: only a comment, or an order of rows
            yield _event(CHANGED, place, table, record, origin, now, before, rest)


def _cells(part: JSON) -> dict[str, JSON]:
    return dict((part or {}).get("cellValuesByFieldId") or {})


def _event(
    kind: str,
    place: Place,
    table: JSON,
    record: str,
    origin: _Origin,
    now: dict[str, JSON],
    before: dict[str, JSON],
    rest: dict[str, JSON] | None = None,
) -> Event:
    known = columns(table)
    value = {
        "base": place.base,
        "table": str(place),
        "table_name": table["name"],
        "record": record,
        "url": place.url(record),
        "fields": named(table, {**(rest or {}), **now}),
        "changed": [known[cell]["name"] for cell in now if cell in known],
        "before": {known[cell]["name"]: plain(before.get(cell)) for cell in now if cell in known}
        if kind == CHANGED
        else {},
        "by": origin.by,
        "source": origin.source,
        "at": origin.at,
    }
    key = f"{kind}:{place.base}:{origin.number}:{record}"
    return Event(kind, key, json.dumps(value, sort_keys=True).encode(), serial_key=record, occurred_at=_ms(origin.at))


def _ms(at: str) -> int | None:
    try:
        return int(datetime.fromisoformat(at).timestamp() * 1000)
    except ValueError:
        return None
