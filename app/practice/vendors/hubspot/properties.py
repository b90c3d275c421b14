"""Properties, their groups, and pipelines of the practice HubSpot.

https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from app.practice.vendors.hubspot.shelf import VERSION, Record, Shelf, given, no

_PLACE = f"/crm/properties/{VERSION}/<any(contacts, companies, deals, notes, tasks):kind>"
_STAGES = [{"label": "New", "value": "lead"}, {"label": "Customer", "value": "customer"}]
_TEXT = {
    "contacts": "email firstname lastname phone company hubspot_owner_id",
    "companies": "name domain phone hubspot_owner_id",
    "deals": "dealname amount dealstage pipeline closedate hubspot_owner_id",
    "notes": "hs_note_body hs_timestamp hubspot_owner_id",
    "tasks": "hs_task_subject hs_task_body hs_timestamp hs_task_status hs_task_type hs_task_priority hubspot_owner_id",
}
_BY_HUBSPOT = ("createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_v2_date_entered_current_stage",
               "hs_object_source_label")  # fmt: skip
_PIPELINES = {
    "default": ("Sales", {"appointmentscheduled": "Appointment", "contractsent": "Offer sent", "closedwon": "Won"}),
    "901": ("Renewals", {"9011": "Due", "9012": "Renewed"}),
}


def add_routes(api: Blueprint, shelf: Shelf) -> None:
    @api.get(_PLACE)
    def properties(kind: str) -> Response:
        return jsonify(results=known(shelf, kind))

    @api.get(f"{_PLACE}/groups")
    def groups(kind: str) -> Response:
        return jsonify(results=[{"name": f"{kind}_information", "label": "About", "displayOrder": 0}])

    @api.post(_PLACE)
    def add(kind: str) -> tuple[Response, int]:
        body = given()
        if body.get("groupName") != f"{kind}_information":
            no(400, "VALIDATION_ERROR", f"Property group {body.get('groupName')} does not exist")
        if any(one["name"] == body["name"] for one in known(shelf, kind)):
            no(409, "OBJECT_ALREADY_EXISTS", f"A property named '{body['name']}' already exists.")
        with shelf.ledger.write():
            shelf.put("property", {**body, "id": f"{kind}-{body['name']}", "kind": kind, "archived": False})
            shelf.done("property.create", body["name"])
        return jsonify(body), 201

    @api.get(f"/crm/pipelines/{VERSION}/deals")
    def pipelines() -> Response:
        return jsonify(results=[_pipeline(*one) for one in _PIPELINES.items()])


def _pipeline(id: str, told: tuple[str, dict[str, str]]) -> Record:
    return {"id": id, "label": told[0], "stages": [{"id": key, "label": label} for key, label in told[1].items()]}


def stage_fits(pipeline: str, stage: str) -> bool:
    return stage in _PIPELINES.get(pipeline, ("", {}))[1]


def known(shelf: Shelf, kind: str) -> list[Record]:
    found = [_definition(name) for name in _TEXT[kind].split()]
    found += [_definition(name, modificationMetadata={"readOnlyValue": True}) for name in _BY_HUBSPOT]
    if kind == "contacts":
        options = [{**one, "displayOrder": order} for order, one in enumerate(_STAGES)]
        found.append(_definition("lifecyclestage", label="Lifecycle stage", type="enumeration", options=options))
        several = [{"label": "Garden chairs", "value": "chairs"}, {"label": "Tables", "value": "tables"}]
        found.append(_definition("interests", label="Interests", type="enumeration", options=several))
    return found + [one for one in shelf.all("property") if one["kind"] == kind]


def _definition(name: str, **more: Any) -> Record:
    plain = {"name": name, "label": name, "type": "string", "fieldType": "text", "hasUniqueValue": name == "email"}
    return {**plain, **more}


def unique(shelf: Shelf, kind: str) -> list[str]:
    return [one["name"] for one in known(shelf, kind) if one.get("hasUniqueValue")]
