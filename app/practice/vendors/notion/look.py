"""Pages of the practice Notion for people: its databases, their rows, and a page with its blocks drawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.practice.door import Refusal
from app.practice.vendors.notion import hand, rich_text, values
from app.practice.vendors.notion.people import BOT, PEOPLE
from app.practice.vendors.notion.problems import identifier
from app.practice.vendors.notion.shelf import SLUG, Object, Shelf, title_of
from app.practice.vendors.notion.sources import TITLE_ONLY

LISTS = {"bulleted_list_item": "ul", "numbered_list_item": "ol", "to_do": "todo"}
SHOWN = 200
"""Rows of a table, newest first; a person who wants more looks through the interface."""


def add_pages(shelf: Shelf) -> Blueprint:
    site = Blueprint("notion_pages", __name__, url_prefix="/notion")

    @site.get("/")
    def databases() -> str:
        rows = [
            {"id": source["parent"]["database_id"], "title": title_of(source), "count": _count(shelf, source)}
            for source in shelf.ledger.objects(SLUG, "data_source")
            if not source["in_trash"]
        ]
        return render_template("practice/notion_databases.html", databases=rows)

    @site.get("/databases/<id>")
    def database(id: str) -> str:
        holder = _find(shelf, id, "database")
        source = shelf.ledger.get(SLUG, holder["data_sources"][0]["id"]) or holder
        pages = shelf.pages(source["id"])[::-1]
        rows = [_row(source["properties"], page) for page in pages[:SHOWN]]
        names = [name for name, config in source["properties"].items() if config["type"] != "title"]
        table = {
            "title": title_of(source),
            "trashed": source["in_trash"],
            "names": names,
            "rows": rows,
            "count": len(pages),
        }
        return render_template("practice/notion_database.html", **table)

    @site.get("/pages/<id>")
    def page(id: str) -> str:
        return render_template("practice/notion_page.html", **_drawn(shelf, _find(shelf, id, "page")))

    @site.post("/pages/<id>/edit")
    def edit(id: str) -> Response | tuple[str, int]:
        found = _find(shelf, id, "page")
        if not _from_here():
            abort(403)
        words = {name: request.form.get(name, "").strip() for name in ("title", "paragraph")}
        try:
            hand.edit(shelf, found["id"], words["title"], words["paragraph"] or None)
        except Refusal:
            problem = "That is too long: Notion takes at most 2,000 characters here. Shorten it and save again."
            return render_template("practice/notion_page.html", **_drawn(shelf, found), problem=problem), 400
        return redirect(url_for(".page", id=found["id"]), 303)

    return site


def _find(shelf: Shelf, id: str, kind: str) -> Object:
    try:
        found = shelf.ledger.get(SLUG, identifier(id, "path"), kind)
    except Refusal:
        found = None
    return found if found is not None else abort(404)


def _from_here() -> bool:
    """Other sites cannot press the button: the browser says who asked. Older ones say it with Origin alone, which is
    `null` on pages that send no referrer."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return not origin or urlsplit(origin).netloc.lower() == request.host.lower()


def _count(shelf: Shelf, source: Object) -> int:
    sql = "select count(*) as n from objects where slug=? and kind='page' and parent=? and gone=0"
    return int(shelf.ledger.rows(sql, SLUG, source["id"])[0]["n"])


def _row(schema: values.Schema, page: Object) -> dict[str, Any]:
    cells = [words(value) for value in values.show(schema, page).values() if value["type"] != "title"]
    return {"id": page["id"], "title": title_of(page), "cells": cells, "edited": page["last_edited_time"][:16]}


def _drawn(shelf: Shelf, page: Object) -> dict[str, Any]:
    source = shelf.above(page)
    in_source = bool(source and source["object"] == "data_source")
    schema = source["properties"] if source and in_source else TITLE_ONLY
    shown = [(name, words(value)) for name, value in values.show(schema, page).items() if value["type"] != "title"]
    blocks = tree(shelf, page["id"])
    with_levels(blocks, highest_heading(blocks))
    return {
        "page": page,
        "title": title_of(page),
        "source": {"id": source["parent"]["database_id"], "title": title_of(source)} if source and in_source else None,
        "properties": [(name, text) for name, text in shown if text],
        "groups": grouped(blocks),
        "editor": PEOPLE.get(page["last_edited_by"]["id"], "Patchbay"),
        "by_hand": page["last_edited_by"]["id"] != BOT,
        "paragraph": next((rich_text.plain(b["body"]["rich_text"]) for b in blocks if b["kind"] == "paragraph"), ""),
    }


def tree(shelf: Shelf, parent: str) -> list[dict[str, Any]]:
    """Blocks with their children: `kind`, `body`, `children`."""
    found = shelf.children(parent)
    return [{"kind": b["type"], "body": b[b["type"]], "children": tree(shelf, b["id"])} for b in found]


def with_levels(blocks: list[dict[str, Any]], highest: int) -> None:
    """Headings get the level they have below the page's title, whatever the highest one used is called."""
    for block in blocks:
        if block["kind"].startswith("heading_"):
            block["level"] = int(block["kind"][-1]) - highest + 2
        with_levels(block["children"], highest)


def highest_heading(blocks: list[dict[str, Any]]) -> int:
    own = [int(block["kind"][-1]) for block in blocks if block["kind"].startswith("heading_")]
    return min([*own, *(highest_heading(block["children"]) for block in blocks)], default=3)


def grouped(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List items that stand next to each other become one list."""
    groups: list[dict[str, Any]] = []
    for block in blocks:
        kind = LISTS.get(block["kind"], "")
        inner = {**block, "groups": grouped(block["children"])}
        if kind and groups and groups[-1]["list"] == kind:
            groups[-1]["blocks"].append(inner)
        else:
            groups.append({"list": kind, "blocks": [inner]})
    return groups


def words(value: Object) -> str:
    """A property's value in words."""
    kind = value["type"]
    content = value[kind]
    if kind in ("title", "rich_text"):
        return rich_text.plain(content)
    if kind in ("select", "status"):
        return str(content["name"]) if content else ""
    if kind == "date":
        return " to ".join(filter(None, (content["start"], content["end"]))) if content else ""
    if kind in ("multi_select", "people", "files"):
        return ", ".join(str(PEOPLE.get(item.get("id"), item.get("name", item.get("id")))) for item in content)
    if kind == "checkbox":
        return "Yes" if content else ""
    if isinstance(content, dict):
        return PEOPLE.get(content["id"], "Patchbay")
    return "" if content is None else str(content)
