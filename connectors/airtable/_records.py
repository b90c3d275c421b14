"""Records: find, create, update, upsert and delete them, and take that back.

https://airtable.com/developers/web/api/update-multiple-records#request-performupsert : a record that is written with
`performUpsert` is merged into the one that has the same text in the column named there. So a create that names the column
with our key gives one record, however often it arrives.
"""

from __future__ import annotations

from typing import Any

from connectors.airtable._cells import KEY, MATCHED, alike, all_alike, column, differing, named, written
from connectors.airtable._client import Airtable, Place, read_place, records, segment
from connectors.contract import JSON, Call, Refused

Arguments = dict[str, Any]
_TEXT = "singleLineText"


def result(place: Place, record: JSON) -> dict[str, JSON]:
    return {"id": record["id"], "url": place.url(record["id"]), "fields": record.get("fields") or {}}


# --- reading ----------------------------------------------------------------------------------------------------------


def find_records(client: Airtable, *, table: str, column: str, value: JSON) -> JSON:
    """All records whose cell in that column is `value`: [{id, url, fields by column name}]."""
    place = read_place(table)
    shape = client.table(place)
    found = _matching(client, place, shape, column, value)
    return {"records": [{**result(place, one), "fields": named(shape, one["fields"])} for one in found]}


def _matching(client: Airtable, place: Place, shape: JSON, name: str, value: JSON) -> list[JSON]:
    from pyairtable.formulas import match

    one = column(shape, name)
    wanted = written(shape, {one["id"]: value})[one["id"]]
    listed = _list(client, place, str(match({one["name"]: wanted if wanted is not None else ""})))
    return [record for record in listed if alike(wanted, record["fields"].get(one["id"]))]  # formulas ignore case


def _list(client: Airtable, place: Place, formula: str) -> list[JSON]:
    query = {"filterByFormula": formula, "pageSize": 100, "returnFieldsByFieldId": 1}
    return [record for page in client.pages(records(place), query) for record in page["records"]]


def read(client: Airtable, place: Place, record: str) -> JSON:
    """The record, or None where it is gone. It is looked for in its table: asked for by its id, a record that is gone and
    a base that the token may not see answer the same."""
    from pyairtable.formulas import EQ, RECORD_ID

    found = _list(client, place, str(EQ(RECORD_ID(), record)))
    return found[0] if found else None


# --- creating ---------------------------------------------------------------------------------------------------------


def create_record(client: Airtable, key: str, *, table: str, fields: dict[str, JSON]) -> JSON:
    """Writes one record, merged by our key."""
    place = read_place(table)
    answer = client.ask("PATCH", records(place), body=_merge([KEY], {**fields, KEY: key}))
    return result(place, answer["records"][0])


def _merge(on: list[str], cells: dict[str, JSON]) -> JSON:
    return {"performUpsert": {"fieldsToMergeOn": on}, "records": [{"fields": cells}], "returnFieldsByFieldId": True}


