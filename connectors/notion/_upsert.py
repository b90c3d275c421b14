"""The row with a certain value in one column, changed, or made first where there is none.

Notion has nothing that makes a row only if there is none yet. So a row is made with a mark of the value in it, the same for
every run; two that were made at once are recognised by it, all runs go on with the older one, and the other goes to the trash.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import JSON, Call, InProgress, Refused
from connectors.notion._cells import changed_since, fitted, named, page_there, result, title_column, written
from connectors.notion._client import Notion
from connectors.notion._prepare import key_first, source_of
from connectors.notion._rows import rows
from connectors.notion._text import plain
from connectors.notion._updates import before_update, find_updated, write
from connectors.notion._values import KEY, value_of
from connectors.notion._where import filter_of

_NOTHING: Mapping[str, Any] = {}
_TELLS = ("title", "rich_text", "number", "select", "status", "email", "phone_number", "url")
_NEW = timedelta(minutes=2)  # times of making are whole minutes
_WAIT = 3.0  # seconds until a row that another run made at the same time is surely listed
NOBODY = "00000000-0000-4000-8000-000000000000"  # in rehearsals, where no row is made


def upsert_row(
    client: Notion,
    key: str,
    *,
    data_source: str,
    by: str,
    properties: Mapping[str, Any],
    title: str = "",
    row: str = "",
    mark: str = "",
    twins: Sequence[str] = (),
    was: Mapping[str, Any] = _NOTHING,
) -> dict[str, JSON]:
    """From prepared arguments: `row`, the one that has the value; `mark` of the value; `twins` that go to the trash; `was`,
    what stood in the row."""
    return write(client, row or NOBODY, properties)


def prepare(client: Notion, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Raises `Refused` for a column that cannot tell rows apart, an empty value in it, or several such rows of people's;
    `InProgress` for some seconds after a row was made."""
    source_id, source = source_of(client, arguments)
    columns, given = source["properties"], dict(arguments.get("properties") or {})
    if arguments.get("title"):
        given[title_column(columns)] = arguments["title"]
    made = fitted(given, columns)
    by = named(str(arguments.get("by") or ""), columns)
    value = _told(by, columns, made)
    mark = _mark(source_id, str(columns[by].get("id")), value)
    found, twins = _the_row(client, _listed(client, source_id, by, value, columns, mark), by, mark)
    row = {"row": found["id"], "was": written(found, made)} if found else {"row": "", "was": {}}
    return {"data_source": source_id, "by": by, "properties": made, "title": "", "mark": mark, "twins": twins, **row}


def _told(by: str, columns: Mapping[str, Any], made: Mapping[str, JSON]) -> JSON:
    kind = str(columns[by]["type"])
    if kind not in _TELLS:
        raise Refused(
            f"Rows cannot be told apart by the Notion column “{by}”: choose one with text, a number or one choice in the "
            "recipe, then run this again."
        )
    if by not in made:
        raise Refused(f"There is nothing to write into “{by}”, by which the row is found. Check what came in.")
    return value_of({"type": kind, **made[by]})


def _mark(source: str, column: str, value: JSON) -> str:
    return "row-" + hashlib.sha256(f"{source}\n{column}\n{_folded(value)}".encode()).hexdigest()[:20]


def _folded(value: JSON) -> str:
    return " ".join(str(float(value) if isinstance(value, int) else value).split()).casefold()


def _listed(
    client: Notion, source: str, by: str, value: JSON, columns: Mapping[str, Any], mark: str
) -> dict[str, JSON]:
    """Rows that have the value, as it is written or in small letters (whether Notion tells capitals apart is not
    documented); also one that we made and that lists do not show yet."""
    spelled = list(dict.fromkeys([value, value.lower()])) if isinstance(value, str) and _is_text(columns[by]) else value
    there = {page["id"]: page for page in rows(client, source, filter_of({by: spelled}, columns))}
    made = client.rows.get(mark, ("", 0.0))[0]
    if made and made not in there and (page := page_there(client, made)):
        there[made] = page
    return {own: page for own, page in there.items() if _has(page, by, value)}


