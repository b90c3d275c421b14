"""Fields of an account's own. Their keys are hashes of 40 characters that differ per account, so they are looked up by name."""

from __future__ import annotations

import time
from collections.abc import Mapping

from connectors.contract import JSON, Call, Refused
from connectors.pipedrive._client import FRESH, V2, Pipedrive

KEY = "Patchbay key"
PATHS = {"deal": "dealFields", "person": "personFields", "organization": "organizationFields"}
_LONGEST = {"varchar": 255, "text": 65_000}
_PLAIN = ("varchar", "text", "double", "int", "date", "phone", "varchar_auto")
Field = dict[str, JSON]


def fields(client: Pipedrive, kind: str) -> list[Field]:
    """The fields of deals, persons or organizations, at most `FRESH` seconds old."""
    known = client.fields.get(kind)
    if known and time.monotonic() - known[0] < FRESH:
        return known[1]
    found = [field for page in client.pages(f"{V2}/{PATHS[kind]}", 20) for field in page]
    client.fields[kind] = (time.monotonic(), found)
    return found


def key_field(client: Pipedrive, kind: str) -> str:
    """The code of the field that holds our key, or "" where there is none yet."""
    return next((str(field["field_code"]) for field in fields(client, kind) if _is_key(field)), "")


def _is_key(field: Field) -> bool:
    return field.get("field_name") == KEY and field.get("field_type") in ("varchar", "text")


def add_key_field(client: Pipedrive, key: str, *, kind: str) -> dict[str, JSON]:
    """A text field of ours, by which records are recognised after a lost answer."""
    made = client.send("POST", f"{V2}/{PATHS[kind]}", {"field_name": KEY, "field_type": "varchar"})
    client.fields.pop(kind, None)
    return {"id": str(made["field_code"]), "url": ""}


def find_key_field(client: Pipedrive, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    client.fields.pop(arguments["kind"], None)
    found = key_field(client, arguments["kind"])
    return [{"id": found, "url": ""}] if found else []


def missing_key_field(client: Pipedrive, kind: str) -> list[Call]:
    """What must be there before a record of this kind is made."""
    return [] if key_field(client, kind) else [Call("add_key_field", {"kind": kind})]


# --- values by the names of fields ------------------------------------------------------------------------------------


def by_code(client: Pipedrive, kind: str, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """{code: value as version 2 takes it} of {name: value as people write it}. Raises `Refused` for what does not fit."""
    return dict(_coded(_named(client, kind, name), value) for name, value in values.items())


def by_name(client: Pipedrive, kind: str, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """The other way round, for people: {name: text or number}."""
    own = {str(field["field_code"]): field for field in fields(client, kind)}
    shown = {str(own[code]["field_name"]): _shown(own[code], value) for code, value in values.items() if code in own}
    return {name: value for name, value in shown.items() if name != KEY}


def _named(client: Pipedrive, kind: str, name: str) -> Field:
    own = [field for field in fields(client, kind) if field.get("is_custom_field")]
    found = [field for field in own if str(field["field_name"]).lower() == name.strip().lower()]
    if len(found) != 1:
        there = ", ".join(f"“{field['field_name']}”" for field in own if field["field_name"] != KEY)[:300] or "none"
        much = "no field" if not found else "several fields"
        raise Refused(f"There is {much} “{name[:60]}” for a {kind} in Pipedrive. Its own fields are: {there}.")
    return found[0]


def _coded(field: Field, value: JSON) -> tuple[str, JSON]:
    code, kind = str(field["field_code"]), str(field.get("field_type"))
    if value is None or value == "" or value == []:
        return code, None  # a field of several options does not take an empty list
    if kind == "enum":
        return code, _option(field, value)
    if kind == "set":
        return code, [_option(field, one) for one in (value if isinstance(value, list) else [value])]
    if kind not in _PLAIN:
        raise Refused(f"The field “{field['field_name']}” is of a kind that Patchbay cannot fill. Leave it out.")
    if len(str(value)) > _LONGEST.get(kind, 255):
        raise Refused(
            f"The text for “{field['field_name']}” is longer than Pipedrive takes ({_LONGEST[kind]} characters)."
        )
    return code, _plain(field, kind, value)


def _plain(field: Field, kind: str, value: JSON) -> JSON:
    """Numbers are numbers: version 2 converts nothing."""
    if kind not in ("double", "int"):
        return str(value)
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise Refused(f"“{str(value)[:60]}” is no number, which the field “{field['field_name']}” wants.") from None
    return int(found) if found.is_integer() else found


def _option(field: Field, label: JSON) -> JSON:
    options = field.get("options") or []
    found = [one["id"] for one in options if str(one["label"]).lower() == str(label).strip().lower()]
    if not found:
        there = ", ".join(f"“{one['label']}”" for one in options)[:300]
        raise Refused(f"The field “{field['field_name']}” has no option “{str(label)[:60]}”. It has: {there}.")
    return found[0]


def _shown(field: Field, value: JSON) -> JSON:
    labels = {one["id"]: one["label"] for one in field.get("options") or []}
    if isinstance(value, list):
        return [labels.get(one, one) for one in value if isinstance(one, (str, int))]
    if isinstance(value, dict):
        return value.get("value")
    return labels.get(value, value)
