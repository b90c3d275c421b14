"""Webflow's webhooks, and what recipes see of them and of what is caught up.

https://developers.webflow.com/data/docs/working-with-webhooks . The signature is over "<timestamp>:<body>", the timestamp in
milliseconds. Webhooks that somebody made on Webflow's pages are not signed at all, and refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.contract import JSON, BadSignature, Event, Label, Received, Unreadable
from connectors.webflow._items import OWN_SLUG, read

WINDOW = 300  # seconds either way
SUBMITTED, CREATED, CHANGED, PUBLISHED = "form.submitted", "item.created", "item.changed", "item.published"
KINDS = {
    "form_submission": SUBMITTED,
    "collection_item_created": CREATED,
    "collection_item_changed": CHANGED,
    "collection_item_published": PUBLISHED,
}
TRIGGERS = {kind: trigger for trigger, kind in KINDS.items()}
OURS = re.compile(r"([0-9a-zA-Z]+) (\S+)")  # a secret as we keep it: the webhook's id, and what it signs with

FORM_FIELDS = {
    "id": Label.VENDOR,
    "form_id": Label.VENDOR,
    "site_id": Label.VENDOR,
    "submitted": Label.VENDOR,
    "form": Label.OUTSIDE,
    "answers.*": Label.OUTSIDE,
}
ITEM_FIELDS = {
    "id": Label.VENDOR,
    "collection_id": Label.VENDOR,
    "draft": Label.VENDOR,
    "archived": Label.VENDOR,
    "published": Label.VENDOR,
    "updated": Label.VENDOR,
    "created": Label.VENDOR,
    "name": Label.OUTSIDE,
    "slug": Label.OUTSIDE,
    "fields.*": Label.OUTSIDE,
}


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """One delivery. Raises `BadSignature` or `Unreadable`."""
    _check(body, headers, secrets, now)
    document = _parsed(body)
    kind = KINDS.get(str(document.get("triggerType")))
    payload = document.get("payload")
    if kind is None:
        return Received()  # of something that recipes cannot start on
    if not isinstance(payload, dict):
        raise Unreadable("This delivery has no payload as Webflow documents it.")
    several = payload.get("items")
    if kind == SUBMITTED or not isinstance(several, list):
        return Received(_events(kind, payload, body))
    return Received(tuple(event for one in several for event in _events(kind, one, body_of(kind, one))))


def _events(kind: str, payload: JSON, body: bytes) -> tuple[Event, ...]:
    if not isinstance(payload, dict):
        raise Unreadable("This delivery has no payload as Webflow documents it.")
    if kind == SUBMITTED:
        return (submission(payload, body),)
    return item_events(kind, payload, body)


def _check(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> None:
    stamp, given = headers.get("x-webflow-timestamp", ""), headers.get("x-webflow-signature", "")
    if not given:
        raise BadSignature(
            "The delivery is not signed: webhooks made on Webflow's own pages never are. Delete that one."
        )
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 16 and abs(now - int(stamp) / 1000) <= WINDOW):
        raise BadSignature("The delivery was not signed within the last five minutes: check this computer's clock.")
    for secret in secrets:
        own = OURS.fullmatch(secret)
        key = (own[2] if own else secret).encode("utf-8", "backslashreplace")
        seal = hmac.new(key, stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        if key and hmac.compare_digest(seal.encode(), given.encode("utf-8", "backslashreplace")):
            return
    raise BadSignature("The delivery was not signed with a secret of this connection.")


def _parsed(body: bytes) -> dict[str, JSON]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that Webflow documents.") from problem
    if not isinstance(document, dict):
        raise Unreadable("This delivery is JSON, but no object as Webflow documents it.")
    return document


# --- events -----------------------------------------------------------------------------------------------------------


def body_of(kind: str, payload: JSON) -> bytes:
    """What was read, in the shape of a delivery."""
    return json.dumps({"triggerType": TRIGGERS[kind], "payload": payload}, sort_keys=True).encode()


def submission(payload: JSON, body: bytes) -> Event:
    """One answer to a form. The id of a delivery may be another one than that in the list of answers, so both share a key
    made of what was answered, and when."""
    own = payload.get("id") or payload.get("_id")
    answers = payload.get("data") or payload.get("formResponse")
    if not isinstance(own, str) or not isinstance(answers, dict):
        raise Unreadable("This answer to a form has no number or no answers.")
    when = ms(payload.get("submittedAt") or payload.get("dateSubmitted"))
    said = [payload.get("formId"), None if when is None else when // 1000, answers]
    same = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]
    form = f"form:{payload.get('formId')}"
    return Event(SUBMITTED, f"{SUBMITTED}:{own}", body, serial_key=form, once_key=same, occurred_at=when)


def item_events(kind: str, payload: JSON, body: bytes) -> tuple[Event, ...]:
    """What happened to one item. Items that Patchbay made are no news when they appear. A change that leaves everything as it
    was starts nothing again, so that a recipe which writes what it was started by comes to rest."""
    own, data = payload.get("id") or payload.get("_id"), payload.get("fieldData") or payload.get("fields")
    if not isinstance(own, str) or not isinstance(data, dict):
        raise Unreadable("This item has no number or no fields.")
    if kind == CREATED and OWN_SLUG.search(str(data.get("slug") or "")):
        return ()
    stamp = payload.get("lastPublished" if kind == PUBLISHED else "lastUpdated") or payload.get("lastUpdated") or ""
    which = "" if kind == CREATED else f":{stamp}"
    says = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:20]
    once = f"{own}:{says}" if kind == CHANGED else f"{own}{which}"
    when = ms(payload.get("createdOn") if kind == CREATED else stamp)
    place = f"{payload.get('collectionId') or payload.get('_cid')}/{own}"
    event = Event(
        kind,
        f"{kind}:{own}{which}",
        body,
        serial_key=f"item:{own}",
        once_key=once,
        occurred_at=when,
        object=place,
        version=str(stamp) if kind == CHANGED else "",  # what we publish is news, what we change is none
    )
    return (event,)


def ms(value: JSON) -> int | None:
    found = moment(value)
    return None if found is None else int(found.timestamp() * 1000)


def moment(value: JSON) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or not 1970 <= found.year < 2200:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- what recipes see -------------------------------------------------------------------------------------------------


def shape_submission(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: `answers` by the names of the form's fields, as text; `submitted` ISO 8601."""
    payload = _payload(body)
    answers = payload.get("data") or payload.get("formResponse") or {}
    return {
        "id": str(payload.get("id") or payload.get("_id") or ""),
        "form_id": str(payload.get("formId") or ""),
        "site_id": str(payload.get("siteId") or payload.get("site") or ""),
        "submitted": str(payload.get("submittedAt") or payload.get("dateSubmitted") or ""),
        "form": str(payload.get("name") or payload.get("displayName") or ""),
        "answers": {str(name): _plain(value) for name, value in answers.items()},
    }


def _plain(value: JSON) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def shape_item(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: as `get_item` gives it, with `fields` by their slugs."""
    payload = _payload(body)
    return read(str(payload.get("collectionId") or payload.get("_cid") or ""), payload)


def _payload(body: bytes) -> dict[str, JSON]:
    payload = _parsed(body).get("payload")
    if not isinstance(payload, dict):
        raise Unreadable("This is no payload as Webflow documents it.")
    return payload
