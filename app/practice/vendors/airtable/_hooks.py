"""The practice webhooks: a list of payloads each, and signed pings that say that it has grown.

https://airtable.com/developers/web/api/webhooks-overview
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from app.practice.door import Ground
from app.practice.post import post
from app.practice.vendors.airtable._tables import BASE, SLUG, Fields, fresh_id, now, refuse

LIFE = timedelta(days=7)
MOST = 10  # webhooks of a base


def all_hooks(ground: Ground, base: str) -> list[Fields]:
    return ground.ledger.objects(SLUG, "webhook", base)


def hook_of(ground: Ground, base: str, id: str) -> Fields:
    found = ground.ledger.get(SLUG, id, "webhook")
    if found is None or found["base"] != base:
        refuse(404, "NOT_FOUND")
    return found


def put(ground: Ground, hook: Fields) -> None:
    ground.ledger.put(SLUG, "webhook", hook, parent=hook["base"])


def make(ground: Ground, base: str, given: Fields) -> Fields:
    """Answers the secret, which is never told again."""
    if len(all_hooks(ground, base)) >= MOST:
        refuse(422, "TOO_MANY_WEBHOOKS", "This base already has the maximum number of webhooks")
    url = given.get("notificationUrl")
    if url and not str(url).startswith(("https://", "http://127.0.0.1", "http://localhost")):
        refuse(422, "INVALID_NOTIFICATION_URL", "notificationUrl must be an https address")
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    hook: Fields = {"id": fresh_id("ach"), "base": base, "url": url, "secret": secret, "next": 1, "payloads": []}
    hook |= {"specification": given["specification"], "ends": _ends(), "enabled": True, "notify": True}
    put(ground, hook)
    return {"id": hook["id"], "macSecretBase64": secret, "expirationTime": hook["ends"]}


def shown(hook: Fields) -> Fields:
    return {
        "id": hook["id"],
        "type": "client",
        "isHookEnabled": hook["enabled"] and hook["ends"] > now(),
        "areNotificationsEnabled": hook["notify"],
        "notificationUrl": hook["url"],
        "cursorForNextPayload": hook["next"],
        "expirationTime": hook["ends"],
        "lastNotificationResult": None,
        "lastSuccessfulNotificationTime": None,
        "specification": hook["specification"],
    }


def renew(ground: Ground, hook: Fields) -> str:
    """Only while it lives."""
    if hook["ends"] > now():
        hook["ends"] = _ends()
        put(ground, hook)
    return str(hook["ends"])


def listed(ground: Ground, hook: Fields, cursor: int, limit: int) -> Fields:
    """`cursor` of the answer is the number after the last payload in it; listing renews the webhook."""
    if cursor < 1:
        refuse(422, "INVALID_REQUEST_UNKNOWN", "Invalid request: parameter cursor must be at least 1")
    renew(ground, hook)
    rest = [(number, payload) for number, payload in hook["payloads"] if number >= cursor]
    page = rest[: min(limit, 50)]
    after = page[-1][0] + 1 if page else max(cursor, hook["next"])
    more = len(rest) > len(page)
    return {"payloads": [p for _, p in page], "cursor": after, "mightHaveMore": more, "payloadFormat": "v0"}


# --- what happened ----------------------------------------------------------------------------------------------------


def note(ground: Ground, base: str, source: Fields, tables: Fields) -> list[Fields]:
    """Adds a payload to every living webhook of the base, which are returned."""
    number = int(ground.ledger.note(f"airtable_transactions_{base}", 0)) + 1
    ground.ledger.set_note(f"airtable_transactions_{base}", number)
    payload = {"timestamp": now(), "baseTransactionNumber": number, "payloadFormat": "v0", "actionMetadata": source}
    told = []
    for hook in all_hooks(ground, base):
        if hook["enabled"] and hook["ends"] > now():
            hook["payloads"].append([hook["next"], {**payload, "changedTablesById": tables}])
            hook["next"] += 1
            put(ground, hook)
            told.append(hook)
    return told


def created(record: Fields) -> Fields:
    cells = {cell: _told(value) for cell, value in record["fields"].items()}
    return {"createdRecordsById": {record["id"]: {"createdTime": record["createdTime"], "cellValuesByFieldId": cells}}}


def changed(before: Fields, after: Fields) -> Fields:
    names = {*before["fields"], *after["fields"]}
    moved = [cell for cell in names if before["fields"].get(cell) != after["fields"].get(cell)]
    parts = {
        "current": {"cellValuesByFieldId": {cell: _told(after["fields"].get(cell)) for cell in moved}},
        "previous": {"cellValuesByFieldId": {cell: _told(before["fields"].get(cell)) for cell in moved}},
        "unchanged": {
            "cellValuesByFieldId": {cell: _told(v) for cell, v in after["fields"].items() if cell not in moved}
        },
    }
    return {"changedRecordsById": {after["id"]: parts}}


def _told(value: Any) -> Any:
    """Payloads tell choices and links as objects."""
    if isinstance(value, list):
        return [_told(one) if not str(one).startswith("rec") else {"id": one, "name": "A record"} for one in value]
    if isinstance(value, str) and value in ("Open", "Paid", "Sent", "Rush", "Gift"):
        return {"id": f"sel{value.lower()}", "name": value, "color": "blueLight2"}
    return value


# --- pings ------------------------------------------------------------------------------------------------------------


def ping(hook: Fields) -> Fields | None:
    """Sends one, if the webhook has an address and notifications are on; how it went."""
    if not hook["url"] or not hook["notify"]:
        return None
    body = {"base": {"id": hook["base"]}, "webhook": {"id": hook["id"]}, "timestamp": now()}
    raw = json.dumps(body).encode()
    mac = hmac.new(base64.b64decode(hook["secret"]), raw, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Airtable-Content-MAC": f"hmac-sha256={mac}"}
    return post(hook["url"], raw, headers, timeout=5)


def ping_soon(hooks: list[Fields]) -> None:
    """Without keeping the one waiting who made the change."""
    for hook in hooks:
        threading.Thread(target=ping, args=(hook,), daemon=True).start()


def _ends() -> str:
    return (datetime.now(UTC) + LIFE).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def age(ground: Ground, days: float, base: str = BASE) -> None:
    """As if so many days had passed for the webhooks: they end nearer, and payloads older than a week are gone."""
    for hook in all_hooks(ground, base):
        ends = datetime.fromisoformat(hook["ends"]) - timedelta(days=days)
        put(ground, {**hook, "ends": ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
