"""Records of the practice HubSpot. https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.vendors.hubspot import properties
from app.practice.vendors.hubspot.shelf import VERSION, Record, Shelf, given, no, now

_PLACE = f"/crm/objects/{VERSION}/<any(contacts, companies, deals, notes, tasks):kind>"
_TYPES = {
    "notes": {202: "contacts", 190: "companies", 214: "deals"},
    "tasks": {204: "contacts", 192: "companies", 216: "deals"},
    "deals": {3: "contacts", 5: "companies"},
}
_CHANGED = {"contacts": "lastmodifieddate"}
_STAYS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "EQ": lambda have, want: have.lower() == want.lower(),
    "GTE": lambda have, want: bool(have) and datetime.fromisoformat(have).timestamp() * 1000 >= float(want),
}


def add_routes(api: Blueprint, shelf: Shelf) -> None:
    _add_reading(api, shelf)

    @api.post(_PLACE)
    def create(kind: str) -> tuple[Response, int]:
        body = given()
        with shelf.ledger.write():
            made = _make(shelf, kind, _checked(shelf, kind, body), body.get("associations") or [])
            shelf.done(f"{kind}.create", made["id"])
        return jsonify(made), 201

    @api.post(f"{_PLACE}/batch/upsert")
    def upsert(kind: str) -> Response | tuple[Response, int]:
        saved: list[Record] = []
        errors: list[Record] = []
        with shelf.ledger.write():
            for one in given()["inputs"]:
                _upsert(shelf, kind, one, saved, errors)
        answer = {"status": "COMPLETE", "results": saved}
        return (jsonify({**answer, "errors": errors, "numErrors": len(errors)}), 207) if errors else jsonify(answer)

    @api.patch(f"{_PLACE}/<id>")
    def change(kind: str, id: str) -> Response:
        record = _one(shelf, kind, id)
        with shelf.ledger.write():
            changed = _change(shelf, kind, record, _checked(shelf, kind, given(), record))
            shelf.done(f"{kind}.change", record["id"])
        return jsonify(changed)

    @api.delete(f"{_PLACE}/<id>")
    def archive(kind: str, id: str) -> tuple[str, int]:
        if (record := shelf.get(kind, id)) is not None:
            with shelf.ledger.write():
                shelf.put(kind, {**record, "archived": True})
                shelf.done(f"{kind}.archive", id)
        return "", 204


def _add_reading(api: Blueprint, shelf: Shelf) -> None:
    @api.get(f"{_PLACE}/<id>")
    def one(kind: str, id: str) -> Response:
        return jsonify(_shown(_one(shelf, kind, id), request.args.get("properties", "").split(",")))

    @api.post(f"{_PLACE}/search")
    def search(kind: str) -> Response:
        asked = given()
        if int(asked.get("limit", 10)) > 200 or len(asked.get("query", "")) > 3000:
            no(400, "VALIDATION_ERROR", "limit must not be above 200")
        found = [one for one in shelf.indexed(kind) if _fits(one, asked)]
        for sort in reversed(asked.get("sorts") or []):
            name = sort["propertyName"]
            found.sort(
                key=lambda one: str(one["properties"].get(name) or ""), reverse=sort["direction"] == "DESCENDING"
            )
        start, limit = int(asked.get("after") or 0), int(asked.get("limit", 10))
        if start + limit > 10_000:
            no(400, "VALIDATION_ERROR", "The search goes no further than 10,000 results.")
        paging = {"paging": {"next": {"after": str(start + limit)}}} if start + limit < len(found) else {}
        shown = [_shown(one, asked.get("properties") or []) for one in found[start : start + limit]]
        return jsonify({"total": len(found), "results": shown, **paging})


def _fits(record: Record, asked: Record) -> bool:
    groups = asked.get("filterGroups") or []
    if len(groups) > 5:
        no(400, "VALIDATION_ERROR", "At most 5 filterGroups")
    values = {name: str(value or "") for name, value in record["properties"].items()}
    query = asked.get("query", "").lower()
    if query and not any(query in value.lower() for value in values.values()):
        return False
    kept = [all(_COMPARE[f["operator"]](values.get(f["propertyName"], ""), str(f["value"])) for f in group["filters"])
            for group in groups]  # fmt: skip
    return not groups or any(kept)


def _shown(record: Record, wanted: list[str]) -> Record:
    """The properties one asks for, and the times; one that is not known is left out without a word."""
    always = ("createdate", "hs_object_id", _CHANGED.get("contacts", ""), "hs_lastmodifieddate")
    names = [name for name in (*wanted, *always) if name in record["properties"]]
    return {**record, "properties": {name: record["properties"][name] for name in names}}


def _one(shelf: Shelf, kind: str, id: str) -> Record:
    by = request.args.get("idProperty", "")
    if by and by not in properties.unique(shelf, kind):
        no(400, "VALIDATION_ERROR", f"{by} is not a unique property")
    found = shelf.by(kind, by, id) if by else shelf.get(kind, id)
    if found is None or found["archived"]:
        no(404, "OBJECT_NOT_FOUND", "resource not found")
    return found


# --- what is written --------------------------------------------------------------------------------------------------


def _checked(shelf: Shelf, kind: str, body: Record, present: Record | None = None) -> dict[str, str]:
    """Known properties, every value a text, options by their values, and one record for each unique value."""
    values: dict[str, str] = body.get("properties") or {}
    known = {one["name"]: one for one in properties.known(shelf, kind)}
    for name, value in values.items():
        if name not in known or not isinstance(value, str):
            no(400, "VALIDATION_ERROR", f'Property values were not valid: "{name}"')
        options = [one["value"] for one in known[name].get("options") or []]
        if options and value and not set(value.split(";")) <= set(options):
            no(400, "VALIDATION_ERROR", f"{value} was not one of the allowed options: {options}")
        other = shelf.by(kind, name, value) if known[name].get("hasUniqueValue") and value else None
        if other is not None and (present is None or other["id"] != present["id"]):
            no(409, "CONFLICT", f"Contact already exists. Existing ID: {other['id']}")
    if len(values.get("hs_note_body", "")) > 65_536:
        no(400, "VALIDATION_ERROR", "The note is too long")
    if (
        kind == "deals"
        and "dealstage" in values
        and not properties.stage_fits(values.get("pipeline", ""), values["dealstage"])
    ):
        no(400, "VALIDATION_ERROR", f"{values['dealstage']} is not a stage of this pipeline")
    if kind in ("notes", "tasks") and present is None and not values.get("hs_timestamp"):
        no(400, "VALIDATION_ERROR", "hs_timestamp is required")
    return values


def _make(shelf: Shelf, kind: str, values: dict[str, str], links: list[Record]) -> Record:
    known = _TYPES.get(kind, {})
    joined: dict[str, list[str]] = {}
    for link in links:
        other = known.get(link["types"][0]["associationTypeId"])
        if other is None or shelf.get(other, link["to"]["id"]) is None:
            no(400, "VALIDATION_ERROR", "One of the associations does not exist")
        joined.setdefault(other, []).append(link["to"]["id"])
    number = shelf.next_id()
    times = {"createdate": now(), "hs_object_id": number, "hs_object_source_label": "INTEGRATION"}
    url = f"https://app.hubspot.com/contacts/1001/record/{_STAYS.get(kind, '0-46')}/{number}"
    made = {
        "id": number,
        "properties": times,
        "createdAt": now(),
        "archived": False,
        "url": url,
        "associations": joined,
    }
    return _change(shelf, kind, made, values)


def _change(shelf: Shelf, kind: str, record: Record, values: dict[str, str]) -> Record:
    """A lifecycle stage that lies behind the present one is ignored, as HubSpot does."""
    present, moment = record["properties"], now()
    order = ["lead", "customer"]
    stage, then = values.get("lifecyclestage", ""), str(present.get("lifecyclestage") or "")
    if stage in order and then in order and order.index(stage) < order.index(then):
        values = {name: value for name, value in values.items() if name != "lifecyclestage"}
    times = {_CHANGED.get(kind, "hs_lastmodifieddate"): moment}
    if kind == "deals" and values.get("dealstage", present.get("dealstage")) != present.get("dealstage"):
        times["hs_v2_date_entered_current_stage"] = moment
    cleaned: dict[str, Any] = {
        name: value.lower() if name == "email" else value or None for name, value in values.items()
    }
    changed = {**record, "properties": {**present, **cleaned, **times}, "updatedAt": moment}
    shelf.put(kind, changed)
    return changed


def _upsert(shelf: Shelf, kind: str, one: Record, saved: list[Record], errors: list[Record]) -> None:
    if one["idProperty"] not in properties.unique(shelf, kind):
        no(400, "VALIDATION_ERROR", f"{one['idProperty']} is not a unique property")
    if str(one["id"]).endswith("@invalid"):
        words = f"Property values were not valid: {one['id']}"
        errors.append({"status": "error", "category": "VALIDATION_ERROR", "message": words})
        return
    record = shelf.by(kind, one["idProperty"], one["id"])
    values = _checked(shelf, kind, one, record)
    with_id = {one["idProperty"]: one["id"], **values}
    changed = _change(shelf, kind, record, values) if record else _make(shelf, kind, with_id, [])
    shelf.done(f"{kind}.{'change' if record else 'create'}", changed["id"])
    saved.append({**changed, "new": record is None})


# --- what stands there at first, and what tests do to it --------------------------------------------------------------

_OLD = "2026-11-02T09:00:00.000Z"


def seed(shelf: Shelf) -> None:
    if shelf.all("contacts"):
        return
    ann = {"email": "ann@lee.example", "firstname": "Ann", "lastname": "Lee", "lifecyclestage": "customer"}
    _make(shelf, "contacts", ann, [])
    _make(shelf, "companies", {"name": "Lee and Daughters", "domain": "lee.example"}, [])
    _make(
        shelf,
        "deals",
        {"dealname": "Roof repair", "amount": "5000", "dealstage": "contractsent", "pipeline": "default"},
        [],
    )
    for kind in ("contacts", "companies", "deals"):
        for one in shelf.all(kind):
            times = dict.fromkeys(("createdate", "lastmodifieddate", "hs_lastmodifieddate"), _OLD)
            shelf.put(
                kind, {**one, "properties": {**one["properties"], **times, "hs_v2_date_entered_current_stage": _OLD}}
            )


def set_values(shelf: Shelf, body: Record) -> Record:
    """{"kind", "id", ...}: properties that nobody can write, such as times."""
    record = shelf.get(body["kind"], body["id"]) or {}
    values = {name: value for name, value in body.items() if name not in ("kind", "id")}
    changed = {**record, "properties": {**record["properties"], **values}}
    shelf.put(body["kind"], changed)
    return changed


def make_many(shelf: Shelf, body: Record) -> int:
    """{"count", "since"}: contacts that were made one second after the other."""
    begin = datetime.fromisoformat(body["since"])
    with shelf.ledger.write():
        for number in range(body["count"]):
            when = (begin + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            made = shelf.next_id()
            values = {"email": f"n{number}@many.example", "createdate": when, "lastmodifieddate": when}
            shelf.put("contacts", {"id": made, "properties": values, "archived": False, "url": ""})
    return int(body["count"])
