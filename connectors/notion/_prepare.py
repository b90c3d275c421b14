"""The arguments of a new page made complete: which data source, which columns, and what goes to the top of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.notion._client import Notion, require_id, segment
from connectors.notion._lookups import the_one
from connectors.notion._properties import column_named, fit, title_items, weigh, words
from connectors.notion._values import KEY

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def prepare(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Reads the data source. Preparing what is prepared changes nothing."""
    source_id, source = source_of(client, arguments)
    columns = source["properties"]
    title_column = next(name for name, column in columns.items() if column["type"] == "title")
    title, lost = title_items(words(arguments.get("title")))
    made: dict[str, JSON] = {title_column: {"title": title}}
    lines = [_line("Title, continued", lost)] if lost else []
    for name, value in (arguments.get("properties") or {}).items():
        lines += _place(str(name), value, columns, made, title_column)
    text = "".join(item["text"]["content"] for item in title)
    markdown = "\n\n".join([*lines, *filter(None, [str(arguments.get("markdown") or "")])])
    return {"data_source": source_id, "title": text, "markdown": markdown, "properties": made}


def source_of(client: Notion, arguments: Mapping[str, JSON]) -> tuple[str, JSON]:
    given = words(arguments.get("data_source")).strip()
    if not given:
        raise Refused(
            "No Notion database is chosen. Open the recipe's settings, choose the database, and run it again."
        )
    source_id = the_one(client, require_id(given, "database"))
    return source_id, client.data_source(source_id)


def _place(name: str, value: JSON, columns: Mapping[str, Any], made: dict[str, JSON], title_column: str) -> list[str]:
    """Puts the value into `made`; returns the lines for what does not go there."""
    column = column_named(name, columns)
    if column == title_column:
        same = value == made[title_column] or words(value).split() == words(_shown(made[title_column])).split()
        return [] if same else _lines(name, words(value))
    if column is None or column == KEY:
        return _lines(name, words(value))
    payload, left = fit(value, columns[column])
    if payload is not None and column not in made and weigh(payload, list(made.values())):
        made[column] = payload
        return _lines(name, left)
    return _lines(name, words(value))


def _shown(title: JSON) -> str:
    return "".join(item["text"]["content"] for item in title["title"])


def _lines(name: str, text: str) -> list[str]:
    return [_line(name, text)] if text.strip() else []


def _line(name: str, text: str) -> str:
    """ "Owner: Ana Silva" as Markdown that means exactly that."""
    kept = [part.strip() for part in f"{' '.join(name.split())}: {text.strip()}".splitlines()]
    return "\\\n".join(_PUNCTUATION.sub(r"\\\1", part) for part in kept if part)


def key_first(client: Notion, arguments: dict[str, JSON]) -> list[Call]:
    """The column for our key, where the data source has none yet."""
    source_id, source = source_of(client, arguments)
    return [] if _has_key(source) else [Call("add_key_property", {"data_source": source_id})]


def _has_key(source: JSON) -> bool:
    column = source["properties"].get(KEY)
    if column and column["type"] != "rich_text":
        raise Refused(
            f"The Notion database has a column “{KEY}” that does not hold text. Patchbay needs it to recognise its "
            "own pages. Rename that column in Notion (or change its type to Text), then run this again."
        )
    return bool(column)


def add_key_property(client: Notion, key: str, *, data_source: str) -> dict[str, JSON]:
    """Adds the text column; an existing one of that name stays as it is."""
    client.schemas.pop(data_source, None)
    body: JSON = {"properties": {KEY: {"rich_text": {}}}}
    return _described(client.patch(f"data_sources/{segment(data_source)}", body))


def find_key_property(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    client.schemas.pop(arguments["data_source"], None)
    source = client.data_source(arguments["data_source"])
    return [_described(source)] if _has_key(source) else []


def _described(source: JSON) -> dict[str, JSON]:
    return {"id": source["id"], "property": KEY, **({"url": source["url"]} if source.get("url") else {})}
