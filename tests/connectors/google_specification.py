"""Whether everything that was asked of Google fits Google's own descriptions of its interfaces, which lie in its SDK's package."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from app.practice.vendors.google import described
from tests.connectors.stand import Stand

_SIGN_IN = ("/token", "/revoke", "/o/")


def asked(stand: Stand) -> set[str]:
    """Which methods ("calendar.events.list") were called so far. Raises `described.Unfit` for a request that does not fit."""
    return {check(one) for one in stand.asked() if not one["path"].startswith(_SIGN_IN)}


def check(request: dict[str, Any]) -> str:
    """The method of one request of the ledger, its body with it."""
    query = parse_qs(request["query"], keep_blank_values=True)
    return described.check(request["method"], request["path"], query, request["body"].encode()).id
