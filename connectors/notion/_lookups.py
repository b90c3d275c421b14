"""Finding the data source a person means: by name, by id, or by the address of its database."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import JSON, Choice, Refused
from connectors.notion._client import Notion, require_id, segment, status_of
from connectors.notion._text import plain
from connectors.notion._values import title_of

UNSEEN = (
    "Notion cannot see this database. Open it in Notion, click ••• at the top right, then Connections, "
    "and add Patchbay; then try again. If it is in the trash, restore it first."
)


def search(client: Notion, query: str) -> list[Choice]:
    """Data sources that are shared with us and whose title matches; at most a hundred."""
    body: dict[str, JSON] = {"filter": {"property": "object", "value": "data_source"}, "page_size": 100}
    answer = client.post("search", {**body, **({"query": query.strip()} if query.strip() else {})})
    found = [source for source in answer["results"] if not source.get("in_trash")]
    return _choices((source["id"], plain(source.get("title") or ())) for source in found)


def search_pages(client: Notion, query: str) -> list[Choice]:
    """Pages and rows that are shared with us and whose title matches, the last edited first; at most a hundred."""
    body: dict[str, JSON] = {"filter": {"property": "object", "value": "page"}, "page_size": 100}
    answer = client.post("search", {**body, **({"query": query.strip()} if query.strip() else {})})
    return _choices((page["id"], title_of(page)) for page in answer["results"] if not page.get("in_trash"))


def resolve_page(client: Notion, text: str) -> list[Choice]:
    """The page that an id or a pasted address means."""
    page = _read(client, f"pages/{segment(require_id(text, 'page'))}")
    if not page or page.get("in_trash"):
        raise Refused(UNSEEN.replace("this database", "this page"))
    return _choices([(page["id"], title_of(page))])


def _choices(found: Iterable[tuple[str, str]]) -> list[Choice]:
    """Same titles are told apart by the end of their ids."""
    known = [(source_id, title or "Untitled") for source_id, title in found]
    titles = [title for _, title in known]
    return [Choice(one, name if titles.count(name) == 1 else f"{name} (…{one[-4:]})") for one, name in known]


def resolve(client: Notion, text: str) -> list[Choice]:
    """The data sources that an id or a pasted address may mean."""
    found = require_id(text, "database")
    source = _read(client, f"data_sources/{segment(found)}")
    if source:
        return _choices([(source["id"], plain(source.get("title") or ()))])
    database = _read(client, f"databases/{segment(found)}")
    if not database or not database.get("data_sources"):
        raise Refused(UNSEEN)
    return _choices((one["id"], str(one.get("name") or "")) for one in database["data_sources"])


def _read(client: Notion, path: str) -> JSON:
    """The object, or None where Notion has none of that kind under this id (404; 400 when it is of another kind)."""
    try:
        return client.get(path)
    except Exception as error:
        if status_of(error) in (400, 404):
            return None
        raise


def the_one(client: Notion, id: str) -> str:
    """The data source's id, also when a database's id was given that has only one."""
    try:
        client.data_source(id)
    except Exception as error:
        if status_of(error) not in (400, 404):
            raise
        return _only(resolve(client, id))
    return id


def _only(choices: list[Choice]) -> str:
    if len(choices) > 1:
        names = ", ".join(f"“{choice.label}”" for choice in choices)
        raise Refused(
            f"This Notion database holds several tables: {names}. Choose one in the recipe's settings and run it again."
        )
    return choices[0].id
