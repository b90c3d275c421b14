"""Pages, blocks and databases of the practice Notion behave as the real ones do."""

from __future__ import annotations

import threading
import time
from typing import Any

from app.practice.serve import Served

from .conftest import MEETINGS, Notion, a_page, paragraph, words

QUERY = f"/data_sources/{MEETINGS}/query"


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    return ["".join(t["plain_text"] for t in block[block["type"]]["rich_text"]) for block in blocks]


def titles(answer: tuple[int, dict[str, Any]]) -> list[str]:
    assert answer[0] == 200, answer
    return ["".join(t["plain_text"] for t in page["properties"]["Name"]["title"]) for page in answer[1]["results"]]


def test_a_page_is_what_was_sent(practice: Served, notion: Notion) -> None:
    page = notion.page("Weekly", paragraph("One", paragraph("Two")), Date={"date": {"start": "2026-11-02"}})
    assert page["url"] == f"{practice.url}/notion/pages/{page['id']}"
    assert page["parent"]["data_source_id"] == MEETINGS
    assert page["created_time"].endswith(":00.000Z")
    assert page["last_edited_by"]["id"] == notion("GET", "/users/me")[1]["id"]
    again = notion("GET", f"/pages/{page['id'].replace('-', '')}")[1]
    assert again["properties"] == page["properties"]
    assert page["properties"]["Date"]["date"] == {"start": "2026-11-02", "end": None, "time_zone": None}
    first = notion.children(page["id"])[0]
    assert (first["has_children"], texts([first]), texts(notion.children(first["id"]))) == (True, ["One"], ["Two"])
    assert [e["id"] for e in practice.effects("notion", "page.create")] == [page["id"]]


def test_blocks_are_appended_where_they_belong(notion: Notion) -> None:
    page = notion.page("Title", paragraph("a"), paragraph("d"))
    first = notion.children(page["id"])[0]["id"]

    def append(position: Any, *blocks: Any, to: str = page["id"]) -> tuple[int, dict[str, Any]]:
        body = {"children": list(blocks), **({"position": position} if position else {})}
        return notion("PATCH", f"/blocks/{to}/children", body)

    made = append(
        {"type": "after_block", "after_block": {"id": first}}, paragraph("b", paragraph("in")), paragraph("c")
    )
    assert texts(made[1]["results"]) == ["b", "c"]  # the topmost new ones only
    append({"type": "start"}, paragraph("0"))
    append(None, paragraph("e"))
    append({"type": "end"}, paragraph("f"))
    assert texts(notion.children(page["id"])) == ["0", "a", "b", "c", "d", "e", "f"]
    stranger = notion.children(notion.page("Other", paragraph("x"))["id"])[0]["id"]
    assert append({"type": "after_block", "after_block": {"id": stranger}}, paragraph("x"))[0] == 404
    assert (
        "not present"
        in notion("PATCH", f"/blocks/{page['id']}/children", {"children": [], "after": first})[1]["message"]
    )
    assert append(None, {"divider": {}})[0] == 200
    divider = notion.children(page["id"])[-1]["id"]
    assert append(None, paragraph("x"), to=divider)[1]["message"] == "Block does not support children."


def test_rows_are_appended_to_their_table(notion: Notion) -> None:
    row = {"table_row": {"cells": [words("a"), words("b")]}}
    page = notion.page("Title", {"table": {"table_width": 2, "children": [row]}})
    table = notion.children(page["id"])[0]["id"]
    assert notion("PATCH", f"/blocks/{table}/children", {"children": [row]})[0] == 200
    narrow = {"table_row": {"cells": [words("a")]}}
    assert "table width" in notion("PATCH", f"/blocks/{table}/children", {"children": [narrow]})[1]["message"]
    assert notion("PATCH", f"/blocks/{table}/children", {"children": [paragraph("x")]})[0] == 400
    assert len(notion.children(table)) == 2


