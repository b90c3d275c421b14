"""Properties of records: named by people, sent by their internal names, every value a text.

https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from connectors.contract import JSON, Call, Refused
from connectors.hubspot._client import PATHS, VERSION, HubSpot, Record

KEY = "patchbay_key"
_FRESH = 20.0  # seconds for which the properties of an account are not asked for again


def definitions(client: HubSpot, kind: str) -> list[Record]:
    known = client.definitions.get(kind)
    if known and time.monotonic() - known[0] < _FRESH:
        return known[1]
    found = list(client.get(f"/crm/properties/{VERSION}/{PATHS[kind]}")["results"])
    client.definitions[kind] = (time.monotonic(), found)
    return found


# --- the property that holds our key ----------------------------------------------------------------------------------


def missing_key(client: HubSpot, kind: str) -> list[Call]:
    """What must be there before a record of this kind is made: a property that no two records share a value of."""
    there = any(one["name"] == KEY for one in definitions(client, kind))
    return [] if there else [Call("add_key_property", {"kind": kind})]


def prepare_key(client: HubSpot, arguments: Record) -> Record:
    groups = client.get(f"/crm/properties/{VERSION}/{PATHS[arguments['kind']]}/groups")["results"]
    return {**arguments, "group": min(str(group["name"]) for group in groups)}


def add_key_property(client: HubSpot, key: str, *, kind: str, group: str = "") -> Record:
    """The property by which records are recognised after a lost answer, in a group that is there."""
    wanted = {"name": KEY, "label": "Patchbay key", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    made = client.send("POST", f"/crm/properties/{VERSION}/{PATHS[kind]}", {**wanted, "groupName": group})
    client.definitions.pop(kind, None)
    return {"id": str(made["name"]), "url": ""}


def find_key_property(client: HubSpot, key: str, arguments: Record) -> list[Record]:
    client.definitions.pop(arguments["kind"], None)
    return [] if missing_key(client, arguments["kind"]) else [{"id": KEY, "url": ""}]


# --- values -----------------------------------------------------------------------------------------------------------


def by_name(client: HubSpot, kind: str, values: Mapping[str, JSON]) -> dict[str, str]:
    """{internal name: text} of {name or label: value as people write it}. Raises `Refused` for what does not fit."""
    return dict(_one(client, kind, name, value) for name, value in values.items())


def _one(client: HubSpot, kind: str, name: str, value: JSON) -> tuple[str, str]:
    wanted = name.strip().lower()
    own = definitions(client, kind)
    found = [one for one in own if one["name"].lower() == wanted] or [
        one for one in own if str(one.get("label")).lower() == wanted
    ]
    if len(found) != 1:
        much = "no property" if not found else "several properties"
        raise Refused(
            f"There is {much} “{name[:60]}” for a {kind} in HubSpot. Use the internal name that HubSpot shows."
        )
    if (found[0].get("modificationMetadata") or {}).get("readOnlyValue") or found[0]["name"] == KEY:
        raise Refused(f"The property “{name[:60]}” is HubSpot's own and cannot be written. Leave it out.")
    return str(found[0]["name"]), _text(found[0], value)


def _text(definition: Record, value: JSON) -> str:
    """A label becomes the value behind it; several are joined as HubSpot wants them."""
    if definition.get("type") != "enumeration" or value in ("", None):
        return text(value)
    chosen = value if isinstance(value, list) else [value]
    return ";".join(_option(definition, text(one)) for one in chosen)


def _option(definition: Record, wanted: str) -> str:
    options = definition.get("options") or []
    for name in ("value", "label"):
        found = [str(one["value"]) for one in options if str(one.get(name)).lower() == wanted.strip().lower()]
        if found:
            return found[0]
    there = ", ".join(f"“{one.get('label')}”" for one in options)[:300]
    raise Refused(f"The property “{definition['name']}” has no option “{wanted[:60]}”. It has: {there}.")


def text(value: JSON) -> str:
    """Every value is text in JSON, numbers and yes or no too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def amount(value: JSON) -> str:
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Refused(f"“{str(value)[:40]}” is no amount. Write it with digits and a point, for example 1250.50.")
    return format(found, "f")


def alike(one: JSON, other: JSON) -> bool:
    """The same value, however HubSpot wrote it down: 5000 and 5000.0, a day and its midnight, Ann@ and ann@."""
    left, right = text(one), text(other)
    if left.lower() == right.lower():
        return True
    return _comparable(left) is not None and _comparable(left) == _comparable(right)


def _comparable(value: str) -> Decimal | datetime | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
