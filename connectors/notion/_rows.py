"""Rows of a data source that fit a condition, and what stands on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.contract import JSON, Refused
from connectors.notion._cells import Columns, named, page_there
from connectors.notion._client import Notion, require_id, segment
from connectors.notion._prepare import source_of
from connectors.notion._updates import GONE
from connectors.notion._values import title_of, values, whole
from connectors.notion._where import filter_of

MOST = 1000
TEXT = 100_000  # characters of a page's content
_ALL: Mapping[str, Any] = {}


def query_rows(
    client: Notion, *, data_source: str, where: Mapping[str, Any] = _ALL, sort: str = "", most: int = 100
) -> dict[str, JSON]:
    """{"rows": [{id, url, title, properties}], "count", "more": whether there are further ones}. `where` as in `_where`;
    `sort`: a column, with a minus in front for the highest first; `most`: rows at most, up to a thousand."""
    source_id, source = source_of(client, {"data_source": data_source})
    columns = source["properties"]
    wanted = max(1, min(int(most), MOST))
    found, more = list[JSON](), False
    for page in rows(client, source_id, filter_of(where, columns), _order(sort, columns), size=min(wanted + 1, 100)):
        if len(found) == wanted:
            more = True
            break
        found.append(page)
    return {"rows": [_row(whole(client, page)) for page in found], "count": len(found), "more": more}


def rows(client: Notion, source: str, wanted: JSON, order: JSON = None, size: int = 100) -> Iterator[JSON]:
    """Those that are not in the trash. Raises `Refused` where Notion stops listing before the end."""
    asked = {**({"filter": wanted} if wanted else {}), **({"sorts": order} if order else {})}
    for answer in client.found(f"data_sources/{segment(source)}/query", asked, size):
        yield from (page for page in answer["results"] if not (page.get("in_trash") or page.get("archived")))
        if (answer.get("request_status") or {}).get("type") == "incomplete":
            raise Refused("Notion lists ten thousand rows at most. Give a narrower condition in the recipe.")


def _order(sort: str, columns: Columns) -> JSON:
    if not sort.strip():
        return None
    column = named(sort.strip().removeprefix("-"), columns)
    return [{"property": column, "direction": "descending" if sort.strip().startswith("-") else "ascending"}]


def _row(page: JSON) -> dict[str, JSON]:
    return {"id": page["id"], "url": page.get("url") or "", "title": title_of(page), "properties": values(page)}


def get_page(client: Notion, *, page: str) -> dict[str, JSON]:
    """{id, url, title, properties, markdown, cut}. `markdown`: its content, a hundred thousand characters at most; `cut`:
    whether there is more."""
    found = page_there(client, require_id(page, "page"))
    if found is None:
        raise Refused(GONE)
    content = client.get(f"pages/{segment(found['id'])}/markdown")
    text = str(content.get("markdown") or "")
    cut = len(text) > TEXT or bool(content.get("truncated") or content.get("unknown_block_ids"))
    return {**_row(whole(client, found)), "markdown": text[:TEXT], "cut": cut}
