"""Items of a collection: staged as drafts under a slug of ours, changed, published after approval, taken back.

https://developers.webflow.com/data/docs/working-with-the-cms . Never `…/items/live` and never the publication of the whole
site: those show what nobody has approved.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.webflow._client import Webflow, collection_path, item_path, present, there
from connectors.webflow._fields import alike, filled, missing, sent

OWN_SLUG = re.compile(r"-pb[0-9a-f]{8}(-[0-9a-z]+)?\Z")
_NO_FIELDS: Mapping[str, Any] = {}


def create_item(
    client: Webflow, key: str, *, collection: str, name: str, fields: Mapping[str, Any] = _NO_FIELDS
) -> dict[str, JSON]:
    """A draft, from prepared arguments. `isDraft` is always sent: without it the item would go live with the next
    publication of the site by anybody. A picture that cannot be fetched fails the whole, instead of being left out."""
    data = {**sent(fields), "name": name, "slug": slug(name, key)}
    body = {"isArchived": False, "isDraft": True, "fieldData": data}
    return result(collection, client.write("POST", f"{collection_path(collection)}/items?skipInvalidFiles=false", body))


def prepare_item(client: Webflow, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Names of fields and options become slugs and ids. Raises `Refused` for what does not fit the collection."""
    name = " ".join(str(arguments["name"]).split())[:256]
    if not name:
        raise Refused("An item needs a name. Give it one in the recipe.")
    schema = client.get(collection_path(arguments["collection"]))
    made = filled(schema, arguments.get("fields") or {})
    if lacks := missing(schema, made):
        raise Refused(
            f"The collection “{schema.get('displayName')}” also wants {', '.join(f'“{one}”' for one in lacks)}."
        )
    return {**arguments, "collection": str(arguments["collection"]).strip(), "name": name, "fields": made}


def slug(name: str, key: str) -> str:
    """The last part of the item's address: readable, and ours alone, so that it finds the item again."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    topic = re.sub("[^a-z0-9]+", "-", plain)[:60].strip("-") or "item"
    return f"{topic}-pb{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def find_item(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """By our slug exactly; else by the name, for a slug to which Webflow added something."""
    path, own = f"{collection_path(arguments['collection'])}/items", slug(arguments["name"], key)
    found = list(client.pages(path, "items", slug=own))
    found = found or list(client.pages(path, "items", name=arguments["name"]))
    return [
        result(arguments["collection"], item) for item in found if str(item["fieldData"].get("slug")).startswith(own)
    ]


def item_changed(client: Webflow, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the item after us. One that is gone or archived has nothing left to protect."""
    item = present(client, made["id"])
    if item is None or item.get("isArchived"):
        return None
    if item.get("lastPublished"):
        return f"“{shown(item)}” is live by now. Unpublish it in Webflow first."
    return edited(item, made)


