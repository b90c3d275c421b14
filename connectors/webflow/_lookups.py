"""Finding the collection, item or form somebody means."""

from __future__ import annotations

from connectors.contract import JSON, Choice, Refused
from connectors.webflow._client import PER_PAGE, Webflow, collection_path, there


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


def resolve_collection(client: Webflow, text: str) -> list[Choice]:
    return _resolved(_choices(_collections(client), ""), text, "collection")


def resolve_form(client: Webflow, text: str) -> list[Choice]:
    return _resolved(forms(client, ""), text, "form")


def _resolved(choices: list[Choice], text: str, what: str) -> list[Choice]:
    """By its id, else by its whole name."""
    wanted = text.strip()
    found = [one for one in choices if one.id == wanted]
    found = found or [one for one in choices if one.label.casefold() == wanted.casefold()]
    if not found:
        raise Refused(
            f"This site has no {what} “{wanted[:60]}”. Choose one of: {', '.join(one.label for one in choices)}."
        )
    return found


def resolve_item(client: Webflow, text: str) -> list[Choice]:
    """By its id as recipes have it, else by its whole name."""
    wanted = text.strip()
    if "/" not in wanted or "://" in wanted:
        found = [one for one in items(client, wanted) if one.label.casefold().startswith(f"{wanted.casefold()} (")]
        if not found or not wanted:
            raise Refused(f"This site has no item “{wanted[:60]}”. Give its whole name as it stands in the collection.")
        return found
    item, collection = there(client, wanted), client.get(collection_path(wanted.partition("/")[0]))
    return [_choice(collection, item)]


def items(client: Webflow, query: str) -> list[Choice]:
    """Items whose name matches, of the first hundred of each collection; all of those with exactly this name."""
    found = []
    for collection in _collections(client):
        path = f"/collections/{collection['id']}/items"
        near = [one for one in _items(client, path) if query.strip().casefold() in _name(one).casefold()]
        exact = [] if near or not query.strip() else _items(client, path, name=query.strip())
        found += [_choice(collection, one) for one in near or exact]
    return found


def _choice(collection: JSON, item: JSON) -> Choice:
    return Choice(
        f"{collection['id']}/{item['id']}", f"{_name(item)} ({collection.get('displayName')}, {_state(item)})"
    )


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
