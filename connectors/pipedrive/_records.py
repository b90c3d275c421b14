"""Deals, persons and organizations: what is sent for them, how they are found again, and what stood there before.

There is no idempotency key at Pipedrive and two of everything are fine for it, so each record that is made carries our key in
a text field (`_fields`). Lists read the records themselves; the search is an index of its own and may lag.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import requests

from connectors.contract import JSON, Call, Refused
from connectors.pipedrive import _fields
from connectors.pipedrive._client import V1, V2, Pipedrive, number

Record = dict[str, JSON]
PATHS = {
    "deal": f"{V2}/deals",
    "person": f"{V2}/persons",
    "organization": f"{V2}/organizations",
    "activity": f"{V2}/activities",
    "note": f"{V1}/notes",
}
_THEIRS = {"person": "person_id", "organization": "org_id", "stage": "stage_id", "owner": "owner_id",
           "close_date": "expected_close_date"}  # fmt: skip
_OURS = ("title", "name", "value", "currency", "status", "lost_reason", *_THEIRS)
_IDS = ("deal", "person", "organization", "stage", "owner")
_NEWEST = 3  # pages of 500 in which a record that was just made is looked for
_MOVES_BY_ITSELF = ("update_time", "_count", "activity", "stage_change_time", "picture")


def path(kind: str, id: JSON = "") -> str:
    return f"{PATHS[kind]}/{id}" if id != "" else PATHS[kind]


def result(client: Pipedrive, kind: str, record: Mapping[str, JSON]) -> Record:
    """`state` tells later whether somebody touched it."""
    return {"id": str(record["id"]), "url": f"{client.base}/{kind}/{record['id']}", "state": state(record)}


def state(record: Mapping[str, JSON]) -> str:
    """A digest of what people change in a record; what Pipedrive counts by itself is left out."""
    kept = {name: value for name, value in record.items() if not any(part in name for part in _MOVES_BY_ITSELF)}
    own = {code: value for code, value in (record.get("custom_fields") or {}).items() if value is not None}
    kept["custom_fields"] = own  # a field that was added to the account meanwhile is empty in every record
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]


# --- what is sent -----------------------------------------------------------------------------------------------------


def body(arguments: Mapping[str, JSON]) -> Record:
    """The fields of version 2 for prepared arguments; what is empty is left alone."""
    given = {_THEIRS.get(name, name): arguments.get(name) for name in _OURS}
    custom = dict(arguments.get("fields") or {})
    filled = {name: value for name, value in given.items() if value not in ("", None)}
    return {**filled, **({"custom_fields": custom} if custom else {})}


def keyed(sent: Record, key_field: str, key: str) -> Record:
    """With our key in it. Before the field is there (a rehearsal) without."""
    return {**sent, "custom_fields": {**sent.get("custom_fields", {}), key_field: key}} if key_field else sent


def complete(client: Pipedrive, kind: str, arguments: Record) -> Record:
    """Numbers for ids and amounts, codes for the names of fields. Raises `Refused` for what Pipedrive would not take."""
    done = {**arguments, **{name: number(arguments[name], name) for name in _IDS if arguments.get(name)}}
    if arguments.get("value") not in ("", None):
        done["value"] = _amount(arguments["value"])
    if arguments.get("fields"):
        done["fields"] = _fields.by_code(client, kind, arguments["fields"])
    _check_status(str(arguments.get("status") or ""), arguments.get("lost_reason"))
    return done


def _amount(given: JSON) -> JSON:
    try:
        amount = Decimal(str(given).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Refused(f"“{str(given)[:40]}” is no amount. Write it with digits and a point, for example 1250.50.")
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _check_status(status: str, lost_reason: JSON) -> None:
    if status not in ("", "open", "won", "lost"):
        raise Refused(f"A deal is open, won or lost; “{status[:40]}” is none of these.")
    if lost_reason and status != "lost":
        raise Refused("Pipedrive takes a reason only with the status lost. Set the status, or leave the reason out.")


# --- found again ------------------------------------------------------------------------------------------------------


def find(client: Pipedrive, kind: str, key: str, arguments: Mapping[str, JSON]) -> list[Record]:
    """The records that carry our key: the one that was to be updated, or the newest ones."""
    field = arguments.get("key_field") or _fields.key_field(client, kind)
    if not field:
        raise Refused(
            f"Patchbay cannot tell whether this arrived, because the field “{_fields.KEY}” is missing from the {kind}s in "
            "Pipedrive. Look for it there; restore the field under Company settings, Data fields, and run this again."
        )
    if arguments.get(kind):
        return _with_key(client, kind, [client.record(path(kind, arguments[kind])) or {}], field, key)
    # A deal that somebody archived at once is in a list of its own.
    places = [path(kind), *([f"{path(kind)}/archived"] if kind == "deal" else [])]
    return [found for place in places for found in _newest(client, kind, place, field, key)]


def _newest(client: Pipedrive, kind: str, place: str, field: str, key: str) -> list[Record]:
    for page in client.pages(place, _NEWEST, sort_by="add_time", sort_direction="desc"):
        if found := _with_key(client, kind, page, field, key):
            return found
    return []


def _with_key(client: Pipedrive, kind: str, records: list[Record], field: str, key: str) -> list[Record]:
    return [result(client, kind, one) for one in records if (one.get("custom_fields") or {}).get(field) == key]


def same(record: Mapping[str, JSON], sent: Mapping[str, JSON]) -> bool:
    """Whether a record is as this body would make it."""
    custom = record.get("custom_fields") or {}
    plain = {name: value for name, value in sent.items() if name not in ("custom_fields", "phones", "emails")}
    kept = all(record.get(name) == value for name, value in plain.items())
    values = [name for name in ("phones", "emails") if name in sent and _values(record, name) != _values(sent, name)]
    return kept and not values and all(custom.get(c) == v for c, v in (sent.get("custom_fields") or {}).items())


def _values(holder: Mapping[str, JSON], name: str) -> list[str]:
    return sorted(str(one.get("value")) for one in holder.get(name) or [])


def before(record: Mapping[str, JSON], sent: Mapping[str, JSON]) -> Record:
    """What stands where this body would write."""
    custom = record.get("custom_fields") or {}
    old: Record = {name: record.get(name) for name in sent if name != "custom_fields"}
    if "custom_fields" in sent:
        old["custom_fields"] = {code: custom.get(code) for code in sent["custom_fields"]}
    if "status" in sent:
        old["lost_reason"] = record.get("lost_reason")
    return old


# --- taken back -------------------------------------------------------------------------------------------------------


def delete_record(client: Pipedrive, key: str, *, kind: str, record: str) -> Record:
    """Into the bin, from where people can restore it for 30 days. What is gone is as good."""
    try:
        client.send("DELETE", path(kind, record))
    except requests.HTTPError as refusal:
        if refusal.response.status_code not in (404, 410):
            raise
    return {"id": record, "url": ""}


def find_deleted(client: Pipedrive, key: str, arguments: Record) -> list[Record]:
    record = client.record(path(arguments["kind"], arguments["record"]))
    return [] if record else [{"id": arguments["record"], "url": ""}]


def restore(client: Pipedrive, key: str, *, kind: str, record: str, values: Mapping[str, JSON]) -> Record:
    """The values from before. A reason is only taken with the status lost."""
    return result(client, kind, client.send("PATCH", path(kind, record), _restored(values)))


def _restored(values: Mapping[str, JSON]) -> Record:
    lost = values.get("status") == "lost"
    return {name: value for name, value in values.items() if name != "lost_reason" or lost}


def find_restored(client: Pipedrive, key: str, arguments: Record) -> list[Record]:
    record = client.record(path(arguments["kind"], arguments["record"]))
    ours = record is not None and same(record, _restored(arguments["values"]))
    return [result(client, arguments["kind"], record)] if record is not None and ours else []


def touched(client: Pipedrive, kind: str, made: Record) -> str | None:
    """None if a record that we made is as we made it, or gone; else who is in the way of deleting it."""
    record = client.record(path(kind, made["id"]))
    if record is None or state(record) == made["state"]:
        return None
    return f"Somebody has changed the {kind} “{_title(record)}” in Pipedrive since, so it is left there."


def overwritten(client: Pipedrive, kind: str, id: JSON, sent: Record) -> str | None:
    """None if what we wrote still stands; else the sentence that people read."""
    record = client.record(path(kind, id))
    if record is None:
        return f"The {kind} was deleted in Pipedrive since."
    return None if same(record, sent) else f"Somebody has changed the {kind} “{_title(record)}” in Pipedrive since."


def _title(record: Mapping[str, JSON]) -> str:
    return str(record.get("title") or record.get("name") or record.get("subject") or record["id"])[:100]


def delete_call(kind: str, made: Record) -> Call:
    return Call("delete_record", {"kind": kind, "record": made["id"]})


def restore_call(kind: str, id: JSON, values: JSON) -> Call:
    return Call("restore", {"kind": kind, "record": str(id), "values": values or {}})
