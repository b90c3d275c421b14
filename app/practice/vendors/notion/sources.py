"""Users, search, databases and data sources of the practice Notion."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.practice.door import done, root
from app.practice.ledger import Ledger
from app.practice.vendors.notion import filters, rich_text, values
from app.practice.vendors.notion.body import answer, body, cut
from app.practice.vendors.notion.people import BOT, PEOPLE
from app.practice.vendors.notion.problems import (
    archived,
    identifier,
    invalid,
    known,
    missing,
    one_of,
    refuse,
    truth,
    wrong,
)
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf, title_of

MOST = 10_000
"""A query ends there, saying so."""


def routes(api: Blueprint, shelf: Shelf) -> None:
    _people_routes(api, shelf.ledger)

    @api.get("/v1/databases/<id>")
    def database(id: str) -> Response:
        return answer(show_database(shelf.shared("database", identifier(id, "path.database_id"))))

    @api.get("/v1/data_sources/<id>")
    def data_source(id: str) -> Response:
        return answer(show_source(shelf.shared("data_source", identifier(id, "path.data_source_id"))))

    @api.patch("/v1/data_sources/<id>")
    def change_source(id: str) -> Response:
        with shelf.ledger.write():
            source = shelf.shared("data_source", identifier(id, "path.data_source_id"))
            given = body({"title", "properties", "icon", "in_trash", "parent"})
            if source["in_trash"] and given.get("in_trash") is not False:
                archived()
            change(source, given)
            shelf.save(source)
            done(shelf.ground, "data_source.update", source["id"])
        return answer(show_source(source))

    @api.post("/v1/data_sources/<id>/query")
    def query(id: str) -> Response:
        source = shelf.shared("data_source", identifier(id, "path.data_source_id"))
        given = body({"filter", "sorts", "start_cursor", "page_size", "in_trash", "result_type"})
        if source["in_trash"]:
            missing("data_source", source["id"])
        return answer(rows(shelf, source, given))

    @api.post("/v1/search")
    def search() -> Response:
        given = body({"query", "filter", "sort", "start_cursor", "page_size"})
        shown, frame = cut(matches(shelf, given), given, "page_or_data_source", "body")
        return answer({**frame, "results": [show(shelf, item) for item in shown]})


def _people_routes(api: Blueprint, ledger: Ledger) -> None:
    @api.before_request
    def may_see_people() -> None:
        about_people = "/v1/users" in request.path and not request.path.endswith("/users/me")
        if about_people and "users" in ledger.note("notion_lacks", []):
            refuse(403, "restricted_resource", "Insufficient permissions for this endpoint.")

    @api.get("/v1/users")
    def users() -> Response:
        shown, frame = cut([me(), *(person(one) for one in PEOPLE)], request.args, "user", "query")
        return answer({**frame, "results": shown})

    @api.get("/v1/users/<id>")
    def user(id: str) -> Response:
        wanted = BOT if id == "me" else identifier(id, "path.user_id")
        if wanted != BOT and wanted not in PEOPLE:
            missing("user", id)
        return answer(me() if wanted == BOT else person(wanted))


def rows(shelf: Shelf, source: Object, given: Object) -> Object:
    schema = source["properties"]
    fits = filters.page_test(schema, given["filter"]) if given.get("filter") else lambda page: True
    found = [page for page in shelf.pages(source["id"], shelf.ledger.note("index_lag", 0)) if fits(page)]
    found = filters.sorted_by(schema, found, given.get("sorts") or [])
    most = int(shelf.ledger.note("notion_most", MOST))
    shown, frame = cut(found[:most], given, "page_or_data_source", "body")
    over = len(found) > most and not frame["has_more"]
    status = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"} if over else {"type": "complete"}
    return {**frame, "results": [show_page(shelf, page) for page in shown], "request_status": status}


def matches(shelf: Shelf, given: Object) -> list[Object]:
    """Search looks at titles only, newest edit first."""
    wanted = known(given.get("filter", {}), {"property", "value"}, "body.filter")
    kinds = ("page", "data_source")
    if wanted:
        one_of(wanted.get("property"), ("object",), "body.filter.property")
        kinds = (one_of(wanted.get("value"), kinds, "body.filter.value"),)  # type: ignore[assignment]
    words = str(given.get("query", "")).casefold()
    late = shelf.ledger.note("notion_unlisted", [])  # not yet in the index
    items = [item for kind in kinds for item in shelf.visible(kind) if item["id"] not in late]
    found = [item for item in items if words in title_of(item).casefold()]
    order = known(given.get("sort", {}), {"timestamp", "direction"}, "body.sort").get("direction", "descending")
    return sorted(found, key=lambda item: item["last_edited_time"], reverse=order == "descending")


def change(source: Object, given: Object) -> None:
    """Applies a PATCH to a data source's object."""
    if "title" in given:
        source["title"] = rich_text.read(given["title"], "body.title")
    if "in_trash" in given:
        source["in_trash"] = truth(given["in_trash"], "body.in_trash")
    properties = given.get("properties", {})
    if not isinstance(properties, dict):
        wrong("body.properties", "an object", properties)
    for name, config in properties.items():
        _change_column(source["properties"], name, config, f"body.properties.{name}")