def undo_item(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    """Archived: Webflow has no trash."""
    return Call("archive_item", {"item": made["id"]})


def archive_item(client: Webflow, key: str, *, item: str) -> dict[str, JSON]:
    return result(_collection(item), client.write("PATCH", item_path(item), {"isArchived": True}))


def find_archived(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    item = present(client, arguments["item"])
    if item is None:
        return [{"id": arguments["item"], "url": ""}]
    return [result(_collection(arguments["item"]), item)] if item.get("isArchived") else []


# --- changing ---------------------------------------------------------------------------------------------------------


def update_item(
    client: Webflow, key: str, *, item: str, name: str = "", fields: Mapping[str, Any] = _NO_FIELDS, version: str = ""
) -> dict[str, JSON]:
    """New values for what is given, staged: what is live stays as it is until the item is published. `version`: what the item
    said when this was prepared."""
    return result(_collection(item), client.write("PATCH", item_path(item), _change(name, fields)))


def _change(name: str, fields: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"isDraft": True, "fieldData": {**sent(fields), **({"name": name} if name else {})}}


def prepare_update(client: Webflow, arguments: dict[str, JSON]) -> dict[str, JSON]:
    item = there(client, arguments["item"])
    schema = client.get(collection_path(_collection(arguments["item"])))
    fields = filled(schema, arguments.get("fields") or {})
    name = " ".join(str(arguments.get("name") or "").split())[:256]
    if not fields and not name:
        raise Refused("There is nothing to change at this item. Give a name or fields.")
    return {
        **arguments,
        "item": str(arguments["item"]).strip(),
        "name": name,
        "fields": fields,
        "version": fingerprint(item),
    }


def before_update(client: Webflow, arguments: dict[str, JSON]) -> JSON:
    """The values that will be replaced, and whether it was a draft. Raises `Refused` if somebody changed the item since."""
    item = _as_approved(client, arguments)
    names = _change(arguments.get("name") or "", arguments.get("fields") or {})["fieldData"]
    return {"isDraft": bool(item.get("isDraft")), "fieldData": {name: item["fieldData"].get(name) for name in names}}


def _as_approved(client: Webflow, arguments: dict[str, JSON]) -> JSON:
    item = there(client, arguments["item"])
    if arguments.get("version") and fingerprint(item) != arguments["version"]:
        raise Refused(
            f"“{shown(item)}” was changed in Webflow since this was prepared ({item.get('lastUpdated')}). Look at it there, "
            "then start this event over."
        )
    return item


def find_updated(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    wanted = _change(arguments.get("name") or "", arguments.get("fields") or {})
    return _like(client, arguments["item"], wanted)


def _like(client: Webflow, which: str, wanted: JSON) -> list[dict[str, JSON]]:
    item = present(client, which)
    same = (
        item is not None
        and bool(item.get("isDraft")) == wanted["isDraft"]
        and all(alike(item["fieldData"].get(name), value) for name, value in wanted["fieldData"].items())
    )
    return [result(_collection(which), item)] if same else []


def update_changed(client: Webflow, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    item = present(client, made["id"])
    if item is None:
        return "The item is no longer there. There is nothing to take back."
    return edited(item, made)


def undo_update(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_item", {"item": made["id"], "values": before})


def restore_item(client: Webflow, key: str, *, item: str, values: dict[str, JSON]) -> dict[str, JSON]:
    """What stood there; None empties a field."""
    return result(_collection(item), client.write("PATCH", item_path(item), values))


def find_restored(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["item"], arguments["values"])


def before_restore(client: Webflow, arguments: dict[str, JSON]) -> JSON:
    item, names = there(client, arguments["item"]), arguments["values"]["fieldData"]
    return {"isDraft": bool(item.get("isDraft")), "fieldData": {name: item["fieldData"].get(name) for name in names}}


# --- publishing -------------------------------------------------------------------------------------------------------


def publish_item(client: Webflow, key: str, *, item: str, published: str = "", version: str = "") -> dict[str, JSON]:
    """This one item goes live, and no other. `published`: since when it was live before, or ""."""
    collection, own = item.split("/")
    answer = client.write("POST", f"{collection_path(collection)}/items/publish", {"itemIds": [own]})
    if own not in (answer.get("publishedItemIds") or []) and answer.get("errors"):
        raise Refused(f"Webflow did not publish the item. Its words: “{str(answer['errors'])[:300]}”")
    return {"id": item, "url": "", "written": version}


def prepare_publish(client: Webflow, arguments: dict[str, JSON]) -> dict[str, JSON]:
    item = there(client, arguments["item"])
    if item.get("isArchived"):
        raise Refused(f"“{shown(item)}” is archived. Take it out of the archive in Webflow, or choose another item.")
    own = {"published": item.get("lastPublished") or "", "version": fingerprint(item)}
    return {**arguments, "item": str(arguments["item"]).strip(), **own}


def before_publish(client: Webflow, arguments: dict[str, JSON]) -> JSON:
    return _as_approved(client, arguments).get("lastPublished")


def find_published(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Live since another moment than before."""
    item = present(client, arguments["item"])
    live = item is not None and item.get("lastPublished") and item["lastPublished"] != arguments.get("published")
    return [{"id": arguments["item"], "url": "", "written": fingerprint(item)}] if live else []


def publish_changed(client: Webflow, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    item = present(client, made["id"])
    if item is None or not item.get("lastPublished"):
        return "The item is no longer live. There is nothing to take back."
    if arguments.get("published"):
        return f"“{shown(item)}” was live before, and what it said then is not kept. Change it in Webflow and publish it again."
    return edited(item, made)


def undo_publish(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("unpublish_item", {"item": made["id"]})


def unpublish_item(client: Webflow, key: str, *, item: str) -> dict[str, JSON]:
    """No longer live; it stays as a draft."""
    client.write("DELETE", f"{item_path(item)}/live")
    return {"id": item, "url": ""}


def find_unpublished(client: Webflow, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    item = present(client, arguments["item"])
    return [] if item is not None and item.get("lastPublished") else [{"id": arguments["item"], "url": ""}]


# --- one item ---------------------------------------------------------------------------------------------------------


def get_item(client: Webflow, *, item: str) -> JSON:
    """What an item says now, staged, for later steps."""
    return read(_collection(item), there(client, item))


def read(collection: str, item: JSON) -> dict[str, JSON]:
    """An item as recipes see it. `published` is "" for one that is not live; `fields` are by their slugs."""
    data = item.get("fieldData") or item.get("fields") or {}
    own = item.get("id") or item.get("_id")
    return {
        "id": f"{collection}/{own}",
        "collection_id": collection,
        "name": str(data.get("name") or ""),
        "slug": str(data.get("slug") or ""),
        "draft": bool(item.get("isDraft")),
        "archived": bool(item.get("isArchived")),
        "published": item.get("lastPublished") or "",
        "updated": item.get("lastUpdated") or "",
        "created": item.get("createdOn") or "",
        "fields": {name: value for name, value in data.items() if name not in ("name", "slug")},
    }


def result(collection: str, item: JSON) -> dict[str, JSON]:
    """What later steps and undo need of an item."""
    return {
        "id": f"{collection}/{item['id']}",
        "url": "",
        "slug": str(item["fieldData"].get("slug") or ""),
        "version": item.get("lastUpdated") or "",
        "written": fingerprint(item),
    }


def fingerprint(item: JSON) -> str:
    """Of what the item says; a field that was emptied says what one that was never filled does. Not of its times and states,
    which our own publishing moves, too."""
    said = {name: value for name, value in item["fieldData"].items() if value not in (None, "", [])}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def shown(item: JSON) -> str:
    return str(item["fieldData"].get("name") or "Untitled")


def edited(item: JSON, made: dict[str, JSON]) -> str | None:
    if fingerprint(item) == made.get("written"):
        return None
    return f"Somebody changed “{shown(item)}” ({item.get('lastUpdated')})."


def _collection(item: str) -> str:
    item_path(item)
    return str(item).strip().partition("/")[0]
