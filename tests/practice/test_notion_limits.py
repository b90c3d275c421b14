"""The practice Notion keeps the limits of https://developers.notion.com/reference/request-limits ."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from app.practice.serve import Served

from .conftest import MEETINGS, Notion, a_page, paragraph, words

CREATE = "/pages"
LONG = "https://practice.example/" + "a" * 2000


def linked(url: str) -> dict[str, Any]:
    return {"paragraph": {"rich_text": [{"text": {"content": "x", "link": {"url": url}}}]}}


def table(width: int, *rows: list[str]) -> dict[str, Any]:
    made = [{"table_row": {"cells": [words(cell) for cell in row]}} for row in rows]
    return {"table": {"table_width": width, "children": made}}


def deep(levels: int) -> dict[str, Any]:
    return paragraph("x", deep(levels - 1)) if levels else paragraph("x")


GOOD: dict[str, Any] = {
    "2000 characters": paragraph("x" * 2000),
    "1000 emoji": paragraph("😀" * 1000),
    "2 levels of children": deep(2),
    "a table below a list item": {"bulleted_list_item": {"rich_text": [], "children": [table(1, ["a"])]}},
    "an equation of 1000": {"equation": {"expression": "x" * 1000}},
    "a toggleable heading": {
        "heading_2": {"rich_text": words("x"), "is_toggleable": True, "children": [paragraph("y")]}
    },
    "what was read": {"paragraph": {"rich_text": [{**words("x")[0], "plain_text": "x", "href": None}]}},
    "a mail link": linked("mailto:ana@practice.example"),
}

BAD: dict[str, tuple[Any, str]] = {
    "2001 characters": (
        paragraph("x" * 2001),
        "body.children[0].paragraph.rich_text[0].text.content.length should be ≤ `2000`, instead was `2001`.",
    ),
    "1001 emoji": (paragraph("😀" * 1001), "instead was `2002`."),
    "101 rich texts": ({"paragraph": {"rich_text": words("x") * 101}}, "rich_text.length should be ≤ `100`"),
    "101 children": (paragraph("x", *[paragraph("y")] * 101), "paragraph.children.length should be ≤ `100`"),
    "3 levels": (deep(3), "should be not present"),
    "a table on the last level": (paragraph("x", paragraph("y", table(1, ["a"]))), "should be not present"),
    "a long link": (linked(LONG), "link.url.length should be ≤ `2000`"),
    "a relative link": (linked("/somewhere"), "Invalid URL for link."),
    "an empty link": (linked(""), "Invalid URL for link."),
    "a long equation": ({"equation": {"expression": "x" * 1001}}, "expression.length should be ≤ `1000`"),
    "a ragged table": (table(2, ["a", "b"], ["c"]), "must match the table width"),
    "a table without rows": ({"table": {"table_width": 2, "children": []}}, "children.length should be ≥ `1`"),
    "a row without a table": ({"table_row": {"cells": []}}, "cannot stand outside a table"),
    "children of a plain heading": ({"heading_1": {"rich_text": [], "children": [paragraph("x")]}}, "not toggleable"),
    "children of code": ({"code": {"rich_text": [], "language": "c", "children": []}}, "should be not present"),
    "an unknown block": ({"type": "heading_9", "heading_9": {}}, "children[0].type should be one of"),
    "an unknown language": ({"code": {"rich_text": [], "language": "brainfuck"}}, "language should be one of"),
    "no language": ({"code": {"rich_text": []}}, "language should be defined, instead was `undefined`"),
    "an unknown field": ({"paragraph": {"rich_text": [], "size": 3}}, "paragraph.size should be not present"),
    "a second field": ({**paragraph("x"), "quote": {"rich_text": []}}, "children[0].quote should be not present"),
    "an unknown color": ({"paragraph": {"rich_text": [], "color": "teal"}}, "color should be one of"),
    "a wrong mark": (
        {"quote": {"rich_text": [{**words("x")[0], "annotations": {"bold": "yes"}}]}},
        "bold should be a boolean",
    ),
    "text instead of rich text": ({"quote": {"rich_text": "x"}}, "quote.rich_text should be an array"),
}


@pytest.mark.parametrize("block", GOOD.values(), ids=GOOD.keys())
def test_what_fits_is_taken(notion: Notion, block: dict[str, Any]) -> None:
    page = notion.page("Title", block)
    assert len(notion.children(page["id"])) == 1


@pytest.mark.parametrize(("block", "says"), BAD.values(), ids=BAD.keys())
def test_what_does_not_fit_is_refused(notion: Notion, block: dict[str, Any], says: str) -> None:
    status, answer = notion("POST", CREATE, a_page("Title", block))
    assert (status, answer["object"], answer["code"]) == (400, "error", "validation_error")
    assert says in answer["message"]
    assert answer["request_id"]
    assert notion.practice.effects("notion") == []


def test_a_request_holds_1000_blocks(notion: Notion) -> None:
    row = [paragraph("x", *[paragraph("y")] * 99)]
    assert notion("POST", CREATE, a_page("Title", *row * 10))[0] == 200
    status, answer = notion("POST", CREATE, a_page("Title", *row * 10, paragraph("one more")))
    assert (status, "≤ `1000`, instead was `1001`" in answer["message"]) == (400, True)
    assert "≤ `100`" in notion("POST", CREATE, a_page("Title", *[paragraph("x")] * 101))[1]["message"]


def test_a_request_holds_500_kilobytes(notion: Notion) -> None:
    eight = {"paragraph": {"rich_text": words("x" * 2000) * 4}}
    assert notion("POST", CREATE, a_page("Title", *[eight] * 60))[0] == 200
    status, answer = notion("POST", CREATE, a_page("Title", *[eight] * 65))
    assert (status, answer["code"]) == (400, "validation_error")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("Nam", {"title": []}, "Nam is not a property that exists."),
        ("Date", {"rich_text": []}, "Date is expected to be date."),
        ("Date", {"date": {"start": "tomorrow"}}, "start should be a valid ISO 8601 date string"),
        ("Date", {"date": {"start": "2026-02-30"}}, "start should be a valid ISO 8601 date string"),
        ("Date", {"date": {"start": "2026-03-02", "end": "2026-03-01"}}, "end date should be after start date"),
        ("Name", {"title": words("x" * 2001)}, "Name.title[0].text.content.length should be ≤ `2000`"),
    ],
)
def test_properties_are_checked(notion: Notion, name: str, value: Any, says: str) -> None:
    status, answer = notion("POST", CREATE, a_page("Title", **{name: value}))
    assert (status, answer["code"]) == (400, "validation_error")
    assert says in answer["message"]


def test_options_of_every_kind(practice: Served, notion: Notion) -> None:
    kinds = {"Name": "title", "Kind": "select", "State": "status", "Tags": "multi_select", "Count": "number"}
    source = practice.control("database", {"title": "Odd", "properties": kinds})["data_source"]

    def create(**properties: Any) -> tuple[int, dict[str, Any]]:
        return notion("POST", CREATE, {"parent": {"data_source_id": source}, "properties": properties})

    assert create(Kind={"select": {"name": "New"}})[1]["properties"]["Kind"]["select"]["name"] == "New"
    assert [
        o["name"] for o in notion("GET", f"/data_sources/{source}")[1]["properties"]["Kind"]["select"]["options"]
    ] == ["New"]
    assert "commas not allowed" in create(Tags={"multi_select": [{"name": "a, b"}]})[1]["message"]
    assert "does not exist" in create(State={"status": {"name": "Done"}})[1]["message"]
    assert "should be a number" in create(Count={"number": "3"})[1]["message"]
    assert create(Count={"number": 3.5})[1]["properties"]["Count"]["number"] == 3.5


def test_bodies_must_be_json_text(practice: Served, notion: Notion) -> None:
    for raw in (b"{", b'{"properties": "\\ud83d"}'):
        answer = notion.session.post(f"{practice.url}/notion/v1/pages", data=raw, timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert notion("POST", "/nowhere")[1]["code"] == "invalid_request_url"
    assert "path.page_id should be a valid uuid" in notion("GET", "/pages/abc")[1]["message"]
    assert "body.parent should be defined" in notion("POST", CREATE, {"properties": {}})[1]["message"]


def test_token_and_version_are_needed(practice: Served) -> None:
    me = f"{practice.url}/notion/v1/users/me"
    good = {"Authorization": f"Bearer {practice.token}", "Notion-Version": "2026-03-11"}

    def asked(**headers: str) -> tuple[int, str]:
        answer = requests.get(me, headers=headers, timeout=5)
        return answer.status_code, answer.json()["code"]

    assert asked(**{"Notion-Version": "2026-03-11"}) == (401, "unauthorized")
    assert asked(**{**good, "Authorization": "Bearer other"}) == (401, "unauthorized")
    assert asked(Authorization=good["Authorization"]) == (400, "missing_version")
    assert asked(**{**good, "Notion-Version": "2022-06-28"}) == (400, "validation_error")
    practice.control("revoke", {"slug": "notion"})
    assert asked(**good) == (401, "unauthorized")


def test_more_than_the_rate_is_told_to_wait() -> None:
    with Served() as practice:
        practice.control("settings", {"rate": 2, "burst": 2})
        client = Notion(practice)
        answers = [client.session.get(f"{practice.url}/notion/v1/users/me", timeout=5) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert answers[2].headers["Retry-After"] == "1"
        assert answers[2].json()["code"] == "rate_limited"
        time.sleep(0.55)
        assert client("POST", f"/data_sources/{MEETINGS}/query", {})[0] == 200
        client.session.close()
