"""The practice tables: their columns, what fits into these, and the records in them."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal
from app.practice.ledger import Ledger

SLUG = "airtable"
BASE, BASE_NAME = "apppractice000001", "Practice shop"
ORDERS, CLIENTS = "tblorders00000001", "tblclients0000001"
COMPUTED = ("autoNumber", "createdTime", "formula")
Fields = dict[str, Any]


def refuse(status: int, kind: str, words: str = "") -> NoReturn:
    raise Refusal(status, {"error": {"type": kind, "message": words}} if words else {"error": kind})


def fresh_id(kind: str) -> str:
    """Seventeen characters, in lower case because the ledger compares so."""
    letters = string.ascii_lowercase + string.digits
    return kind + "".join(secrets.choice(letters) for _ in range(14))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _columns(table: str, *columns: tuple[str, str]) -> list[Fields]:
    return [_column(f"fld{table[3:8]}{number:09}", name, kind) for number, (name, kind) in enumerate(columns, 1)]


def _column(id: str, name: str, kind: str) -> Fields:
    choices = {"singleSelect": ("Open", "Paid", "Sent"), "multipleSelects": ("Rush", "Gift")}.get(kind)
    options = {"options": {"choices": [{"id": fresh_id("sel"), "name": one} for one in choices]}} if choices else {}
    return {"id": id, "name": name, "type": kind, **options}


def seed(ground: Ground) -> None:
    if ground.ledger.get(SLUG, ORDERS) is not None:
        return
    orders = _columns(
        ORDERS,
        *(("Name", "singleLineText"), ("Email", "email"), ("Amount", "currency"), ("Status", "singleSelect")),
        *(("Paid", "checkbox"), ("Notes", "richText"), ("Due", "date"), ("Tags", "multipleSelects")),
        *(("Files", "multipleAttachments"), ("Number", "autoNumber"), ("Client", "multipleRecordLinks")),
        *(("Packed", "dateTime"), ("Owner", "singleCollaborator")),
    )
    clients = _columns(CLIENTS, ("Name", "singleLineText"), ("Email", "email"), ("Phone", "phoneNumber"))
    for own, name, columns in ((ORDERS, "Orders", orders), (CLIENTS, "Clients", clients)):
        table = {"id": own, "name": name, "base": BASE, "primaryFieldId": columns[0]["id"], "fields": columns}
        ground.ledger.put(SLUG, "table", table, parent=BASE)
    for name, email, amount in (("Ten chairs", "ana@shop.example", 480), ("A table", "ben@shop.example", 220.5)):
        cells = {"Name": name, "Email": email, "Amount": amount, "Status": "Open"}
        _put(ground.ledger, ORDERS, {"id": fresh_id("rec"), "fields": checked(table_of(ground, BASE, ORDERS), cells)})


def table_of(ground: Ground, base: str, table: str) -> Fields:
    """By id or by name."""
    known = ground.ledger.objects(SLUG, "table", base)
    found = [one for one in known if table.lower() == one["id"] or table == one["name"]]
    if not found:
        gone = "Invalid permissions, or the requested model was not found."
        refuse(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", gone)
    return dict(found[0])


def shown(table: Fields) -> Fields:
    return {name: table[name] for name in ("id", "name", "primaryFieldId", "fields")} | {"views": []}


def add_column(ground: Ground, table: Fields, given: Fields) -> Fields:
    if any(one["name"] == given.get("name") for one in table["fields"]):
        refuse(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", f'Field name "{given.get("name")}" is already used')
    made = _column(fresh_id("fld"), str(given["name"]), str(given["type"]))
    ground.ledger.put(SLUG, "table", {**table, "fields": [*table["fields"], made]}, parent=table["base"])
    return made


def column_of(table: Fields, name: str) -> Fields:
    found = next((one for one in table["fields"] if name in (one["id"], one["name"])), None)
    if found is None:
        refuse(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
    return dict(found)


def checked(table: Fields, given: Fields) -> Fields:
    """Cells by column id, each fitting its column."""
    found = {}
    for name, value in given.items():
        column = column_of(table, name)
        found[column["id"]] = _fitting(column, value)
    return found


def _fitting(column: Fields, value: Any) -> Any:
    kind, name = column["type"], column["name"]
    if kind in COMPUTED:
        words = f'Field "{name}" cannot accept a value because the field is computed'
        refuse(422, "INVALID_VALUE_FOR_COLUMN", words)
    if value is None:
        return None
    wanted: Any = {"currency": (int, float), "checkbox": bool, "multipleSelects": list, "multipleRecordLinks": list}
    right = wanted.get(kind, dict if kind == "singleCollaborator" else str)
    if not isinstance(value, right) or (kind == "currency" and isinstance(value, bool)):
        refuse(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value')
    if kind in ("singleSelect", "multipleSelects"):
        _choices(column, [value] if isinstance(value, str) else value)
    return _kept(kind, value)


def _kept(kind: str, value: Any) -> Any:
    """As Airtable gives it back."""
    if kind == "richText" and not value.endswith("\n"):
        return value + "\n"
    if kind == "dateTime":
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if kind == "singleCollaborator":
        return {"id": value["id"], "email": "ana@shop.example", "name": "Ana Silva"}
    return value


def _choices(column: Fields, values: list[str]) -> None:
    known = [one["name"] for one in column["options"]["choices"]]
    for value in values:
        if value not in known:
            words = f'Insufficient permissions to create new select option ""{value}""'
            refuse(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", words)


# --- records ----------------------------------------------------------------------------------------------------------


def _put(ledger: Ledger, table: str, record: Fields) -> Fields:
    """With a number, and without empty cells."""
    record.setdefault("createdTime", now())
    filled = {cell: value for cell, value in record["fields"].items() if value not in (None, "", [], False)}
    number = f"fld{table[3:8]}{10:09}"
    if table == ORDERS and number not in filled:
        filled[number] = len(ledger.objects(SLUG, "record", table)) + 1
    ledger.put(SLUG, "record", {**record, "fields": filled}, parent=table)
    return {**record, "fields": filled}


def all_records(ground: Ground, table: Fields) -> list[Fields]:
    return ground.ledger.objects(SLUG, "record", table["id"])


def record_of(ground: Ground, table: Fields, id: str) -> Fields:
    found = next((one for one in all_records(ground, table) if one["id"] == id), None)
    if found is None:
        refuse(404, "NOT_FOUND")
    return found


def create(ground: Ground, table: Fields, cells: Fields) -> Fields:
    return _put(ground.ledger, table["id"], {"id": fresh_id("rec"), "fields": cells})


def change(ground: Ground, table: Fields, record: Fields, cells: Fields) -> Fields:
    return _put(ground.ledger, table["id"], {**record, "fields": {**record["fields"], **cells}})


def delete(ground: Ground, record: Fields) -> None:
    ground.ledger.change("delete from objects where slug=? and id=?", SLUG, record["id"])


def answer(table: Fields, record: Fields, by_id: bool) -> Fields:
    names = {one["id"]: one["name"] for one in table["fields"]}
    fields = record["fields"] if by_id else {names[cell]: value for cell, value in record["fields"].items()}
    return {"id": record["id"], "createdTime": record["createdTime"], "fields": fields}
