"""Pages and blocks of the practice Notion."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request

from app.practice.door import done
from app.practice.vendors.notion import blocks, markdown, values
from app.practice.vendors.notion.body import answer, body, cut
from app.practice.vendors.notion.problems import ABSENT, identifier, invalid, known, missing, one_of, truth, wrong
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf, stamps, title_of
from app.practice.vendors.notion.sources import TITLE_ONLY, show_page

NEW = {"parent", "properties", "children", "content", "icon", "cover", "markdown", "template", "position"}
CHANGED = {"properties", "icon", "cover", "in_trash", "is_locked", "erase_content"}


def routes(api: Blueprint, shelf: Shelf) -> None:
    ledger, ground = shelf.ledger, shelf.ground

    @api.post("/v1/pages")
    def create() -> Response:
        given = body(NEW)
        with ledger.write():
            page = create_page(shelf, given)
            done(ground, "page.create", page["id"])
        return answer(show_page(shelf, page))

    @api.get("/v1/pages/<id>")
    def page(id: str) -> Response:
        return answer(show_page(shelf, shelf.shared("page", identifier(id, "path.page_id"))))

    @api.patch("/v1/pages/<id>")
    def change(id: str) -> Response:
        given = body(CHANGED)
        with ledger.write():
            page = shelf.shared("page", identifier(id, "path.page_id"))
            done(ground, change_page(shelf, page, given), page["id"])
        return answer(show_page(shelf, page))

    @api.get("/v1/pages/<id>/markdown")
    def content(id: str) -> Response:
        return answer(markdown.read(shelf, shelf.place(identifier(id, "path.page_id"))))

    @api.get("/v1/pages/<id>/properties/<property>")
    def one_property(id: str, property: str) -> Response:
        page = shelf.shared("page", identifier(id, "path.page_id"))
        return answer(show_property(shelf, page, property))

    _block_routes(api, shelf)


def _block_routes(api: Blueprint, shelf: Shelf) -> None:
    ledger, ground = shelf.ledger, shelf.ground

    @api.get("/v1/blocks/<id>/children")
    def children(id: str) -> Response:
        parent = shelf.place(identifier(id, "path.block_id"))
        shown, frame = cut(shelf.children(parent["id"]), request.args, "block", "query")
        return answer({**frame, "results": [shelf.show_block(block) for block in shown]})

    @api.patch("/v1/blocks/<id>/children")
    def append(id: str) -> Response:
        given = body({"children", "position"})
        with ledger.write():
            parent = shelf.place(identifier(id, "path.block_id"))
            made = append_blocks(shelf, parent, given)
            done(ground, "block.append", parent["id"])
        frame: Object = {"object": "list", "next_cursor": None, "has_more": False, "type": "block", "block": {}}
        return answer({**frame, "results": [shelf.show_block(block) for block in made]})

    @api.get("/v1/blocks/<id>")
    def block(id: str) -> Response:
        return answer(show_place(shelf, shelf.place(identifier(id, "path.block_id"))))

    @api.patch("/v1/blocks/<id>")
    def change_one(id: str) -> Response:
        with ledger.write():
            found = shelf.shared("block", identifier(id, "path.block_id"))
            change_block(shelf, found, body({"type", "in_trash", found["type"]}))
            done(ground, "block.update", found["id"])
        return answer(shelf.show_block(found))

    @api.delete("/v1/blocks/<id>")
    def delete(id: str) -> Response:
        with ledger.write():
            found = shelf.place(identifier(id, "path.block_id"))
            shelf.editable(found)
            found["in_trash"] = True
            shelf.save(found)
            done(ground, f"{found['object']}.trash", found["id"])
        return answer(show_place(shelf, found))


def show_property(shelf: Shelf, page: Object, id: str) -> Object:
    """A list of its entries for what has entries, else the value."""
    source = shelf.above(page)
    schema = source["properties"] if source and source["object"] == "data_source" else TITLE_ONLY
    entries = values.items(schema, page, id)
    if entries is None:
        found = next((one for one in values.show(schema, page).values() if one["id"] == id), None)
        return {"object": "property_item", **(found or missing("property", id))}
    numbered = [{**entry, "no": str(uuid.UUID(int=n))} for n, entry in enumerate(entries)]
    shown, frame = cut([{**one, "id": one["no"]} for one in numbered], request.args, "property_item", "query")
    results = [{name: value for name, value in {**one, "id": id}.items() if name != "no"} for one in shown]
    return {**frame, "results": results}


def create_page(shelf: Shelf, given: Object) -> Object:
    for word in ("markdown", "template", "content", "position"):
        if word in given:
            invalid(f"The practice Notion does not take body.{word}; send body.children.")
    parent, schema = _parent(shelf, given.get("parent", ABSENT))
    known_before = {name: len(str(config)) for name, config in schema.items()}
    page: Object = {"object": "page", "id": str(uuid.uuid4()), **stamps(), "in_trash": False, "is_locked": False}
    page |= {"icon": given.get("icon"), "cover": given.get("cover"), "parent": parent}
    page["properties"] = values.read(schema, given.get("properties", {}), "body.properties")
    tree = _read(shelf, given.get("children", []), "body.children", "page")
    _save_new_options(shelf, page, schema, known_before)
    shelf.save(page)
    if tree:
        shelf.insert(page, tree)
    return shelf.shared("page", page["id"])


def _save_new_options(shelf: Shelf, page: Object, schema: values.Schema, before: dict[str, int]) -> None:
    """A select option nobody had used yet is now one of the column's."""
    source = shelf.above(page)
    if source and source["object"] == "data_source" and before != {n: len(str(c)) for n, c in schema.items()}:
        shelf.save({**source, "properties": schema})


