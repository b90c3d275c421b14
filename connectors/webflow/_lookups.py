"""Finding the collection, item or form somebody means."""

from __future__ import annotations

from connectors.contract import JSON, Choice
from connectors.webflow._client import PER_PAGE, Webflow


def collections(client: Webflow, query: str) -> list[Choice]:
    return _choices(_collections(client), query)


def _collections(client: Webflow) -> list[JSON]:
    return list(client.get(f"/sites/{client.site}/collections").get("collections") or [])


def forms(client: Webflow, query: str) -> list[Choice]:
    """Forms of the site; several may have one name, on several pages."""
    found = list(client.pages(f"/sites/{client.site}/forms", "forms"))
    names = [one.get("displayName") for one in found]
    for one in found:
        if names.count(one.get("displayName")) > 1 and one.get("pageName"):
            one["displayName"] = f"{one.get('displayName')} ({one['pageName']})"
    return _choices(found, query)


def _choices(found: list[JSON], query: str) -> list[Choice]:
    wanted = query.strip().casefold()
    named = [(str(one["id"]), str(one.get("displayName") or "Untitled")) for one in found]
    return [Choice(own, name) for own, name in named if wanted in name.casefold()]


def items(client: Webflow, query: str) -> list[Choice]:
    """Items whose name matches, of the first hundred of each collection; all of those with exactly this name."""
    found = []
    for collection in _collections(client):
        path = f"/collections/{collection['id']}/items"
        near = [one for one in _items(client, path) if query.strip().casefold() in _name(one).casefold()]
        exact = [] if near or not query.strip() else _items(client, path, name=query.strip())
        for one in near or exact:
            label = f"{_name(one)} ({collection.get('displayName')}, {_state(one)})"
            found.append(Choice(f"{collection['id']}/{one['id']}", label))
    return found


def _items(client: Webflow, path: str, **query: str) -> list[JSON]:
    return list(client.get(path, limit=PER_PAGE, **query).get("items") or [])


def _name(item: JSON) -> str:
    return str((item.get("fieldData") or {}).get("name") or "Untitled")


def _state(item: JSON) -> str:
    """https://developers.webflow.com/data/docs/working-with-the-cms/publishing"""
    if item.get("isArchived"):
        return "archived"
    if not item.get("lastPublished"):
        return "draft" if item.get("isDraft") else "goes live with the next publication"
    return "live, with changes that are not" if item.get("isDraft") else "live"
