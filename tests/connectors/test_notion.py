"""Notion over real HTTP: pages, properties, finding, undo, look-ups, and sentences for its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from notion_client.errors import APIResponseError

from connectors.contract import Call, Refused
from connectors.notion import connector
from connectors.notion._client import Notion
from tests.connectors import notion_fake
from tests.connectors.notion_fake import BOT, DATABASE, PAIR, PERSON, SOURCE, Fake, connect

KEY = "hub-abcdefghijklmnopqrst"
SENT = 1793610000000  # 2 November 2026, 09:00 UTC


@pytest.fixture
def fake() -> Iterator[Fake]:
    with notion_fake.serve() as fake:
        yield fake


@pytest.fixture
def client(fake: Fake) -> Notion:
    return connect(fake)


def carry_out(client: Notion, call: Call, key: str = KEY) -> Any:
    """What the engine does with a change, without its journal."""
    action = connector.actions[call.action]
    arguments = action.prepare(client, call.arguments) if action.prepare else call.arguments
    for first in action.before(client, arguments) if action.before else []:
        carry_out(client, first)
    result = send(client, Call(call.action, arguments), key)
    for following in action.after(arguments, result) if action.after else []:
        carry_out(client, following)
    return result


def send(client: Notion, call: Call, key: str = KEY) -> Any:
    """One change; if its answer is lost, look it up, and send it again only if it is not there."""
    action = connector.actions[call.action]
    try:
        return action.run(client, key, **call.arguments)
    except APIResponseError:
        assert action.find is not None
        found = action.find(client, key, call.arguments)
        assert len(found) <= 1
        return found[0] if found else send(client, call, key)


def page(title: str = "Weekly", **more: Any) -> Call:
    return Call("create_page", {"data_source": SOURCE, "title": title, **more})


def shown(fake: Fake, page_id: str) -> list[str]:
    """The text of every block of a page, top to bottom."""
    from connectors.notion._tree import visible

    lines = []
    for block in fake.children.get(page_id, []):
        lines += [visible(block), *shown(fake, block["id"])]
    return lines


def test_a_page_carries_its_title_its_properties_and_our_key(fake: Fake, client: Notion) -> None:
    given = {
        "date": "2026-11-02",
        "Count": "3",
        "Done": True,
        "Kind": "sales",
        "Tags": ["red", "green"],
        "Owner": "Ana",
    }
    result = carry_out(client, page(markdown="# Hello\n\n- [x] done", properties=given))
    made = fake.pages[result["id"]]["properties"]
    assert made["Date"]["date"] == {"start": "2026-11-02"}
    assert (made["Count"]["number"], made["Done"]["checkbox"]) == (3, True)
    assert made["Kind"]["select"] == {"name": "Sales"}
    assert made["Tags"]["multi_select"] == [{"name": "red"}]
    assert made["Patchbay key"]["rich_text"][0]["plain_text"] == KEY
    assert made["Meeting name"]["title"][0]["plain_text"] == "Weekly"
    assert shown(fake, result["id"]) == ["Tags: green", "Owner: Ana", "Hello", "done"]
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
    fake: Fake, client: Notion, column: str, value: Any
) -> None:
    result = carry_out(client, page(properties={column: value}))
    assert "".join(shown(fake, result["id"])) == f"{column}: {value}"
    assert set(fake.pages[result["id"]]["properties"]) == {"Meeting name", "Patchbay key"}


def test_empty_values_need_no_line(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page(title="", properties={"Owner": "", "Due": None, "Tags": []}))
    assert shown(fake, result["id"]) == []
    assert fake.pages[result["id"]]["properties"]["Meeting name"]["title"] == []


@pytest.mark.parametrize("title", ["<b>Bold</b> & co", "שלום עולם", "two\nlines", "👩‍👩‍👧" * 900])
def test_titles_are_kept_as_they_are(fake: Fake, client: Notion, title: str) -> None:
    result = carry_out(client, page(title=title))
    made = fake.pages[result["id"]]["properties"]["Meeting name"]["title"]
    assert "".join(item["plain_text"] for item in made) == title.replace("\n", " ")


def test_a_title_beyond_every_limit_goes_on_in_the_page(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page(title="t" * 250_000))
    made = fake.pages[result["id"]]["properties"]["Meeting name"]["title"]
    rest = "".join(shown(fake, result["id"])).removeprefix("Title, continued: ")
    assert "".join(item["plain_text"] for item in made) + rest == "t" * 250_000


def test_preparing_twice_changes_nothing_and_the_bytes_stay_the_same(fake: Fake, client: Notion) -> None:
    action = connector.actions["create_page"]
    call = page(
        title="t" * 70_000, markdown="# x", properties={"Owner": "Ana", "Tags": ["red", "lost"], "Date": "2026-11-02"}
    )
    assert action.prepare is not None
    once = action.prepare(client, call.arguments)
    assert action.prepare(client, once) == once
    stored = json.loads(json.dumps(once, sort_keys=True))
    carry_out(client, Call("create_page", once))
    action.run(client, KEY, **stored)
    bodies = [body for method, path, body in fake.requests if path == "/v1/pages"]
    assert bodies[0] == bodies[1]


def test_the_key_column_is_added_once(fake: Fake, client: Notion) -> None:
    carry_out(client, page())
    carry_out(client, page())
    assert [path for _, path, _ in fake.changes()] == [f"/v1/data_sources/{SOURCE}", "/v1/pages", "/v1/pages"]


def test_a_key_column_of_another_type_is_refused_in_words(fake: Fake, client: Notion) -> None:
    fake.columns["Patchbay key"] = {"id": "k", "type": "number", "number": {}}
    with pytest.raises(Refused, match="Rename that column"):
        carry_out(client, page())
    assert fake.changes() == []


def test_a_lost_answer_is_found_by_the_key(fake: Fake, client: Notion) -> None:
    carry_out(client, page())
    fake.lose = "after"
    carry_out(client, page(), key="hub-second")
    assert len(fake.pages) == 2


def test_pages_in_the_trash_are_not_found(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page())
    find = connector.actions["create_page"].find
    assert find is not None
    assert [one["id"] for one in find(client, KEY, {"data_source": SOURCE})] == [result["id"]]
    fake.pages[result["id"]]["in_trash"] = True
    assert find(client, KEY, {"data_source": SOURCE}) == []


def test_without_the_key_column_nobody_can_tell(fake: Fake, client: Notion) -> None:
    find = connector.actions["create_page"].find
    assert find is not None
    with pytest.raises(Refused, match="Look for the page"):
        find(client, KEY, {"data_source": SOURCE, "title": "Weekly"})


LONG = "\n".join(
    [
        "intro **bold**",
        "",
        *(f"- [ ] task {n % 7}" for n in range(230)),
        "",
        *("  " * level + f"- level {level}\n" + "  " * level + f"  more {level}" for level in range(20)),
        "",
        "1. one\n   - " + "\n   - ".join(f"under one {n}" for n in range(130)),
        "2. two",
        "",
        "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | cell {n} |" for n in range(250)),
        "",
        *(f"same\n\n---\n\nparagraph {n}\n" for n in range(120)),
    ]
)


def test_a_long_page_is_written_in_parts_and_in_order(fake: Fake, client: Notion) -> None:
    from connectors.notion._markdown import read
    from connectors.notion._tree import Node, visible

    result = carry_out(client, page(markdown=LONG))

    def expected(node: Node) -> Iterator[str]:
        yield visible(node.payload())
        for child in node.children:
            yield from expected(child)

    assert shown(fake, result["id"]) == [line for node in read(LONG) for line in expected(node)]
    assert len(fake.changes()) > 5


@pytest.mark.parametrize("lose", ["before", "after"])
def test_every_answer_may_be_lost_and_the_page_is_still_the_same(fake: Fake, client: Notion, lose: str) -> None:
    whole = fake.tree(carry_out(client, page(markdown=LONG))["id"])
    count = len([path for _, path, _ in fake.changes() if "data_sources" not in path])
    for number in range(count):
        fake.lose, fake.spare = lose, number
        result = carry_out(connect(fake), page(markdown=LONG), key=f"hub-{number}")
        assert fake.tree(result["id"]) == whole
        assert not fake.lose
    assert len(fake.pages) == count + 1


def test_a_lost_part_is_recognised_although_somebody_wrote_between(fake: Fake, client: Notion) -> None:
    call, arrived = _part(fake, client)
    find = connector.actions["append_blocks"].find
    assert find is not None
    note = {"id": "note", "type": "paragraph", "paragraph": {"rich_text": [{"type": "text", "plain_text": "A note"}]}}
    page_id = call.arguments["parent"]
    assert find(client, KEY, call.arguments) == []
    fake.children[page_id].insert(0, note)
    assert find(client, KEY, call.arguments) == []
    ids = [block["id"] for block in fake._append(page_id, arrived)]
    assert [one["ids"] for one in find(client, KEY, call.arguments)] == [ids]
    fake.children[page_id].insert(-2, note)
    assert [sorted(one["ids"]) for one in find(client, KEY, call.arguments)] == [sorted(ids)]
    fake.children[page_id].pop()
    assert len(find(client, KEY, call.arguments)) == 2, "half of it is there: a person decides"


def _part(fake: Fake, client: Notion) -> tuple[Call, Any]:
    """A page of 150 paragraphs of which the first hundred are written, and the call for the rest."""
    action = connector.actions["create_page"]
    assert action.prepare
    assert action.after
    arguments = action.prepare(client, page(markdown="\n\n".join(f"line {n}" for n in range(150))).arguments)
    fake.columns["Patchbay key"] = {"id": "k", "type": "rich_text", "rich_text": {}}
    (call,) = action.after(arguments, action.run(client, KEY, **arguments))
    return call, call.arguments["blocks"]


def test_equal_lines_on_an_edited_page_are_left_to_a_person(fake: Fake, client: Notion) -> None:
    find, action = connector.actions["append_blocks"].find, connector.actions["create_page"]
    assert find
    assert action.after
    result = carry_out(client, page(markdown="- [ ] same\n" * 150))
    (call,) = action.after({"markdown": "- [ ] same\n" * 150}, result)
    assert len(find(client, KEY, call.arguments)) == 1
    fake.children[result["id"]].pop(0)
    assert len(find(client, KEY, call.arguments)) == 2


def test_a_parent_that_was_edited_away_ends_in_a_sentence(fake: Fake, client: Notion) -> None:
    prepare = connector.actions["append_blocks"].prepare
    assert prepare
    result = carry_out(client, page(markdown="- a\n- b"))
    with pytest.raises(Refused, match="Undo this run"):
        prepare(client, {"parent": result["id"], "blocks": [], "path": [[0, "quote:0"]]})


# --- undo ---


def changed(client: Notion, result: Any) -> str | None:
    undo = connector.actions["create_page"].undo
    assert undo is not None
    return undo.changed(client, {}, result, SENT)


def test_an_untouched_page_goes_to_the_trash(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page())
    undo = connector.actions["create_page"].undo
    assert undo is not None
    assert changed(client, result) is None
    call = undo.call({}, result, None)
    find = connector.actions[call.action].find
    assert find is not None
    assert find(client, KEY, call.arguments) == []
    carry_out(client, call)
    assert fake.pages[result["id"]]["in_trash"] is True
    assert [one["id"] for one in find(client, KEY, call.arguments)] == [result["id"]]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"last_edited_by": {"id": PERSON}}, "Somebody edited the page “Weekly” on 2 November 2026 at 09:00 UTC."),
        ({"last_edited_time": "2026-11-02T09:02:00.000Z"}, "was edited on 2 November 2026 at 09:02 UTC"),
        ({"last_edited_time": "2026-11-02T09:01:00.000Z"}, None),
        ({"in_trash": True, "last_edited_by": {"id": PERSON}}, None),
    ],
)
def test_undo_sees_who_touched_the_page(fake: Fake, client: Notion, edit: Any, says: str | None) -> None:
    result = carry_out(client, page())
    fake.pages[result["id"]].update(edit)
    found = changed(client, result)
    assert found is None if says is None else says in (found or "")


def test_undo_sees_a_new_title(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page())
    fake.pages[result["id"]]["properties"]["Meeting name"]["title"][0]["plain_text"] = "Monthly"
    assert "renamed to “Monthly”" in (changed(client, result) or "")


def test_a_page_that_is_gone_needs_no_undo(fake: Fake, client: Notion) -> None:
    result = carry_out(client, page())
    carry_out(client, Call("trash_page", {"page": result["id"]}))
    assert carry_out(client, Call("trash_page", {"page": result["id"]}))["in_trash"] is True
    del fake.pages[result["id"]]
    assert changed(client, result) is None
    assert carry_out(client, Call("trash_page", {"page": result["id"]}))["in_trash"] is True


# --- connecting and choosing ---


def test_the_account_is_named_by_its_workspace(client: Notion) -> None:
    account = connector.check(client)
    assert (account.id, account.name) == (BOT, "Corner Shop")


def test_the_sdk_asks_once_even_when_notion_is_busy(fake: Fake) -> None:
    with pytest.raises(APIResponseError):
        connector.check(connect(fake, "wrong"))
    assert len(fake.requests) == 1


def test_search_lists_the_shared_databases(fake: Fake, client: Notion) -> None:
    choices = connector.lookups["data_source"].run(client, "meet")
    assert [(choice.id, choice.label) for choice in choices] == [(SOURCE, "Meetings")]
    sent = json.loads(fake.requests[-1][2])
    assert sent == {"query": "meet", "filter": {"property": "object", "value": "data_source"}, "page_size": 100}


@pytest.mark.parametrize(
    "pasted",
    [
        SOURCE,
        SOURCE.replace("-", ""),
        DATABASE,
        f"https://www.notion.so/shop/Meetings-{DATABASE.replace('-', '')}?v={PAIR.replace('-', '')}&pvs=4",
        f" https://www.notion.so/{DATABASE.replace('-', '').upper()} ",
        f"notion.so/{DATABASE.replace('-', '')}?v={PAIR.replace('-', '')}",
    ],
)
def test_a_pasted_address_is_understood(client: Notion, pasted: str) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    assert [(choice.id, choice.label) for choice in resolve(client, pasted)] == [(SOURCE, "Meetings")]


def test_a_database_with_several_tables_offers_each(client: Notion) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    assert [choice.label for choice in resolve(client, PAIR)] == ["Meetings", "Archive"]
    with pytest.raises(Refused, match="“Meetings”, “Archive”"):
        carry_out(client, Call("create_page", {"data_source": PAIR, "title": "x"}))


@pytest.mark.parametrize(
    ("pasted", "says"),
    [(PERSON, "Connections, and add Patchbay"), ("my meetings", "Copy link"), ("../../users", "Copy")],
)
def test_what_cannot_be_resolved_is_said_in_words(client: Notion, pasted: str, says: str) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    with pytest.raises(Refused, match=says):
        resolve(client, pasted)


def test_a_database_id_will_do_where_it_has_one_table(fake: Fake, client: Notion) -> None:
    carry_out(client, Call("create_page", {"data_source": DATABASE, "title": "x"}))
    assert len(fake.pages) == 1


# --- refusals ---


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"code": "unauthorized", "message": "API token is invalid."}, "paste it under Connections"),
        (403, {"code": "restricted_resource", "message": "x"}, "tick Read content"),
        (403, "<html>cf-ray</html>", "network protection"),
        (404, {"code": "object_not_found", "message": "x"}, "add Patchbay"),
        (409, {"code": "conflict_error", "message": "Conflict"}, "Wait a minute"),
        (400, {"code": "validation_error", "message": "Can't edit block that is archived."}, "Restore it in Notion"),
        (400, {"code": "validation_error", "message": "title is wrong " * 100}, "“title is wrong title"),
        (400, [1], "Notion did not accept"),
    ],
)
def test_every_refusal_says_what_to_do(status: int, body: Any, says: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = connector.explain(status, raw) or ""
    assert says in found
    assert len(found) < 500


def test_other_statuses_are_not_for_the_owner() -> None:
    assert connector.explain(503, b"") is None