def change_page(shelf: Shelf, page: Object, given: Object) -> str:
    """Applies a PATCH; returns what it was."""
    if given.get("in_trash") is not False:
        shelf.editable(page)
    source = shelf.above(page)
    schema = source["properties"] if source and source["object"] == "data_source" else TITLE_ONLY
    known_before = {name: len(str(config)) for name, config in schema.items()}
    page["properties"] |= values.read(schema, given.get("properties", {}), "body.properties")
    page |= {key: given[key] for key in ("icon", "cover") if key in given}
    page |= {key: truth(given[key], f"body.{key}") for key in ("in_trash", "is_locked") if key in given}
    if truth(given.get("erase_content", False), "body.erase_content"):
        for block in shelf.children(page["id"]):
            shelf.save({**block, "in_trash": True})
    _save_new_options(shelf, page, schema, known_before)
    shelf.save(page)
    return {True: "page.trash", False: "page.restore"}.get(given.get("in_trash"), "page.update")  # type: ignore[arg-type]


def append_blocks(shelf: Shelf, parent: Object, given: Object) -> list[Object]:
    shelf.editable(parent)
    kind = "page" if parent["object"] == "page" else parent["type"]
    if kind != "page" and (kind not in blocks.PARENTS or parent[kind].get("is_toggleable") is False):
        invalid("Block does not support children.")
    tree = _read(shelf, given.get("children", ABSENT), "body.children", kind)
    if not tree:
        wrong("body.children.length", "≥ `1`", 0)
    if kind == "table":
        blocks.same_width(tree, parent["table"]["table_width"])
    after, start = _position(shelf, parent, given.get("position"))
    return shelf.insert(parent, tree, after, start)


def change_block(shelf: Shelf, block: Object, given: Object) -> None:
    if given.get("in_trash") is not False:
        shelf.editable(block)
    kind = block["type"]
    if kind in given:
        block[kind] = blocks.read_update(kind, given[kind], f"body.{kind}", block[kind])
    if "in_trash" in given:
        block["in_trash"] = truth(given["in_trash"], "body.in_trash")
    shelf.save(block)


def show_place(shelf: Shelf, item: Object) -> Object:
    """A page looked at as a block is a `child_page`."""
    if item["object"] == "block":
        return shelf.show_block(item)
    keys = ("id", "parent", "created_time", "last_edited_time", "created_by", "last_edited_by", "in_trash")
    shown = {"object": "block", **{key: item[key] for key in keys}}
    return {**shelf.show_block(shown), "type": "child_page", "child_page": {"title": title_of(item)}}


def _parent(shelf: Shelf, given: Any) -> tuple[Object, values.Schema]:
    known(given if given is not ABSENT else wrong("body.parent", "defined", ABSENT), _KEYS, "body.parent")
    kinds = [kind for kind in ("data_source_id", "page_id", "database_id") if kind in given]
    if len(kinds) != 1 or given.get("type", kinds[0]) != kinds[0]:
        wrong(f"body.parent.{given.get('type', 'data_source_id')}", "defined", ABSENT)
    wanted = identifier(given[kinds[0]], f"body.parent.{kinds[0]}")
    if kinds[0] == "database_id":
        wanted = _only_source(shelf, wanted)
    above = shelf.shared("page" if kinds[0] == "page_id" else "data_source", wanted)
    shelf.editable(above)
    if kinds[0] == "page_id":
        return {"type": "page_id", "page_id": wanted}, TITLE_ONLY
    database = above["parent"]["database_id"]
    return {"type": "data_source_id", "data_source_id": wanted, "database_id": database}, above["properties"]


_KEYS = {"type", "data_source_id", "page_id", "database_id"}


def _only_source(shelf: Shelf, id: str) -> str:
    """Since 2025-09-03 a database may be a parent only while it has a single data source."""
    sources = shelf.shared("database", id)["data_sources"]
    if len(sources) != 1:
        invalid("Databases with multiple data sources are not supported as a parent; name the data source instead.")
    return str(sources[0]["id"])


def _read(shelf: Shelf, given: Any, path: str, parent: str) -> list[blocks.Block]:
    if given is ABSENT:
        wrong(path, "defined", ABSENT)
    return blocks.read(given, path, int(shelf.ledger.note("nesting", blocks.NESTING)), parent)


def _position(shelf: Shelf, parent: Object, given: Any) -> tuple[str, bool]:
    if given is None:
        return "", False
    kind = one_of(
        given.get("type") if isinstance(given, dict) else given, ("after_block", "start", "end"), "body.position.type"
    )
    known(given, {"type", "after_block"} if kind == "after_block" else {"type"}, "body.position")
    if kind != "after_block":
        return "", kind == "start"
    path = "body.position.after_block"
    wanted = identifier(known(given.get("after_block"), {"id"}, path).get("id"), f"{path}.id")
    sibling = shelf.ledger.get(SLUG, wanted, "block")
    if sibling is None or (shelf.above(sibling) or {}).get("id") != parent["id"]:
        missing("block", wanted)
    return wanted, False
