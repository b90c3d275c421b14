"""Messages: posted with our key in their metadata, found by it, changed, and deleted to take them back.

https://docs.slack.dev/reference/methods/chat.postMessage and https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from connectors.contract import JSON, Call, Refused
from connectors.slack._buttons import OPEN, with_buttons
from connectors.slack._client import Slack
from connectors.slack._refusals import GONE, Said
from connectors.slack._text import NOT_SENT, body_text, channel_id, cut, cut_escaped, named, plain

EVENT_TYPE = "patchbay"
_LOOK_BACK = 7 * 86400  # seconds in which a lost answer is looked for
_HEADER, _SECTION, _BUTTON, _ADDRESS = 150, 2900, 75, 3000  # characters that Slack takes


# --- posting ----------------------------------------------------------------------------------------------------------


def post_message(
    client: Slack, key: str, *, channel: str, text: str, thread: str = "", buttons: Sequence[dict[str, JSON]] = ()
) -> dict[str, JSON]:
    """A message, or an answer in the thread of another one. Links show no preview.

    `buttons`: [{"name", "label", "value"}]; a press starts the recipes that listen to `button.pressed`.
    """
    body: dict[str, JSON] = {"channel": channel_id(channel), "text": body_text(text), **_marked(key), **_QUIET}
    if thread:
        body["thread_ts"] = _within(channel, thread)
    if buttons:
        body["blocks"] = with_buttons(body["text"], buttons)
    return _result(client.post("chat.postMessage", body))


def post_review_card(
    client: Slack, key: str, *, channel: str, title: str, text: str, url: str, button: str = "Open"
) -> dict[str, JSON]:
    """A card with a button that opens a page of ours, where people who are signed in decide. Nothing is decided in Slack."""
    heading, words, label = (" ".join(str(part).split()) for part in (title, "", button))
    words = str(text or "").strip()
    if not heading or not words:
        raise Refused("A card needs a title and a text. Give both in the recipe, then run this again.")
    shown = {"type": "plain_text", "emoji": True}
    opens = {
        "type": "button",
        "action_id": OPEN,
        "text": {**shown, "text": cut(label or "Open", _BUTTON)},
        "url": _page(url),
    }
    blocks = [
        {"type": "header", "text": {**shown, "text": cut(heading, _HEADER)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": cut_escaped(words, _SECTION)}},
        {"type": "actions", "elements": [opens]},
    ]
    fallback = {"text": cut_escaped(f"{heading}: {words}", _SECTION)}
    return _result(
        client.post(
            "chat.postMessage", {"channel": channel_id(channel), "blocks": blocks, **fallback, **_marked(key), **_QUIET}
        )
    )


def _within(channel: str, thread: str) -> str:
    place, ts = named(thread)
    if place not in (channel, NOT_SENT):
        raise Refused(
            "The message to be answered is in another channel. Give the channel and the message of one event."
        )
    return ts


_QUIET: dict[str, JSON] = {"unfurl_links": False, "unfurl_media": False}


def _marked(key: str) -> dict[str, JSON]:
    """Everybody in the workspace can read it: there is nothing secret in it."""
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}}}


def _page(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname or len(url) > _ADDRESS:
        raise Refused(f"“{url[:60]}” is not the address of a page. Give one that starts with https://.")
    return url.strip()


def _result(answer: dict[str, JSON]) -> dict[str, JSON]:
    """Its `id` names the message, also for `update_message` and as `thread`."""
    return _named(str(answer["channel"]), answer)


def _named(channel: str, message: dict[str, JSON]) -> dict[str, JSON]:
    ts = str(message["ts"])
    url = f"https://slack.com/archives/{channel}/p{ts.replace('.', '')}"
    return {"id": f"{channel}:{ts}", "url": url}


def _at(which: str) -> dict[str, JSON]:
    channel, ts = named(which)
    return _named(channel, {"ts": ts})


def find_posted(client: Slack, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The messages with our key that our bot wrote, in the channel or in the thread they belong to."""
    channel, bot = arguments["channel"], client.me().get("bot_id")
    return [
        _named(channel, one) for one in _recent(client, arguments) if _key_of(one) == key and one.get("bot_id") == bot
    ]


