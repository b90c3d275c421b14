"""Messages and threads. https://docs.slack.dev/reference/methods/chat.postMessage"""

from __future__ import annotations

import time
from typing import Any

from app.practice.door import done
from app.practice.vendors.slack._shelf import APP, BOT, TEAM, Given, Shelf, Thing, later, no, page

_LONGEST, _BLOCKS, _ALL_BLOCKS = 40_000, 50, 13_200
_MOST = {"header": 150, "section": 3000}


def post(shelf: Shelf, given: Given) -> Thing:
    channel = _writable(shelf, given)
    text, blocks = _content(given)
    thread = given.get("thread_ts")
    if thread is not None and (not isinstance(thread, str) or shelf.message(channel, thread) is None):
        no("thread_not_found")
    made = {**_own(), "type": "message", "ts": _now(shelf), "text": _wrapped(text)}
    made |= {"blocks": blocks} if blocks else {}
    made |= {"metadata": _metadata(given["metadata"])} if given.get("metadata") else {}
    made |= {"thread_ts": thread} if thread else {}
    shelf.keep(channel, made)
    done(shelf.ground, "message.post", f"{channel}:{made['ts']}")
    return {"channel": channel, "ts": made["ts"], "message": made}


def _own() -> Thing:
    return {"user": "U0BOT", "bot_id": BOT, "app_id": APP, "team": TEAM}


def _writable(shelf: Shelf, given: Given) -> str:
    channel = shelf.channel(str(given.get("channel")))
    if channel["is_archived"]:
        no("is_archived")
    if not channel["is_member"]:
        no("not_in_channel")
    return str(channel["id"])


def _content(given: Given) -> tuple[str, list[Thing]]:
    text, blocks = given.get("text") or "", given.get("blocks") or []
    if not text and not blocks:
        no("no_text")
    if len(text) > _LONGEST:
        no("msg_too_long")
    if not isinstance(blocks, list) or len(blocks) > _BLOCKS or not all(_fits(block) for block in blocks):
        no("invalid_blocks")
    if len(str(blocks)) > _ALL_BLOCKS:
        no("msg_blocks_too_long")
    return text, blocks


def _fits(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    if block.get("type") in _MOST:
        return 1 <= len(block["text"]["text"]) <= _MOST[block["type"]]
    elements = block.get("elements") or []
    return all(len(one["text"]["text"]) <= 75 and len(one.get("url", "")) <= 3000 for one in elements)


def _metadata(given: Any) -> Thing:
    """https://docs.slack.dev/messaging/message-metadata"""
    if not isinstance(given, dict) or not given.get("event_type") or not isinstance(given.get("event_payload"), dict):
        no("invalid_metadata_format")
    return dict(given)


def _wrapped(text: str) -> str:
    """Slack puts addresses into angle brackets."""
    return " ".join(f"<{part}>" if part.startswith(("https://", "http://")) else part for part in text.split(" "))


def _now(shelf: Shelf) -> str:
    """Never the same twice."""
    before = int(shelf.ledger.note("slack_clock", 0))
    now = max(int(time.time() * 1_000_000), before + 1)
    shelf.ledger.set_note("slack_clock", now)
    return f"{now // 1_000_000}.{now % 1_000_000:06}"


# --- changing ---------------------------------------------------------------------------------------------------------


def update(shelf: Shelf, given: Given) -> Thing:
    """What is left out stays; an empty list takes the blocks away."""
    channel, now = _ours(shelf, given, "cant_update_message")
    text, blocks = _content({**now, **given})
    changed = {
        **now,
        "text": text if text == now["text"] else _wrapped(text),
        "edited": {"user": "U0BOT", "ts": _now(shelf)},
    }
    if "blocks" in given:
        changed.pop("blocks", None)
        changed |= {"blocks": blocks} if blocks else {}
    shelf.keep(channel, changed)
    done(shelf.ground, "message.update", f"{channel}:{now['ts']}")
    return {"channel": channel, "ts": now["ts"], "text": changed["text"], "message": changed}


def delete(shelf: Shelf, given: Given) -> Thing:
    channel, now = _ours(shelf, given, "cant_delete_message")
    shelf.keep(channel, now, gone=True)
    done(shelf.ground, "message.delete", f"{channel}:{now['ts']}")
    return {"channel": channel, "ts": now["ts"]}


def _ours(shelf: Shelf, given: Given, error: str) -> tuple[str, Thing]:
    channel = str(shelf.channel(str(given.get("channel")))["id"])
    now = shelf.message(channel, str(given.get("ts")))
    if now is None:
        no("message_not_found")
    if now.get("bot_id") != BOT:
        no(error)
    return channel, now


# --- reading ----------------------------------------------------------------------------------------------------------


def history(shelf: Shelf, given: Given) -> Thing:
    """Without answers in threads; newest first. Metadata only for those who ask for it."""
    channel = _readable(shelf, given)
    every = shelf.messages(channel)
    found = [
        _shown(one, every, given) for one in every if one.get("thread_ts") in (None, one["ts"]) and _within(one, given)
    ]
    return page(found, given, "messages")


def replies(shelf: Shelf, given: Given) -> Thing:
    """A thread, oldest first; for an answer in it only that one."""
    channel, ts = _readable(shelf, given), str(given.get("ts"))
    first = shelf.message(channel, ts)
    if first is None:
        no("thread_not_found")
    every = shelf.messages(channel)
    rest = [one for one in every[::-1] if one.get("thread_ts") == ts and one["ts"] != ts and _within(one, given)]
    return page([_shown(one, every, given) for one in [first, *rest]], given, "messages")


def _readable(shelf: Shelf, given: Given) -> str:
    channel = shelf.channel(str(given.get("channel")))
    if not channel["is_member"]:
        no("not_in_channel")
    return str(channel["id"])


def _within(one: Thing, given: Given) -> bool:
    oldest, latest = given.get("oldest") or "0", given.get("latest") or "9999999999"
    return later(one["ts"], oldest) and not later(one["ts"], latest)


def _shown(one: Thing, every: list[Thing], given: Given) -> Thing:
    answers = [other["ts"] for other in every if other.get("thread_ts") == one["ts"] and other["ts"] != one["ts"]]
    shown = one if given.get("include_all_metadata") == "true" else {k: v for k, v in one.items() if k != "metadata"}
    if not answers:
        return shown
    return {**shown, "thread_ts": one["ts"], "reply_count": len(answers), "latest_reply": answers[0]}


# --- what people do ---------------------------------------------------------------------------------------------------


def say(shelf: Shelf, given: Given) -> Thing:
    """A person's message; `ts` None is now."""
    made = {
        "type": "message",
        "user": given.get("user", "U0ANA"),
        "text": given["text"],
        "ts": given.get("ts") or _now(shelf),
    }
    made |= {"thread_ts": given["thread_ts"]} if given.get("thread_ts") else {}
    return shelf.keep(given["channel"], made)


def forget(shelf: Shelf, channel: str, ts: str) -> None:
    found = shelf.message(channel, ts)
    if found is None:
        raise KeyError(ts)
    shelf.keep(channel, found, gone=True)
