"""Version 1, where there is no other: notes and webhooks. Lists count with `start` and `limit`; times are without a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from app.practice.vendors.pipedrive.shelf import Record, Shelf, given, no, told

_ABOUT = ("deal_id", "person_id", "org_id")


def add_routes(api: Blueprint, shelf: Shelf) -> None:
    _add_notes(api, shelf)

    @api.get("/api/v1/webhooks")
    def hooks() -> Response:
        return told([one for one in shelf.all("webhook") if one["active_flag"]])

    @api.post("/api/v1/webhooks")
    def add_hook() -> Response:
        body = given()
        if not str(body.get("subscription_url", "")).startswith("http") or body.get("version", "2.0") != "2.0":
            no(400, "Bad request")
        with shelf.ledger.write():
            shown = {name: value for name, value in body.items() if name != "http_auth_password"}
            made = {**shown, "id": shelf.next_id("webhook"), "active_flag": True}
            shelf.put("webhook", made)
            shelf.done("webhook.create", made["id"])
        return told(made, status=201)

    @api.delete("/api/v1/webhooks/<int:id>")
    def drop_hook(id: int) -> Response:
        with shelf.ledger.write():
            shelf.put("webhook", {**_one(shelf, "webhook", id), "active_flag": False})
            shelf.done("webhook.delete", id)
        return told(None)


def _add_notes(api: Blueprint, shelf: Shelf) -> None:
    @api.get("/api/v1/notes")
    def notes() -> Response:
        found = [one for one in shelf.all("note") if one["active_flag"]]
        for name in _ABOUT:
            if wanted := request.args.get(name):
                found = [one for one in found if str(one.get(name)) == wanted]
        if request.args.get("sort") == "add_time DESC":
            found.sort(key=lambda one: (one["add_time"], one["id"]), reverse=True)
        return _page(found)

    @api.get("/api/v1/notes/<int:id>")
    def note(id: int) -> Response:
        return told(_one(shelf, "note", id))

    @api.post("/api/v1/notes")
    def write_note() -> Response:
        body = given()
        if not body.get("content") or not any(body.get(name) for name in _ABOUT):
            no(400, "Note content and one of deal_id, person_id, org_id must be given.")
        with shelf.ledger.write():
            about = {name: body.get(name) for name in _ABOUT}
            made = {"id": shelf.next_id("note"), "content": body["content"], **about, "active_flag": True, **_times()}
            shelf.put("note", made)
            shelf.done("note.create", made["id"])
        return told(made, status=201)

    @api.put("/api/v1/notes/<int:id>")
    def change_note(id: int) -> Response:
        with shelf.ledger.write():
            changed = {**_one(shelf, "note", id), **given()}
            shelf.put("note", changed)
            shelf.done("note.change", id)
        return told(changed)

    @api.delete("/api/v1/notes/<int:id>")
    def delete_note(id: int) -> Response:
        with shelf.ledger.write():
            shelf.put("note", {**_one(shelf, "note", id), "active_flag": False})
            shelf.done("note.delete", id)
        return told(True)


def _one(shelf: Shelf, kind: str, id: int) -> Record:
    found = shelf.get(kind, id)
    if found is None or not found["active_flag"]:
        no(404, f"{kind.capitalize()} not found")
    return found


def _page(found: list[Record]) -> Response:
    start, limit = int(request.args.get("start", 0)), min(int(request.args.get("limit", 100)), 500)
    more = start + limit < len(found)
    paging: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
    paging |= {"next_start": start + limit} if more else {}
    return told(found[start : start + limit], {"pagination": paging})


def _times() -> dict[str, str]:
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {"add_time": moment, "update_time": moment}