def _recent(client: Slack, arguments: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    within = {
        "channel": arguments["channel"],
        "oldest": f"{time.time() - _LOOK_BACK:.6f}",
        "include_all_metadata": "true",
    }
    if thread := arguments.get("thread"):
        return client.all("conversations.replies", "messages", **within, ts=named(thread)[1])
    return client.all("conversations.history", "messages", **within)


def _key_of(message: dict[str, JSON]) -> JSON:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None


# --- one message ------------------------------------------------------------------------------------------------------


def message_at(client: Slack, which: str) -> dict[str, JSON] | None:
    """The message, wherever it stands; None if it is gone. `replies` also finds those that stand in a thread."""
    channel, ts = named(which)
    try:
        answer = client.get("conversations.replies", channel=channel, ts=ts, limit=1, inclusive="true")
    except Said as no:
        if no.error in GONE:
            return None
        raise
    return next((one for one in answer.get("messages") or [] if one.get("ts") == ts), None)


def posted_changed(client: Slack, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    """An answer in its thread would lose what it answers."""
    now = message_at(client, result["id"])
    if now is not None and (now.get("reply_count") or 0) > 0:
        return "Somebody has answered this message in Slack, so it stays."
    return None


def delete_call(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_message", {"message": result["id"]})


def delete_message(client: Slack, key: str, *, message: str) -> dict[str, JSON]:
    """Gone is as good."""
    channel, ts = named(message)
    try:
        client.post("chat.delete", {"channel": channel, "ts": ts})
    except Said as no:
        if no.error not in GONE:
            raise
    return {"id": message, "url": ""}


def find_deleted(client: Slack, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    which = arguments["message"]
    return [] if message_at(client, which) else [{"id": which, "url": ""}]


# --- changing one -----------------------------------------------------------------------------------------------------


def update_message(client: Slack, key: str, *, message: str, text: str) -> dict[str, JSON]:
    """Another text for a message of our own. Its metadata stays, by which it is found; blocks of a card go."""
    channel, ts = named(message)
    return _result(client.post("chat.update", {"blocks": [], "channel": channel, "text": body_text(text), "ts": ts}))


def before_update(client: Slack, arguments: dict[str, JSON]) -> JSON:
    """The message as Slack has it: its text as it was sent, and the blocks of a card."""
    now = message_at(client, arguments["message"])
    return None if now is None else {"text": str(now.get("text") or ""), "blocks": _card(now)}


def _card(now: dict[str, JSON]) -> list[JSON]:
    """Slack makes blocks of its own (rich_text) of every text; those are none of ours."""
    blocks = now.get("blocks") or []
    return list(blocks) if any(one.get("type") == "section" for one in blocks) else []


def find_updated(client: Slack, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    now = message_at(client, arguments["message"])
    same = now is not None and not _card(now) and plain(str(now.get("text") or "")) == str(arguments["text"]).strip()
    return [_at(arguments["message"])] if same else []


def update_changed(client: Slack, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    if message_at(client, arguments["message"]) is None:
        return "The message was deleted in Slack, so nothing can be put back."
    return None if find_updated(client, "", arguments) else "The message has been changed since."


def update_back(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_message", {"message": arguments["message"], **before})


def restore_message(client: Slack, key: str, *, message: str, text: str, blocks: list[JSON]) -> dict[str, JSON]:
    """Exactly what stood there, as it was read."""
    channel, ts = named(message)
    return _result(client.post("chat.update", {"blocks": blocks, "channel": channel, "text": text, "ts": ts}))


def find_restored(client: Slack, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    now = before_update(client, arguments)
    same = now is not None and now["text"] == arguments["text"] and bool(now["blocks"]) == bool(arguments["blocks"])
    return [_at(arguments["message"])] if same else []
