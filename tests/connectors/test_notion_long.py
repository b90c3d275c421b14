"""Long pages over real HTTP: written in parts, resumed at the part reached, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Call, Refused
from connectors.notion import connector
from connectors.notion._client import Notion
from connectors.notion._markdown import read
from connectors.notion._tree import Node, visible
from tests.connectors.notion_fake import Fake, connect
from tests.connectors.notion_hands import KEY, LONG, carry_out, page, shown


def test_a_long_page_is_written_in_parts_and_in_order(notion: Fake, opened: Notion) -> None:
    result = carry_out(opened, page(markdown=LONG))

    def expected(node: Node) -> Iterator[str]:
        yield visible(node.payload())
        for child in node.children:
            yield from expected(child)

    assert shown(notion, result["id"]) == [line for node in read(LONG) for line in expected(node)]
    assert len(notion.changes()) > 5


@pytest.mark.parametrize("lose", ["before", "after"])
def test_every_answer_may_be_lost_and_the_page_is_still_the_same(notion: Fake, opened: Notion, lose: str) -> None:
    whole = notion.tree(carry_out(opened, page(markdown=LONG))["id"])
    count = len([path for _, path, _ in notion.changes() if "data_sources" not in path])
    for number in range(count):
        notion.lose, notion.spare = lose, number
        result = carry_out(connect(notion), page(markdown=LONG), key=f"hub-{number}")
        assert notion.tree(result["id"]) == whole
        assert not notion.lose
    assert len(notion.pages) == count + 1


NOTE = {"id": "note", "type": "paragraph", "paragraph": {"rich_text": [{"type": "text", "plain_text": "A note"}]}}


def test_a_lost_part_is_recognised_although_somebody_wrote_between(notion: Fake, opened: Notion) -> None:
    call, arrived = _part(notion, opened)
    find = connector.actions["append_blocks"].find
    assert find is not None
    page_id = call.arguments["parent"]
    assert find(opened, KEY, call.arguments) == []
    notion.children[page_id].insert(0, NOTE)
    assert find(opened, KEY, call.arguments) == []
    ids = [block["id"] for block in notion._append(page_id, arrived)]
    assert [one["ids"] for one in find(opened, KEY, call.arguments)] == [ids]
    notion.children[page_id].insert(-2, NOTE)
    assert [sorted(one["ids"]) for one in find(opened, KEY, call.arguments)] == [sorted(ids)]
    notion.children[page_id].pop()
    assert len(find(opened, KEY, call.arguments)) == 2, "half of it is there: a person decides"


def _part(notion: Fake, opened: Notion) -> tuple[Call, Any]:
    """A page of 150 paragraphs of which the first hundred are written, and the call for the rest."""
    action = connector.actions["create_page"]
    assert action.prepare
    assert action.after
    arguments = action.prepare(opened, page(markdown="\n\n".join(f"line {n}" for n in range(150))).arguments)
    notion.columns["Patchbay key"] = {"id": "k", "type": "rich_text", "rich_text": {}}
    (call,) = action.after(arguments, action.run(opened, KEY, **arguments))
    return call, call.arguments["blocks"]


def test_equal_lines_on_an_edited_page_are_left_to_a_person(notion: Fake, opened: Notion) -> None:
    find, action = connector.actions["append_blocks"].find, connector.actions["create_page"]
    assert find
    assert action.after
    result = carry_out(opened, page(markdown="- [ ] same\n" * 150))
    (call,) = action.after({"markdown": "- [ ] same\n" * 150}, result)
    assert len(find(opened, KEY, call.arguments)) == 1
    written = notion.children[result["id"]]
    notion.children[result["id"]] = written[1:]
    assert len(find(opened, KEY, call.arguments)) == 2
    notion.children[result["id"]] = [NOTE, *written]
    assert len(find(opened, KEY, call.arguments)) == 2
    notion.children[result["id"]] = []
    assert len(find(opened, KEY, call.arguments)) == 2


def test_a_parent_that_was_edited_away_ends_in_a_sentence(notion: Fake, opened: Notion) -> None:
    prepare = connector.actions["append_blocks"].prepare
    assert prepare
    result = carry_out(opened, page(markdown="- a\n- b"))
    with pytest.raises(Refused, match="Undo this run"):
        prepare(opened, {"parent": result["id"], "blocks": [], "path": [[0, "quote:0"]]})


def test_a_page_that_was_only_drawn_has_no_blocks_to_read(notion: Fake, opened: Notion) -> None:
    action = connector.actions["append_blocks"]
    assert action.prepare
    arguments = {"parent": "not sent", "blocks": [], "path": [[3, "quote:0"]], "start": 0, "alike": 0}
    assert action.prepare(opened, arguments) == arguments
    assert notion.requests == []