def find_created(client: Airtable, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    from pyairtable.formulas import match

    place = read_place(arguments["table"])
    return [result(place, record) for record in _list(client, place, str(match({KEY: key})))]


def prepare(client: Airtable, arguments: Arguments) -> Arguments:
    """Columns by id, so that one that is renamed meanwhile is still the same; values as they fit."""
    shape = client.table(read_place(arguments["table"]))
    return {**arguments, "fields": written(shape, arguments["fields"])}


def key_column_first(client: Airtable, arguments: Arguments) -> list[Call]:
    """The column for our key, where the table has none yet."""
    shape = client.table(read_place(arguments["table"]))
    there = [one for one in shape["fields"] if one["name"] == KEY]
    if there and there[0]["type"] not in (_TEXT, "multilineText"):
        raise Refused(
            f"The column “{KEY}” of “{shape['name']}” must hold single line text. Change its type in Airtable, then run "
            "this again."
        )
    return [] if there else [Call("add_key_column", {"table": arguments["table"]})]


def add_key_column(client: Airtable, key: str, *, table: str) -> JSON:
    place = read_place(table)
    path = f"meta/bases/{segment(place.base)}/tables/{segment(place.table)}/fields"
    about = "By this Patchbay recognises its own records. Hide it if it is in the way, and leave it here."
    made = client.ask("POST", path, body={"name": KEY, "type": _TEXT, "description": about})
    client.schemas.pop(place.base, None)
    return {"id": made["id"], "url": place.url()}


def find_key_column(client: Airtable, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    place = read_place(arguments["table"])
    client.schemas.pop(place.base, None)
    there = [one for one in client.table(place)["fields"] if one["name"] == KEY]
    return [{"id": one["id"], "url": place.url()} for one in there]


def create_changed(client: Airtable, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    place = read_place(arguments["table"])
    now = read(client, place, str(made["id"]))
    if now is None:
        return "Somebody has deleted the record since."
    return _differs(client.table(place), made.get("fields") or {}, now["fields"])


def _differs(shape: JSON, before: dict[str, JSON], now: dict[str, JSON]) -> str | None:
    names = list(differing(shape, before, now))
    return f"Somebody has changed “{names[0]}” of the record since." if names else None


def uncreate(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_record", {"table": arguments["table"], "record": made["id"]})


def delete_record(client: Airtable, key: str, *, table: str, record: str) -> JSON:
    """To the trash of the base, from which only a person can bring it back."""
    place = read_place(table)
    client.ask("DELETE", records(place, record))
    return {"id": record, "url": place.url()}


def find_deleted(client: Airtable, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    place = read_place(arguments["table"])
    gone = read(client, place, arguments["record"]) is None
    return [{"id": arguments["record"], "url": place.url()}] if gone else []


# --- updating ---------------------------------------------------------------------------------------------------------


def update_record(client: Airtable, key: str, *, table: str, record: str, fields: dict[str, JSON]) -> JSON:
    """Writes these cells and leaves the others alone."""
    place = read_place(table)
    answer = client.ask("PATCH", records(place, record), body={"fields": fields, "returnFieldsByFieldId": True})
    return result(place, answer)


def find_updated(client: Airtable, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    place = read_place(arguments["table"])
    now = read(client, place, arguments["record"])
    return [result(place, now)] if now and all_alike(arguments["fields"], now) else []


def cells_before(client: Airtable, arguments: Arguments) -> JSON:
    """What stands in the cells that are about to be written. Raises `Refused` where the record is gone."""
    now = read(client, read_place(arguments["table"]), arguments["record"])
    if now is None:
        raise Refused("This record was deleted in Airtable. Restore it from the base's trash, then run this again.")
    return _cells(now, arguments["fields"])


def _cells(record: JSON, wanted: dict[str, JSON]) -> dict[str, JSON]:
    return {cell: _writable(record["fields"].get(cell)) for cell in wanted}


def _writable(value: JSON) -> JSON:
    """A cell as it can be written back: people by their id only."""
    if isinstance(value, list):
        return [_writable(one) for one in value]
    return {"id": value["id"]} if isinstance(value, dict) and "id" in value else value


def update_changed(client: Airtable, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    now = read(client, read_place(arguments["table"]), str(made["id"]))
    if now is None:
        return "Somebody has deleted the record since."
    return None if all_alike(arguments["fields"], now) else "Somebody has changed the same cells of the record since."


def update_back(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    return Call("update_record", {"table": arguments["table"], "record": made["id"], "fields": before})


# --- the one with this value, or a new one ----------------------------------------------------------------------------


def upsert_record(client: Airtable, key: str, *, table: str, by: str, fields: dict[str, JSON]) -> JSON:
    """Writes the record that has the same value in the column `by`, or a new one."""
    place = read_place(table)
    answer = client.ask("PATCH", records(place), body=_merge([by], fields))
    return result(place, answer["records"][0])


def prepare_upsert(client: Airtable, arguments: Arguments) -> Arguments:
    """Raises `Refused` for a column that cannot tell records apart, an empty value in it, or several such records."""
    place = read_place(arguments["table"])
    shape = client.table(place)
    one = column(shape, arguments["by"])
    cells = written(shape, arguments["fields"])
    if one["type"] not in MATCHED:
        raise Refused(
            f"Records cannot be told apart by the column “{one['name']}”: choose a column with text, a number or one "
            "choice in the recipe, then run this again."
        )
    if cells.get(one["id"]) is None:
        raise Refused(
            f"There is nothing to write into “{one['name']}”, by which the record is found. Check what came in."
        )
    if len(_matching(client, place, shape, one["id"], cells[one["id"]])) > 1:
        raise Refused(
            f"Several records have the same value in “{one['name']}”. Merge them in Airtable so that one is left, then "
            "run this again."
        )
    return {**arguments, "by": one["id"], "fields": cells}


def find_upserted(client: Airtable, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    place = read_place(arguments["table"])
    return [result(place, one) for one in _merged(client, place, arguments) if all_alike(arguments["fields"], one)]


def _merged(client: Airtable, place: Place, arguments: Arguments) -> list[JSON]:
    by = arguments["by"]
    return _matching(client, place, client.table(place), by, arguments["fields"][by])


def upsert_before(client: Airtable, arguments: Arguments) -> JSON:
    """{"record", "fields"} of the one that is about to be changed; "" where there is none yet."""
    found = _merged(client, read_place(arguments["table"]), arguments)
    return {"record": found[0]["id"], "fields": _cells(found[0], arguments["fields"])} if found else {"record": ""}


def upsert_changed(client: Airtable, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    place = read_place(arguments["table"])
    now = read(client, place, str(made["id"]))
    if now is None:
        return "Somebody has deleted the record since."
    return _differs(client.table(place), made.get("fields") or {}, now["fields"])


def upsert_back(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    if before["record"]:
        return update_back(arguments, made, before["fields"])
    return uncreate(arguments, made, before)
