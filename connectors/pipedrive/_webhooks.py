"""Our webhook at Pipedrive: made once, and made again after Pipedrive deleted it.

That it does after three days without one delivery that succeeded. https://pipedrive.readme.io/docs/guide-for-webhooks-v2
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.pipedrive._client import V1, Pipedrive

USER = "patchbay"


def keep(client: Pipedrive, address: str, secrets: Sequence[str]) -> list[str]:
    """One webhook for everything, known by its address; its password is the newest secret."""
    if address and not _is_there(client, address):
        client.send("POST", f"{V1}/webhooks", _wanted(address, secrets[0]))
    return list(secrets)


def _is_there(client: Pipedrive, address: str) -> bool:
    found = client.data(f"{V1}/webhooks") or []
    return any(one["subscription_url"] == address and one.get("is_active", 1) for one in found)


def _wanted(address: str, password: str) -> dict[str, str]:
    return {
        "subscription_url": address,
        "event_action": "*",
        "event_object": "*",
        "version": "2.0",
        "name": "Patchbay",
        "http_auth_user": USER,
        "http_auth_password": password,
    }
