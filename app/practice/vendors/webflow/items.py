"""Items of the practice collections: staged, published one by one, unpublished, archived.

https://developers.webflow.com/data/docs/working-with-the-cms/publishing
"""

from __future__ import annotations

from flask import request

from app.practice.door import done
from app.practice.vendors.webflow.studio import COLLECTIONS, JSON, Studio, now, page, refuse

Given = tuple[JSON, int]


def handle(studio: Studio, verb: str, collection: str, rest: list[str]) -> Given:
    match verb, rest:
        case "GET", []:
            return _list(studio, collection), 200
        case "POST", []:
            return _create(studio, collection)
        case "POST", ["publish"]:
            return _publish(studio, collection)
    item = _find(studio, collection, rest[0] if rest else "")
    match verb, rest[1:]:
        case "GET", []:
            return _shown(item), 200
        case "PATCH", []:
            return _change(studio, item, request.get_json())
        case "DELETE", ["live"]:
            return _unpublish(studio, item)
        case "DELETE", []:
            studio.drop(item["id"])
            done(studio.ground, "item.delete", item["id"])
            return {}, 204
    return refuse(404, "resource_not_found", "Requested resource not found")


def _find(studio: Studio, collection: str, own: str) -> JSON:
    item = studio.get("item", own)
    if item is None or item["collectionId"] != collection:
        refuse(404, "item_not_found", "The item was not found")
    return item


def _shown(item: JSON) -> JSON:
    return {name: value for name, value in item.items() if name != "collectionId"}


def _list(studio: Studio, collection: str) -> JSON:
    slug, name = request.args.get("slug"), request.args.get("name")
    found = [item for item in studio.all("item") if item["collectionId"] == collection]
    found = [item for item in found if slug in (None, item["fieldData"].get("slug"))]
    return page("items", [_shown(item) for item in found if name in (None, item["fieldData"].get("name"))])


# --- writing ----------------------------------------------------------------------------------------------------------


def _create(studio: Studio, collection: str) -> Given:
    body = request.get_json()
    data = _stored(collection, body.get("fieldData") or {}, whole=True)
    with studio.ground.ledger.write():
        data["slug"] = _free(studio, collection, data["slug"])
        states = {"isDraft": body.get("isDraft", True), "isArchived": body.get("isArchived", False)}
        item = _made(studio, collection, {**states, "fieldData": data})
        done(studio.ground, "item.create", item["id"])
    return _shown(item), 202


def _made(studio: Studio, collection: str, given: dict[str, JSON]) -> JSON:
    stamp = given.get("createdOn") or now()
    times = {"lastPublished": None, "lastUpdated": stamp, "createdOn": stamp}
    item = {"id": studio.new_id(), "collectionId": collection, "cmsLocaleId": "65c1aa", **times, **given}
    studio.keep("item", item)
    studio.happened("collection_item_created", _payload(item))
    return item


def _payload(item: JSON) -> JSON:
    return {**item, "siteId": "65f0aa", "workspaceId": "65e0aa"}


def _free(studio: Studio, collection: str, wanted: str) -> str:
    taken = {i["fieldData"]["slug"] for i in studio.all("item") if i["collectionId"] == collection}
    if wanted in taken and studio.note("duplicates") == "refuse":
        words = "Unique value is already in database: 'slug'"
        refuse(400, "validation_error", "Validation Error", [{"param": "slug", "description": words}])
    return next(one for one in (wanted, *(f"{wanted}-{n:05x}" for n in range(1, 99))) if one not in taken)


def _stored(collection: str, data: dict[str, JSON], *, whole: bool) -> dict[str, JSON]:
    """As Webflow keeps it: labels instead of slugs are refused, pictures are copied, times are UTC."""
    fields = {field["slug"]: field for field in COLLECTIONS[collection]["fields"]}
    wrong: list[JSON] = [f"Field not described in schema: {name}" for name in data if name not in fields]
    for name, field in fields.items():
        if whole and field.get("isRequired") and not data.get(name):
            wrong.append({"param": name, "description": "Field is required"})
        options = [option["id"] for option in (field.get("validations") or {}).get("options", [])]
        if options and data.get(name) and data[name] not in options:
            wrong.append({"param": name, "description": "Expected value to be the id of an option"})
    if wrong:
        refuse(400, "validation_error", "Validation Error", wrong)
    return {name: _copied(fields[name]["type"], value) for name, value in data.items()}


def _copied(kind: str, value: JSON) -> JSON:
    if kind == "Image" and value:
        if "unreachable" in value.get("url", ""):
            refuse(400, "validation_error", "Validation Error", ["Remote file import failed for asset."])
        return {"fileId": "65fa", "url": "https://uploads-ssl.webflow.com/65f0aa/copy.png", "alt": value.get("alt")}
    return f"{value[:19]}.000Z" if kind == "DateTime" and value else value


def _change(studio: Studio, item: JSON, body: dict[str, JSON]) -> Given:
    data = _stored(item["collectionId"], body.get("fieldData") or {}, whole=False)
    with studio.ground.ledger.write():
        changed = _changed(studio, item, {**body, "fieldData": {**item["fieldData"], **data}})
        done(studio.ground, "item.update", item["id"])
    return _shown(changed), 200


def _changed(studio: Studio, item: JSON, given: dict[str, JSON]) -> JSON:
    changed = {**item, **given, "lastUpdated": given.get("lastUpdated") or now()}
    studio.keep("item", changed)
    studio.happened("collection_item_changed", _payload(changed))
    return changed


def _publish(studio: Studio, collection: str) -> Given:
    """Single items. An archived one is told in `errors`, with 202."""
    published, errors = [], []
    with studio.ground.ledger.write():
        for own in request.get_json().get("itemIds", []):
            item = _find(studio, collection, own)
            if item["isArchived"]:
                errors.append(f"Item {own} is archived")
                continue
            live = {**item, "isDraft": False, "lastPublished": now()}
            studio.keep("item", live)
            studio.happened("collection_item_published", _payload(live))
            done(studio.ground, "item.publish", own)
            published.append(own)
    return {"publishedItemIds": published, "errors": errors}, 202


def _unpublish(studio: Studio, item: JSON) -> Given:
    if not item["lastPublished"]:
        refuse(404, "item_not_found", "The item is not live")
    with studio.ground.ledger.write():
        studio.keep("item", {**item, "lastPublished": None, "isDraft": True})
        done(studio.ground, "item.unpublish", item["id"])
    return {}, 204


def by_hand(studio: Studio, body: dict[str, JSON]) -> JSON:
    """What a person does in the editor. Without "id" it is a new item of Events; "publish": live now."""
    collection = body.pop("collectionId", "65b1aa")
    if body.pop("publish", False):
        body |= {"lastPublished": now(), "isDraft": False}
    with studio.ground.ledger.write():
        if "id" in body:
            old = studio.get("item", body["id"])
            return _changed(studio, old, {**body, "fieldData": {**old["fieldData"], **body.get("fieldData", {})}})
        data = {"name": "By hand", "slug": f"by-hand-{studio.new_id()[-6:]}", **body.pop("fieldData", {})}
        return _made(studio, collection, {"isDraft": True, "isArchived": False, **body, "fieldData": data})
