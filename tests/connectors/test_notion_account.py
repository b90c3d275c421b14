"""Connecting Notion, choosing a database, and sentences for its refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract import Call, Refused
from connectors.notion import connector
from connectors.notion._client import Notion
from tests.connectors.notion_fake import BOT, DATABASE, PAIR, PERSON, SOURCE, Fake
from tests.connectors.notion_hands import carry_out


def test_the_account_is_named_by_its_workspace(opened: Notion) -> None:
    account = connector.check(opened)
    assert (account.id, account.name) == (BOT, "Corner Shop")


def test_search_lists_the_shared_databases(notion: Fake, opened: Notion) -> None:
    choices = connector.lookups["data_source"].run(opened, "meet")
    assert [(choice.id, choice.label) for choice in choices] == [(SOURCE, "Meetings")]
    sent = json.loads(notion.requests[-1][2])
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
def test_a_pasted_address_is_understood(opened: Notion, pasted: str) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    assert [(choice.id, choice.label) for choice in resolve(opened, pasted)] == [(SOURCE, "Meetings")]


def test_a_database_with_several_tables_offers_each(opened: Notion) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    assert [choice.label for choice in resolve(opened, PAIR)] == ["Meetings", "Archive"]
    with pytest.raises(Refused, match="“Meetings”, “Archive”"):
        carry_out(opened, Call("create_page", {"data_source": PAIR, "title": "x"}))


@pytest.mark.parametrize(
    ("pasted", "says"),
    [(PERSON, "Connections, and add Patchbay"), ("my meetings", "Copy link"), ("../../users", "Copy")],
)
def test_what_cannot_be_resolved_is_said_in_words(opened: Notion, pasted: str, says: str) -> None:
    resolve = connector.lookups["data_source"].resolve
    assert resolve is not None
    with pytest.raises(Refused, match=says):
        resolve(opened, pasted)


def test_a_database_id_will_do_where_it_has_one_table(notion: Fake, opened: Notion) -> None:
    carry_out(opened, Call("create_page", {"data_source": DATABASE, "title": "x"}))
    assert len(notion.pages) == 1


# --- refusals ---


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"code": "unauthorized", "message": "API token is invalid."}, "paste it under Connections"),
        (403, {"code": "restricted_resource", "message": "x"}, "tick Read content"),
        (403, "<html>cf-ray</html>", "network protection"),
        (404, {"code": "object_not_found", "message": "x"}, "add Patchbay"),
        (409, {"code": "conflict_error", "message": "Conflict"}, "Wait a minute"),
        (409, {"code": "row_limit_exceeded", "message": "x"}, "database is full"),
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
