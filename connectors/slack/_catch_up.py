"""The catch-up path for messages: the history of the channels that the bot is in, and the threads that went on there.

Slack tries three times within six minutes, and switches events off after an hour of failures.
https://docs.slack.dev/reference/methods/conversations.history
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from connectors.contract import JSON, Event
from connectors.slack._client import Slack
from connectors.slack._delivery import POSTED, event
from connectors.slack._refusals import Said

FIRST_LOOK = 3600  # seconds
OVERLAP = 120
THREADS = 86400  # how old a message may be for answers to it to be looked for
LONGEST = 30 * 86400
_LEFT = ("not_in_channel", "channel_not_found", "is_archived")  # between the list and the reading


def messages(client: Slack, cursor: JSON) -> tuple[list[Event], JSON]:
    """Messages since the cursor, oldest first. The cursor: since when (Unix seconds) each channel is to be read.

    Fails only if the first channel cannot be read: what was read before a later failure is kept, and the next round goes on
    with the rest, which keeps its place.
    """
    now = time.time()
    places = _places(cursor)
    channels = [str(one["id"]) for one in _own_channels(client)]
    channels.sort(key=lambda channel: places.get(channel, now - FIRST_LOOK))
    found: list[Event] = []
    kept = {channel: places.get(channel, now - FIRST_LOOK) for channel in channels}
    for number, channel in enumerate(channels):
        since = max(kept[channel], now - LONGEST)
        try:
            found += _of_channel(client, channel, since)
        except Exception as problem:
            if not (isinstance(problem, Said) and problem.error in _LEFT):
                if number == 0:
                    raise
                break
        kept[channel] = now - OVERLAP
    found.sort(key=lambda one: one.occurred_at or 0)
    return found, {"since": kept}


def _own_channels(client: Slack) -> Iterator[dict[str, JSON]]:
    kinds = "public_channel,private_channel"
    return client.all("users.conversations", "channels", types=kinds, exclude_archived="true")


def _places(cursor: JSON) -> dict[str, float]:
    since = cursor.get("since") if isinstance(cursor, dict) else None
    return (
        {str(c): float(at) for c, at in since.items() if isinstance(at, int | float)} if isinstance(since, dict) else {}
    )


def _of_channel(client: Slack, channel: str, since: float) -> list[Event]:
    """Answers in threads are not part of the history; their first message says when the last one came."""
    oldest = f"{since - THREADS:.6f}"
    written = list(client.all("conversations.history", "messages", channel=channel, oldest=oldest))
    threads = [one for one in written if _seconds(one.get("latest_reply")) > since]
    for thread in threads:
        ts = str(thread["ts"])
        answers = client.all("conversations.replies", "messages", channel=channel, ts=ts, oldest=f"{since:.6f}")
        written += [one for one in answers if one.get("ts") != ts]
    fresh = {str(one.get("ts")): one for one in written if _seconds(one.get("ts")) > since}
    events = [_event(client, channel, one) for one in fresh.values()]
    return [one for one in events if one is not None and one.kind == POSTED]


def _seconds(ts: JSON) -> float:
    """For comparing only; a message is named by the text."""
    try:
        return float(ts) if isinstance(ts, str) else 0.0
    except ValueError:
        return 0.0


def _event(client: Slack, channel: str, one: dict[str, JSON]) -> Event | None:
    """In the shape of a delivery; with the `once_key` of the delivery, so that what came both ways starts a recipe once."""
    me = client.me()
    about = {name: value for name, value in one.items() if name not in ("metadata", "reactions", "blocks")}
    document = {
        "type": "event_callback",
        "team_id": me.get("team_id") or "",
        "event": {**about, "channel": channel},
        "event_id": f"message:{channel}:{one.get('ts')}",
    }
    return event(document, json.dumps(document, sort_keys=True).encode(), str(me.get("bot_id") or ""))
