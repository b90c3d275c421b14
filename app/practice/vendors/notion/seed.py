"""What stands in the practice Notion at first: two databases, Meetings and To-dos."""

from __future__ import annotations

from typing import Any

from app.practice.door import Ground
from app.practice.vendors.notion import rich_text, values
from app.practice.vendors.notion.people import ANA
from app.practice.vendors.notion.shelf import SLUG, Object, stamps

MEETINGS = "11111111-1111-4111-8111-111111111111"
TODOS = "22222222-2222-4222-8222-222222222222"


def seed(ground: Ground) -> None:
    """Does nothing where it has been done."""
    with ground.ledger.write():
        if ground.ledger.get(SLUG, MEETINGS) is None:
            add(ground, "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", MEETINGS, "Meetings", {"Name": "title", "Date": "date"})
            columns = {"To-do": "title", "Owner": "rich_text", "Due": "date", "Meeting": "rich_text"}
            add(ground, "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb", TODOS, "To-dos", columns)


def add(ground: Ground, database: str, source: str, title: str, columns: dict[str, str]) -> None:
    """A database with one data source; `columns` is name → type."""
    schema = {name: values.configuration(name, {kind: {}}, "body") for name, kind in columns.items()}
    common: Object = {"title": rich_text.of(title), "description": [], **stamps(ANA), "icon": None, "cover": None}
    common |= {"in_trash": False, "is_inline": False}
    holder: Object = {"object": "database", "id": database, **common, "is_locked": False}
    holder |= {"parent": {"type": "workspace", "workspace": True}, "data_sources": [{"id": source, "name": title}]}
    table: dict[str, Any] = {"object": "data_source", "id": source, **common, "properties": schema}
    table["parent"] = {"type": "database_id", "database_id": database}
    ground.ledger.put(SLUG, "database", holder)
    ground.ledger.put(SLUG, "data_source", table, parent=database)
