"""Records: read by their number or by a value that only one has, compared, archived, and put back as they were."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import JSON, Call
from connectors.hubspot._client import HubSpot, Record, names, objects
from connectors.hubspot._properties import KEY, alike

_NAMES = ("dealname", "name", "email", "hs_task_subject")


def result(record: Mapping[str, JSON]) -> Record:
    return {"id": str(record["id"]), "url": str(record.get("url") or "")}


def read(client: HubSpot, kind: str, id: JSON, wanted: Mapping[str, JSON], by: str = "") -> Record | None:
    """One record with these properties; `by` is the property whose value `id` is. This reads the records, not the search."""
    query = {"properties": names([*wanted])} if wanted else {}
    return client.found(objects(kind, id), **query, **({"idProperty": by} if by else {}))


def stands(record: Record | None, wanted: Mapping[str, JSON]) -> bool:
    """Whether a record has all these values."""
    if record is None:
        return False
    present = record["properties"]
    return all(alike(present.get(name), value) for name, value in wanted.items())


def before(record: Record | None, wanted: Mapping[str, JSON]) -> JSON:
    """What stands where these values would go; None where there is no record yet. "" clears a value."""
    return None if record is None else {name: record["properties"].get(name) or "" for name in wanted}


def with_key(client: HubSpot, kind: str, value: str) -> Record | None:
    """The record that carries our key."""
    return read(client, kind, value, {}, by=KEY)


# --- taken back -------------------------------------------------------------------------------------------------------


def archive(client: HubSpot, key: str, *, kind: str, record: str) -> Record:
    """People can restore it for 90 days. What is gone is as good: HubSpot answers 204 either way."""
    client.send("DELETE", objects(kind, record))
    return {"id": record, "url": ""}


def find_archived(client: HubSpot, key: str, arguments: Record) -> list[Record]:
    gone = read(client, arguments["kind"], arguments["record"], {}) is None
    return [{"id": arguments["record"], "url": ""}] if gone else []


def restore(client: HubSpot, key: str, *, kind: str, record: str, values: Mapping[str, str]) -> Record:
    return result(client.send("PATCH", objects(kind, record), {"properties": dict(values)}))


def find_restored(client: HubSpot, key: str, arguments: Record) -> list[Record]:
    record = read(client, arguments["kind"], arguments["record"], arguments["values"])
    return [result(record)] if record is not None and stands(record, arguments["values"]) else []


def changed(client: HubSpot, kind: str, id: str, wrote: Mapping[str, JSON], *, made: bool) -> str | None:
    """None if what we wrote still stands, or what we made is gone; else the sentence that people read."""
    record = read(client, kind, id, {**wrote, **dict.fromkeys(_NAMES)})
    if record is None:
        return None if made else f"The {kind} was deleted in HubSpot since."
    if stands(record, wrote):
        return None
    called = next((record["properties"][name] for name in _NAMES if record["properties"].get(name)), id)
    return f"Somebody has changed the {kind} “{str(called)[:100]}” in HubSpot since."


def back(kind: str, id: str, old: JSON) -> Call:
    """What takes a change back: the old values, or, where there was nothing, the archive."""
    if old is None:
        return Call("archive", {"kind": kind, "record": id})
    return Call("restore", {"kind": kind, "record": id, "values": old})
