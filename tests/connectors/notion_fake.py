"""A small, strict Notion on loopback: pages, blocks and one data source in memory, the documented limits enforced."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import flask
from werkzeug.serving import make_server

from app.core.http import Door
from connectors.notion import connector
from connectors.notion._client import Notion

JSON = Any
TOKEN = "ntn_test"
BOT, PERSON = str(uuid.UUID(int=0xB07)), str(uuid.UUID(int=0xBE))
SOURCE, DATABASE, PAIR = (str(uuid.UUID(int=number)) for number in (0x50, 0xDB, 0xDC))
COLUMNS: dict[str, JSON] = {
    "Meeting name": {"id": "title", "type": "title", "title": {}},
    "Date": {"id": "d", "type": "date", "date": {}},
    "Count": {"id": "n", "type": "number", "number": {"format": "number"}},
    "Done": {"id": "c", "type": "checkbox", "checkbox": {}},
    "Kind": {"id": "s", "type": "select", "select": {"options": [{"name": "Sales"}, {"name": "Staff"}]}},
    "Tags": {"id": "m", "type": "multi_select", "multi_select": {"options": [{"name": "red"}, {"name": "blue"}]}},
    "State": {"id": "t", "type": "status", "status": {"options": [{"name": "Open"}]}},
    "Notes": {"id": "r", "type": "rich_text", "rich_text": {}},
    "Link": {"id": "u", "type": "url", "url": {}},
    "Mail": {"id": "e", "type": "email", "email": {}},
    "People": {"id": "p", "type": "people", "people": {}},
    "Sum": {"id": "f", "type": "formula", "formula": {"expression": "1"}},
}


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def check_children(children: JSON, *, levels: int = 2, where: str = "children") -> int:
    """The number of blocks in an array of a request, or the limit it breaks."""
    _need(isinstance(children, list) and 1 <= len(children) <= 100, f"{where} holds {len(children)}")
    count = 0
    for block in children:
        kind = block["type"]
        body = dict(block[kind])
        inside = body.pop("children", None)
        for items in (body.get("rich_text", []), body.get("caption", []), *body.get("cells", [])):
            _check_rich_text(items)
        _need(_units(body.get("expression", "")) <= 1000, "equation")
        if kind == "table":
            _need(bool(inside), "a table without rows")
            _need(all(len(row["table_row"]["cells"]) == body["table_width"] for row in inside), "table width")
        if inside is not None:
            _need(levels > 0, "nested too deep")
            _need(
                not kind.startswith("heading") and kind not in ("code", "divider", "equation"), f"{kind} with children"
            )
            count += check_children(inside, levels=levels - 1, where=f"{kind}.children")
        count += 1
    return count


def check_request(body: JSON, raw: bytes) -> None:
    _need(len(raw) <= 500_000, f"{len(raw)} bytes")
    for value in body.get("properties", {}).values():
        for kind in ("title", "rich_text"):
            _check_rich_text(value.get(kind) or [])
    if "children" in body:
        _need(check_children(body["children"]) <= 1000, "more than 1000 blocks")


def _check_rich_text(items: JSON) -> None:
    if not isinstance(items, list):
        return
    _need(len(items) <= 100, f"{len(items)} rich text items")
    for item in items:
        if item["type"] == "equation":
            _need(0 < _units(item["equation"]["expression"]) <= 1000, "equation")
            continue
        _need(_units(item["text"]["content"]) <= 2000, "text longer than 2000")
        link = (item["text"].get("link") or {}).get("url", "https://x.test")
        _need(
            _units(link) <= 2000 and link.split(":")[0] in ("http", "https", "mailto"), f"Invalid URL for link: {link}"
        )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _need(holds: bool, message: str) -> None:
    if not holds:
        raise Problem(400, "validation_error", f"body failed validation: {message}")


@dataclass
class Fake:
    """`requests` holds (method, path, body) of everything that came. `lose` loses the answer to a change "before" or
    "after" it is applied, once, when `spare` changes have gone well."""

    columns: dict[str, JSON] = field(default_factory=lambda: {name: dict(value) for name, value in COLUMNS.items()})
    pages: dict[str, JSON] = field(default_factory=dict)
    children: dict[str, list[JSON]] = field(default_factory=dict)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    lose: str = ""
    spare: int = 0
    busy: int = 0  # the status that everything is answered with
    clock: str = "2026-11-02T09:00:00.000Z"
    url: str = ""

    def changes(self) -> list[tuple[str, str, bytes]]:
        return [one for one in self.requests if not (one[0] == "GET" or one[1].endswith(("query", "search")))]

    def answer(self, method: str, path: str, body: JSON) -> JSON:
        parts = path.strip("/").split("/")[1:]
        handler = getattr(self, f"_{method.lower()}_{parts[0]}", None)
        if handler is None:
            raise Problem(400, "invalid_request_url", "Invalid request URL.")
        return handler(*parts[1:], body=body)

    def _get_users(self, who: str, body: JSON) -> JSON:
        bot = {"workspace_name": "Corner Shop", "owner": {"type": "workspace", "workspace": True}}
        return {"object": "user", "id": BOT, "type": "bot", "name": "Patchbay", "bot": bot}

    def _source(self) -> JSON:
        title = [{"type": "text", "plain_text": "Meetings", "text": {"content": "Meetings"}}]
        return {"object": "data_source", "id": SOURCE, "title": title, "properties": self.columns, "in_trash": False}

    def _get_data_sources(self, id: str, body: JSON) -> JSON:
        if id != SOURCE:
            raise Problem(404, "object_not_found", f"Could not find data source with ID: {id}.")
        return self._source()

    def _patch_data_sources(self, id: str, body: JSON) -> JSON:
        for name, column in body["properties"].items():
            self.columns.setdefault(name, {"id": name, "type": next(iter(column)), **column})
        return self._get_data_sources(id, body)

    def _get_databases(self, id: str, body: JSON) -> JSON:
        if id not in (DATABASE, PAIR):
            raise Problem(404, "object_not_found", f"Could not find database with ID: {id}.")
        sources = [{"id": SOURCE, "name": "Meetings"}, {"id": str(uuid.UUID(int=0x51)), "name": "Archive"}]
        return {"object": "database", "id": id, "data_sources": sources[: 1 if id == DATABASE else 2]}

    def _post_data_sources(self, id: str, what: str, body: JSON) -> JSON:
        asked = body["filter"]
        if asked["property"] not in self.columns:
            raise Problem(400, "validation_error", f"Could not find property with name or id: {asked['property']}")
        found = [
            page for page in self.pages.values() if _text_of(page, asked["property"]) == asked["rich_text"]["equals"]
        ]
        return {"object": "list", "results": found[: body["page_size"]], "has_more": False, "next_cursor": None}

    def _post_search(self, body: JSON) -> JSON:
        return {"object": "list", "results": [self._source()], "has_more": False, "next_cursor": None}

    def _post_pages(self, body: JSON) -> JSON:
        unknown = set(body["properties"]) - set(self.columns)
        if unknown or body["parent"] != {"type": "data_source_id", "data_source_id": SOURCE}:
            raise Problem(400, "validation_error", f"{sorted(unknown)} is not a property that exists.")
        page = {"object": "page", "id": str(uuid.uuid4()), "in_trash": False, "last_edited_time": self.clock}
        page |= {"url": f"https://www.notion.so/{page['id']}", "created_by": {"id": BOT}, "last_edited_by": {"id": BOT}}
        page["properties"] = {
            n: {"type": self.columns[n]["type"], **_read_back(v)} for n, v in body["properties"].items()
        }
        self.pages[str(page["id"])] = page
        self._append(str(page["id"]), body.get("children", []))
        return page

    def _get_pages(self, id: str, body: JSON) -> JSON:
        if id not in self.pages:
            raise Problem(404, "object_not_found", f"Could not find page with ID: {id}.")
        return self.pages[id]

    def _patch_pages(self, id: str, body: JSON) -> JSON:
        page = self._get_pages(id, body)
        if page["in_trash"]:
            raise Problem(
                400, "validation_error", "Can't edit block that is archived. You must unarchive the block first."
            )
        page.update(body)
        return page

    def _get_blocks(self, id: str, what: str, body: JSON) -> JSON:
        if id not in self.children:
            raise Problem(404, "object_not_found", f"Could not find block with ID: {id}.")
        start, size = int(flask.request.args.get("start_cursor", 0)), int(flask.request.args.get("page_size", 100))
        there = self.children[id]
        more = len(there) > start + size
        following = str(start + size) if more else None
        return {"results": there[start : start + size], "has_more": more, "next_cursor": following}

    def _patch_blocks(self, id: str, what: str, body: JSON) -> JSON:
        self._get_blocks(id, what, body)
        return {"object": "list", "results": self._append(id, body["children"])}

    def _append(self, parent: str, blocks: JSON) -> list[JSON]:
        made = []
        for block in blocks:
            body = dict(block[block["type"]])
            inside = body.pop("children", [])
            made.append({"id": str(uuid.uuid4()), "type": block["type"], block["type"]: _read_back(body)})
            self._append(made[-1]["id"], inside)
        self.children.setdefault(parent, []).extend(made)
        return made

    def tree(self, id: str) -> list[JSON]:
        """Everything inside a page or block: [kind, content, children], to compare."""
        return [[one["type"], one[one["type"]], self.tree(one["id"])] for one in self.children.get(id, [])]


def _read_back(value: JSON) -> JSON:
    """Rich text as an answer shows it, with `plain_text`."""
    if isinstance(value, list):
        return [_read_back(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "content" in value.get("text", {}):
        return {**value, "plain_text": value["text"]["content"]}
    if value.get("type") == "equation":
        return {**value, "plain_text": value["equation"]["expression"]}
    return {name: _read_back(one) for name, one in value.items()}


def _text_of(page: Mapping[str, JSON], column: str) -> str:
    items = page["properties"].get(column, {}).get("rich_text", [])
    return "".join(item["plain_text"] for item in items)


def _app(fake: Fake) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.route("/v1/<path:path>", methods=["GET", "POST", "PATCH"])
    def take(path: str) -> Any:
        request, raw = flask.request, flask.request.get_data()
        fake.requests.append((request.method, request.path, raw))
        try:
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Problem(401, "unauthorized", "API token is invalid.")
            if fake.busy:
                raise Problem(fake.busy, "rate_limited" if fake.busy == 429 else "service_unavailable", "Not now.")
            assert request.headers["Notion-Version"] == "2026-03-11"
            return _applied(fake, request.method, request.path, request.get_json(silent=True) or {}, raw)
        except Problem as no:
            return {"object": "error", "status": no.status, "code": no.code, "message": str(no)}, no.status

    return app


def _applied(fake: Fake, method: str, path: str, body: JSON, raw: bytes) -> JSON:
    lose = "" if method == "GET" or path.endswith(("query", "search")) else fake.lose
    if lose and fake.spare:
        fake.spare, lose = fake.spare - 1, ""
    if lose:
        fake.lose = ""
    if lose == "before":
        raise Problem(504, "gateway_timeout", "The request timed out.")
    check_request(body, raw)
    answer = fake.answer(method, path, body)
    if lose == "after":
        raise Problem(504, "gateway_timeout", "The request timed out.")
    return answer


@contextmanager
def serve() -> Iterator[Fake]:
    fake = Fake()
    server = make_server("127.0.0.1", 0, _app(fake), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def connect(fake: Fake, token: str = TOKEN) -> Notion:
    """A client through the real door."""
    door = Door({"api": fake.url}, public_only=False, seconds=10)
    client = connector.open({"token": token}, door)
    assert isinstance(client, Notion)
    return client
