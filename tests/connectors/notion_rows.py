"""A table in the practice Notion to try writes on, and what stands in it."""

from __future__ import annotations

from typing import Any

from tests.connectors.stand import Stand

COLUMNS = {
    "Task": "title",
    "State": "status",
    "Kind": "select",
    "Tags": "multi_select",
    "Due": "date",
    "Hours": "number",
    "Done": "checkbox",
    "Notes": "rich_text",
    "Mail": "email",
    "Link": "url",
    "Who": "people",
    "Near": "relation",
    "Made": "created_time",
}
BEN = "b0000000-0000-4000-8000-00000000000b"


def table(stand: Stand) -> str:
    """A data source with a column of each kind; its id."""
    own = str(stand.served.control("database", {"title": "Work", "properties": COLUMNS})["data_source"])
    options = {"options": [{"name": "Open"}, {"name": "Closed"}]}
    change = {"State": {"status": options}, "Kind": {"select": options}, "Tags": {"multi_select": options}}
    for name, config in change.items():
        stand.client.patch(f"data_sources/{own}", {"properties": {name: None}})
        stand.client.patch(f"data_sources/{own}", {"properties": {name: config}})
    stand.client.schemas.clear()
    return own


def row(stand: Stand, source: str, task: str, **properties: Any) -> Any:
    """A row as a person makes it; properties as in a request."""
    given = {"data_source": source, "title": task, "properties": properties}
    return stand.served.control("notion_page", given)


def cell(stand: Stand, page: str, column: str) -> Any:
    return stand.action("get_page").run(stand.client, page=page)["properties"][column]


def lines(stand: Stand, page: str) -> list[str]:
    return str(stand.action("get_page").run(stand.client, page=page)["markdown"]).split("\n")
