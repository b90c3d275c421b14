"""Text and comments on pages that are there: written once, found after a lost answer, taken away unless somebody touched them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.answers import Kind
from connectors.contract import Refused
from tests.connectors.notion_hands import LONG
from tests.connectors.notion_rows import lines
from tests.connectors.stand import KEY, Stand, standing

FAULTS = pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)
TEXT = "## Log\n\n- one\n  - inside\n\nTwo"
READ = ["## Log", "- one", "\t- inside", "Two"]


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing("notion") as made:
        yield made


@pytest.fixture
def page(stand: Stand) -> str:
    made = stand.served.control("notion_page", {"title": "Diary"})
    stand.served.control("edit", {"page": made["id"], "paragraph": "Dear diary"})
    return str(made["id"])


def test_text_is_added_at_the_end_and_taken_away_again(stand: Stand, page: str) -> None:
    given = stand.prepared("append", page=page, markdown=TEXT)
    made = stand.send("append", KEY, given)
    assert lines(stand, page) == ["Dear diary", *READ]
    assert stand.effects() == ["block.append"]
    action = stand.action("append")
    assert action.undo
    assert action.undo.changed(stand.client, given, made, 0) is None
    stand.call(action.undo.call(given, made, None))
    assert lines(stand, page) == ["Dear diary"]
    stand.call(action.undo.call(given, made, None))  # gone is as good


@FAULTS
def test_a_lost_answer_is_looked_up(stand: Stand, page: str, fault: str, arrived: int) -> None:
    assert len(stand.lost("append", fault, page=page, markdown=TEXT)) == arrived


@FAULTS
def test_the_same_text_from_before_is_not_taken_for_ours(stand: Stand, page: str, fault: str, arrived: int) -> None:
    stand.do("append", page=page, markdown=TEXT)
    found = stand.lost("append", fault, page=page, markdown=TEXT)
    assert len(found) == arrived
    assert lines(stand, page) == ["Dear diary", *READ, *(READ if arrived else [])]


def test_where_it_cannot_be_told_a_person_decides(stand: Stand, page: str) -> None:
    given = stand.prepared("append", page=page, markdown="- a\n- b")
    find = stand.action("append").find
    assert find
    stand.send("append", KEY, given)
    ids = find(stand.client, KEY, given)[0]["ids"]
    stand.client.delete(f"blocks/{ids[0]}")
    assert len(find(stand.client, KEY, given)) == 2, "half of it is there"


def test_a_long_text_comes_in_order_and_goes_whole(stand: Stand, page: str) -> None:
    given = stand.prepared("append", page=page, markdown=LONG)
    action, made = stand.action("append"), stand.send("append", KEY, given)
    assert action.after
    done = []
    for call in action.after(given, made):
        arguments = stand.prepared(call.action, **call.arguments)
        done.append((call.action, arguments, stand.send(call.action, KEY, arguments)))
    elsewhere = stand.do("create_page", data_source="11111111-1111-4111-8111-111111111111", title="x", markdown=LONG)
    assert lines(stand, page)[1:] == lines(stand, elsewhere["id"])
    assert any(name == "append_more" for name, _, _ in done)
    for name, arguments, result in reversed([("append", given, made), *done]):
        undo = stand.action(name).undo
        if undo:
            assert undo.changed(stand.client, arguments, result, 0) is None
            stand.call(undo.call(arguments, result, None))
    assert lines(stand, page) == ["Dear diary"]


@pytest.mark.parametrize("touched", ["a line", "inside"])
def test_lines_that_somebody_edited_stay(stand: Stand, page: str, touched: str) -> None:
    given = stand.prepared("append", page=page, markdown="> Quote\n>\n> inside\n\nPlain")
    made = stand.send("append", KEY, given)
    first = made["ids"][0]
    block = first if touched == "a line" else next(stand.client.children(first))["id"]
    stand.served.control("notion_block", {"block": block, "text": "By hand."})
    said = stand.action("append").undo
    assert said
    assert "Somebody edited the lines" in (said.changed(stand.client, given, made, 0) or "")


def test_a_page_in_the_trash_takes_nothing(stand: Stand, page: str) -> None:
    given = stand.prepared("append", page=page, markdown=TEXT)
    stand.served.control("trash", {"page": page})
    with pytest.raises(Refused, match="Restore or share it"):
        stand.prepared("append", page=page, markdown=TEXT)
    with pytest.raises(Exception, match="archived"):
        stand.send("append", KEY, given)
    stand.served.control("restore", {"page": page})
    with pytest.raises(Refused, match="no text"):
        stand.prepared("append", page=page, markdown="  \n ")


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_is_made_and_deleted_again(stand: Stand, page: str) -> None:
    given = stand.prepared("comment", page=page, text="  Who orders the chairs?\n")
    made = stand.send("comment", KEY, given)
    assert made["text"] == "Who orders the chairs?"
    assert stand.undo("comment", given, made) is None
    assert stand.undo("comment", given, made) is None, "gone is as good"
    assert stand.effects() == ["comment.create", "comment.delete"]


@FAULTS
def test_a_lost_comment_is_looked_up(stand: Stand, page: str, fault: str, arrived: int) -> None:
    assert len(stand.lost("comment", fault, page=page, text="Hello " * 500)) == arrived


def test_what_a_person_says_with_the_same_words_is_not_ours(stand: Stand, page: str) -> None:
    stand.served.control("notion_comment", {"page": page, "text": "Done"})
    assert stand.lost("comment", "cut_before", page=page, text="Done") == []


def test_a_comment_far_down_the_list_is_found(stand: Stand, page: str) -> None:
    for n in range(120):
        stand.served.control("notion_comment", {"page": page, "text": str(n)})
    assert len(stand.lost("comment", "cut_after", page=page, text="Done")) == 1


def test_comments_without_the_capability_say_what_to_tick(stand: Stand, page: str) -> None:
    stand.note(lacks=["comments"])
    trouble = stand.trouble("comment", page=page, text="Done")
    assert (trouble.kind, "Read comments" in trouble.words) == (Kind.REFUSED, True)


@pytest.mark.parametrize(("text", "says"), [(" ", "nothing to say"), ("x" * 200_000, "longer than Notion takes")])
def test_what_is_no_comment_is_refused(stand: Stand, page: str, text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        stand.prepared("comment", page=page, text=text)