def _change_column(schema: values.Schema, name: str, given: Any, path: str) -> None:
    now = values.column(schema, name)
    if given is None:
        if now is None or now["type"] == "title":
            invalid("Cannot delete the title property." if now else f"Could not find property with name or id: {name}")
        del schema[now["name"]]
    elif now is None:
        _add_column(schema, name, given, path)
    elif set(given) <= {"name", "description"}:
        _rename(schema, now, given)
    elif now["type"] not in given:
        _retype(schema, now, values.configuration(now["name"], given, path))


def _add_column(schema: values.Schema, name: str, given: Any, path: str) -> None:
    config = values.configuration(str(given.get("name", name)) if isinstance(given, dict) else name, given, path)
    if config["type"] == "title":
        invalid("Cannot create a second title property.")
    schema[config["name"]] = config


def _rename(schema: values.Schema, now: Object, given: Object) -> None:
    del schema[now["name"]]
    now.update(given)
    schema[now["name"]] = now


def _retype(schema: values.Schema, now: Object, wanted: Object) -> None:
    if "title" in (now["type"], wanted["type"]):
        invalid("Cannot change the type of the title property.")
    schema[now["name"]] = {**wanted, "id": now["id"]}


# --- what is shown ----------------------------------------------------------------------------------------------------


def me() -> Object:
    bot = {
        "owner": {"type": "workspace", "workspace": True},
        "workspace_id": "dddddddd-dddd-4ddd-8ddd-dddddddddddd",
        "workspace_limits": {"max_file_upload_size_in_bytes": 5242880},
        "workspace_name": "Practice Notion",
    }
    return {"object": "user", "id": BOT, "name": "Practice", "avatar_url": None, "type": "bot", "bot": bot}


def person(id: str) -> Object:
    email = PEOPLE[id].lower().replace(" ", ".") + "@practice.example"
    return {
        "object": "user",
        "id": id,
        "name": PEOPLE[id],
        "avatar_url": None,
        "type": "person",
        "person": {"email": email},
    }


def show(shelf: Shelf, item: Object) -> Object:
    return show_page(shelf, item) if item["object"] == "page" else show_source(item)


def show_page(shelf: Shelf, page: Object) -> Object:
    source = shelf.above(page)
    in_source = source is not None and source["object"] == "data_source"
    schema = source["properties"] if source and in_source else TITLE_ONLY
    return {
        **page,
        "properties": values.show(schema, page),
        "url": f"{root(SLUG)}/pages/{page['id']}",
        "public_url": None,
    }


def show_source(source: Object) -> Object:
    where = f"{root(SLUG)}/databases/{source['parent']['database_id']}"
    parent = {"type": "workspace", "workspace": True}
    return {**source, "database_parent": parent, "url": where, "public_url": None}


def show_database(database: Object) -> Object:
    return {**database, "url": f"{root(SLUG)}/databases/{database['id']}", "public_url": None}


TITLE_ONLY: values.Schema = {"title": {"id": "title", "name": "title", "type": "title", "title": {}}}
"""The columns of a page that stands below another page."""
