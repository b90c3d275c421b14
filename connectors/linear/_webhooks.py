"""Our webhook at Linear: made once under an id and a secret of our own, and switched on again where Linear switched it off."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import InProgress
from connectors.linear._client import Linear
from connectors.linear._issues import own_id

_LIST = (
    "query Webhooks($first: Int, $after: String) { webhooks(first: $first, after: $after) "
    "{ nodes { id url enabled } pageInfo { hasNextPage endCursor } } }"
)
_MAKE = "mutation Hook($input: WebhookCreateInput!) { webhookCreate(input: $input) { success webhook { id } } }"
_MEND = "mutation Mend($id: String!, $input: WebhookUpdateInput!) { webhookUpdate(id: $id, input: $input) { success } }"


def keep(client: Linear, address: str, secrets: Sequence[str]) -> list[str]:
    """For the issues and comments of every team that is open to the workspace. Needs an administrator's key."""
    if not address:
        return list(secrets)
    mine = [one for one in client.listed(_LIST) if one["url"] == address]
    if not mine:
        _make(client, address, secrets[0])
    elif not any(one.get("enabled") for one in mine):
        client.change(_MEND, id=mine[0]["id"], input={"enabled": True, "secret": secrets[0]})
    return list(secrets)


def _make(client: Linear, address: str, secret: str) -> None:
    told = {"url": address, "secret": secret, "resourceTypes": ["Issue", "Comment"], "allPublicTeams": True}
    try:
        client.change(_MAKE, input={**told, "id": own_id(address, "webhook"), "label": "Patchbay"})
    except InProgress:
        return  # a round beside this one has made it
