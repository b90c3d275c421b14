"""The channels that people choose from, by name, by id, or by the address of one."""

from __future__ import annotations

import re

from connectors.contract import JSON, Choice, Refused
from connectors.slack._client import Slack
from connectors.slack._refusals import Said

MOST = 100
_ID = re.compile(r"(?:^|/)([CG][A-Z0-9]{6,20})(?:$|[/?#])")


def channels(client: Slack, query: str) -> list[Choice]:
    """Those that the bot is in come first; the others say that it must be invited."""
    words = query.strip().lstrip("#").lower()
    listed = client.all(
        "conversations.list", "channels", types="public_channel,private_channel", exclude_archived="true"
    )
    found = [one for one in listed if words in str(one.get("name") or "").lower()]
    found.sort(key=lambda one: (not one.get("is_member"), str(one.get("name") or "")))
    return [_choice(one) for one in found[:MOST]]


def _choice(one: dict[str, JSON]) -> Choice:
    name = f"#{one.get('name') or one['id']}"
    label = f"{name} (private)" if one.get("is_private") else name
    return Choice(one["id"], label if one.get("is_member") else f"{label}: invite Patchbay there first")


def resolve(client: Slack, text: str) -> list[Choice]:
    """What an id or a pasted address means, or a name."""
    named = _ID.search(text.strip())
    if named is None:
        name = text.strip().lstrip("#").lower()
        exact = (
            [one for one in channels(client, name) if one.label.split(":")[0].split(" ")[0] == f"#{name}"]
            if name
            else []
        )
        if not exact:
            raise Refused(
                f"“{text[:80]}” names no Slack channel. In Slack right-click the channel, choose Copy, then Copy link, and "
                "paste that link here."
            )
        return exact
    try:
        return [_choice(client.get("conversations.info", channel=named[1])["channel"])]
    except Said as no:
        raise Refused(str(no)) from no