def _is_text(column: Mapping[str, Any]) -> bool:
    return column["type"] in ("title", "rich_text", "email", "url")


def _has(page: JSON, by: str, value: JSON) -> bool:
    return _folded(value_of(page["properties"].get(by) or {})) == _folded(value)


def _the_row(client: Notion, there: dict[str, JSON], by: str, mark: str) -> tuple[JSON, list[str]]:
    """The row to go on with, or None, and the ones beside it that are superfluous."""
    if not there:
        return None, []
    ours = [page for page in there.values() if _key_of(page) == mark]
    mine = sorted(ours, key=lambda page: (_untouched(client, page), page["created_time"], page["id"]))
    if len(there) > 1 and (len(ours) < len(there) or not all(_untouched(client, page) for page in mine[1:])):
        raise Refused(
            f"Several rows have the same value in “{by}”. Merge them in Notion so that one is left, then run this again."
        )
    if mine and datetime.fromisoformat(mine[0]["created_time"]) + _NEW > datetime.now(UTC):
        _wait(client, mark)
    return (mine or list(there.values()))[0], [page["id"] for page in mine[1:]]


def _key_of(page: JSON) -> str:
    return plain((page["properties"].get(KEY) or {}).get("rich_text") or ())


def _untouched(client: Notion, page: JSON) -> bool:
    return bool((page.get("last_edited_by") or {}).get("id") == client.me)


def _wait(client: Notion, mark: str) -> None:
    """Once for each client, so that a run that goes on in another process waits at most once more."""
    row, since = client.rows.get(mark, ("", 0.0))
    if not since:
        since = time.monotonic()
        client.rows[mark] = (row, since)
    left = since + _WAIT - time.monotonic()
    if left > 0:
        raise InProgress("The row was made just now. Looking whether another run has made the same one", left + 0.1)


# --- before and after -------------------------------------------------------------------------------------------------


def before(client: Notion, arguments: dict[str, JSON]) -> list[Call]:
    """The row, where there is none, and the column for its mark."""
    if arguments["row"]:
        return []
    words = ("data_source", "by", "mark", "properties")
    return [*key_first(client, arguments), Call("make_row", {name: arguments[name] for name in words})]


def after(arguments: dict[str, JSON], result: dict[str, JSON]) -> list[Call]:
    return [Call("trash_page", {"page": twin}) for twin in arguments["twins"]]


def make_row(
    client: Notion, key: str, *, data_source: str, by: str, mark: str, properties: Mapping[str, Any]
) -> dict[str, JSON]:
    """A row with the mark of its value, which takes the place of our key: another run's is as good as this one's."""
    filled = {**properties, KEY: {"rich_text": [{"type": "text", "text": {"content": mark}}]}}
    parent = {"type": "data_source_id", "data_source_id": data_source}
    made = result(client.post("pages", {"parent": parent, "properties": filled}), properties)
    client.rows[mark] = (str(made["id"]), 0.0)
    return made


def find_made(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The oldest row with this mark, whichever run has made it; not one that somebody gave another value since."""
    wanted = {"property": KEY, "rich_text": {"equals": arguments["mark"]}}
    by, given = arguments["by"], arguments["properties"]
    marked = rows(client, arguments["data_source"], wanted)
    there = [page for page in marked if _has(page, by, value_of({"type": next(iter(given[by])), **given[by]}))]
    there.sort(key=lambda page: (page["created_time"], page["id"]))
    return [result(page, given) for page in there[:1]]


def make_changed(client: Notion, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the row since. One that is gone has nothing left to protect."""
    page = page_there(client, made["id"])
    if page is None:
        return None
    if not _untouched(client, page):
        return changed_since(page, made.get("written") or {}) or "Somebody edited the row since."
    return changed_since(page, made.get("written") or {})


def unmake(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("trash_page", {"page": made["id"]})


# --- the row itself ---------------------------------------------------------------------------------------------------


def snapshot(client: Notion, arguments: dict[str, JSON]) -> JSON:
    return before_update(client, {**arguments, "page": arguments["row"]})


def find(client: Notion, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return find_updated(client, key, {**arguments, "page": arguments["row"] or NOBODY})
