"""Every request that we send to Notion, held against Notion's own description of its interface (specs/notion.json)."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema  # type: ignore[import-untyped] # has no types

from connectors.notion import connector
from tests.connectors.notion_rows import row, table
from tests.connectors.stand import KEY, Stand, standing
from tests.connectors.test_notion_limits import SPEC, operation_of

# In Notion's SDK (github.com/makenotion/notion-sdk-js, src/api-endpoints/comments.ts), and not yet in the description.
NEWER = {("GET", "/v1/comments/{}"), ("DELETE", "/v1/comments/{}")}
MEETINGS = "11111111-1111-4111-8111-111111111111"


@cache
def described() -> Any:
    return json.loads(SPEC.read_text())


def everything(stand: Stand) -> None:
    """Whatever the connector can do, once."""
    stand.check()
    source = table(stand)
    page = str(row(stand, source, "Chairs", State={"status": {"name": "Open"}})["id"])
    poll = connector.polls[0].run
    _, cursor = poll(stand.client, None)
    stand.served.control("edit", {"page": page, "title": "Tables"})
    assert poll(stand.client, cursor)[0]
    for name, given in (
        ("update_page", {"properties": {"State": "Closed", "Hours": 2, "Due": "2026-12-01", "Done": True}}),
        ("append", {"markdown": "Log\n\n- one\n  - two"}),
        ("comment", {"text": "Hello"}),
    ):
        arguments = stand.prepared(name, page=page, **given)
        before = stand.before(name, **arguments) if stand.action(name).snapshot else None
        made = stand.send(name, KEY, arguments)
        find = stand.action(name).find
        assert find
        assert find(stand.client, KEY, arguments)
        assert stand.undo(name, arguments, made, before) is None
    upsert = {"data_source": source, "by": "Mail", "properties": {"Mail": "ann@shop.example"}}
    first = stand.action("upsert_row").before
    assert first
    for call in first(stand.client, stand.prepared("upsert_row", **upsert)):
        stand.call(call)
    stand.do("create_page", data_source=MEETINGS, title="Recap", markdown="Text", properties={"Date": "2026-12-01"})
    where = {
        "State": ["Open", "Closed"],
        "Due": {"on_or_after": "2026-12-01"},
        "Tags": "",
        "Hours": {"greater_than": 1},
    }
    stand.action("query_rows").run(stand.client, data_source=source, where=where, sort="-Due")
    stand.action("get_page").run(stand.client, page=page)
    for lookup in connector.lookups:
        stand.choices(lookup, "a")
    stand.resolve("page", page)
    stand.resolve("data_source", MEETINGS)
    stand.resolve("data_source", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")


def check(asked: dict[str, Any]) -> tuple[str, str]:
    """(method, the path as it is described). Raises AssertionError or jsonschema's ValidationError."""
    method, path = asked["method"], asked["path"]
    newer = (method, re.sub("^/v1/comments/[^/]+$", "/v1/comments/{}", path))
    if newer in NEWER:
        return newer
    known, operation = operation_of(described(), method, path)
    names = {one["name"] for one in map(_resolved, operation.get("parameters", [])) if one["in"] == "query"}
    unknown = {name for name, _ in parse_qsl(asked["query"])} - names
    assert not unknown, f"{method} {known} takes no {unknown}"
    if asked["body"]:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        strict = {**schema, "components": described()["components"], "additionalProperties": False}
        jsonschema.validate(_as_described(known, json.loads(asked["body"])), strict)
    return method, known


def _resolved(part: Any) -> Any:
    return described()["components"]["parameters"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _as_described(path: str, body: Any) -> Any:
    """Where the description is behind the version we speak: rows hang on data sources, blocks may say that they are blocks
    and hold others, the children of a new page are no strings, and rows are sorted by time, too
    (developers.notion.com/reference/sort-data-source-entries)."""
    if path == "/v1/pages":
        return {**body, "parent": {"database_id": body["parent"]["data_source_id"]}, "children": []}
    if path.endswith("/query"):
        sorts = [
            {"property": one.get("property") or one["timestamp"], **_without_time(one)} for one in body.get("sorts", [])
        ]
        return {**body, **({"sorts": sorts} if sorts else {})}
    blocks = [_bare(one) for one in body.get("children", [])]
    return {**body, **({"children": blocks} if blocks else {})}


def _without_time(sort: Any) -> Any:
    return {name: value for name, value in sort.items() if name != "timestamp"}


def _bare(block: Any) -> Any:
    inner = {name: value for name, value in block[block["type"]].items() if name != "children"}
    return {"type": block["type"], block["type"]: inner}


def test_our_requests_fit_notions_own_description() -> None:
    with standing("notion") as stand:
        everything(stand)
        checked = {check(one) for one in stand.asked()}
    assert checked == {
        ("GET", "/v1/users/me"),
        ("GET", "/v1/users/{user_id}"),
        ("POST", "/v1/search"),
        ("GET", "/v1/databases/{database_id}"),
        ("GET", "/v1/data_sources/{data_source_id}"),
        ("PATCH", "/v1/data_sources/{data_source_id}"),
        ("POST", "/v1/data_sources/{data_source_id}/query"),
        ("POST", "/v1/pages"),
        ("GET", "/v1/pages/{page_id}"),
        ("PATCH", "/v1/pages/{page_id}"),
        ("GET", "/v1/pages/{page_id}/markdown"),
        ("GET", "/v1/blocks/{block_id}/children"),
        ("PATCH", "/v1/blocks/{block_id}/children"),
        ("GET", "/v1/blocks/{block_id}"),
        ("DELETE", "/v1/blocks/{block_id}"),
        ("GET", "/v1/comments"),
        ("POST", "/v1/comments"),
        *NEWER,
    }
