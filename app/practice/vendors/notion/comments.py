"""Comments of the practice Notion: https://developers.notion.com/reference/comment-object ."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request

from app.practice.door import done
from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.body import answer, body, cut
from app.practice.vendors.notion.people import BOT
from app.practice.vendors.notion.problems import ABSENT, identifier, known, missing, refuse, wrong
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf, stamps


def routes(api: Blueprint, shelf: Shelf) -> None:
    """With `notion_lacks: ["comments"]` the connection was not given the capabilities for them."""
    ledger = shelf.ledger

    @api.before_request
    def may() -> None:
        if "/v1/comments" in request.path and "comments" in ledger.note("notion_lacks", []):
            refuse(403, "restricted_resource", "Insufficient permissions for this endpoint.")

    @api.post("/v1/comments")
    def create_comment() -> Response:
        given = body({"parent", "discussion_id", "rich_text", "attachments", "display_name"})
        with ledger.write():
            made = add(shelf, _place(shelf, given.get("parent", ABSENT)), _words(given))
            done(shelf.ground, "comment.create", made["id"])
        return answer(_shown(made))

    @api.get("/v1/comments")
    def list_comments() -> Response:
        """The open ones only, oldest first."""
        place = shelf.place(identifier(request.args.get("block_id", ABSENT), "query.block_id"))
        there = [one for one in ledger.objects(SLUG, "comment", place["id"]) if one["open"] and not one["in_trash"]]
        shown, frame = cut(there, request.args, "comment", "query")
        return answer({**frame, "results": [_shown(one) for one in shown]})

    @api.get("/v1/comments/<id>")
    def comment(id: str) -> Response:
        return answer(_shown(_there(shelf, id)))

    @api.delete("/v1/comments/<id>")
    def delete_comment(id: str) -> Response:
        with ledger.write():
            found = _there(shelf, id)
            keep(shelf, {**found, "in_trash": True})
            done(shelf.ground, "comment.delete", found["id"])
        return answer(_shown(found))


def add(shelf: Shelf, place: Object, words: list[Any], by: str = BOT) -> Object:
    """A comment that opens a discussion on a page or block."""
    kind = f"{place['object']}_id"
    made: Object = {"object": "comment", "id": str(uuid.uuid4()), "parent": {"type": kind, kind: place["id"]}}
    made |= {"discussion_id": str(uuid.uuid4()), "rich_text": words, "open": True, "in_trash": False}
    stamp = stamps(by)
    made |= {name: stamp[name] for name in ("created_time", "last_edited_time", "created_by")}
    keep(shelf, made)
    return made


def keep(shelf: Shelf, comment: Object) -> None:
    parent = comment["parent"]
    shelf.ledger.put(SLUG, "comment", comment, parent=parent[parent["type"]])


def _place(shelf: Shelf, given: Any) -> Object:
    if given is ABSENT:
        wrong("body.parent", "defined", ABSENT)
    known(given, {"type", "page_id", "block_id"}, "body.parent")
    kind = next((one for one in ("page_id", "block_id") if one in given), None)
    if kind is None:
        wrong("body.parent.page_id", "defined", ABSENT)
    place = shelf.place(identifier(given[kind], f"body.parent.{kind}"))
    shelf.editable(place)
    return place


def _words(given: Object) -> list[Any]:
    words = rich_text.read(given.get("rich_text", ABSENT), "body.rich_text")
    if not words:
        wrong("body.rich_text.length", "≥ `1`", 0)
    return words


def _there(shelf: Shelf, id: str) -> Object:
    found = shelf.ledger.get(SLUG, identifier(id, "path.comment_id"), "comment")
    if found is None or found["in_trash"]:
        missing("comment", id)
    return found


def _shown(comment: Object) -> Object:
    return {name: value for name, value in comment.items() if name not in ("open", "in_trash")}
