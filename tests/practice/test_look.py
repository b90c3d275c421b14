"""The pages people look at: escaped, linked, safe under the hub's policy, wherever the app is mounted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from app.practice import create_app, ground_of
from app.practice.door import Ground, Vendor, interface
from app.practice.serve import Served

from .conftest import Notion, a_page, paragraph, words


def text(practice: Served, path: str) -> str:
    answer = requests.get(path if path.startswith("http") else practice.url + path, timeout=5)
    assert answer.status_code == 200, answer.text
    assert "nothing here leaves this machine" in answer.text
    assert " style=" not in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return answer.text


def every_block() -> list[dict[str, Any]]:
    rich = {"rich_text": words("<b>words</b>")}
    kinds = ("paragraph", "heading_1", "heading_2", "heading_3", "quote", "to_do", "toggle", "callout")
    row = {"table_row": {"cells": [words("cell <i>"), []]}}
    linked = {"external": {"url": "https://practice.example/a.png"}}
    return [
        *({kind: rich} for kind in (*kinds, "bulleted_list_item", "numbered_list_item")),
        {"bulleted_list_item": {**rich, "children": [{"quote": rich}, {"numbered_list_item": rich}]}},
        {"code": {"rich_text": words("if a < b:"), "language": "python"}},
        {"equation": {"expression": "e = mc^2"}},
        {"divider": {}},
        {"table": {"table_width": 2, "has_column_header": True, "children": [row, row]}},
        {"bookmark": {"url": "https://practice.example/"}},
        *({kind: linked} for kind in ("image", "file")),
        {"column_list": {"children": [{"column": {"children": [paragraph("left")]}}] * 2}},
    ]


def test_every_block_is_drawn_as_text(practice: Served, notion: Notion) -> None:
    page = notion.page("Title <script>alert(1)</script>", *every_block(), Date={"date": {"start": "2026-11-02"}})
    html = text(practice, page["url"])
    assert html.count("&lt;b&gt;words&lt;/b&gt;") == 14  # the edit form has the first paragraph again
    for piece in ("if a &lt; b:", "e = mc^2", "cell &lt;i&gt;", "<th", "<hr>", "left", "2026-11-02"):
        assert piece in html
    assert "<img" not in html


def test_databases_list_their_pages(practice: Served, notion: Notion) -> None:
    page = notion.page("Weekly <planning>")
    assert "Meetings" in text(practice, "/notion/")
    html = text(practice, notion("GET", f"/databases/{page['parent']['database_id']}")[1]["url"])
    assert "Weekly &lt;planning&gt;" in html
    assert f"/notion/pages/{page['id']}" in html
    practice.control("trash", {"page": page["id"]})
    assert "This page is in the trash." in text(practice, page["url"])


def test_a_person_edits_by_hand(practice: Served, notion: Notion) -> None:
    page = notion.page("Ours", paragraph("first"))
    form = {"title": "Theirs", "paragraph": "changed"}
    assert requests.post(f"{page['url']}/edit", data=form, timeout=5).status_code == 200
    html = text(practice, page["url"])
    assert "Last edited by Ana Silva" in html
    assert "Theirs" in html
    assert notion.children(page["id"])[0]["paragraph"]["rich_text"][0]["plain_text"] == "changed"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        assert requests.post(f"{page['url']}/edit", data=form, headers=headers, timeout=5).status_code == 403
    long = requests.post(f"{page['url']}/edit", data={"title": "x" * 2001}, timeout=5)
    assert (long.status_code, "Shorten it and save again" in long.text) == (400, True)


def test_what_is_not_there_says_so(practice: Served) -> None:
    for path in ("/notion/pages/abc", "/notion/pages/11111111-1111-4111-8111-111111111111", "/elsewhere"):
        answer = requests.get(practice.url + path, timeout=5)
        assert (answer.status_code, "There is no such page here" in answer.text) == (404, True)


def test_the_other_vendors_have_pages(practice: Served) -> None:
    practice.control("recap", {"body": {"payload": {"object": {"meeting_uuid": "a", "meeting_topic": "<Weekly>"}}}})
    assert "&lt;Weekly&gt;" in text(practice, "/zoom/")
    assert "This is not a language model" in text(practice, "/openai/")
    assert "/notion/" in text(practice, "/")


def test_it_may_be_mounted_anywhere(tmp_path: Path) -> None:
    app = create_app(tmp_path, "token")
    client = Client(DispatcherMiddleware(Response("hub"), {"/practice": app}), Response)
    headers = {"Authorization": "Bearer token", "Notion-Version": "2026-03-11"}
    made: Any = client.post("/practice/notion/v1/pages", json=a_page("Mounted"), headers=headers).json
    assert made["url"].startswith("http://localhost/practice/notion/pages/")
    html = client.get(made["url"]).text
    assert 'href="/practice/static/practice.css"' in html
    assert 'href="/">Back to Patchbay' in html
    with client.get("/practice/static/practice.css") as sheet:
        assert sheet.status_code == 200
    assert ground_of(app).ledger.history("notion")[0]["path"] == "/v1/pages"
    ground_of(app).ledger.close()


def test_a_vendor_without_pages_of_its_own_shows_what_stands_in_it(tmp_path: Path) -> None:
    def seed(ground: Ground) -> None:
        ground.ledger.put("plain", "price_list", {"id": "p-1", "name": "<b>Chairs</b>"})

    plain = Vendor("plain", lambda ground: interface("plain", ground), title="Plain <Ltd>", says="Lists.", seed=seed)
    with Served(tmp_path, further=[plain]) as practice:
        html = text(practice, "/plain/")
        assert "&lt;b&gt;Chairs&lt;/b&gt;" in html
        assert "Price list" in html
        assert 'href="/plain/"' in text(practice, "/")
        assert "Plain &lt;Ltd&gt;" in text(practice, "/")
