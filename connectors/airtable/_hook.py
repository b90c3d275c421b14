"""Airtable's webhooks: a signed ping without content, and the webhooks behind it, which live a week unless renewed.

https://airtable.com/developers/web/api/webhooks-overview . One webhook watches a whole base, because a base may have ten of
them. Its secret is told only once, when it is made, so it is kept as "ach…:secret".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.airtable._client import Airtable, segment
from connectors.contract import JSON, BadSignature, Received, Unreadable

SPECIFICATION: dict[str, JSON] = {
    "options": {
        "filters": {"dataTypes": ["tableData"]},
        "includes": {"includeCellValuesInFieldIds": "all", "includePreviousCellValues": True},
    }
}


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify a ping. It carries no time, so an old one can come again: it does no more than another look."""
    given = headers.get("x-airtable-content-mac", "").encode("utf-8", "backslashreplace")
    if not any(hmac.compare_digest(_mac(key, body), given) for key in map(_key, secrets) if key):
        raise BadSignature("The delivery was not signed with the secret of one of our webhooks at Airtable.")
    try:
        ping = json.loads(body)
        named = isinstance(ping["base"]["id"], str) and isinstance(ping["webhook"]["id"], str)
    except (ValueError, LookupError, TypeError, RecursionError):
        named = False
    if not named:
        raise Unreadable("This delivery does not name a base and a webhook as Airtable documents it.")
    return Received(catch_up=True)


def _key(secret: str) -> bytes:
    """The secret as it is used: decoded. b"" for one that is none."""
    try:
        return base64.b64decode(secret.rpartition(":")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _mac(key: bytes, body: bytes) -> bytes:
    return b"hmac-sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode()


# --- keeping them alive -----------------------------------------------------------------------------------------------


def keep(client: Airtable, address: str, secrets: Sequence[str]) -> list[str]:
    """One living webhook for each watched base, renewed; without an address one that is only read. Those that have ended
    are left to be read to their end: Airtable keeps them another week."""
    kept = []
    for base in client.bases():
        kept += _keep_one(client, base, address, secrets)
    return kept or list(secrets)


def _keep_one(client: Airtable, base: str, address: str, secrets: Sequence[str]) -> list[str]:
    """The secrets of our webhooks at one base."""
    ours = [hook for hook in webhooks(client, base) if (hook.get("notificationUrl") or "") == address]
    living = [hook for hook in ours if is_alive(hook)]
    known = {hook["id"]: secret for hook in living for secret in secrets if secret.startswith(f"{hook['id']}:")}
    usable = [hook for hook in living if hook["id"] in known or not address]
    for hook in living:
        if address and hook not in usable[:1]:  # its answer got lost with the secret, or two looked at once
            client.ask("DELETE", _path(base, hook["id"]))
    if usable:
        _renew(client, base, usable[0])
        return [known[usable[0]["id"]]] if address else []
    return [_make(client, base, address)]


def _renew(client: Airtable, base: str, hook: JSON) -> None:
    client.ask("POST", f"{_path(base, hook['id'])}/refresh")
    if hook.get("notificationUrl") and not hook.get("areNotificationsEnabled", True):
        client.ask("POST", f"{_path(base, hook['id'])}/enableNotifications", body={"enable": True})


def _make(client: Airtable, base: str, address: str) -> str:
    where = {"notificationUrl": address} if address else {}
    made = client.ask("POST", f"bases/{segment(base)}/webhooks", body={**where, "specification": SPECIFICATION})
    return f"{made['id']}:{made['macSecretBase64']}"


def webhooks(client: Airtable, base: str) -> list[JSON]:
    """Those of a base that watch what we watch, the newest last."""
    found = client.ask("GET", f"bases/{segment(base)}/webhooks")["webhooks"]
    return [hook for hook in found if _watches_all(hook)]


def _watches_all(hook: JSON) -> bool:
    """No filter but ours, and at least what we want included."""
    options = (hook.get("specification") or {}).get("options") or {}
    wanted, includes = SPECIFICATION["options"], options.get("includes") or {}
    filters = {name: value for name, value in (options.get("filters") or {}).items() if value}
    return bool(filters == wanted["filters"] and wanted["includes"].items() <= includes.items())


def is_alive(hook: JSON) -> bool:
    """Neither ended nor switched off because its specification no longer fits."""
    ends = hook.get("expirationTime")
    alive = not ends or datetime.fromisoformat(ends) > datetime.now(UTC)
    return bool(hook.get("isHookEnabled", True) and alive)


def _path(base: str, hook: str) -> str:
    return f"bases/{segment(base)}/webhooks/{segment(hook)}"
