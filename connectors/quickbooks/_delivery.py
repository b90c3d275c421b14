"""QuickBooks' webhooks. They say that something changed and not what, so the connection fetches it at once.

One address serves all companies of an app. The signature has no time in it, so an old delivery can be sent again; that
only makes us look once more. https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence

from connectors.contract import JSON, BadSignature, Received, Unreadable

_WATCHED = ("purchase", "bill", "invoice", "customer", "vendor")


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify, and say whose company it is about. Raises `BadSignature` or `Unreadable`."""
    _verify(body, headers.get("intuit-signature", ""), secrets)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that QuickBooks documents.") from problem
    about = sorted({realm for realm, entity in _changes(document) if entity in _WATCHED and realm})
    return Received(catch_up=bool(about), accounts=tuple(about))


def _verify(body: bytes, given: str, secrets: Sequence[str]) -> None:
    """`intuit-signature`: HMAC-SHA256 of the raw body in Base64, with the app's verifier token (not its client secret)."""
    found = given.encode("utf-8", "backslashreplace")
    for secret in secrets:
        key = secret.encode("utf-8", "backslashreplace")
        if secret and hmac.compare_digest(base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()), found):
            return
    raise BadSignature("The delivery was not signed with this connection's verifier token: copy it from Intuit again.")


def _changes(document: JSON) -> Iterator[tuple[str, str]]:
    """(company, entity in small letters), in the format of 2026 (a list of CloudEvents) and in the one before."""
    try:
        if isinstance(document, list):
            yield from (_cloud_event(event) for event in document)
        else:
            for notice in document["eventNotifications"]:
                for entity in notice["dataChangeEvent"]["entities"]:
                    yield str(notice["realmId"]), str(entity["name"]).lower()
    except (KeyError, TypeError, AttributeError, IndexError) as problem:
        raise Unreadable("This delivery is JSON, but not as QuickBooks documents its webhooks.") from problem


def _cloud_event(event: dict[str, JSON]) -> tuple[str, str]:
    """`type` is "qbo.purchase.updated.v1"; `data` may be missing and is not needed."""
    return str(event["intuitaccountid"]), str(event["type"]).split(".")[1].lower()
