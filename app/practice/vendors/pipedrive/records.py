"""Version 2: deals, persons, organizations, activities, their fields, pipelines and stages.

https://pipedrive.readme.io/docs/pipedrive-api-v2
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from app.practice.vendors.pipedrive.shelf import Record, Shelf, given, no, now, told

KINDS = {"deals": "deal", "persons": "person", "organizations": "organization", "activities": "activity"}
FIELDS = {"dealFields": "deal", "personFields": "person", "organizationFields": "organization"}
_PLACES = "/api/v2/<any(deals, persons, organizations, activities):place>"
_NEEDED = {"deal": "title", "person": "name", "organization": "name", "activity": "subject"}
_CONTACT_SYNC = ("job_title", "notes", "im", "birthday", "postal_address")
_ALLOWED = {
    "deal": "title value currency person_id org_id stage_id pipeline_id owner_id status lost_reason expected_close_date "
    "label_ids visible_to custom_fields is_deleted is_archived",
    "person": "name emails phones org_id owner_id label_ids visible_to custom_fields is_deleted",
    "organization": "name owner_id label_ids visible_to custom_fields is_deleted",
    "activity": "subject type owner_id deal_id org_id participants due_date due_time duration note done",
}
_NUMBERS = ("person_id", "org_id", "stage_id", "pipeline_id", "owner_id", "deal_id", "value")
_FRACTIONS = re.compile(r"\.\d+")


def add_routes(api: Blueprint, shelf: Shelf) -> None:
    _add_lists(api, shelf)
    _add_records(api, shelf)
    _add_fields(api, shelf)

    @api.get("/api/v2/pipelines")
    def pipelines() -> Response:
        return _page(shelf.all("pipeline"))

    @api.get("/api/v2/stages")
    def stages() -> Response:
        return _page(shelf.all("stage"))


def _add_lists(api: Blueprint, shelf: Shelf) -> None:
    @api.get(_PLACES)
    def listed(place: str) -> Response:
        return _page(_asked_for([one for one in _alive(shelf, KINDS[place]) if not one.get("is_archived")]))

    @api.get("/api/v2/deals/archived")
    def archived() -> Response:
        return _page(_asked_for([one for one in _alive(shelf, "deal") if one.get("is_archived")]))

    @api.get(f"{_PLACES}/search")
    def search(place: str) -> Response:
        term, fields = request.args.get("term", "").lower(), request.args.get("fields", "")
        exact = request.args.get("exact_match") == "true"
        if len(term) < (1 if exact else 2):
            no(400, "Search term must be at least 2 characters long.")
        found = [one for one in _alive(shelf, KINDS[place]) if _matches(one, fields, term, exact)]
        return told({"items": [{"result_score": 1, "item": one} for one in found[:100]]}, {"next_cursor": None})


def _add_records(api: Blueprint, shelf: Shelf) -> None:
    @api.get(f"{_PLACES}/<int:id>")
    def one(place: str, id: int) -> Response:
        return told(_one(shelf, KINDS[place], id))

    @api.post(_PLACES)
    def create(place: str) -> Response:
        kind, body = KINDS[place], _checked(shelf, KINDS[place], given())
        if not body.get(_NEEDED[kind]):
            no(400, f"Validation failed: {_NEEDED[kind]}: is required")
        with shelf.ledger.write():
            made = _new(shelf, kind, body)
            shelf.put(kind, made)
            shelf.done(f"{kind}.create", made["id"])
        return told(made, status=201)

    @api.patch(f"{_PLACES}/<int:id>")
    def change(place: str, id: int) -> Response:
        kind = KINDS[place]
        with shelf.ledger.write():
            changed = changed_by(_one(shelf, kind, id), _checked(shelf, kind, given()))
            shelf.put(kind, changed)
            shelf.done(f"{kind}.change", id)
        return told(changed)

    @api.delete(f"{_PLACES}/<int:id>")
    def delete(place: str, id: int) -> Response:
        kind = KINDS[place]
        with shelf.ledger.write():
            shelf.put(kind, {**_one(shelf, kind, id), "is_deleted": True, "update_time": now()})
            shelf.done(f"{kind}.delete", id)
        return told({"id": id})


def _add_fields(api: Blueprint, shelf: Shelf) -> None:
    @api.get("/api/v2/<any(dealFields, personFields, organizationFields):place>")
    def fields(place: str) -> Response:
        return _page(_fields(shelf, FIELDS[place]))

    @api.post("/api/v2/<any(dealFields, personFields, organizationFields):place>")
    def add(place: str) -> Response:
        body, kind = given(), FIELDS[place]
        if set(body) - {"field_name", "field_type", "options"} or not body.get("field_name"):
            no(400, "Validation failed: field_name and field_type are required")
        with shelf.ledger.write():
            made = add_field(shelf, kind, body["field_name"], body["field_type"], body.get("options"))
            shelf.done("field.create", made["field_code"])
        return told(made, status=201)


# --- lists ------------------------------------------------------------------------------------------------------------


def _alive(shelf: Shelf, kind: str) -> list[Record]:
    return [one for one in shelf.all(kind) if not one.get("is_deleted")]


def _asked_for(found: list[Record]) -> list[Record]:
    since, by = request.args.get("updated_since", ""), request.args.get("sort_by", "id")
    if _FRACTIONS.search(since):
        no(400, "Validation failed: updated_since: must be RFC 3339 without fractions of a second")
    for name in ("deal_id", "person_id", "org_id", "stage_id", "owner_id"):
        if wanted := request.args.get(name):
            found = [one for one in found if str(one.get(name)) == wanted]
    found = [one for one in found if not since or _when(one, "update_time") >= datetime.fromisoformat(since)]
    down = request.args.get("sort_direction") == "desc"
    return sorted(found, key=lambda one: one["id"] if by == "id" else (_when(one, by), one["id"]), reverse=down)


def _when(one: Record, name: str) -> datetime:
    return datetime.fromisoformat(one.get(name) or one["add_time"])


def _page(found: list[Record]) -> Response:
    """At most 500, and an opaque cursor for the rest."""
    size = int(request.args.get("limit", 100))
    if not 1 <= size <= 500:
        no(400, "Validation failed: limit: must be less than or equal to 500")
    cursor = request.args.get("cursor", "")
    start = int(base64.urlsafe_b64decode(cursor).decode()) if cursor else 0
    more = base64.urlsafe_b64encode(str(start + size).encode()).decode() if start + size < len(found) else None
    return told(found[start : start + size], {"next_cursor": more})


def _matches(one: Record, fields: str, term: str, exact: bool) -> bool:
    texts = [str(one.get("title") or one.get("name") or "")] if fields in ("", "name", "title") else []
    if fields in ("", "email"):
        texts += [str(entry["value"]) for entry in one.get("emails") or []]
    return any(text.lower() == term if exact else term in text.lower() for text in texts)


# --- records ----------------------------------------------------------------------------------------------------------


def _one(shelf: Shelf, kind: str, id: int) -> Record:
    found = shelf.get(kind, id)
    if found is None or found.get("is_deleted"):
        no(404, f"{kind.capitalize()} not found")
    return found


def _checked(shelf: Shelf, kind: str, body: Record) -> Record:
    """Types are strict, and unknown names are refused."""
    if kind == "person" and any(name in body for name in _CONTACT_SYNC):
        no(403, "Contact Sync is not enabled")
    if unknown := set(body) - set(_ALLOWED[kind].split()):
        no(400, f"Validation failed: {sorted(unknown)[0]}: is not allowed")
    for name in _NUMBERS:
        if body.get(name) is not None and (isinstance(body[name], bool) or not isinstance(body[name], (int, float))):
            no(400, f"Validation failed: {name}: must be a number")
    codes = {field["field_code"] for field in _fields(shelf, kind)}
    for code, value in (body.get("custom_fields") or {}).items():
        if code not in codes or value == []:
            no(400, "Validation failed: custom_fields: is not valid", field_code=code)
    if body.get("stage_id") and shelf.get("stage", body["stage_id"]) is None:
        no(400, "Validation failed: stage_id: does not exist")
    return body


def _new(shelf: Shelf, kind: str, body: Record) -> Record:
    base: Record = {"id": shelf.next_id(kind), "owner_id": 7, "add_time": now(), "update_time": now()}
    if kind == "deal":
        base |= {"value": 0, "currency": "EUR", "status": "open", "stage_id": 1, "pipeline_id": 1, "person_id": None,
                 "org_id": None, "expected_close_date": None, "lost_reason": None, "stage_change_time": None,
                 "won_time": None, "lost_time": None, "is_archived": False}  # fmt: skip
    if kind == "activity":
        base |= {"type": "task", "done": False, "due_date": now()[:10], "due_time": None, "deal_id": None}
    custom = {field["field_code"]: None for field in _fields(shelf, kind) if field["is_custom_field"]}
    return {**base, **body, "custom_fields": {**custom, **body.get("custom_fields", {})}, "is_deleted": False}


def changed_by(record: Record, body: Record) -> Record:
    """Deals tell when they were moved, won and lost."""
    if record.get("is_archived") and body.get("is_archived") is not False:
        no(400, "Archived deals cannot be updated")
    if body.get("lost_reason") and body.get("status", record.get("status")) != "lost":
        no(400, "lost_reason can be set only if deal status is lost")
    times: dict[str, Any] = {}
    if body.get("stage_id") not in (None, record.get("stage_id")):
        times["stage_change_time"] = now()
    if body.get("status", record.get("status")) != record.get("status"):
        times |= {f"{name}_time": now() if body["status"] == name else None for name in ("won", "lost")}
        times |= {} if body["status"] == "lost" else {"lost_reason": None}
    custom = {**record["custom_fields"], **(body.get("custom_fields") or {})}
    return {**record, **times, **body, "custom_fields": custom, "update_time": now()}


# --- fields -----------------------------------------------------------------------------------------------------------


def _fields(shelf: Shelf, kind: str) -> list[Record]:
    return [one for one in shelf.all("field") if one["kind"] == kind]


def add_field(shelf: Shelf, kind: str, name: str, how: str, options: Any = None) -> Record:
    """The code of an own field is a hash that no other account has."""
    number = shelf.next_id("field")
    code = hashlib.sha256(f"{shelf.ground.token} {kind} {number}".encode()).hexdigest()[:40]
    labelled = [{"id": n, "label": one["label"]} for n, one in enumerate(options or [], 40 + number)]
    field = {"id": number, "kind": kind, "field_name": name, "field_code": code, "field_type": how, "options": labelled}
    made = {**field, "is_custom_field": True}
    shelf.put("field", made)
    return made


# --- what stands there at first ---------------------------------------------------------------------------------------

_OLD = {"add_time": "2026-11-02T09:00:00Z", "update_time": "2026-11-02T09:00:00Z"}  # no news for whoever connects now
_STAGES = ("Qualified", "Contact made", "Offer sent", "Negotiation")


def seed(shelf: Shelf) -> None:
    if shelf.get("pipeline", 1) is not None:
        return
    shelf.put("pipeline", {"id": 1, "name": "Sales", "is_deleted": False})
    for number, name in enumerate(_STAGES, 1):
        shelf.put("stage", {"id": number, "name": name, "pipeline_id": 1, "order_nr": number})
    title = {"id": shelf.next_id("field"), "kind": "deal", "field_name": "Title", "field_code": "title"}
    shelf.put("field", {**title, "field_type": "varchar", "options": [], "is_custom_field": False})
    add_field(shelf, "deal", "Roof", "enum", [{"label": "Slate"}, {"label": "Tile"}])
    add_field(shelf, "deal", "Site visits", "double")
    shelf.put("organization", {**_new(shelf, "organization", {"name": "Lee and Daughters"}), **_OLD})
    mail = {"value": "ann@lee.example", "primary": True, "label": "work"}
    person, deal = {"name": "Ann Lee", "emails": [mail], "phones": []}, {"title": "Roof repair", "value": 5000}
    shelf.put("person", {**_new(shelf, "person", {**person, "org_id": 1}), **_OLD})
    shelf.put("deal", {**_new(shelf, "deal", {**deal, "person_id": 1, "org_id": 1}), **_OLD})


# --- what tests do to it ----------------------------------------------------------------------------------------------


def set_values(shelf: Shelf, body: Record) -> Record:
    """{"kind", "id", ...}: values that nobody can write, such as times."""
    values = {name: value for name, value in body.items() if name not in ("kind", "id")}
    changed = {**(shelf.get(body["kind"], body["id"]) or {}), **values}
    shelf.put(body["kind"], changed)
    return changed


def make_many(shelf: Shelf, body: Record) -> int:
    """{"kind", "count", "since"}: records that were made one second after the other."""
    begin, first = datetime.fromisoformat(body["since"]), shelf.next_id(body["kind"])
    with shelf.ledger.write():
        for number in range(body["count"]):
            when = (begin + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            made = {"id": first + number, "name": f"Number {number}", "custom_fields": {}, "is_deleted": False}
            shelf.put(body["kind"], {**made, "add_time": when, "update_time": when})
    return int(body["count"])
