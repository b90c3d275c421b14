"""Taking a page back, unless somebody has touched it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Call
from connectors.notion import connector
from connectors.notion._client import Notion
from tests.connectors.notion_fake import PERSON, SOURCE, Fake
from tests.connectors.notion_hands import KEY, carry_out, page

SENT = 1793610000000  # 2 November 2026, 09:00 UTC


def changed(opened: Notion, result: Any) -> str | None:
    undo = connector.actions["create_page"].undo
    assert undo is not None
    return undo.changed(opened, {}, result, SENT)


def test_an_untouched_page_goes_to_the_trash(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page())
    undo = connector.actions["create_page"].undo
    assert undo is not None
    assert changed(opened, result) is None
    call = undo.call({}, result, None)
    find = connector.actions[call.action].find
    assert find is not None
    assert find(opened, KEY, call.arguments) == []
    carry_out(opened, call)
    assert notion.pages[result["id"]]["in_trash"] is True
    assert [one["id"] for one in find(opened, KEY, call.arguments)] == [result["id"]]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"last_edited_by": {"id": PERSON}}, "Somebody edited the page “Weekly” on 2 November 2026 at 09:00 UTC."),
        ({"last_edited_time": "2026-11-02T09:02:00.000Z"}, "was edited on 2 November 2026 at 09:02 UTC"),
        ({"last_edited_time": "2026-11-02T09:01:00.000Z"}, None),
        ({"in_trash": True, "last_edited_by": {"id": PERSON}}, None),
    ],
)
def test_undo_sees_who_touched_the_page(notion: Fake, opened: Notion, edit: Any, says: str | None) -> None:
    result = carry_out(opened, page())
    notion.pages[result["id"]].update(edit)
    found = changed(opened, result)
    assert found is None if says is None else says in (found or "")


def test_undo_sees_a_new_title(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page())
    notion.pages[result["id"]]["properties"]["Meeting name"]["title"][0]["plain_text"] = "Monthly"
    assert "renamed to “Monthly”" in (changed(opened, result) or "")


def test_a_page_that_is_gone_needs_no_undo(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page())
    carry_out(opened, Call("trash_page", {"page": result["id"]}))
    assert carry_out(opened, Call("trash_page", {"page": result["id"]}))["in_trash"] is True
    del notion.pages[result["id"]]
    assert changed(opened, result) is None
    assert carry_out(opened, Call("trash_page", {"page": result["id"]}))["in_trash"] is True


def test_a_page_as_notion_documents_it_is_understood(notion: Fake, opened: Notion) -> None:
    sample = json.loads((Path(__file__).parent / "samples" / "notion" / "pages" / "page.json").read_text())
    notion.pages[sample["id"]] = sample
    notion.columns["Patchbay key"] = {"id": "k", "type": "rich_text", "rich_text": {}}
    find = connector.actions["create_page"].find
    assert find is not None
    (found,) = find(opened, KEY, {"data_source": SOURCE})
    assert found == {
        "id": sample["id"],
        "url": sample["url"],
        "title": "Weekly planning",
        "created_by": sample["created_by"]["id"],
        "last_edited_time": "2026-11-02T09:00:00.000Z",
    }
    assert changed(opened, found) is None
    assert "renamed" in (changed(opened, {**found, "title": "Weekly"}) or "")