def test_blocks_are_changed_and_trashed(notion: Notion) -> None:
    page = notion.page("Title", {"to_do": {"rich_text": words("buy")}}, paragraph("b"))
    todo = notion.children(page["id"])[0]
    changed = notion("PATCH", f"/blocks/{todo['id']}", {"to_do": {"checked": True}})[1]
    assert (changed["to_do"]["checked"], texts([changed])) == (True, ["buy"])
    assert notion("PATCH", f"/blocks/{todo['id']}", {"quote": {"rich_text": []}})[0] == 400
    assert notion("DELETE", f"/blocks/{todo['id']}")[1]["in_trash"] is True
    assert texts(notion.children(page["id"])) == ["b"]
    assert "archived" in notion("DELETE", f"/blocks/{todo['id']}")[1]["message"]
    assert notion("PATCH", f"/blocks/{todo['id']}", {"in_trash": False})[0] == 200
    assert texts(notion.children(page["id"])) == ["buy", "b"]


def test_nothing_is_edited_in_the_trash(notion: Notion) -> None:
    page = notion.page("Gone", paragraph("a"))
    block = notion.children(page["id"])[0]["id"]
    assert notion("PATCH", f"/pages/{page['id']}", {"in_trash": True})[1]["in_trash"] is True
    for method, path, body in (
        ("PATCH", f"/pages/{page['id']}", {"properties": {"Name": {"title": words("x")}}}),
        ("PATCH", f"/pages/{page['id']}", {"in_trash": True}),
        ("PATCH", f"/blocks/{page['id']}/children", {"children": [paragraph("x")]}),
        ("PATCH", f"/blocks/{block}", {"paragraph": {"rich_text": []}}),
        ("DELETE", f"/blocks/{block}", None),
    ):
        status, answer = notion(method, path, body)
        assert (status, answer["code"], "archived" in answer["message"]) == (400, "validation_error", True)
    assert titles(notion("POST", QUERY, {})) == []
    assert notion("GET", f"/pages/{page['id']}")[1]["in_trash"] is True
    assert notion("PATCH", f"/pages/{page['id']}", {"in_trash": False})[0] == 200
    assert titles(notion("POST", QUERY, {})) == ["Gone"]


def test_a_key_column_is_added_and_searched(notion: Notion) -> None:
    column: dict[str, Any] = {"properties": {"Patchbay key": {"rich_text": {}}}}
    assert (
        "is not a property"
        in notion("POST", "/pages", a_page("x", **{"Patchbay key": {"rich_text": []}}))[1]["message"]
    )
    by_key = {"filter": {"property": "Patchbay key", "rich_text": {"equals": "hub-1"}}}
    assert "Could not find property with name or id: Patchbay key" in notion("POST", QUERY, by_key)[1]["message"]
    for _ in range(2):  # a second time changes nothing
        source = notion("PATCH", f"/data_sources/{MEETINGS}", column)[1]
        assert source["properties"]["Patchbay key"]["type"] == "rich_text"
    notion.page("One", **{"Patchbay key": {"rich_text": [*words("hub"), *words("-1")]}})
    notion.page("Two", **{"Patchbay key": {"rich_text": words("hub-11")}})
    assert titles(notion("POST", QUERY, by_key)) == ["One"]
    wrong = {"filter": {"property": "Patchbay key", "title": {"equals": "hub-1"}}}
    assert "does not match filter" in notion("POST", QUERY, wrong)[1]["message"]


def test_filters_and_sorts(notion: Notion) -> None:
    for name, day in (("a", "2026-11-01"), ("b", "2026-11-02"), ("c", "2026-11-03")):
        notion.page(name, Date={"date": {"start": day}})
    late = {"property": "Date", "date": {"on_or_after": "2026-11-02"}}
    named = {"property": "Name", "title": {"does_not_equal": "c"}}
    assert titles(notion("POST", QUERY, {"filter": {"and": [late, named]}})) == ["b"]
    assert titles(notion("POST", QUERY, {"filter": {"or": [late, named]}})) == ["a", "b", "c"]
    down = [{"property": "Date", "direction": "descending"}]
    assert titles(notion("POST", QUERY, {"sorts": down})) == ["c", "b", "a"]
    assert notion("POST", QUERY, {"filter": {"property": "Date", "date": {"equal": "x"}}})[0] == 400


def test_lists_come_in_pages(notion: Notion) -> None:
    for i in range(5):
        notion.page(str(i))
    first = notion("POST", QUERY, {"page_size": 2})[1]
    assert (first["has_more"], len(first["results"])) == (True, 2)
    rest = notion("POST", QUERY, {"page_size": 100, "start_cursor": first["next_cursor"]})
    assert (titles(rest), rest[1]["has_more"], rest[1]["next_cursor"]) == (["2", "3", "4"], False, None)
    assert notion("POST", QUERY, {"page_size": 101})[0] == 400
    assert notion("GET", f"/blocks/{first['results'][0]['id']}/children?page_size=0")[0] == 400


