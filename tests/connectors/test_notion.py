"""Notion over real HTTP: a page with its properties and our key, found again after a lost answer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from notion_client.errors import APIResponseError

from app.core.http import Door
from connectors.contract import Call, Refused
from connectors.notion import connector
from connectors.notion._client import Notion
from tests.connectors.notion_fake import SOURCE, TOKEN, Fake
from tests.connectors.notion_hands import KEY, LONG, carry_out, page, shown


def test_a_page_carries_its_title_its_properties_and_our_key(notion: Fake, opened: Notion) -> None:
    given = {
        "date": "2026-11-02",
        "Count": "3",
        "Done": True,
        "Kind": "sales",
        "Tags": ["red", "green"],
        "Owner": "Ana",
    }
    result = carry_out(opened, page(markdown="# Hello\n\n- [x] done", properties=given))
    made = notion.pages[result["id"]]["properties"]
    assert made["Date"]["date"] == {"start": "2026-11-02"}
    assert (made["Count"]["number"], made["Done"]["checkbox"]) == (3, True)
    assert made["Kind"]["select"] == {"name": "Sales"}
    assert made["Tags"]["multi_select"] == [{"name": "red"}]
    assert made["Patchbay key"]["rich_text"][0]["plain_text"] == KEY
    assert made["Meeting name"]["title"][0]["plain_text"] == "Weekly"
    assert shown(notion, result["id"]) == ["Tags: green", "Owner: Ana", "Hello", "done"]
    assert result["url"].startswith("https://www.notion.so/")
    assert result["title"] == "Weekly"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Date", "next Friday"),
        ("Date", "2026-02-30"),
        ("Count", "three"),
        ("Count", 10**30),
        ("Count", float("nan")),
        ("Done", "perhaps"),
        ("Kind", "Unheard of"),
        ("State", "Almost"),
        ("Link", "javascript:alert(1)"),
        ("Mail", "nobody"),
        ("People", "Ana Silva"),
        ("Sum", 12),
        ("Patchbay key", "mine"),
        ("No such column", "**kept** _as_ it\nis | <b>"),
        ("Notes", "x" * 300_000),
    ],
)
def test_a_value_that_does_not_fit_becomes_a_line_of_the_page(
    notion: Fake, opened: Notion, column: str, value: Any
) -> None:
    result = carry_out(opened, page(properties={column: value}))
    assert "".join(shown(notion, result["id"])) == f"{column}: {value}"
    assert set(notion.pages[result["id"]]["properties"]) == {"Meeting name", "Patchbay key"}


def test_empty_values_need_no_line(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page(title="", properties={"Owner": "", "Due": None, "Tags": []}))
    assert shown(notion, result["id"]) == []
    assert notion.pages[result["id"]]["properties"]["Meeting name"]["title"] == []


@pytest.mark.parametrize("title", ["<b>Bold</b> & co", "שלום עולם", "two\nlines", "👩‍👩‍👧" * 900])
def test_titles_are_kept_as_they_are(notion: Fake, opened: Notion, title: str) -> None:
    result = carry_out(opened, page(title=title))
    made = notion.pages[result["id"]]["properties"]["Meeting name"]["title"]
    assert "".join(item["plain_text"] for item in made) == title.replace("\n", " ")


def test_a_title_beyond_every_limit_goes_on_in_the_page(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page(title="t" * 250_000))
    made = notion.pages[result["id"]]["properties"]["Meeting name"]["title"]
    rest = "".join(shown(notion, result["id"])).removeprefix("Title, continued: ")
    assert "".join(item["plain_text"] for item in made) + rest == "t" * 250_000


def test_preparing_twice_changes_nothing_and_the_bytes_stay_the_same(notion: Fake, opened: Notion) -> None:
    action = connector.actions["create_page"]
    call = page(
        title="t" * 70_000, markdown="# x", properties={"Owner": "Ana", "Tags": ["red", "lost"], "Date": "2026-11-02"}
    )
    assert action.prepare is not None
    once = action.prepare(opened, call.arguments)
    assert action.prepare(opened, once) == once
    stored = json.loads(json.dumps(once, sort_keys=True))
    carry_out(opened, Call("create_page", once))
    action.run(opened, KEY, **stored)
    bodies = [body for method, path, body in notion.requests if path == "/v1/pages"]
    assert bodies[0] == bodies[1]


def test_the_key_column_is_added_once(notion: Fake, opened: Notion) -> None:
    carry_out(opened, page())
    carry_out(opened, page())
    assert [path for _, path, _ in notion.changes()] == [f"/v1/data_sources/{SOURCE}", "/v1/pages", "/v1/pages"]


def test_a_key_column_of_another_type_is_refused_in_words(notion: Fake, opened: Notion) -> None:
    notion.columns["Patchbay key"] = {"id": "k", "type": "number", "number": {}}
    with pytest.raises(Refused, match="Rename that column"):
        carry_out(opened, page())
    assert notion.changes() == []


def test_a_lost_answer_is_found_by_the_key(notion: Fake, opened: Notion) -> None:
    carry_out(opened, page())
    notion.lose = "after"
    carry_out(opened, page(), key="hub-second")
    assert len(notion.pages) == 2


def test_pages_in_the_trash_are_not_found(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page())
    find = connector.actions["create_page"].find
    assert find is not None
    assert [one["id"] for one in find(opened, KEY, {"data_source": SOURCE})] == [result["id"]]
    notion.pages[result["id"]]["in_trash"] = True
    assert find(opened, KEY, {"data_source": SOURCE}) == []


def test_without_the_key_column_nobody_can_tell(notion: Fake, opened: Notion) -> None:
    find = connector.actions["create_page"].find
    assert find is not None
    with pytest.raises(Refused, match="Look for the page"):
        find(opened, KEY, {"data_source": SOURCE, "title": "Weekly"})


@pytest.mark.parametrize("name", ["create_page", "append_blocks", "add_key_property", "trash_page"])
def test_a_change_is_one_request_with_the_same_bytes_each_time(notion: Fake, name: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "create_page": {"data_source": SOURCE, "title": "x", "markdown": LONG, "properties": {}},
        "append_blocks": {"parent": SOURCE, "blocks": [{"type": "divider", "divider": {}}]},
        "add_key_property": {"data_source": SOURCE},
        "trash_page": {"page": SOURCE},
    }
    arguments = given[name]
    door = Door({"api": notion.url}, public_only=False)
    client, run = connector.open({"token": TOKEN}, door), connector.actions[name].run
    drawn = [door.draw(lambda: run(client, KEY, **arguments)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert notion.requests == []
    with contextlib.suppress(APIResponseError), door.sending(drawn[0]):  # raises if it were another or a second one
        run(client, KEY, **arguments)
    assert [body for _, _, body in notion.requests] == [drawn[0].body]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_sdk_never_asks_twice_by_itself(notion: Fake, opened: Notion, status: int) -> None:
    notion.busy = status
    with pytest.raises(APIResponseError):
        connector.check(opened)
    assert len(notion.requests) == 1