def test_the_index_may_lag(practice: Served, notion: Notion) -> None:
    practice.control("settings", {"index_lag": 0.3})
    page = notion.page("Late")
    assert titles(notion("POST", QUERY, {})) == []
    assert notion("GET", f"/pages/{page['id']}")[0] == 200
    time.sleep(0.35)
    assert titles(notion("POST", QUERY, {})) == ["Late"]


def test_search_finds_titles(notion: Notion) -> None:
    notion.page("Weekly planning")
    found = notion("POST", "/search", {"filter": {"property": "object", "value": "data_source"}})[1]["results"]
    assert sorted(item["title"][0]["plain_text"] for item in found) == ["Meetings", "To-dos"]
    assert [item["object"] for item in notion("POST", "/search", {"query": "PLANNING"})[1]["results"]] == ["page"]


def test_a_database_names_its_data_source(notion: Notion) -> None:
    database = notion("GET", "/databases/aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa")[1]
    assert database["data_sources"] == [{"id": MEETINGS, "name": "Meetings"}]
    status, answer = notion("GET", f"/data_sources/{database['id']}")
    assert (status, answer["code"]) == (404, "object_not_found")
    assert notion("GET", f"/databases/{MEETINGS}")[0] == 404


def test_what_is_not_shared_is_not_found(practice: Served, notion: Notion) -> None:
    page = notion.page("Hidden", paragraph("x"))
    practice.control("unshare", {"data_source": MEETINGS})
    for method, path in (("GET", f"/pages/{page['id']}"), ("GET", f"/blocks/{page['id']}/children"), ("POST", QUERY)):
        status, answer = notion(method, path)
        assert (status, answer["code"], "shared with your integration" in answer["message"]) == (
            404,
            "object_not_found",
            True,
        )
    assert notion("POST", "/pages", a_page("x"))[0] == 404
    assert notion("GET", "/databases/aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")[0] == 404
    practice.control("share", {"data_source": MEETINGS})
    assert notion("GET", f"/pages/{page['id']}")[0] == 200


def test_a_database_in_the_trash_takes_nothing(practice: Served, notion: Notion) -> None:
    practice.control("trash", {"data_source": MEETINGS})
    assert "archived" in notion("POST", "/pages", a_page("x"))[1]["message"]
    assert notion("GET", f"/data_sources/{MEETINGS}")[1]["in_trash"] is True


def test_people_leave_their_name(practice: Served, notion: Notion) -> None:
    page = notion.page("Ours", paragraph("first"), paragraph("second"))
    practice.control("edit", {"page": page["id"], "paragraph": "changed"})
    edited = notion("GET", f"/pages/{page['id']}")[1]
    assert notion("GET", f"/users/{edited['last_edited_by']['id']}")[1]["name"] == "Ana Silva"
    blocks = notion.children(page["id"])
    assert texts(blocks) == ["changed", "second"]
    assert blocks[0]["last_edited_by"]["id"] != blocks[1]["last_edited_by"]["id"]
    practice.control("edit", {"page": page["id"], "title": "Theirs"})
    assert notion("GET", f"/pages/{page['id']}")[1]["properties"]["Name"]["title"][0]["plain_text"] == "Theirs"


def test_two_at_once_lose_nothing(practice: Served, notion: Notion) -> None:
    def write(name: str) -> None:
        client = Notion(practice)
        for i in range(20):
            client.page(f"{name}{i}", paragraph("x"))
        client.session.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(titles(notion("POST", QUERY, {}))) == 40
    assert len({effect["id"] for effect in practice.effects("notion", "page.create")}) == 40


def test_the_memory_outlives_the_process(tmp_path: Any) -> None:
    with Served(tmp_path) as first:
        client = Notion(first)
        kept = client.page("Kept")["id"]
        client.session.close()
    with Served(tmp_path) as second:
        client = Notion(second)
        assert client("GET", f"/pages/{kept}")[1]["id"] == kept
        client.session.close()
        assert [request["effect"] for request in second.ledger("notion")] == ["page.create", None]
